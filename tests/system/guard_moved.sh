#!/bin/bash
# Two communes pass from one district to another, all machines alive: planned,
# in two steps, the province first. The new guard holds nothing of them. One is
# whole: it goes on in the same log, and what is private is kept by its new
# guard from then on. The other is put back to an older day; the new guard gives
# it back what the old one had cosigned, which comes from the province, and lets
# it sequence nothing before it has heard the province, which is out of reach at
# first. Nothing forks, nothing is lost.
. "$(dirname "$0")/images"

same_numbers() {
    [ -n "$(cosigs "$2" "$1")" ] &&
        [ "$(cosigs "$2" "$1")" = "$(cosigs "$3" "$1")" ]
}

# says NODE WORDS: in `qcdc sync`.
says() {
    at "$1" sync | found "$2"
}

realm
quiet province
for district in 2 3; do
    line=$("$DRIVE" invite "$WORK/province" $district 1) || die "invite"
    "$DRIVE" join "$WORK/d$district" "$line" $((PORT + district)) || die "join"
    quiet d$district
done
for node in province d2 d3; do
    start $node
done
until_true 100 logged d2 "event=open peer=1"
until_true 100 logged d3 "event=open peer=1"
stop d2
for commune in 12 13; do
    line=$("$DRIVE" invite "$WORK/d2" $commune 1) || die "invite"
    "$DRIVE" join "$WORK/c$commune" "$line" 0 >/dev/null || die "join"
    quiet c$commune
done
for node in d2 c12 c13; do
    start $node
done
for commune in 12 13; do
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
until_true 90 held province thu/13/e1 "size=21 integrated=21 guarded=21"
until_true 90 at c12 receipt "$id" --output "$WORK/receipt"
until_true 90 held c13 thu/13/e1 "size=21 integrated=21 guarded=21"
stop c13
image c13
for i in 1 2 3; do # nothing private: that would stay at the guard before
    "$DRIVE" event "$WORK/c13" clerk PetitionReceived key=c-$i channel=counter \
        kind=proposal field=land person_known=false >/dev/null || die "event"
done
start c13
until_true 90 held province thu/13/e1 "size=24 integrated=24 guarded=24"
until_true 90 held c13 thu/13/e1 "size=24 integrated=24 guarded=24"
stop c13
for log in thu/12/e1 thu/13/e1; do
    say_held before d2 $log
    say_held before d3 $log
done

# The offices report to the other district from now on; it certifies them.
# passes NODE UNIT: to the province, then to district 3, which has heard both
# of its words.
top_size() {
    "$DRIVE" peek "$WORK/province" |
        sed -n 's|^log=thu/1/dir/e1 size=\([0-9]*\).*|\1|p'
}
passes() {
    local size
    size=$(top_size) && [ -n "$size" ] || die "no directory log"
    at province record UnitChanged number="$2" reports_to=2002 \
        from_day=2026-01-01 >/dev/null || die "unit $2"
    at province record NodeCertified node="$1" >/dev/null || die "$1, step 1"
    until_true 120 held d3 thu/1/dir/e1 "integrated=$((size + 2)) "
    at d3 record NodeCertified node="$1" >/dev/null || die "$1, step 2"
}
passes 12 2011
until_true 120 logged c12 "event=moved from=[0-9]* to=3"
until_true 90 at c12 login clerk
at c12 record PetitionReceived key=x channel=counter kind=proposal \
    field=land person_known=true "private.content=Mương tắc" >/dev/null ||
    die "record after the change"
until_true 120 held province thu/12/e1 "size=42 integrated=42 guarded=42"
until_true 120 held d3 thu/12/e1 "size=42 integrated=42 guarded=42"

# The other: its new guard cannot reach the province, its disk is an old one.
passes 13 2012
until_true 90 held province thu/3/dir/e1 "size=2 integrated=2 "
stop d3
cp "$WORK/d3/qcdc.conf" "$WORK/d3.conf"
sed -i "s|^parent_endpoint.*|parent_endpoint = tcp://127.0.0.1:$((PORT + 9))|" \
    "$WORK/d3/qcdc.conf"
start d3
stop d2 # else the commune would hear it all from its old guard
put_back c13
"$DRIVE" petitions "$WORK/c13" clerk 5 e >/dev/null || die "petitions"
start c13
until_true 120 logged c13 "event=moved from=1 to=3"
until_true 120 logged c13 "event=open peer=3 "
at c12 record PetitionReceived key=y channel=counter kind=proposal field=land \
    person_known=false >/dev/null || die "record"
until_true 120 held d3 thu/12/e1 "size=43 integrated=43 guarded=43"
until_true 90 says c13 "nothing new goes into the log"
until_true 90 says d3 "nothing new goes into the log"
say_held meanwhile d3 thu/13/e1
"$DRIVE" peek "$WORK/c13" | found "^spooled=[56]$" ||
    die "it sequenced before its guard knew"
start d2
stop d3
cp "$WORK/d3.conf" "$WORK/d3/qcdc.conf"
start d3
until_true 120 held province thu/13/e1 "size=30 integrated=30 guarded=30"
until_true 120 held d3 thu/13/e1 "size=30 integrated=30 guarded=30"
for log in thu/12/e1 thu/13/e1; do
    say_held afterwards d3 $log
done
restored c13 thu/13/e1
for node in province d2 d3 c12 c13; do
    grep -q "event=freeze" "$WORK/$node.log" && die "$node froze a log"
done
until_true 90 same_numbers thu/12/e1 c12 d3
until_true 90 same_numbers thu/13/e1 c13 province
for node in c12 c13 d2 d3 province; do
    stop $node
done
"$DRIVE" verify "$WORK/c12" "$WORK/receipt" >/dev/null ||
    die "a receipt from before does not verify"
sound c12 c13 d2 d3 province
