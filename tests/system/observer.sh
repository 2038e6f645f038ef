#!/bin/bash
# The Fatherland Front reads along at the district, and at the province: leaves,
# texts, proofs and guards' cosignatures as they were signed, no private body;
# its signature stands under the directory log. It cannot record, keep a unit,
# or guard, and nothing is asked of it.
. "$(dirname "$0")/images"

refused() {
    local words=$1
    shift
    "$@" >"$WORK/said" 2>&1 && die "not refused: $*"
    grep -q -- "$words" "$WORK/said" || die "$*: $(cat "$WORK/said")"
}

branch
at commune user add clerk --unit 2011 --post "Cán bộ" --rights record,lead \
    >/dev/null || die "official"
at commune login clerk >/dev/null || die "login"
secret="Rất Kín Tên Riêng"
record() {
    at commune record PetitionReceived channel=counter kind=proposal \
        field=land person_known=true text.title="$1" \
        "private.persons[0].name=$secret" private.content="$secret $1" \
        >>"$WORK/slips" || die "petition"
}
for ((n = 1; n <= 5; n++)); do record "trước $n"; done
refused "own range" at district invite 9001 --role observer --auto
at province record NodeCertified node=2 numbers_first=9001 numbers_last=9001 \
    >/dev/null || die "numbers for the district"
until_true 90 at district invite 9001 --role observer --auto
line=$(at district invite 9001 --role observer --auto) || die "invite at district"
"$DRIVE" join "$WORK/front" "$line" 0 || die "join"
line=$(at province invite 9002 --role observer --auto) || die "invite at province"
"$DRIVE" join "$WORK/high" "$line" 0 || die "join"
start front
start high
for ((n = 1; n <= 4; n++)); do record "sau $n"; done
for node in district province front high; do
    until_true 120 held $node thu/12/e1 "size=10 integrated=10 guarded=10"
done
until_true 120 held front thu/1/dir/e1 "size=$("$DRIVE" peek "$WORK/province" |
    sed -n 's|^log=thu/1/dir/e1 size=\([0-9]*\).*|\1|p') "
until_true 120 held high thu/2/dir/e1 "size=2 "
until_true 90 held province thu/2/dir/e1 "size=2 integrated=2 "
of() { "$DRIVE" peek "$WORK/$1" | grep "^log=thu/12/e1 "; }
alike() { [ -n "$(of front)" ] && [ "$(of front)" = "$(of high)" ]; }
until_true 90 alike # the cosignatures, too
id=$(grep -oE '\b[0-9a-f]{32}\b' "$WORK/slips" | head -n 1)
at front show "$id" | found "trước 1" || die "the observer does not see the text"
# The ciphertext that the guard keeps is not here.
private() {
    sqlite3 -readonly "$WORK/$1/store.db" \
        "SELECT coalesce(sum(length(privates)), 0) FROM segments"
}
[ "$(private district)" -gt 1000 ] || die "the guard holds no private body"
[ "$(private front)$(private high)" = 00 ] || die "an observer holds one"
at district sync | found "^Observer.*9001): connected" || die "district's sync"
at front sync | found "This machine reads only: it holds what node 2" ||
    die "front's sync"
until_true 90 grep -q "room=cosign event=above log=thu/2/dir/e1 size=2" "$WORK/front.log"
# What it must not do.
refused "is an observer" at front record UnitChanged number=2011 \
    from_day=2026-01-02
refused "only mirrors" at province record UnitChanged number=2011 host=9001 \
    from_day=2026-01-02
refused "has none" at district invite 9003 --role observer --with-children --auto
# A guard's office given to it is not effective: the district stays guard.
at district record NodeCertified node=12 guard=9001 >/dev/null 2>&1
record "cuối"
until_true 90 held district thu/12/e1 "size=11 integrated=11 guarded=11"
until_true 90 held front thu/12/e1 "size=11 integrated=11 guarded=11"
for node in front high commune district province; do
    stop $node || die "$node did not end well"
done
held front thu/9001/e1 "size=[1-9]" && die "the observer has a log"
sound province district commune front high
