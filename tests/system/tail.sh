#!/bin/bash
# A superior ends a log too early: a district that was put back to an older day
# certifies a commune whose disk is gone again, and a person says that nobody
# has the rest (mirrors-lost), while the province, which has it, is out of
# reach. The province cuts off what it holds beyond that end, keeps it as a
# file and says so; `qcdc tail` gives the file to the commune, which records
# those events again in its new epoch.
. "$(dirname "$0")/images"

chain
"$DRIVE" official "$WORK/commune" clerk 2011 15 || die "official"
"$DRIVE" petitions "$WORK/commune" clerk 20 a >/dev/null || die "petitions"
start commune
until_true 90 held province thu/12/e1 "size=21 integrated=21 guarded=21"
stop commune
stop district
image district
start district
for i in 1 2 3; do
    "$DRIVE" event "$WORK/commune" clerk PetitionReceived key=b-$i \
        channel=counter kind=proposal field=land person_known=false \
        >>"$WORK/late" || die "event"
done
start commune
until_true 90 held province thu/12/e1 "size=24 integrated=24 guarded=24"
until_true 90 held commune thu/12/e1 "size=24 integrated=24 guarded=24"
say_held before province thu/12/e1
stop commune
stop district
rm -rf "$WORK/commune"
put_back district
stop province
cp "$WORK/district/qcdc.conf" "$WORK/conf"
sed -i "s|^parent_endpoint.*|parent_endpoint = tcp://127.0.0.1:$((PORT + 9))|" \
    "$WORK/district/qcdc.conf"
start district
until_true 90 at district sync
line=$(at district invite 12 --again --reason mirrors-lost) || die "invite"
at commune join "$line" >"$WORK/joined" || die "join again"
print=$(grep -oE '[0-9A-Z]{5}(-[0-9A-Z]{5}){3}' "$WORK/joined")
start commune
until_true 100 logged district "event=requested node=12 fingerprint=$print"
at district invite --confirm "$print" >/dev/null || die "confirm"
stop district
cp "$WORK/conf" "$WORK/district/qcdc.conf"
start province
start district
until_true 150 held province thu/12/e1 "size=21 integrated=21"
until_true 150 held commune thu/12/e1 "size=21 integrated=21"
say_held "cut off" province thu/12/e1
until_true 150 held province thu/12/e2 "size="

# The province says what it kept, and where.
at province sync >"$WORK/said"
grep -q "TO DO: 3 events beyond that end were held here" "$WORK/said" ||
    die "sync does not say what was cut off"
file=$(sed -n 's/.*qcdc tail \(.*\)$/\1/p' "$WORK/said")
[ -s "$file" ] || die "no file of what was cut off: $file"
[ ! -e "$WORK/province/evidence/tail.part" ] || die "half a file is left"

# Only its node takes it, and only whole.
refused() {
    local words=$1
    shift
    "$@" >"$WORK/said" 2>&1 && die "taken: $*"
    grep -q "$words" "$WORK/said" || die "not said: $words: $(cat "$WORK/said")"
}
refused "is of a log of node 12" at district tail "$file"
head -c 300 "$file" >"$WORK/cut"
refused "is no tail, or it is cut" at commune tail "$WORK/cut"
sed 's/e1$/e2/' "$file" >"$WORK/other"
refused "has not ended" at commune tail "$WORK/other"
at commune tail "$file" >"$WORK/said" || die "tail"
grep -q "Recorded again: 3; held already: 0; refused: 0" "$WORK/said" ||
    die "$(cat "$WORK/said")"
at commune tail "$file" | found "Recorded again: 0; held already: 3;" ||
    die "given twice"
counted() {
    local id
    for id in $(grep -oE '[0-9a-f]{32}' "$WORK/late"); do
        "$DRIVE" has "$WORK/$1" "$id" | found "standing=" || return 1
    done
}
for node in commune district province; do
    until_true 120 counted $node
    until_true 120 held $node thu/12/e2 "size=4 integrated=4 guarded=4"
    say_held afterwards $node thu/12/e2
done
for node in commune district province; do
    stop $node
done
sound district province
