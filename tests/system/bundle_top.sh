#!/bin/bash
# No network below the province, and its machine burns: the standby is promoted,
# and who leads is known to district and commune from sticks alone, by the root
# key's word. It goes up, too: a district put back to an earlier day hears it
# from its commune. A bundle of the machine before, for it, or of one that says
# so itself is refused by name; nothing cosigned is lost.
. "$(dirname "$0")/sticks"

# learnt NODE: it believes that another machine leads, by the root key.
learnt() { logged "$1" "room=successor event=learnt node=1 epoch=2"; }
# round: what the commune recorded goes up, gets its place, is cosigned.
round() {
    carry commune district
    carry district "$1"
    carry "$1" district 2
    carry district commune 12
}
# dir_size: of the province's directory log; told SIZE: it grew beyond that, and
# its guard, the standby, has all of it.
dir_size() {
    "$DRIVE" peek "$WORK/province" |
        sed -n 's|^log=thu/1/dir/e1 size=\([0-9]*\) .*|\1|p'
}
told() {
    [ "$(dir_size)" -gt "$1" ] &&
        held province thu/1/dir/e1 'size=\([0-9]*\) .*guarded=\1 '
}

realm
quiet province
run province
line=$(at province invite 9000 --role standby --auto \
    --at "tcp://127.0.0.1:$((PORT + 9))") || die "invite the standby"
"$DRIVE" join "$WORK/standby" "$line" $((PORT + 9)) || die "join"
quiet standby
start standby
until_true 100 logged province "event=open peer=9000 side=up"
request province 2 district --with-children --numbers 102000-102999
ask province district
before=$(dir_size)
confirm province district
until_true 30 told "$before"
enter province 2 district
request district 12 commune
ask district commune
confirm district commune
carry district province
carry province district 2
carry district province
carry province district 2
enter district 12 commune
official commune 2011
official district 2001
petition district k
petition commune a
petition commune b
round province
round province
until_true 30 held commune thu/12/e1 "size=3 integrated=3 guarded=3"
until_true 30 held standby thu/12/e1 "size=3 integrated=3"
stop district
image district
run district
at district login head >/dev/null || die "login at the district"

# The standby is away for a day, the province burns; its copy turns up later.
stop standby
petition commune c
petition district l
round province
round province
carry district province
until_true 30 held province thu/12/e1 size=4
until_true 30 held province thu/2/e1 "size=3 integrated=3 guarded=3"
say_held before province thu/1/dir/e1 thu/2/e1 thu/12/e1
say_held before standby thu/1/dir/e1 thu/2/e1 thu/12/e1
at district bundle export "$STICK/old.up" >/dev/null || die "to the machine before"
at province bundle export "$STICK/old.down" --to 2 >/dev/null || die "from it"
stop province 9
"$BIN/qcdc" --dir "$WORK/standby" promote --root-key "$WORK/root.key" \
    >"$WORK/said" || die "promote"
# Nobody reaches it by network: it listens where no word says.
sed -i "s|^listen .*|listen = tcp://127.0.0.1:$((PORT + 5))|" \
    "$WORK/standby/qcdc.conf"
run standby
refused standby old.up "to another machine that leads the realm than this one"

# Downwards: the district cannot know that key but from the bundle itself.
at standby bundle export "$STICK/first" --to 2 >/dev/null || die "the first one"
head -c -200 "$STICK/first" >"$STICK/cut"
refused district cut "cut short"
learnt district && die "a word of a bundle that is not whole was taken"
carry standby district 2
learnt district || die "the district does not know who leads"
held district thu/1/dir/e2 size=1 || die "the next directory log at the district"
refused district old.down "not signed by node 1"
at district sync | found "Node 1 is another machine since" || die "district's sync"
carry district commune 12
learnt commune || die "the commune does not know who leads"
held commune thu/1/dir/e2 size=1 || die "the next directory log at the commune"

# It goes on where it was, with what the standby had not seen.
petition commune d
round standby
round standby
for node in commune district standby; do
    until_true 30 held $node thu/12/e1 "size=5 integrated=5 guarded=5"
done
for node in district standby; do
    until_true 30 held $node thu/2/e1 "size=3 integrated=3 guarded=3"
done
id=$(at commune show d --json | grep -oE '"id": *"[0-9a-f]{32}"' |
    head -n 1 | grep -oE '[0-9a-f]{32}')
at standby show "$id" | found "Xin sửa cầu" || die "not at the new top node"
until_true 30 at commune receipt "$id" --output "$WORK/receipt"
at standby policy >"$WORK/policy" || die "policy"
root=$(sed -n 's/^root_key *= *//p' "$WORK/standby/qcdc.conf")
at commune verify "$WORK/receipt" --root "$root" --policy "$WORK/policy" ||
    die "the receipt"

# Who joins by stick now reads both directory logs.
request standby 3 second
ask standby second
confirm standby second
enter standby 3 second
held second thu/1/dir/e2 size=2 || die "who joins does not hear who leads"
learnt second || die "who joins was told otherwise"

# The machine before is up again from its disk: no stick is for it.
run province
at district bundle export "$STICK/new.up" >/dev/null || die "to the new machine"
refused province new.up "if another was promoted since"

# Upwards: the district is put back to a day before; its commune tells it.
stop district
put_back district
: >"$WORK/district.log"
run district
carry commune district
learnt district || die "the commune told nobody"
carry district standby
carry standby district 2
held district thu/1/dir/e2 size=2 || die "the next directory log is not there"
carry district commune 12
carry commune district
for node in commune district standby; do
    until_true 30 held $node thu/12/e1 "size=5 integrated=5 guarded=5"
done
say_held after district thu/1/dir/e1 thu/1/dir/e2 thu/2/e1 thu/12/e1
say_held after standby thu/1/dir/e1 thu/1/dir/e2 thu/2/e1 thu/12/e1

for node in commune district second standby; do
    stop $node || die "$node did not end well"
done
stop province || die "the machine before did not end well"
sound commune district second standby
