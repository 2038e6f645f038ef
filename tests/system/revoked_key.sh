#!/bin/bash
# A node is certified anew with other keys (its disk died, or was stolen): the
# old keys are refused from then on, on a live connection too, and what the old
# machine records no longer arrives. The new one starts a new epoch. A node that
# brings another one's log under its own key is refused and recorded.
. "$(dirname "$0")/common"

realm
enrol province old 12 0
stop old
"$DRIVE" official "$WORK/old" clerk 2011 15 || die "official"
"$DRIVE" petitions "$WORK/old" clerk 5 a || die "petitions"
start old
until_true 90 held province thu/12/e1 "size=6 integrated=6 guarded=6"
stop province
line=$("$DRIVE" invite "$WORK/province" 12 1 "" disk-lost) || die "invite again"
"$DRIVE" join "$WORK/new" "$line" 0 || die "join again"
: >"$WORK/old.log"
start province
until_true 100 logged old "event=open peer=1"
start new
until_true 100 logged new "event=open"
# Its connection is still there: what it records now is not taken.
at old login clerk >/dev/null || die "login at the old one"
at old record PetitionReceived channel=counter kind=proposal field=land \
    person_known=true >/dev/null || die "the old one records for itself"
until_true 120 logged province "room=gate event=revoked peer=12"
refused() {
    local count
    at province sync --json >"$WORK/sync" &&
        count=$(grep -oE '"refused": *[0-9]+' "$WORK/sync" | head -n 1 |
            grep -oE '[0-9]+$') && [ "$count" -ge 1 ]
}
until_true 90 refused
held province thu/12/e1 "size=6 " || die "a revoked key was heard"
stop old
"$DRIVE" petitions "$WORK/old" clerk 5 late || die "petitions of the old one"
: >"$WORK/old.log"
start old
until_true 120 logged old "event=key_refused"
stop new
"$DRIVE" official "$WORK/new" clerk 2011 15 || die "official of the new one"
"$DRIVE" petitions "$WORK/new" clerk 2 b || die "petitions of the new one"
start new
until_true 120 held province thu/12/e2 "size=4 integrated=4 guarded=4"
held province thu/12/e1 "size=6 " || die "the revoked machine was heard"
stop old
stop new
stop province

# Node 13's key before node 12's log: a copied disk under another name.
enrol province other 13 0
stop other
cp -r "$WORK/new" "$WORK/liar"
curve=$(grep '^curve' "$WORK/other/keys/node.keys")
sed -i "s/^curve.*/$curve/" "$WORK/liar/keys/node.keys"
"$DRIVE" petitions "$WORK/liar" clerk 3 lie || die "petitions of the liar"
: >"$WORK/province.log"
start liar
until_true 120 logged province \
    "peer=13 reason=node .*says it is node 12, its key is that of node 13"
at province sync --json | found "its key is that of node 13" ||
    die "sync does not say who lied"
held province thu/12/e2 "size=4 " || die "another node's log was taken"
stop liar
stop province
"$DRIVE" check "$WORK/province" || die "the province's store has findings"
