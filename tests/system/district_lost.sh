#!/bin/bash
# The disk of a district is gone, with what its communes had sent and it had
# not yet passed on. It joins again with new keys in an empty folder; nobody
# touches its communes: they do not get through with the key they know, ask the
# province, learn the new one there and go back. The district is filled again
# from both sides, and counts, records and cells are those from before.
. "$(dirname "$0")/images"

# agree A B: two nodes show the same records and cells.
agree() {
    cmp -s <("$DRIVE" dump "$WORK/$1") <("$DRIVE" dump "$WORK/$2")
}

# log_of NAME LOG: how much the node holds of it, integrated and guarded.
log_of() {
    "$DRIVE" peek "$WORK/$1" | grep "^log=$2 " |
        grep -oE "size=[0-9]+ integrated=[0-9]+ guarded=[0-9]+"
}

realm
enrol province district 2 $((PORT + 1))
stop district
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
stop district
unit12=2011 unit13=2012
"$DRIVE" official "$WORK/district" head 2001 15 || die "official"
"$DRIVE" official "$WORK/c12" clerk $unit12 15 || die "official"
"$DRIVE" official "$WORK/c13" clerk $unit13 15 || die "official"
"$DRIVE" petitions "$WORK/district" head 20 d >/dev/null || die "petitions"
"$DRIVE" petitions "$WORK/c12" clerk 40 a >"$WORK/first" || die "petitions"
"$DRIVE" petitions "$WORK/c13" clerk 30 b >/dev/null || die "petitions"
id=$(grep -oE 'id=[0-9a-f]{32}' "$WORK/first" | head -n 1 | cut -c 4-)
start district
start c12
start c13
until_true 30 held province thu/2/e1 "size=21 integrated=21 guarded=21"
until_true 30 held province thu/12/e1 "size=41 integrated=41 guarded=41"
until_true 30 held province thu/13/e1 "size=31 integrated=31 guarded=31"
until_true 30 at c12 receipt "$id" --output "$WORK/receipt"

# What follows is cosigned by the district alone, then its disk is gone.
stop c12
stop district
sed -i "s|^parent_endpoint.*|parent_endpoint = tcp://127.0.0.1:$((PORT + 9))|" \
    "$WORK/district/qcdc.conf"
start district
private=$("$DRIVE" event "$WORK/c12" clerk PetitionReceived key=a-x \
    channel=counter kind=proposal field=land person_known=true \
    "private.content=Đường hỏng" | sed 's/id=\([0-9a-f]*\).*/\1/')
"$DRIVE" petitions "$WORK/c12" clerk 9 e >/dev/null || die "petitions"
start c12
until_true 30 held c12 thu/12/e1 "size=51 integrated=51 guarded=51"
"$DRIVE" dump "$WORK/district" >"$WORK/before" || die "dump"
for log in thu/2/e1 thu/12/e1 thu/13/e1; do
    say_held before district $log
done
held province thu/12/e1 "size=41 " || die "the province has it already"
for node in c12 c13; do : >"$WORK/$node.log"; done
stop district KILL
rm -rf "$WORK/district"
stop c13
"$DRIVE" petitions "$WORK/c13" clerk 5 f >/dev/null || die "petitions"
start c13

line=$(at province invite 2 --again --reason disk-lost) || die "invite --again"
at district join "$line" --listen "tcp://127.0.0.1:$((PORT + 1))" \
    >"$WORK/joined" || die "join again"
print=$(grep -oE '[0-9A-Z]{5}(-[0-9A-Z]{5}){3}' "$WORK/joined")
start district
until_true 100 logged province "event=requested node=2 fingerprint=$print"
at province invite --confirm "$print" >/dev/null || die "confirm $print"

# Nobody touches the communes.
for node in province district; do
    until_true 120 held $node thu/2/e1 "size=21 integrated=21 guarded=21"
    until_true 120 held $node thu/12/e1 "size=51 integrated=51 guarded=51"
    until_true 120 held $node thu/13/e1 "size=36 integrated=36 guarded=36"
done
for log in thu/2/e1 thu/2/e2 thu/12/e1 thu/13/e1; do
    say_held afterwards district $log
done
# Told of the new keys on the way round or, where that took long, after it.
came_back() {
    [ "$(grep -oE 'event=open peer=[12] ' "$WORK/$1.log" | uniq | tail -n 2 |
        tr -dc 12)" = 12 ]
}
for node in c12 c13; do
    logged $node "event=detour from=2 to=1" || die "$node made no detour"
    logged $node "event=open peer=1 " || die "$node did not reach it"
    until_true 60 came_back $node
    grep -q "reason=foreign-log" "$WORK/$node.log" && die "$node offered amiss"
done
# The province sees the guest off, and both ends hold the same cosignatures.
no_guest() {
    at province sync >"$WORK/sync" && ! grep -q "(nút 12)\|(node 12)" "$WORK/sync"
}
same_cosigs() {
    [ "$(cosigs district thu/12/e1)" = "$(cosigs c12 thu/12/e1)" ]
}
until_true 30 no_guest
until_true 30 same_cosigs

# The office of the district goes on, and so do the communes.
at district user add head --unit 2001 --post "Chủ tịch" --rights record,lead \
    >/dev/null || die "the official is added anew"
at district login head >/dev/null || die "login"
at district record PetitionReceived key=n channel=counter kind=proposal \
    field=land person_known=true text.title="Sau khi thay đĩa" >/dev/null ||
    die "record at the district"
at c13 login clerk >/dev/null || die "login"
at c13 record PetitionReceived key=n channel=counter kind=proposal \
    field=land person_known=true text.title="Sau khi thay đĩa" >/dev/null ||
    die "record at the commune"
for node in province district; do
    until_true 30 held $node thu/2/e2 "size=3 integrated=3 guarded=3"
    until_true 30 held $node thu/13/e1 "size=37 integrated=37 guarded=37"
done
until_true 30 agree district province
# What the district alone had cosigned is proved by both now.
until_true 30 at c12 receipt "$private" --output "$WORK/receipt2"
for node in c12 c13 district province; do
    stop $node
done
"$DRIVE" verify "$WORK/c12" "$WORK/receipt" >/dev/null ||
    die "a receipt from before does not verify"
"$DRIVE" verify "$WORK/c12" "$WORK/receipt2" >/dev/null ||
    die "a receipt made afterwards does not verify"
sound c12 c13 district province
