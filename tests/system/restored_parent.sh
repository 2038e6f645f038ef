#!/bin/bash
# The disk of a district is put back as it was a day ago: it has cosigned much
# since that it does not remember, and its own log is shorter than at the
# province. It fetches leaves, private bodies and its own cosignatures back
# from the commune and its tail from the province, cosigns nothing before, and
# goes on. The commune meanwhile records.
. "$(dirname "$0")/images"

chain
stop district
"$DRIVE" official "$WORK/commune" clerk 2011 15 || die "official"
"$DRIVE" official "$WORK/district" head 2001 15 || die "official"
"$DRIVE" petitions "$WORK/commune" clerk 30 a || die "petitions"
"$DRIVE" petitions "$WORK/district" head 10 a || die "petitions"
start district
start commune
until_true 90 held province thu/12/e1 "size=31 integrated=31 guarded=31"
until_true 90 held province thu/2/e1 "size=11 integrated=11 guarded=11"
stop commune
stop district
image district
"$DRIVE" petitions "$WORK/commune" clerk 120 b || die "petitions"
"$DRIVE" petitions "$WORK/district" head 40 b || die "petitions"
private=$("$DRIVE" event "$WORK/commune" clerk PetitionReceived key=c-1 \
    channel=counter kind=proposal field=land person_known=true \
    "private.content=Đường hỏng" | sed 's/id=\([0-9a-f]*\).*/\1/')
start district
start commune
until_true 90 held province thu/12/e1 "size=152 integrated=152 guarded=152"
until_true 90 held province thu/2/e1 "size=51 integrated=51 guarded=51"
until_true 90 at commune receipt "$private" --output "$WORK/receipt"
stop commune
stop district
"$DRIVE" peek "$WORK/district" | grep "^log=thu/12/e1 " |
    sed 's/ mirrored.*//' >"$WORK/before"

say_held "before" district thu/2/e1 thu/12/e1
put_back district
say_held "image put back" district thu/2/e1 thu/12/e1
"$DRIVE" petitions "$WORK/commune" clerk 9 d || die "petitions after it"
"$DRIVE" petitions "$WORK/district" head 3 d || die "petitions after it"
start district
start commune
# Its own: 51, then 3 and the Restored. The commune's: 152 and 9.
until_true 120 held district thu/2/e1 "size=55 integrated=55 guarded=55"
until_true 120 held district thu/12/e1 "size=161 integrated=161 guarded=161"
until_true 120 held province thu/2/e1 "size=55 integrated=55 guarded=55"
until_true 120 held province thu/12/e1 "size=161 integrated=161 guarded=161"
until_true 120 held commune thu/12/e1 "size=161 integrated=161 guarded=161"
same_numbers() {
    [ -n "$(cosigs commune thu/12/e1)" ] &&
        [ "$(cosigs district thu/12/e1)" = "$(cosigs commune thu/12/e1)" ]
}
until_true 90 same_numbers
at district sync >"$WORK/sync"
grep -q "FETCHED BACK thu/2/e1.*events 11 to 51, node 1" "$WORK/sync" ||
    die "sync does not say that its own log came back"
grep -q "FETCHED BACK thu/12/e1.*events 31 to 152" "$WORK/sync" ||
    die "sync does not say that the copy was fetched again"
stop commune
stop district
stop province
say_held "afterwards" district thu/2/e1 thu/12/e1
same_numbers || die "guard and commune hold other cosignatures"
"$DRIVE" verify "$WORK/commune" "$WORK/receipt" ||
    die "a receipt made before does not verify"
"$DRIVE" receipt "$WORK/commune" "$private" >"$WORK/receipt2" ||
    die "no receipt afterwards"
restored district thu/2/e1
sound province district commune
