#!/bin/bash
# A district whose machine travels: it meets its three communes, never the
# province at the same time, and then the province, alone. It carries what is
# theirs up, and what the province says down, both ways whole.
. "$(dirname "$0")/common"
COMMUNES=(12 13 14)

realm
enrol province car 2 $((PORT + 1))
stop car
for n in "${COMMUNES[@]}"; do
    enrol car "ward$n" "$n" 0
    stop car
    stop "ward$n"
    "$DRIVE" official "$WORK/ward$n" clerk $((1999 + n)) 15 >/dev/null ||
        die "official of $n"
    "$DRIVE" petitions "$WORK/ward$n" clerk 40 p >/dev/null || die "petitions"
done
stop province

# at_communes / at_province: where the car is.
at_communes() {
    start car
    for n in "${COMMUNES[@]}"; do start "ward$n"; done
}
away() {
    for n in "${COMMUNES[@]}"; do stop "ward$n"; done
    stop car
}
sizes() {
    for n in "${COMMUNES[@]}"; do
        "$DRIVE" peek "$WORK/$1" | grep "^log=thu/$n/e1 " ||
            echo "log=thu/$n/e1 none"
    done
}
# told WARD SIZE: the ward holds the province's own cosignature over so much.
told() {
    [ "$(sqlite3 -readonly "$WORK/ward$1/store.db" "SELECT
        coalesce(max(held.size), 0) FROM held JOIN logs ON logs.id = held.log WHERE held.node = 1 AND
        origin = 'thu/$1/e1'")" = "$2" ]
}

echo "before, at the province:"
sizes province
at_communes
for n in "${COMMUNES[@]}"; do
    until_true 30 held car "thu/$n/e1" "size=41 integrated=41 guarded=41"
    told "$n" 0 || die "who told ward $n of the province?"
done
away
start car
start province
for n in "${COMMUNES[@]}"; do
    until_true 30 held province "thu/$n/e1" "size=41 integrated=41 guarded=41"
done
# The car must have the province's cosignatures before it leaves.
carried() {
    [ "$(sqlite3 -readonly "$WORK/car/store.db" "SELECT count(*) FROM held
        JOIN logs ON logs.id = held.log WHERE held.node = 1 AND
        held.size = 41")" = 3 ]
}
until_true 30 carried
stop province
stop car
at_communes
for n in "${COMMUNES[@]}"; do
    until_true 30 told "$n" 41
done
away
echo "after, at the province:"
sizes province
for node in province car ward12 ward13 ward14; do
    "$DRIVE" check "$WORK/$node" >/dev/null || die "$node has findings"
done
echo "40 events of each commune are at the province, and each commune holds" \
    "the province's word for it, though they never met"
