#!/bin/bash
# A commune without a network: months on bundles alone, one session between;
# bundles twice, out of order, cut, changed, for another; an old image that
# exports again. At the end both hold the same, `check` is clean at both, and
# a receipt of what went by stick verifies.
. "$(dirname "$0")/common"

STICK=$WORK/stick
mkdir "$STICK"

# online / offline NAME: whether its superior can be reached.
offline() {
    sed -i "s|^parent_endpoint.*|parent_endpoint = tcp://127.0.0.1:9|" \
        "$WORK/$1/qcdc.conf"
}
online() {
    sed -i "s|^parent_endpoint.*|parent_endpoint = tcp://127.0.0.1:$PORT|" \
        "$WORK/$1/qcdc.conf"
}
answers() { at "$1" sync --json >/dev/null 2>&1; }
run() { start "$1" && until_true 30 answers "$1"; }
# enter COUNT PREFIX: petitions at the commune, which is running.
enter() {
    stop ward
    "$DRIVE" petitions "$WORK/ward" clerk "$1" "$2" >"$WORK/$2" 2>&1 ||
        die "petitions $2"
    run ward
}
settled() { held "$1" "thu/2/e1" "size=$2 integrated=$2 guarded=$2"; }
up() { at ward bundle export "$STICK/$1" >/dev/null || die "export $1"; }
down() { at province bundle export "$STICK/$1" --to 2 >/dev/null || die "answer $1"; }
take() { at "$1" bundle import "$STICK/$2"; }
# refused NODE FILE WORDS: an import that must fail and change nothing.
refused() {
    local before after out
    before=$("$DRIVE" peek "$WORK/$1")
    out=$(take "$1" "$2" 2>&1) && die "$2 was taken in: $out"
    after=$("$DRIVE" peek "$WORK/$1")
    [[ $out == *$3* ]] || die "$2 was refused with: $out"
    [ "$before" = "$after" ] || die "$2 was refused and changed something"
}
# The root of the first nine events, as either machine signed them.
note_of() {
    "$DRIVE" peek "$WORK/$1" | grep "^log=thu/2/e1 " | grep -o "root=[0-9a-f]*"
}
staged() { at province sync --json | found "\"staged\": *$1\b"; }

realm
enrol province ward 2 0
until_true 30 held ward thu/1/dir/e1 "size="
stop ward
offline ward
"$DRIVE" official "$WORK/ward" clerk 2001 15 || die "official"
run ward

# ---- a round: out, in, answer, in, out, in
enter 5 a
up a.up
stop ward
cp -r "$WORK/ward" "$WORK/image"
run ward
[ "$("$DRIVE" peek "$WORK/ward" | grep -c '^spooled=6$')" = 1 ] ||
    die "an export sequenced something"
echo "before: 6 events in the commune's spool, nothing at its superior"
take province a.up || die "import a"
staged 6 || die "6 events are not shown as staged"
at province list | found "[0-9]" || die "staged events make no records"
at province check || die "the superior's store has findings while staged"
take province a.up | found "nothing new" || die "twice brought something"
staged 6 || die "twice was counted twice"
enter 3 b # these wait for the next round
down a.down
take ward a.down || die "answer a"
held ward thu/2/e1 "size=6" || die "the note was not followed"
take ward a.down || die "the same answer again"
held ward thu/2/e1 "size=6" || die "the answer counted twice"
up b.up
take province b.up || die "import b"
until_true 30 settled province 6
staged 3 || die "what was recorded later is not staged now"

at province show --raw "$STICK/b.up" | found "node 2 to node 1" ||
    die "show --raw does not know a bundle"

# ---- cut, changed, for another, of another
head -c 300 "$STICK/b.up" >"$STICK/cut"
refused province cut "cut short"
cp "$STICK/b.up" "$STICK/changed"
printf 'x' | dd of="$STICK/changed" bs=1 seek=900 conv=notrunc 2>/dev/null
refused province changed "changed or damaged"
refused ward b.up "the bundle is for node 1, this is node 2"
refused province a.down "the bundle is for node 2, this is node 1"
sed 's/\x03thu/\x03tho/' "$STICK/b.up" >"$STICK/realm"
refused province realm "is of realm"
cat "$STICK/b.up" "$STICK/other" >"$STICK/longer" 2>/dev/null
printf 'and more' >>"$STICK/longer"
refused province longer "after the bundle's end"
echo "not a bundle" >"$STICK/other"
refused province other "no bundle"

