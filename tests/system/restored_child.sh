#!/bin/bash
# The disk of a commune is put back as it was a day ago: two batches and the
# events in its spool were sent since. It records before it is connected,
# fetches its tail back (texts, private bodies, cosignatures), goes on in the
# same epoch, and says so in its log. Nothing is lost, nothing there twice,
# receipts made before still verify.
. "$(dirname "$0")/images"

chain
stop province
stop district
"$DRIVE" official "$WORK/commune" clerk 2011 15 || die "official"
"$DRIVE" petitions "$WORK/commune" clerk 40 a || die "petitions"
start province
start district
start commune
until_true 90 held province thu/12/e1 "size=41 integrated=41 guarded=41"
until_true 90 held commune thu/12/e1 "guarded=41"
stop commune
# In the image: 41 in the log, 5 only in the spool.
"$DRIVE" petitions "$WORK/commune" clerk 5 b || die "petitions"
image commune
start commune
until_true 90 held commune thu/12/e1 "size=46 integrated=46 guarded=46"
stop commune
private=$("$DRIVE" event "$WORK/commune" clerk PetitionReceived key=c-1 \
    channel=counter kind=proposal field=land person_known=true \
    "private.content=Đường hỏng" | sed 's/id=\([0-9a-f]*\).*/\1/')
"$DRIVE" petitions "$WORK/commune" clerk 200 d || die "petitions"
start commune
until_true 90 held province thu/12/e1 "size=247 integrated=247 guarded=247"
until_true 90 held commune thu/12/e1 "guarded=247"
# The district's word is there; the province's comes through the district.
until_true 90 at commune receipt "$private" --output "$WORK/receipt"
stop commune
before=$(cosigs commune thu/12/e1)

say_held "before" commune thu/12/e1
put_back commune
say_held "image put back" commune thu/12/e1
"$DRIVE" petitions "$WORK/commune" clerk 7 e || die "petitions after it"
start commune
# 41 + 206 come back, then 7 and the Restored.
until_true 120 held commune thu/12/e1 "size=255 integrated=255 guarded=255"
until_true 120 held province thu/12/e1 "size=255 integrated=255 guarded=255"
at commune sync | found "FETCHED BACK thu/12/e1.*events 41 to 247, node 2" ||
    die "sync of the commune does not say what happened"
at district sync | found "LENT BACK thu/12/e1.*events 41 to 247, node 12" ||
    die "sync of the district does not say what happened"
cosigs_back() { [ "$(cosigs commune thu/12/e1)" -ge "$before" ]; }
until_true 90 cosigs_back
stop commune
say_held "afterwards" commune thu/12/e1
"$DRIVE" state "$WORK/commune" | found "only_here=0 spooled=0" ||
    die "something is on this machine alone"
"$DRIVE" private "$WORK/commune" clerk "$private" | found "Đường hỏng" ||
    die "the private body did not come back"
"$DRIVE" verify "$WORK/commune" "$WORK/receipt" ||
    die "a receipt made before does not verify"
cosigs_back || die "cosignatures are gone"
restored commune thu/12/e1 "from=41 until=247 source=2"
stop district
stop province
sound province district commune
