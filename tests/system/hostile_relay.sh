#!/bin/bash
# A district that lies about its commune: its store is changed by hand (a leaf,
# a text, a checkpoint signed by its own key) before it forwards. The province
# refuses each, says so, takes nothing of it, and takes the truth afterwards.
. "$(dirname "$0")/common"

realm
enrol province city 2 $((PORT + 1))
stop city
enrol city ward 12 0
stop ward
stop province
"$DRIVE" official "$WORK/ward" clerk 2011 15 || die "official"
"$DRIVE" petitions "$WORK/ward" clerk 20 p >/dev/null || die "petitions"
start ward
until_true 90 held city thu/12/e1 "size=21 integrated=21 guarded=21"
stop ward
stop city
cp -r "$WORK/city" "$WORK/truth"
for lie in leaf text note; do
    rm -rf "$WORK/city"
    cp -r "$WORK/truth" "$WORK/city"
    "$HANDS/tamper" "$WORK/city" "$lie" || die "tamper $lie"
    : >"$WORK/province.log"
    start province
    start city
    until_true 120 logged province "event=refused peer=2 log=thu/12/e1"
    "$DRIVE" peek "$WORK/province" | found "^log=thu/12/e1 size=[1-9]" &&
        die "the province took a changed $lie"
    stop city 9
    stop province
done
rm -rf "$WORK/city"
cp -r "$WORK/truth" "$WORK/city"
start province
start city
until_true 120 held province thu/12/e1 "size=21 integrated=21 guarded=21"
stop city
stop province
"$DRIVE" check "$WORK/province" || die "the province's store has findings"
