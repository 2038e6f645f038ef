#!/bin/bash
# The disk of a ward is lost after it has moved to another guard. What it
# recorded before the move was cosigned by a guard that is nobody's superior
# any more and whose machine is off for good: everything comes back all the
# same, the private body too, which the new guard had fetched in time.
. "$(dirname "$0")/common"

realm
enrol province city 2 $((PORT + 1))
stop city
enrol city ward12 12 0
stop ward12
"$DRIVE" official "$WORK/ward12" clerk 2011 15 || die "official of 12"
"$DRIVE" petitions "$WORK/ward12" clerk 20 p >/dev/null || die "petitions"
start ward12
until_true 90 held province thu/12/e1 "size=21 integrated=21 guarded=21"
at ward12 login clerk >/dev/null || die "login at 12"
at ward12 record PetitionReceived channel=counter kind=proposal field=land \
    person_known=true "private.content=Chuyện kín của phường" >"$WORK/slip" ||
    die "a private body"
"$HANDS/traces" marks "$WORK/ward12" \
    "$(sed -n 's/^ *Event id: *//p' "$WORK/slip")" >"$WORK/marks" || die "marks"
has_private() {
    ! "$HANDS/traces" find "$WORK/marks" "$WORK/$1" >/dev/null
}
# The marked one is the last of them: those before it are noted by then.
has_all() {
    has_private "$1" && [ "$(sqlite3 -readonly "$WORK/$1/store.db" \
        "SELECT count(*) FROM wanted_bodies WHERE state = 0")" = 0 ]
}
until_true 90 held province thu/12/e1 "size=22 integrated=22 guarded=22"

# The move, and the end of the guard before.
at province record NodeCertified node=12 >/dev/null || die "12 to the province"
until_true 120 logged ward12 "event=moved from=2 to=1"
until_true 90 has_all province
until_true 90 at ward12 record PetitionReceived channel=counter kind=proposal \
    field=land person_known=true
until_true 90 held province thu/12/e1 "size=23 integrated=23 guarded=23"
stop city
rm -rf "$WORK/city"
"$DRIVE" dump "$WORK/ward12" | sort >"$WORK/before" || die "dump"
say_held "before" province thu/12/e1
stop ward12

rm -rf "$WORK/ward12"
: >"$WORK/province.log"
rejoin province ward12 12 "" disk-lost
until_true 120 held ward12 thu/12/e1 "size=23 integrated=23 guarded=23"
until_true 120 held province thu/12/e2 "size=[1-9]"
until_true 90 has_all ward12
say_held "afterwards" ward12 thu/12/e1 thu/12/e2
for node in ward12 province; do
    stop $node
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
