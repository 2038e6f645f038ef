#!/bin/bash
# The disk of a commune is copied and both run at once: the district lets none
# of them go on, and says which and why; what each recorded stays there. Then
# the case that looks the same and is none: the copy is stopped first.
. "$(dirname "$0")/images"

realm
quiet province
enrol province district 2 $((PORT + 1))
stop district
quiet district 12
enrol district commune 12 0
stop commune
"$DRIVE" official "$WORK/commune" clerk 2011 15 || die "official"
"$DRIVE" petitions "$WORK/commune" clerk 20 a || die "petitions"
start commune
until_true 30 held district thu/12/e1 "size=21 integrated=21 guarded=21"
until_true 30 held commune thu/12/e1 "guarded=21"
say_held "before" district thu/12/e1
stop commune
image commune twin
put_back twin twin
"$DRIVE" petitions "$WORK/twin" clerk 3 t || die "petitions of the twin"
# The twin comes soon after the commune spoke: one silent for longer is gone.
: >"$WORK/commune.log"
start commune
until_true 30 at commune login clerk
until_true 30 logged commune "event=open peer=2"
start twin
until_true 30 logged district "event=note peer=12 reason=token"
[ "$("$DRIVE" peek "$WORK/twin" | grep -c "^spooled=3")" -eq 1 ] ||
    die "the twin was taken for the commune while that one lives"
# Both work on, as two offices with one disk would.
spoken=0
speak() {
    spoken=$((spoken + 1))
    echo '{"type":"PetitionReceived","key":"k'$spoken'","facts":{"channel":"counter","kind":"proposal","field":"land","person_known":true},"text":{"title":"Kiến nghị"}}' >"$WORK/row"
    at commune import any "$WORK/row" &&
        held district thu/12/e1 'frozen="two copies of node 12'
}
until_true 60 speak
say_held "two copies" district thu/12/e1
at district sync | found "FROZEN thu/12/e1.*alive at the same time" ||
    die "sync does not say what happened"
held district thu/12/e1 "size=21" || die "a copy went on"
stop twin
stop commune
for name in commune twin; do
    say_held "afterwards" $name thu/12/e1
    echo "kept in the spool of the $name: $("$DRIVE" peek "$WORK/$name" |
        sed -n 's/^spooled=//p')"
done
"$DRIVE" state "$WORK/twin" | found "spooled=3" ||
    die "what the twin recorded is not there any more"
stop district
stop province
sound province district commune twin
