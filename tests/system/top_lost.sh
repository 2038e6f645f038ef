#!/bin/bash
# The machine of the province burns. Its standby, which guards its logs and
# mirrors all that it holds, takes its place by the root key from the safe;
# district and commune find it by themselves and nothing cosigned is lost, not
# even what the province cosigned while the standby was away. The old machine,
# back from a copy of its disk, is refused, is told, and tells who leads. Then
# the second machine burns too: a commune that was off for both promotions reads
# both directory logs. A machine that nobody above can reach is told from below.
. "$(dirname "$0")/images"

# petitions NODE WORD COUNT: recorded in the running node.
petitions() {
    local i
    for ((i = 1; i <= $3; i++)); do
        at "$1" record PetitionReceived channel=counter kind=proposal \
            field=land person_known=true text.title="$2 $i" \
            "private.persons[0].name=Y Tên" private.content="$2 $i" \
            >>"$WORK/$1.slips" || die "petition $2 $i at $1"
    done
}

# same LOG SIZE NODE...: all of it, counted, at each of them.
same() {
    local log=$1 size=$2 node
    shift 2
    for node in "$@"; do
        until_true 120 held "$node" "$log" "size=$size integrated=$size "
    done
}

# refused WORDS COMMAND...: it fails and says so in these words.
refused() {
    local words=$1
    shift
    "$@" >"$WORK/said" 2>&1 && die "not refused: $*"
    grep -q -- "$words" "$WORK/said" || die "$*: $(cat "$WORK/said")"
}
full_screen() { { promote standby "$WORK/root.key" >/dev/full; } 2>&1; }
promote() { "$BIN/qcdc" --dir "$WORK/$1" promote --root-key "$2"; }

realm
quiet province
start province
until_true 90 at province list
refused "where it will listen" at province invite 9000 --role standby --auto
line=$(at province invite 9000 --role standby --auto \
    --at "tcp://127.0.0.1:$((PORT + 9))") || die "invite the standby"
"$DRIVE" join "$WORK/standby" "$line" $((PORT + 9)) || die "join"
quiet standby
start standby
until_true 100 logged standby "event=open peer=1 side=down"
until_true 100 logged province "event=open peer=9000 side=up"
stop province
enrol province district 2 $((PORT + 1))
stop district
quiet district
enrol district away 13 0
stop away
stop district
image district # of the time when nobody had been promoted
enrol district commune 12 0
for pair in commune:2011 district:2001; do
    at "${pair%:*}" user add clerk --unit "${pair#*:}" --post "Cán bộ" \
        --rights record,lead >/dev/null || die "official of ${pair%:*}"
    at "${pair%:*}" login clerk >/dev/null || die "login at ${pair%:*}"
done
petitions commune before 5
petitions district before 3
same thu/12/e1 6 commune district province standby
same thu/2/e1 4 district province standby
refused "is a standby" at standby record UnitChanged number=2001 \
    from_day=2026-01-01
at province sync >"$WORK/said"
grep -q "^Standby.*9000): connected" "$WORK/said" || die "$(cat "$WORK/said")"
at standby sync | found "stands by for node 1" || die "standby's sync"
# The standby is away for an hour: the province holds what it does not.
stop standby
petitions commune late 4
petitions district late 2
same thu/12/e1 10 commune district province
same thu/2/e1 6 district province
until_true 90 held commune thu/12/e1 guarded=10
until_true 90 held district thu/2/e1 guarded=6
say_held before province thu/1/dir/e1 thu/2/e1 thu/12/e1
say_held before standby thu/1/dir/e1 thu/2/e1 thu/12/e1
dir=$("$DRIVE" peek "$WORK/province" | sed -n 's|^log=thu/1/dir/e1 size=\([0-9]*\).*|\1|p')
old=$(cosigs district thu/2/e1)

# It burns: killed in mid work, its folder is gone. A copy turns up later.
stop province
image province
start province
stop province 9
rm -rf "${WORK:?}/province"
petitions commune alone 3
echo "qcdc/root/v1
seed $(printf 'ab%.0s' {1..32})" >"$WORK/other.key"
refused "another realm" promote standby "$WORK/other.key"
stop district
refused "which is not the standby" promote district "$WORK/root.key"
start district
# Secrets that nobody saw are made again: a promotion ends with them in sight.
refused "could not be shown" full_screen
aged() { # three days later by this machine's clock
    QCDC_SHIFT_S=259200 LD_PRELOAD=$HANDS/libshift.so promote "$@"
}
refused "last heard the top node 7[12] hours ago" aged standby "$WORK/root.key"
promote standby "$WORK/root.key" >"$WORK/said" || die "promote"
grep -q "RECOVERY SECRETS" "$WORK/said" || die "the second try shows no secrets"
grep -q "is the top node now, node 1" "$WORK/said" || die "$(cat "$WORK/said")"
refused "has no standby" promote standby "$WORK/root.key"
start standby
until_true 120 logged district "room=successor event=learnt"
same thu/1/dir/e2 1 standby district commune
same thu/12/e1 13 commune district standby
same thu/2/e1 6 district standby
until_true 90 held standby thu/2/e1 guarded=6
numbers_back() { [ "$(cosigs standby thu/2/e1)" -ge "$old" ]; }
until_true 120 numbers_back

