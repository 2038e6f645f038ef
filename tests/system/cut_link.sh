#!/bin/bash
# The line between child and parent is cut and mended again and again while a
# backlog travels: everything arrives, once, in order.
. "$(dirname "$0")/common"

realm
relay=$((PORT + 5))
"$HANDS/relay" "$relay" "$PORT" "$WORK/relay.ctl" 2>"$WORK/relay.log" &
adopt relay $!
until_true 10 test -p "$WORK/relay.ctl"
enrol province district 2 0 "tcp://127.0.0.1:$relay"
stop district
"$DRIVE" official "$WORK/district" clerk 2001 15 || die "official"
"$DRIVE" petitions "$WORK/district" clerk 600 p >/dev/null || die "petitions"
# In the greeting, in the first batch, later, and twice in a row.
echo "cut 700 9000 60000 3000 3000 40000" >"$WORK/relay.ctl"
start district
until_true 120 held province thu/2/e1 "size=601 integrated=601 guarded=601"
until_true 120 held district thu/2/e1 "guarded=601"
[ "$(grep -c event=cut "$WORK/relay.log")" -eq 6 ] || die "not cut six times"
stop district
stop province
for node in province district; do
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
