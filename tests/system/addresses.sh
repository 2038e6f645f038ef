#!/bin/bash
# Where a node is says nothing about who it is. Both ends move, folder, port and
# line: the copy goes on where it was, nothing is sent again. A node that is
# given its own address, or its sibling's, for its superior's is told so, takes
# and gives nothing, asks now and then without flooding anybody, and goes on
# when the address is right. A second node at one address does not start.
. "$(dirname "$0")/common"
put() { sed -i "s|^$2 *=.*|$2 = tcp://127.0.0.1:$3|" "$WORK/$1/qcdc.conf"; }
address() { put "$1" parent_endpoint "$2"; }
listens() { put "$1" listen "$2"; }
record() {
    at "$1" record PetitionReceived channel=counter kind=proposal field=land \
        person_known=false >/dev/null || die "$1 does not record"
}

realm
enrol province city 2 $((PORT + 1))
stop province
enrol province glei 3 $((PORT + 2))
stop city
"$DRIVE" official "$WORK/city" clerk 2001 15 >/dev/null || die "official"
"$DRIVE" petitions "$WORK/city" clerk 400 p >/dev/null || die "petitions"
start city
until_true 30 held province thu/2/e1 "size=401 integrated=401 guarded=401"
until_true 30 held city thu/2/e1 "guarded=401"

# ---- both move; 60,000 bytes would be cut, the log is several times that
stop city
stop province
mv "$WORK/city" "$WORK/new-city"
mv "$WORK/province" "$WORK/new-province"
listens new-province $((PORT + 3))
relay=$((PORT + 5))
"$HANDS/relay" "$relay" $((PORT + 3)) "$WORK/relay.ctl" 2>"$WORK/relay.log" &
adopt relay $!
until_true 10 test -p "$WORK/relay.ctl"
echo "cut 60000" >"$WORK/relay.ctl"
address new-city "$relay"
start new-province
start new-city
until_true 30 logged new-city "event=open"
at new-city login clerk >/dev/null || die "login"
record new-city
until_true 30 held new-province thu/2/e1 "size=402 integrated=402 guarded=402"
grep -q event=cut "$WORK/relay.log" && die "what it held was sent again"
echo "before: 401 events at both; both moved: the 402nd went alone"

# ---- wrong addresses: its own, its sibling's
for wrong in $((PORT + 1)) $((PORT + 2)); do
    stop new-city
    address new-city "$wrong"
    : >"$WORK/new-city.log"
    start new-city
    until_true 30 at new-city login clerk
    record new-city
    said() { at new-city sync | found "Check parent_endpoint in qcdc.conf"; }
    until_true 60 logged new-city "event=key_refused"
    until_true 60 said
    [ "$(wc -l <"$WORK/new-city.log")" -lt 30 ] ||
        die "it does not stop talking about a wrong address"
done
held new-province thu/2/e1 "size=402 " || die "it came to the wrong place"
at new-city sync | grep -B1 "Check parent_endpoint"
stop new-city
address new-city "$relay"
start new-city
until_true 30 held new-province thu/2/e1 "size=404 integrated=404 guarded=404"
at new-city sync >"$WORK/sync" || die "sync"
grep -q "Check parent_endpoint" "$WORK/sync" && die "it still complains"

# ---- two at one address
listens glei $((PORT + 3))
stop glei
timeout 20 "$NODE" --dir "$WORK/glei" 2>"$WORK/glei.log" && die "a second node started"
grep "Address already in use" "$WORK/glei.log" || die "no word of the address"
for node in new-province new-city; do
    stop "$node"
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