# It goes on: another district, certified in the next epoch, and a receipt.
line=$(at standby invite 3 --auto) || die "invite by the new top node"
"$DRIVE" join "$WORK/second" "$line" 0 || die "join"
start second
until_true 100 logged second "event=open peer=1"
same thu/1/dir/e2 2 standby district commune second
same thu/1/dir/e1 "$dir" standby district commune second
petitions commune after 2
same thu/12/e1 15 commune district standby
id=$(grep -oE '\b[0-9a-f]{32}\b' "$WORK/commune.slips" | tail -n 1)
receipt() { rm -f "$WORK/receipt" && at commune receipt "$id" --output "$WORK/receipt"; }
until_true 120 receipt
at standby policy --output "$WORK/policy" || die "policy"
root=$(sed -n 's/^root_key *= *//p' "$WORK/standby/qcdc.conf")
at commune verify "$WORK/receipt" --root "$root" --policy "$WORK/policy" \
    >"$WORK/said" || die "receipt: $(cat "$WORK/said")"
at standby sync >"$WORK/said"
grep -q "leads the realm in place of the one before" "$WORK/said" &&
    grep -q "TO DO: there is no standby" "$WORK/said" || die "$(cat "$WORK/said")"
at district sync | found "Node 1 is another machine since" || die "district's sync"

# The machine before comes back from a copy of its disk.
put_back province
start province
until_true 120 logged province "room=successor event=replaced"
until_true 120 at province list
at province sync | found "TO DO: another machine leads the realm" ||
    die "the old machine is not told"
refused "another machine leads" at province record UnitChanged number=2001 \
    from_day=2026-01-01
held province thu/1/dir/e1 "size=$dir " || die "the old machine signed more"
at district sync | found "^Above.*node 1): connected" || die "the district left"
say_held after standby thu/1/dir/e1 thu/1/dir/e2 thu/2/e1 thu/12/e1
say_held after commune thu/1/dir/e1 thu/1/dir/e2 thu/12/e1

# The second machine burns as well, its own standby follows.
line=$(at standby invite 9001 --role standby --auto \
    --at "tcp://127.0.0.1:$((PORT + 8))") || die "invite the next standby"
"$DRIVE" join "$WORK/third" "$line" $((PORT + 8)) || die "join"
quiet third
start third
until_true 100 logged third "event=open peer=1 side=down"
until_true 100 logged standby "event=open peer=9001 side=up"
same thu/1/dir/e2 3 standby third district second commune
stop third
stop standby 9
promote third "$WORK/root.key" >"$WORK/said" || die "the second promotion"
start third
until_true 120 logged district "room=successor event=learnt node=1 epoch=3"
start away
until_true 120 logged away "room=successor event=learnt node=1 epoch=3"
until_true 120 logged away "room=successor event=learnt_before node=1 epoch=2"
same thu/1/dir/e1 "$dir" third district away
same thu/1/dir/e2 3 third district away
same thu/1/dir/e3 1 third district away

# The second machine comes back as it was killed: its standby of then tells it.
start standby
until_true 120 logged standby "room=successor event=replaced node=1 epoch=3"
stop standby || die "the second machine did not end well"

# Two tops: the first one is up again, and only a district that was set back to
# its day reaches it; no machine above says a word. The commune below does.
for node in third province away commune district; do
    stop $node || die "$node did not end well"
done
put_back district
put_back province
: >"$WORK/province.log"
start province
start district
until_true 120 logged province "event=open peer=2 side=down"
start away
until_true 120 logged district "room=successor event=learnt node=1 epoch=3"
until_true 120 logged province "room=successor event=replaced node=1 epoch=3"
at province sync | found "TO DO: another machine leads the realm" ||
    die "the machine before is not told by those below"
start third
start commune
until_true 120 held district thu/1/dir/e3 size=1
for node in second commune away district third province; do
    stop $node || die "$node did not end well"
done
sound third district commune second away
