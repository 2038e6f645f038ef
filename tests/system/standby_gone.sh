#!/bin/bash
# The standby's machine dies. What the top node records waits, for its guard is
# away; certified again without the role the standby is let go at once, and the
# top node goes on by itself.
. "$(dirname "$0")/images"

realm
start province
until_true 90 at province list
line=$(at province invite 9000 --role standby --auto \
    --at "tcp://127.0.0.1:$((PORT + 9))") || die "invite the standby"
"$DRIVE" join "$WORK/standby" "$line" $((PORT + 9)) || die "join"
start standby
until_true 100 logged standby "event=open peer=1 side=down"
until_true 120 held standby thu/1/dir/e1 "size=343 integrated=343 guarded=343"
until_true 90 held province thu/1/dir/e1 "size=343 integrated=343 guarded=343"
stop standby 9
until_true 90 logged province "event=lost peer=9000 side=up"
at province record UnitChanged number=2001 from_day=2026-01-05 \
    name="UBND thành phố" >/dev/null || die "record while the standby is away"
at province sync | found "^1 events exist only on this machine" ||
    die "what waits is not said"
held province thu/1/dir/e1 "size=343 " || die "sequenced without its guard"
at province record NodeCertified node=9000 >/dev/null || die "let it go"
until_true 90 held province thu/1/dir/e1 "size=345 integrated=345"
stop province || die "province did not end well"
sound province
