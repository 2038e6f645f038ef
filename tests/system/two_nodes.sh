#!/bin/bash
# A child joins with an invitation; what it recorded before reaches the parent
# whole, is cosigned, and both hold the same records. Then events recorded
# while the link is down arrive after it is up, and receipts can be made.
. "$(dirname "$0")/common"

realm
line=$("$DRIVE" invite "$WORK/province" 2 0) || die "invite"
printed=$("$DRIVE" join "$WORK/district" "$line" 0) || die "join"
fingerprint=${printed##*fingerprint=}
"$DRIVE" official "$WORK/district" clerk 2001 15 || die "official"
"$DRIVE" petitions "$WORK/district" clerk 300 a || die "petitions"

# Nobody confirmed: the request waits, nothing is sequenced.
start province
start district
until_true 100 logged province "event=requested node=2 fingerprint=$fingerprint"
until_true 100 logged district "event=answered"
"$DRIVE" peek "$WORK/district" | found '^spooled=301$' ||
    die "sequenced before it was certified"
stop district || die "the district did not end well"
stop province || die "the province did not end well"
"$DRIVE" confirm "$WORK/province" "WRONG-WRONG-WRONG-WRONG" 2>/dev/null &&
    die "a wrong fingerprint was confirmed"
"$DRIVE" confirm "$WORK/province" "$fingerprint" || die "confirm"
start province
start district
until_true 90 held province thu/2/e1 "size=301 integrated=301 guarded=301"
until_true 90 held district thu/2/e1 "size=301 integrated=301 guarded=301"

stop district || die "the district did not end well"
"$DRIVE" petitions "$WORK/district" clerk 50 b || die "petitions"
"$DRIVE" petitions "$WORK/district" clerk 50 b || die "petitions again"
"$DRIVE" state "$WORK/district" | found "only_here=50 spooled=50" ||
    die "the second 50 are not counted once, as only here"
start district
until_true 90 held province thu/2/e1 "size=351 integrated=351 guarded=351"
until_true 90 held district thu/2/e1 "integrated=351 guarded=351"
stop province || die "the province did not end well"
stop district || die "the district did not end well"

"$DRIVE" state "$WORK/district" | found "only_here=0 spooled=0" ||
    die "events are still only on the district's machine"
id=$("$DRIVE" event "$WORK/district" clerk NothingToReport duty=D1 year=2024 |
    sed 's/id=\([0-9a-f]*\).*/\1/')
"$DRIVE" receipt "$WORK/district" "$id" 2>/dev/null &&
    die "a receipt before the cosignature"
start province
start district
until_true 90 held district thu/2/e1 "integrated=352 guarded=352"
stop district
"$DRIVE" receipt "$WORK/district" "$id" >"$WORK/receipt" || die "no receipt"
"$DRIVE" verify "$WORK/district" "$WORK/receipt" ||
    die "the receipt does not verify"
stop province
"$DRIVE" check "$WORK/province" || die "the province's store has findings"
"$DRIVE" check "$WORK/district" || die "the district's store has findings"
