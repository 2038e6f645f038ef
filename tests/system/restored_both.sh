#!/bin/bash
# Commune and district are both put back, the commune to an older image. What
# the province holds of the commune comes down through the district, and the
# commune goes on from there: no event that the province held is lost. Private
# bodies go no further up than the guard: those that only the two lost disks
# had are gone, and `check` names every one.
. "$(dirname "$0")/images"

chain
"$DRIVE" official "$WORK/commune" clerk 2011 15 || die "official"
"$DRIVE" petitions "$WORK/commune" clerk 20 a || die "petitions"
start commune
until_true 90 held province thu/12/e1 "size=21 integrated=21 guarded=21"
until_true 90 held commune thu/12/e1 "guarded=21"
stop commune
image commune
"$DRIVE" petitions "$WORK/commune" clerk 30 b || die "petitions"
start commune
until_true 90 held province thu/12/e1 "size=51 integrated=51 guarded=51"
stop commune
stop district
image district
start district
"$DRIVE" petitions "$WORK/commune" clerk 100 c || die "petitions"
start commune
until_true 90 held province thu/12/e1 "size=151 integrated=151 guarded=151"
until_true 90 held commune thu/12/e1 "guarded=151"
stop commune
stop district

say_held "before" province thu/12/e1
say_held "before" district thu/12/e1
say_held "before" commune thu/12/e1
put_back commune
put_back district
say_held "images put back" district thu/12/e1
say_held "images put back" commune thu/12/e1
"$DRIVE" petitions "$WORK/commune" clerk 4 d || die "petitions after it"
start district
until_true 120 logged district "event=begun peer=1 log=thu/12/e1"
start commune
until_true 120 held commune thu/12/e1 "size=156 integrated=156 guarded=156"
until_true 120 held district thu/12/e1 "size=156 integrated=156 guarded=156"
until_true 120 held province thu/12/e1 "size=156 integrated=156 guarded=156"
stop commune
stop district
stop province
say_held "afterwards" province thu/12/e1
say_held "afterwards" district thu/12/e1
say_held "afterwards" commune thu/12/e1
for name in province district commune; do
    held "$name" thu/12/e1 'frozen=""' || die "$name has frozen the log"
done
restored commune thu/12/e1
sound province
for name in district commune; do
    "$DRIVE" check "$WORK/$name" >"$WORK/findings" 2>/dev/null
    [ "$(grep -c "^finding=absent.*it was lost" "$WORK/findings")" -eq 100 ] &&
        [ "$(grep -c "^finding=" "$WORK/findings")" -eq 100 ] ||
        die "$name: other findings than the 100 lost private bodies"
done
