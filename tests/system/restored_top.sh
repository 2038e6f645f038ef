#!/bin/bash
# The disk of the province is put back: certificates and everything its
# districts sent since are gone from it. Its directory log comes back from the
# children, the districts' and communes' logs by themselves. What it had in its
# own record log only, nobody had: it is said.
. "$(dirname "$0")/images"

chain
stop province
image province
opened=$(grep -c "event=open peer=1" "$WORK/district.log")
opened_again() {
    [ "$(grep -c "event=open peer=1" "$WORK/district.log")" -gt "$opened" ]
}
start province
until_true 100 opened_again
stop province
# Since the image: another district, and events of the commune. The first one
# runs: with its children there a province signs at once.
enrol province second 3 0
stop second
"$DRIVE" official "$WORK/commune" clerk 2011 15 || die "official"
"$DRIVE" petitions "$WORK/commune" clerk 60 a || die "petitions"
start commune
start second
until_true 90 held province thu/12/e1 "size=61 integrated=61 guarded=61"
top=$("$DRIVE" peek "$WORK/province" | sed -n 's|^log=thu/1/dir/e1 size=\([0-9]*\).*|\1|p')
until_true 90 held second thu/1/dir/e1 "size=$top"
until_true 90 held district thu/1/dir/e1 "size=$top"
stop province

say_held "before" province thu/1/dir/e1 thu/12/e1
put_back province
say_held "image put back" province thu/1/dir/e1 thu/12/e1
held province thu/1/dir/e1 "size=$top " && die "the image is no older"
: >"$WORK/second.log" # what it says from now on
start province
until_true 120 held province thu/1/dir/e1 "size=$top integrated=$top"
until_true 120 held province thu/12/e1 "size=61 integrated=61 guarded=61"
until_true 120 logged second "event=open peer=1"
at province sync | found "FETCHED BACK thu/1/dir/e1.*to $top, node 2" ||
    die "sync does not say what happened"
# It goes on: the next certificate reaches all.
stop province
enrol province third 4 0
until_true 120 held second thu/1/dir/e1 "size=$((top + 1)) "
until_true 120 held district thu/1/dir/e1 "size=$((top + 1)) "
say_held "afterwards" province thu/1/dir/e1 thu/12/e1
stop third
stop second
stop commune
stop district
stop province
restored province thu/1/dir/e1
sound province district commune second third
