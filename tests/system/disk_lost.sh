#!/bin/bash
# The disk of a commune is gone: it joins again with new keys in an empty
# folder, a person confirms, its whole old log comes back from its guard, the
# records are the same to the byte and the office goes on in a new epoch.
. "$(dirname "$0")/common"

# rejoin PARENT CHILD NODE PORT REASON: new keys in $WORK/CHILD, confirmed.
rejoin() {
    local line print
    line=$(at "$1" invite "$3" --again --reason "$5") || die "invite --again"
    at "$2" join "$line" ${4:+--listen "tcp://127.0.0.1:$4"} \
        >"$WORK/$2.joined" || die "join again"
    print=$(grep -oE '[0-9A-Z]{5}(-[0-9A-Z]{5}){3}' "$WORK/$2.joined")
    start "$2"
    until_true 30 logged "$1" "event=requested node=$3 fingerprint=$print"
    at "$1" invite --confirm "$print" >/dev/null || die "confirm $print"
}

# same NODE FILE: its records and cells are those of that dump.
same() {
    "$DRIVE" dump "$WORK/$1" | cmp -s - "$WORK/$2"
}

# agree A B: two nodes show the same records and cells.
agree() {
    cmp -s <("$DRIVE" dump "$WORK/$1") <("$DRIVE" dump "$WORK/$2")
}

realm
enrol province district 2 $((PORT + 1))
stop district
line=$("$DRIVE" invite "$WORK/district" 12 1) || die "invite"
at commune join "$line" >"$WORK/paper" || die "join"
start district
start commune
until_true 30 logged commune "event=open"
at commune user add clerk --unit 2011 --post "Cán bộ" --rights record,lead \
    >/dev/null || die "official"
stop commune
"$DRIVE" petitions "$WORK/commune" clerk 30 a >"$WORK/first" ||
    die "petitions"
id=$(grep -oE 'id=[0-9a-f]{32}' "$WORK/first" | head -n 1 | cut -c 4-)
start commune
for node in province district commune; do
    until_true 30 held $node thu/12/e1 "size=31 integrated=31 guarded=31"
done
until_true 30 at commune receipt "$id" --output "$WORK/receipt"
until_true 30 agree commune district
until_true 30 agree commune province
"$DRIVE" dump "$WORK/commune" >"$WORK/before" || die "dump"
stop commune
echo "held before:" && "$DRIVE" peek "$WORK/commune"

rm -rf "$WORK/commune"
: >"$WORK/district.log"
rejoin district commune 12 "" disk-lost
until_true 60 held commune thu/12/e1 "size=31 integrated=31 guarded=31"
until_true 30 same commune before
until_true 30 held district thu/12/e2 "size=[1-9]"
until_true 30 held province thu/12/e2 "size=[1-9]"
echo "held after:" && "$DRIVE" peek "$WORK/commune"
at commune user add clerk --unit 2011 --post "Cán bộ" --rights record,lead \
    >/dev/null || die "the official is added anew"
at commune login clerk >/dev/null || die "login"
at commune record PetitionReceived key=n channel=counter kind=proposal \
    field=land person_known=true text.title="Sau khi thay đĩa" >/dev/null ||
    die "record"
for node in province district commune; do
    until_true 30 held $node thu/12/e2 "size=3 integrated=3 guarded=3"
done
until_true 30 agree commune district
until_true 30 agree commune province
stop commune
"$DRIVE" verify "$WORK/commune" "$WORK/receipt" >/dev/null ||
    die "a receipt of the first epoch does not verify any more"
"$DRIVE" check "$WORK/commune" || die "the commune has findings"
