#!/bin/bash
# kill -9 in a loop, of the child and of the parent, at moments that a fixed
# seed chooses, while events are recorded and replicated. Nothing that was
# acknowledged is lost, nothing is counted twice, no log forks.
. "$(dirname "$0")/common"
RANDOM=20240301

realm
enrol province district 2 0
stop district
"$DRIVE" official "$WORK/district" clerk 2001 15 || die "official"
total=1
for round in $(seq 1 12); do
    "$DRIVE" petitions "$WORK/district" clerk 40 "r$round" >/dev/null ||
        die "petitions of round $round"
    total=$((total + 40))
    start district
    # Between nothing and everything replicated.
    until_true 30 logged district "event=started"
    steps=$((RANDOM % 8))
    for ((i = 0; i < steps; i++)); do
        read -r -t 0.05 _ <>"$WORK/.never" || true
    done
    if [ $((RANDOM % 2)) -eq 0 ]; then
        stop province 9
        start province
    fi
    stop district 9
    : >"$WORK/district.log"
done
start district
until_true 60 held province thu/2/e1 \
    "size=$total integrated=$total guarded=$total"
until_true 60 held district thu/2/e1 "guarded=$total"
stop district || die "the district did not end well"
stop province || die "the province did not end well"
"$DRIVE" peek "$WORK/province" | grep -q 'frozen="."' && die "a log is frozen"
for node in province district; do
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
