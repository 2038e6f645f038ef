#!/bin/bash
# Two images of one commune, both sequenced by a district that was set back in
# between while the province was away: two signed histories. Both sides keep
# evidence that anybody verifies with the root key alone, and that one changed
# byte spoils. A person opens a new epoch: what stood beside the log that
# counts is appended again byte for byte, the other image is refused, the
# office goes on, and all nodes show the same.
. "$(dirname "$0")/common"

# agree A B: two nodes show the same records and cells.
agree() {
    cmp -s <("$DRIVE" dump "$WORK/$1") <("$DRIVE" dump "$WORK/$2")
}

# both_keep: the district and the first image hold evidence.
both_keep() {
    ls "$WORK"/district/evidence/*.qcdc-evidence \
        "$WORK"/first/evidence/*.qcdc-evidence
}

branch
stop commune
"$DRIVE" official "$WORK/commune" clerk 2011 15 || die "official"
"$DRIVE" petitions "$WORK/commune" clerk 10 p >/dev/null || die "petitions"
start commune
for node in province district commune; do
    until_true 30 held $node thu/12/e1 "size=11 integrated=11 guarded=11"
done
stop commune
stop district
stop province
cp -r "$WORK/commune" "$WORK/second"
mv "$WORK/commune" "$WORK/first"
cp -r "$WORK/district" "$WORK/image"

# The first image goes on to 16; then the district is set back to 11 and the
# second image goes on to 14.
"$DRIVE" petitions "$WORK/first" clerk 5 a >"$WORK/a" || die "petitions a"
start district
start first
until_true 30 held first thu/12/e1 "size=16 integrated=16 guarded=16"
stop first
stop district
rm -rf "$WORK/district"
mv "$WORK/image" "$WORK/district"
"$DRIVE" petitions "$WORK/second" clerk 3 b >"$WORK/b" || die "petitions b"
start district
start second
until_true 30 held second thu/12/e1 "size=14 integrated=14 guarded=14"
stop second
: >"$WORK/first.log"
start first
until_true 60 both_keep
until_true 30 held district thu/12/e1 "frozen=\"[^\"]"
echo "held before:"
"$DRIVE" peek "$WORK/first" | grep thu/12/e
"$DRIVE" peek "$WORK/district" | grep thu/12/e
names_it() {
    at district sync |
        found "Evidence of two histories of thu/12/e1: .*qcdc-evidence"
}
until_true 30 names_it

# A machine that has the file and the root key alone.
root=$(at district policy --root 2>/dev/null ||
    grep -oE 'root_key *= *[0-9a-f]{64}' "$WORK/first/qcdc.conf")
root=$(grep -oE '[0-9a-f]{64}' <<<"$root")
mkdir "$WORK/elsewhere"
cp "$WORK"/first/evidence/*.qcdc-evidence "$WORK/elsewhere/a"
cp "$WORK"/district/evidence/*.qcdc-evidence "$WORK/elsewhere/b"
for file in a b; do
    "$BIN/qcdc" verify "$WORK/elsewhere/$file" --root "$root" \
        >"$WORK/elsewhere/said" || die "the evidence does not verify"
    grep -q "PROVED: the log thu/12/e1" "$WORK/elsewhere/said" ||
        die "it does not say whose log it is"
done
cat "$WORK/elsewhere/said"
other=$(tr '0-9a-f' '1-9a-f0' <<<"$root")
"$BIN/qcdc" verify "$WORK/elsewhere/a" --root "$other" 2>/dev/null &&
    die "it verifies under another root key"
size=$(stat -c %s "$WORK/elsewhere/a")
for ((at = 20; at < size; at += 97)); do
    cp "$WORK/elsewhere/a" "$WORK/elsewhere/c"
    byte=$(od -An -tu1 -j $at -N1 "$WORK/elsewhere/a")
    printf "\\x$(printf %x $((byte ^ 1)))" |
        dd of="$WORK/elsewhere/c" bs=1 seek=$at conv=notrunc status=none
    "$BIN/qcdc" verify "$WORK/elsewhere/c" --root "$root" \
        >/dev/null 2>&1 && die "byte $at changed, and it still verifies"
done

# A person at the district opens the new epoch for the first image.
line=$(at district invite 12 --again --reason fork) || die "invite --again"
at first join "$line" >"$WORK/joined" 2>&1 && die "it joins while it runs"
stop first
at first join "$line" >"$WORK/joined" || die "join again"
print=$(grep -oE '[0-9A-Z]{5}(-[0-9A-Z]{5}){3}' "$WORK/joined")
start first
until_true 100 logged district "event=requested node=12 fingerprint=$print"
at district invite --confirm "$print" >/dev/null || die "confirm"
start province
for node in province district first; do
    until_true 60 held $node thu/12/e1 "size=14 integrated=14 guarded=14"
    until_true 60 held $node thu/12/e2 "size=6 integrated=6 guarded=6"
done
# The office goes on, under the official it had.
at first login clerk >/dev/null || die "login"
at first record PetitionReceived key=n channel=counter kind=proposal \
    field=land person_known=true text.title="Sau khi mở kỳ mới" >/dev/null ||
    die "record"
for node in province district first; do
    until_true 60 held $node thu/12/e2 "size=7 integrated=7 guarded=7"
    for who in a b; do
        for id in $(grep -oE 'id=[0-9a-f]{32}' "$WORK/$who" | cut -c 4-); do
            "$DRIVE" has "$WORK/$node" "$id" | found "standing=0" ||
                die "$node lost $who $id"
        done
    done
done
until_true 30 agree first district
until_true 30 agree first province
echo "held after:"
"$DRIVE" peek "$WORK/first" | grep thu/12/e
# The other image is refused at the gate.
: >"$WORK/second.log"
start second
until_true 30 logged second "event=key_refused"
stop second
for node in first district province; do
    stop $node
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
