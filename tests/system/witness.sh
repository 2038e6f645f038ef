#!/bin/bash
# An outside witness holds (size, root) of each log and nothing else. It
# follows two nodes' logs by consistency proofs, refuses the copy of a province
# that went another way, keeps the evidence, and never signs over a damaged
# memory.
. "$(dirname "$0")/common"

witness=$BIN/qcdc-witness
vkey=$("$witness" init "$WORK/front" front/witness) || die "init"
"$witness" init "$WORK/front" front/witness 2>/dev/null &&
    die "a second key was made over the first"

realm
enrol province district 2 $((PORT + 1))
stop district
stop province
echo "witness = $vkey" >>"$WORK/province/qcdc.conf"
"$DRIVE" official "$WORK/district" clerk 2001 15 || die "official"
"$DRIVE" petitions "$WORK/district" clerk 700 a >/dev/null || die "petitions"
start province
start district
until_true 90 held province thu/2/e1 "size=701 integrated=701 guarded=701"
at province policy >"$WORK/front/logs.policy" || die "policy"

serve() {
    "$witness" serve "$WORK/front" "$WORK/front.sock" >>"$WORK/front.log" 2>&1 &
    adopt front $!
    until_true 90 listens
}
# It has bound its own, and listens (flag 00010000): not one that was left.
listens() { grep -q " 00010000 .* $WORK/front.sock$" /proc/net/unix; }
carry() { "$witness" carry "$WORK/$1" "unix:$WORK/front.sock"; }

serve
"$witness" serve "$WORK/front" "$WORK/other.sock" 2>/dev/null &&
    die "two witnesses on one memory"
carry province | found "^log=thu/2/e1 size=701 witnessed$" || die "carry"
stop district
"$DRIVE" petitions "$WORK/district" clerk 300 b >/dev/null || die "petitions"
start district
until_true 90 held province thu/2/e1 "size=1001 "
stop front
serve
carry province | found "^log=thu/2/e1 size=1001 witnessed$" ||
    die "no proof from 701 to 1001"
at province sync | found "Outside witness: 2/2 logs" || die "sync is silent"
grep -rqa "petition\|Kiến nghị" "$WORK/front" && die "it holds more than heads"

echo "== a copy of the province goes another way"
stop district
stop province
# Each copy has the district of its own time: with its child there a province
# signs at once.
cp -a "$WORK/province" "$WORK/copy"
cp -a "$WORK/district" "$WORK/twin"
start province
start district
until_true 90 at province clock
at province record UnitRegistered number=9001 kind=front level=province \
    "name=Một" from_day=2024-01-01 >/dev/null || die "register"
until_true 120 held province thu/1/dir/e1 "size=344 "
carry province | found "dir/e1 size=.* witnessed$" || die "carry"
stop district
stop province
start copy
start twin
until_true 90 at copy clock
at copy record UnitRegistered number=9002 kind=front level=province \
    "name=Hai" from_day=2024-01-01 >/dev/null || die "register"
until_true 120 held copy thu/1/dir/e1 "size=344 "
carry copy 2>"$WORK/refused" && die "two histories of one size were witnessed"
grep -q "422" "$WORK/refused" || die "not refused as a fork"
stop twin
stop copy
[ "$(find "$WORK/front/evidence" -name '*.qcdc-evidence' | wc -l)" -eq 1 ] ||
    die "no evidence was kept"

echo "== a damaged memory signs nothing"
start province
until_true 90 at province clock
for state in "$WORK"/front/state/*; do
    sed -i '3s/./9/' "$state"
done
carry province 2>"$WORK/refused" && die "signed over a damaged memory"
grep -q "is damaged" "$WORK/refused" || die "it does not say why"
stop province
stop front
