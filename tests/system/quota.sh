#!/bin/bash
# A ward sends more in a day than its superior grants: that log pauses, and no
# other; `sync` names it at both ends; a restart of the superior forgives
# nothing; what waits is whole at the ward, and goes when more is granted. Then
# it sends more than its share of the superior's disk: the same.
. "$(dirname "$0")/common"

wards
stop city
grant() {
    sed -i '/^quota_events/d' "$WORK/city/qcdc.conf"
    echo "quota_events = $1" >>"$WORK/city/qcdc.conf"
}
grant 100
"$DRIVE" petitions "$WORK/ward12" clerk 400 p >/dev/null || die "petitions"
"$DRIVE" petitions "$WORK/ward13" clerk 30 p >/dev/null || die "petitions"
say_held "before" city thu/12/e1 thu/13/e1
start city
start ward12
start ward13
paused() { at "$1" sync | found "over its quota"; }
until_true 120 paused city
until_true 120 paused ward12
until_true 90 held province thu/13/e1 "size=31 integrated=31 guarded=31"
say_held "over its quota" city thu/12/e1 thu/13/e1
at city sync | grep -B4 "over its quota" | found "node 12" ||
    die "the city does not name the ward"
taken() {
    "$DRIVE" peek "$WORK/city" | sed -n 's|^log=thu/12/e1 size=\([0-9]*\) .*|\1|p'
}
first=$(taken)
[ "${first:-0}" -le 100 ] || die "$first events are more than 100"
# Its own office works on, and the neighbour's; a restart grants nothing.
at ward12 login clerk >/dev/null || die "login"
at ward12 record PetitionReceived channel=counter kind=proposal field=land \
    person_known=false >/dev/null || die "the ward cannot record"
stop city
start city
until_true 120 paused city
at ward13 login clerk >/dev/null || die "login"
at ward13 record PetitionReceived channel=counter kind=proposal field=land \
    person_known=false >/dev/null || die "the neighbour cannot record"
until_true 90 held province thu/13/e1 "size=32 "
again=$(taken)
[ "${again:-0}" -le 100 ] || die "a restart forgave: $again events"
stop city
grant 20000
start city
until_true 150 held province thu/12/e1 "size=402 integrated=402 guarded=402"
say_held "granted" city thu/12/e1 thu/13/e1
# ---- its share of the city's disk, all days together
stop city
echo "child_mib = 1" >>"$WORK/city/qcdc.conf"
start city
full() { at "$1" sync | found "its share of the disk is 1"; }
mkdir "$WORK/post"
for ((n = 1; n <= 110; n++)); do
    printf '{"key": "t%d", "fields": {"channel": "counter", "kind": "proposal", "field": "land", "person_known": "false", "text.content": "%s"}}\n' \
        $n "$(head -c 11000 /dev/urandom | base64 -w 0)"
done >"$WORK/post/long.jsonl"
at ward12 login clerk >/dev/null || die "login"
at ward12 import PetitionReceived "$WORK/post/long.jsonl" | found "110 recorded" ||
    die "the ward cannot record"
until_true 120 full city
told() { full ward12 || paused ward12; }
until_true 90 told
printf '%%PDF-1.4\nảnh\n' >"$WORK/post/a.pdf"
at ward13 login clerk >/dev/null || die "login"
at ward13 record PetitionReceived channel=counter kind=proposal field=land \
    person_known=false document.kind=petition --attach "$WORK/post/a.pdf" \
    >/dev/null || die "the neighbour cannot record"
until_true 90 held province thu/13/e1 "size=33 "
hash=$(sha256sum "$WORK/post/a.pdf" | cut -d' ' -f1)
until_true 90 test -e "$WORK/city/attachments/${hash:0:2}/$hash"
first=$(taken)
[ "$first" -lt 512 ] || die "all of it was taken: $first"
sum=$(du -sk "$WORK/city" | cut -f1)
echo "its share: $first of 512 events at the city, $sum KiB on its disk in all"
stop city
sed -i 's/^child_mib.*/child_mib = 64/' "$WORK/city/qcdc.conf"
start city
until_true 150 held province thu/12/e1 "size=512 integrated=512 guarded=512"
for node in ward12 ward13 city province; do
    stop "$node"
    "$DRIVE" check "$WORK/$node" >/dev/null || die "$node has findings"
done
echo "512 of 512 events, in order; the neighbour never waited"
