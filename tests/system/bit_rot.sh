#!/bin/bash
# Bit rot at a commune, its district and the province: leaves, bodies, hashes,
# cosignatures, a head, records. Each node finds it, mends it from itself or
# from another, says so in `sync`, and is sound afterwards; nobody touched it.
# A page of the file itself: the node stops and says what to do.
. "$(dirname "$0")/common"
rot() {
    "$HANDS/rot" "$@" || die "rot $*"
}
# mended NODE COUNT: `sync` says that so many were; nothing waits any more.
mended() {
    at "$1" sync >"$WORK/said" && ! grep -q "DAMAGE found" "$WORK/said" &&
        [ "$(grep -c "Damage, mended" "$WORK/said")" = "$2" ]
}
sound() {
    stop "$1"
    "$DRIVE" check "$WORK/$1" || die "$1 has findings"
}

realm
enrol province city 2 $((PORT + 1))
stop city
enrol city ward 12 0
stop ward
"$DRIVE" official "$WORK/ward" clerk 2011 15 >/dev/null || die "official"
"$DRIVE" petitions "$WORK/ward" clerk 20 p >/dev/null || die "petitions"
start ward
for node in province city ward; do
    until_true 30 held $node thu/12/e1 "size=21 integrated=21 guarded=21"
done
stop ward
stop city
stop province

# The log of the ward, wherever it is kept.
log="(SELECT id FROM logs WHERE origin = 'thu/12/e1')"
first="id = (SELECT min(id) FROM segments WHERE id >> 40 = $log)"
last="id = (SELECT max(id) FROM segments WHERE id >> 40 = $log)"
# The first batch and the last are one, unless the line was slow.
batches=$(sqlite3 "$WORK/city/store.db" \
    "SELECT 1 + (min(id) < max(id)) FROM segments WHERE id >> 40 = $log")
for node in ward city province; do
    cp "$WORK/$node/store.db" "$WORK/$node.before"
done
for node in ward city province; do
    say_held "before" $node thu/12/e1
done
rot "$WORK/city" segments leaves_z "$first"
rot "$WORK/city" segments hashes "$last"
rot "$WORK/ward" segments texts_z "$last"
rot "$WORK/ward" cosigs line "log = $log AND number = 0"
rot "$WORK/province" segments leaves_z "$last"
rot "$WORK/province" logs note "origin = 'thu/12/e1'"
rot "$WORK/province" records bytes \
    "subject = (SELECT min(subject) FROM records)"
for node in ward city province; do
    "$DRIVE" check "$WORK/$node" >/dev/null 2>&1 &&
        die "check finds nothing at $node"
done
start province
start city
start ward
until_true 120 mended city "$batches"
until_true 120 mended ward 2
until_true 120 mended province 2
at ward sync | grep "mended" | found "cosignature 0" || die "no cosignature"
at province sync | found "mended.*from what it is derived from" ||
    die "no record was derived again"
for node in ward city province; do
    at $node sync | grep "Damage, mended"
done
sound ward
sound city
sound province
for node in ward city province; do
    held $node thu/12/e1 "size=21 integrated=21 guarded=21" ||
        die "$node lost something"
    say_held "afterwards" $node thu/12/e1
done

# What no row can mend: the file's own structure.
rot "$WORK/city" page segments
start city
for ((i = 0; i < 200; i++)); do
    kill -0 "${PIDS[city]}" 2>/dev/null || break
    read -r -t 0.1 _ <>"$WORK/.never" || true
done
wait "${PIDS[city]}"
status=$?
unset "PIDS[city]"
[ $status -ne 0 ] || die "a node went on with a damaged file"
grep -q "the database file is damaged" "$WORK/city.log" ||
    die "it does not say what happened"
grep "the database file is damaged" "$WORK/city.log" | tail -1