# ---- out of order: an older one later brings nothing, harms nothing
take province a.up | found "nothing new" || die "an older bundle"
staged 3 || die "an older bundle changed what is staged"

# ---- an old image that exports again forks nothing
down b.down
take ward b.down || die "answer b"
until_true 30 held ward thu/2/e1 "size=9"
stop ward
mv "$WORK/ward" "$WORK/lost"
cp -r "$WORK/image" "$WORK/ward"
run ward
enter 2 c
up c.up
take province c.up || die "import of the old image"
down c.down
take ward c.down || die "answer to the old image"
# The tail that it lost comes back, then what the note says.
until_true 30 held ward thu/2/e1 "size=9"
until_true 30 held ward thu/2/e1 "integrated=9"
until_true 30 logged ward "room=recover event=done"
up d.up
take province d.up || die "import d"
until_true 30 settled province 9
[ "$(note_of lost)" = "$(note_of ward)" ] ||
    die "the old image signed another history than the lost machine"

# ---- exported, then a session, then the bundle; and the note by session
enter 2 e
up e.up
take province e.up || die "import e"
enter 2 f
stop ward
online ward
: >"$WORK/ward.log"
run ward
until_true 60 logged ward "event=sequenced"
until_true 60 settled ward 16
until_true 60 settled province 16
stop ward
offline ward
run ward
take province e.up | found "nothing new" || die "late bundle"
down e.down
take ward e.down || die "late answer"
held ward thu/2/e1 "size=16" || die "a late answer sequenced something"

# ---- a year: every month a stick there and back
at ward login clerk >/dev/null || die "login"
for month in 1 2 3 4 5 6 7 8 9 10 11 12; do
    for n in 1 2 3 4; do
        at ward record PetitionReceived channel=counter kind=proposal \
            field=land "key=m$month-$n" >/dev/null ||
            die "petition $n of month $month"
    done
    up "m$month.up"
    take province "m$month.up" >/dev/null || die "month $month"
    down "m$month.down"
    take ward "m$month.down" >/dev/null || die "answer of month $month"
    if [ $month -eq 9 ]; then
        stop province
        cp -r "$WORK/province" "$WORK/september"
        run province
    fi
done
up end.up
take province end.up >/dev/null || die "the last one"
until_true 30 settled province 64
down end.down
take ward end.down || die "the last answer"
until_true 30 settled ward 64
staged 0 || die "something is staged at the end"
up heard.up
take province heard.up | found "1 new cosignatures" || die "not heard"

# ---- the superior is put back to its September: it fetches again by stick
stop province
mv "$WORK/province" "$WORK/december"
mv "$WORK/september" "$WORK/province"
run province
at ward record PetitionReceived channel=counter kind=proposal field=land \
    key=late >/dev/null || die "a late petition"
up back1.up
take province back1.up | found "was set back" || die "nobody was told"
down back1.down
take ward back1.down || die "answer of the superior set back"
up back2.up
take province back2.up || die "the rest did not come back"
down back2.down
take ward back2.down || die "answer after it came back"
until_true 30 held ward thu/2/e1 "size=65"
up back3.up
take province back3.up || die "the last bundle"
until_true 30 settled province 65
down back3.down
take ward back3.down || die "the last answer"
until_true 30 settled ward 65
[ "$(note_of ward)" = "$(note_of province)" ] || die "two histories"

at ward sync | found "by bundle" || die "sync says nothing of bundles"
at ward receipt m7-2 >"$WORK/receipt" || die "no receipt"
before=$("$DRIVE" peek "$WORK/ward" | grep -c '^spooled=0$')
[ "$before" = 1 ] || die "something is spooled at the end"
stop ward
stop province
"$DRIVE" verify "$WORK/ward" "$WORK/receipt" || die "the receipt is wrong"
"$DRIVE" check "$WORK/province" || die "the superior's store has findings"
"$DRIVE" check "$WORK/ward" || die "the commune's store has findings"
say_held "afterwards" ward thu/2/e1
say_held "afterwards" province thu/2/e1
echo "65 events in the log, counted and cosigned at both"
