#!/bin/bash
# A node is certified anew with other keys (its disk died, or was stolen): the
# old keys are refused from then on, on a live connection too, and what the old
# machine records no longer arrives. The new one starts a new epoch.
. "$(dirname "$0")/common"

realm
enrol province old 12 0
stop old
"$DRIVE" official "$WORK/old" clerk 2011 15 || die "official"
"$DRIVE" petitions "$WORK/old" clerk 5 a || die "petitions"
start old
until_true 30 held province thu/12/e1 "size=6 integrated=6 guarded=6"
stop province
line=$("$DRIVE" invite "$WORK/province" 12 1) || die "invite again"
"$DRIVE" join "$WORK/new" "$line" 0 || die "join again"
start province
until_true 30 logged old "event=open peer=1.*"
start new
until_true 30 logged new "event=open"
until_true 30 logged province "gate event=re.*"
stop old
"$DRIVE" petitions "$WORK/old" clerk 5 late || die "petitions of the old one"
: >"$WORK/old.log"
start old
until_true 30 logged old "event=key_refused"
stop new
"$DRIVE" official "$WORK/new" clerk 2011 15 || die "official of the new one"
"$DRIVE" petitions "$WORK/new" clerk 2 b || die "petitions of the new one"
start new
until_true 30 held province thu/12/e2 "size=3 integrated=3 guarded=3"
held province thu/12/e1 "size=6 " || die "the revoked machine was heard"
stop old
stop new
stop province
"$DRIVE" check "$WORK/province" || die "the province's store has findings"
