#!/bin/bash
# Keys are changed: a commune's and its district's by rotation, within the
# epoch, and the commune's again because a key is suspect, in a new one. The
# office records all the while, no event is lost, the commune learns the
# district's new key by itself. Receipts made before verify, and so do receipts
# made afterwards, of events from before and after, of an official who was
# certified two keys and one epoch ago.
. "$(dirname "$0")/images"

# rejoin PARENT CHILD NODE REASON [PORT]: new keys in the folder that it has.
rejoin() {
    local line print
    line=$(at "$1" invite "$3" --again --reason "$4") || die "invite --again"
    stop "$2"
    at "$2" join "$line" ${5:+--listen "tcp://127.0.0.1:$5"} \
        >"$WORK/$2.joined" || die "join again"
    print=$(grep -oE '[0-9A-Z]{5}(-[0-9A-Z]{5}){3}' "$WORK/$2.joined")
    # What is recorded before it is confirmed.
    "$DRIVE" petitions "$WORK/$2" "$6" 5 "$4" >"$WORK/$2.$4" || die "petitions"
    start "$2"
    until_true 100 logged "$1" "event=requested node=$3 fingerprint=$print"
    at "$1" invite --confirm "$print" >/dev/null || die "confirm $print"
}

# first FILE: the first event id in it.
first() {
    grep -oE 'id=[0-9a-f]{32}' "$WORK/$1" | head -n 1 | cut -c 4-
}

# receipts NAME EVENT...: of these; all made so far verify, with the root key
# and the policy of each time.
receipts() {
    local id n=0 file name=$1 policy
    shift
    for id in "$@"; do
        n=$((n + 1))
        until_true 90 at commune receipt "$id" --output "$WORK/$name-$n.receipt"
    done
    at province policy >"$WORK/$name.policy" || die "policy"
    for file in "$WORK"/*.receipt; do
        policy=$WORK/$name.policy
        "$BIN/qcdc" verify "$file" --root "$root" --policy "$policy" \
            >"$WORK/said" 2>&1 ||
            die "$name: $(basename "$file") does not verify: $(cat "$WORK/said")"
    done
}

all() {
    for node in province district commune; do
        until_true 120 held $node "$1" "size=$2 integrated=$2 guarded=$2"
    done
}

branch
stop commune
stop district
quiet commune 4
"$DRIVE" official "$WORK/commune" clerk 2011 15 || die "official"
"$DRIVE" official "$WORK/district" head 2001 15 || die "official"
"$DRIVE" petitions "$WORK/commune" clerk 10 a >"$WORK/first" || die "petitions"
"$DRIVE" petitions "$WORK/district" head 5 d >"$WORK/own" || die "petitions"
root=$(grep -oE 'root_key *= *[0-9a-f]{64}' "$WORK/commune/qcdc.conf" |
    grep -oE '[0-9a-f]{64}')
start district
start commune
all thu/12/e1 11
receipts before "$(first first)"

rejoin district commune 12 rotate "" clerk
all thu/12/e1 16
held commune thu/12/e2 "size" && die "a rotation opened a new epoch"
receipts commune-rotated "$(first first)" "$(first commune.rotate)"

rejoin province district 2 rotate $((PORT + 1)) head
for node in province district; do
    until_true 120 held $node thu/2/e1 "size=11 integrated=11 guarded=11"
done
# Nobody touches the commune.
at commune login clerk >/dev/null || die "login"
at commune record PetitionReceived key=n channel=counter kind=proposal \
    field=land person_known=true >/dev/null || die "record"
all thu/12/e1 17
id=$(at commune show n --json | grep -oE '"id": *"[0-9a-f]{32}"' |
    head -n 1 | grep -oE '[0-9a-f]{32}')
until_true 90 logged commune "event=moved from=1 to=2" # it made a detour
receipts district-rotated "$(first first)" "$(first commune.rotate)" "$id"

rejoin district commune 12 key-suspect "" clerk
all thu/12/e1 17
all thu/12/e2 6
receipts suspect "$(first first)" "$id" "$(first commune.key-suspect)"
for node in commune district province; do
    "$DRIVE" has "$WORK/$node" "$(first commune.key-suspect)" |
        found "standing=0" || die "$node does not count what was recorded"
    stop $node
done
sound commune district province
