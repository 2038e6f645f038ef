#!/bin/bash
# A district's machine is gone for good, with what a commune had sent it and it
# had not passed on. Nobody comes back with that disk: by a person's word the
# province certifies the commune with itself as guard. Nobody touches the
# commune: it asks round its dead parent, hears of it, moves, and goes on in
# the same log with the same numbers. Then the other way: what the new guard
# holds, and a commune that was put back does not, comes back before the
# commune may sequence.
. "$(dirname "$0")/images"

# same_numbers LOG A B: the two hold the same numbered cosignatures.
same_numbers() {
    [ -n "$(cosigs "$2" "$1")" ] &&
        [ "$(cosigs "$2" "$1")" = "$(cosigs "$3" "$1")" ]
}

realm
quiet province 4
enrol province district 2 $((PORT + 1))
stop district
quiet district 4
for commune in 12 13; do
    line=$("$DRIVE" invite "$WORK/district" $commune 1) || die "invite"
    "$DRIVE" join "$WORK/c$commune" "$line" 0 >/dev/null || die "join"
    quiet c$commune 4
done
start district
for commune in 12 13; do
    start c$commune
    until_true 100 logged c$commune "event=open peer=2"
    stop c$commune
done
"$DRIVE" official "$WORK/c12" clerk 2011 15 || die "official"
"$DRIVE" official "$WORK/c13" clerk 2012 15 || die "official"
"$DRIVE" petitions "$WORK/c12" clerk 40 a >"$WORK/first" || die "petitions"
"$DRIVE" petitions "$WORK/c13" clerk 20 b >/dev/null || die "petitions"
id=$(grep -oE 'id=[0-9a-f]{32}' "$WORK/first" | head -n 1 | cut -c 4-)
start c12
start c13
until_true 90 held province thu/12/e1 "size=41 integrated=41 guarded=41"
until_true 90 held c13 thu/13/e1 "size=21 integrated=21 guarded=21"
until_true 90 at c12 receipt "$id" --output "$WORK/receipt"
stop c13
image c13
"$DRIVE" petitions "$WORK/c13" clerk 10 c >/dev/null || die "petitions"
start c13
until_true 90 held province thu/13/e1 "size=31 integrated=31 guarded=31"
until_true 90 held c13 thu/13/e1 "size=31 integrated=31 guarded=31"
stop c13

# What follows is cosigned by the district alone, then it is gone for good.
stop c12
stop district
sed -i "s|^parent_endpoint.*|parent_endpoint = tcp://127.0.0.1:$((PORT + 9))|" \
    "$WORK/district/qcdc.conf"
start district
"$DRIVE" petitions "$WORK/c12" clerk 9 d >/dev/null || die "petitions"
private=$("$DRIVE" event "$WORK/c12" clerk PetitionReceived key=a-x \
    channel=counter kind=proposal field=land person_known=true \
    "private.content=Đường hỏng" | sed 's/id=\([0-9a-f]*\).*/\1/')
start c12
until_true 90 held c12 thu/12/e1 "size=51 integrated=51 guarded=51"
stop district KILL
rm -rf "$WORK/district"
held province thu/12/e1 "size=41 " || die "the province has it already"
for log in thu/12/e1 thu/13/e1; do
    say_held before province $log
done

# A commune that is put back to an older day at the same time.
put_back c13
"$DRIVE" petitions "$WORK/c13" clerk 5 e >/dev/null || die "petitions"
until_true 90 at c12 login clerk
at c12 record PetitionReceived key=x channel=counter kind=proposal \
    field=land person_known=true "private.content=Mương tắc" >/dev/null ||
    die "record while nobody confirms"
for commune in 12 13; do
    at province record NodeCertified node=$commune >/dev/null ||
        die "the province as guard of $commune"
done
start c13
until_true 120 held province thu/12/e1 "size=52 integrated=52 guarded=52"
until_true 120 held province thu/13/e1 "size=37 integrated=37 guarded=37"
for log in thu/12/e1 thu/13/e1; do
    say_held afterwards province $log
done
restored c13 thu/13/e1
logged c12 "event=detour from=2 to=1" || die "c12 made no detour"
for node in province c12 c13; do
    grep -q "event=freeze" "$WORK/$node.log" && die "$node froze a log"
done
until_true 90 same_numbers thu/12/e1 c12 province
until_true 90 same_numbers thu/13/e1 c13 province
until_true 90 at c12 receipt "$private" --output "$WORK/receipt2"
settled() {
    { at province sync && at c12 sync && at c13 sync; } >"$WORK/syncs" &&
        ! grep -q "TO DO" "$WORK/syncs"
}
until_true 120 settled
for node in c12 c13 province; do
    stop $node
done
for receipt in receipt receipt2; do
    "$DRIVE" verify "$WORK/c12" "$WORK/$receipt" >/dev/null ||
        die "$receipt does not verify"
done
sound c12 province
# Ten private bodies were on two disks only, and both are gone: each is named.
"$DRIVE" check "$WORK/c13" >"$WORK/found"
grep -q "^findings=10$" "$WORK/found" || die "other findings at c13"
[ "$(grep -c "text=\"the private body of .* it was lost" "$WORK/found")" -eq 10 ] ||
    die "check does not name what was lost"
echo "10 private bodies lost with two disks, nothing else"
