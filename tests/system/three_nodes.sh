#!/bin/bash
# Commune, district, province: leaves travel two hops with the commune's own
# signatures; a petition referred to a sibling and to a commune of another
# district is delivered with all that proves it, and its private content is
# read there and nowhere between.
. "$(dirname "$0")/common"

realm
enrol province city 2 $((PORT + 1))
stop province
enrol province glei 3 $((PORT + 2))
stop city
enrol city ward12 12 0
stop city
enrol city ward13 13 0
stop glei
glei_commune=$(awk -F, '$3 == 3 {print $1; exit}' "$DATA/nodes-62-2019.csv")
enrol glei far "$glei_commune" 0
# Who refers must know the keys of whom he refers to.
until_true 90 held ward12 thu/2/dir/e1 "size=2 integrated=2"
stop ward12
stop ward13
stop far

"$DRIVE" official "$WORK/ward12" clerk 2011 15 || die "official of 12"
"$DRIVE" official "$WORK/ward13" clerk 2012 15 || die "official of 13"
far_unit=$((1999 + glei_commune))
"$DRIVE" official "$WORK/far" clerk "$far_unit" 15 || die "official far away"
"$DRIVE" petitions "$WORK/ward12" clerk 3 p || die "petitions"
first=$("$DRIVE" event "$WORK/ward12" clerk PetitionReceived key=q-1 \
    channel=counter kind=proposal field=land person_known=true \
    "private.persons[0].name=A Ví Dụ" "private.content=Đường hỏng" |
    sed 's/id=\([0-9a-f]*\).*/\1/')
[ ${#first} -eq 32 ] || die "no petition"
"$DRIVE" event "$WORK/ward12" clerk PetitionClassified subject=q-1 refs=q-1 \
    result=accepted kind=proposal field=land || die "classified"
"$DRIVE" event "$WORK/ward12" clerk PetitionReferred subject=q-1 refs=q-1 \
    to=2012 colour=x 2>/dev/null && die "an unknown field was accepted"
"$DRIVE" event "$WORK/ward12" clerk PetitionReferred subject=q-1 refs=q-1 \
    to=2012 || die "referred to the sibling"
second=$("$DRIVE" event "$WORK/ward12" clerk PetitionReceived key=q-2 \
    channel=post kind=proposal field=land "private.content=Cầu gãy" |
    sed 's/id=\([0-9a-f]*\).*/\1/')
"$DRIVE" event "$WORK/ward12" clerk PetitionReferred subject=q-2 refs=q-2 \
    "to=$far_unit" || die "referred far away"
start ward12
until_true 90 held province thu/12/e1 "size=9 integrated=9 guarded=9"
start ward13
start far
# What is private follows: who may read asks for it.
has_bodies() {
    [ "$(sqlite3 -readonly "$WORK/$1/store.db" \
        "SELECT min(state) FROM wanted_bodies")" = 1 ]
}
until_true 120 "$DRIVE" has "$WORK/ward13" "$first"
until_true 120 "$DRIVE" has "$WORK/far" "$second"
until_true 90 has_bodies ward13
until_true 90 has_bodies far
"$DRIVE" has "$WORK/ward13" "$second" && die "it reached who is no party"
stop ward13
stop far
"$DRIVE" private "$WORK/ward13" clerk "$first" | found "content=Đường hỏng" ||
    die "the sibling cannot read what was referred to it"
# The ward knew no key of the node far away: what came there does not open.
"$DRIVE" private "$WORK/far" clerk "$second" 2>/dev/null &&
    die "ciphertext took a way that nobody meant it to"
stop city
"$DRIVE" official "$WORK/city" head 2001 15 || die "official of the city"
"$DRIVE" private "$WORK/city" head "$first" 2>/dev/null &&
    die "the relay can read a private body"
stop ward12
stop glei
stop province
for node in province city glei ward12 ward13 far; do
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
