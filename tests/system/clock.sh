#!/bin/bash
# Clock disasters of a cosigner: out of work for forty days, then an hour off
# its guard. It stores and does not cosign, says why, goes on at a person's
# word or with the right time by itself, and nothing is lost. A ClockFault voids
# what the wrong clock said of times.
. "$(dirname "$0")/common"

DAYS_40=$((40 * 86400))

clock_says() {
    at "$1" sync --json | found "\"clock_doubt\": *\"$2\""
}

# upper_of NODE: before which second the late event was recorded, as shown.
upper_of() {
    local text
    text=$(at "$1" show "$late" --json | grep -oE '"upper": *"[^"]*"' |
        head -n 1 | cut -d '"' -f 4)
    [ -n "$text" ] && date -d "$text" +%s
}

# By then, at the earliest: the word of the wrong clock.
bounded_then() {
    local upper
    upper=$(upper_of "$1") && [ "$upper" -ge $wrong ]
}

bounded_now() {
    local upper
    upper=$(upper_of "$1") && [ "$upper" -lt $wrong ] && [ "$upper" -gt 0 ]
}

realm
enrol province district 2 $((PORT + 1))
stop district
"$DRIVE" official "$WORK/district" clerk 2001 15 || die "official"
"$DRIVE" petitions "$WORK/district" clerk 20 a >/dev/null || die "petitions"
start district
until_true 30 held province thu/2/e1 "size=21 integrated=21 guarded=21"
stop district
stop province

echo "== forty days later, both clocks right"
"$DRIVE" petitions "$WORK/district" clerk 5 b >"$WORK/b" || die "petitions"
late=$(grep -oE 'id=[0-9a-f]{32}' "$WORK/b" | head -n 1 | cut -c 4-)
start_shifted province $DAYS_40
start_shifted district $DAYS_40
until_true 30 held province thu/2/e1 "size=26 "
until_true 30 clock_says province rest
held province thu/2/e1 "guarded=21" || die "cosigned after 40 days of rest"
at province sync | found "TO DO: .*30 days.*clock --confirm" ||
    die "sync does not say what to do"
(export QCDC_LANG=vi && at province sync) | found "CẦN LÀM: .*30 ngày" ||
    die "nor in Vietnamese"
at province clock --confirm >/dev/null || die "confirm"
until_true 30 held district thu/2/e1 "size=26 integrated=26 guarded=26"
clock_says province "" || die "still in doubt after a person's word"
wrong=$(($(date +%s) + DAYS_40 - 3600))
for node in province district; do
    until_true 30 bounded_then $node
done
stop district
stop province

echo "== the province's clock falls back"
"$DRIVE" petitions "$WORK/district" clerk 5 c >/dev/null || die "petitions"
start province
start district
until_true 30 held province thu/2/e1 "size=31 "
until_true 30 clock_says province behind
at province clock --confirm >/dev/null || die "confirm"
clock_says province behind || die "a word made it sign before its signature"
held province thu/2/e1 "guarded=26" || die "cosigned with an old clock"

echo "== it was the earlier time that was wrong: a ClockFault says so"
now=$(date +%s)
at province record ClockFault node=1 from_s=$((now + DAYS_40 - 3600)) \
    until_s=$((now + DAYS_40 + 3600)) >/dev/null || die "ClockFault"
until_true 30 clock_says province ""
until_true 30 held district thu/2/e1 "size=31 integrated=31 guarded=31"
# What was cosigned then is bounded by the next one that can be trusted.
for node in province district; do
    until_true 30 bounded_now $node
done
stop province
stop district

for node in province district; do
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
