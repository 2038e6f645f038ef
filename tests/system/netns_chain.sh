#!/bin/bash
# Commune, district and province, each in a network namespace of its own, on
# lines that this test makes, slows down, cuts and mends: what is recorded
# arrives, through kills and cuts and at 64 kbit/s, and nobody starts a node
# again for it.
#
#   netns_chain.sh         half a minute
#   netns_chain.sh long    10,000 events, round trip 0.6 s, a cut every two
#                          minutes: the row of the slow line, as the kernel's
#                          own TCP has it; then six minutes without a line
#
# Namespaces need root and /dev/net/tun. Where these are missing it says so
# and runs on loopback, through the line that cut_link has; there it measures
# nothing.
. "$(dirname "$0")/common"
long=${1:-}
EVENTS=${EVENTS:-$([ "$long" = long ] && echo 10000 || echo 300)}
PATIENCE=$([ "$long" = long ] && echo 3000 || echo 300)

# ---- lines: line NODE ORDER..., each node's line to its superior

declare -A SPACES=()
spaces_end() {
    local space
    for space in "${SPACES[@]}"; do
        ip netns del "$space" 2>/dev/null
    done
    finish
}

# space NODE: a namespace with nothing but its own loopback.
space() {
    SPACES[$1]=qcdc-$$-$1
    ip netns add "${SPACES[$1]}" && ip -n "${SPACES[$1]}" link set lo up
}

# wire NODE SUPERIOR NET: a line between the two, 10.92.NET.1 being above.
wire() {
    local below=${SPACES[$1]} above=${SPACES[$2]}
    "$HANDS/wire" "$WORK/$1.line" "$below" up0 "$above" "d$3" \
        2>"$WORK/line-$1.log" &
    adopt "line-$1" $!
    until_true 90 test -p "$WORK/$1.line"
    if ! { ip -n "$below" addr add "10.92.$3.2" peer "10.92.$3.1" dev up0 &&
        ip -n "$above" addr add "10.92.$3.1" peer "10.92.$3.2" dev "d$3" &&
        ip -n "$below" link set up0 up &&
        ip -n "$above" link set "d$3" up; }; then
        die "the line of $1"
    fi
}

spaces_possible() {
    [ "$(id -u)" -eq 0 ] && command -v ip >/dev/null &&
        [ -r /dev/net/tun ] && ip netns add "qcdc-$$-try" 2>/dev/null &&
        ip netns del "qcdc-$$-try"
}

if spaces_possible; then
    form=spaces
    trap spaces_end EXIT
    for node in province district commune; do
        space $node || die "namespace of $node"
    done
    wire district province 1
    wire commune district 2
    ENDPOINTS=("tcp://10.92.1.1:$PORT" "tcp://10.92.2.1:$((PORT + 1))")
    # shellcheck disable=SC2153 # of common
    start() {
        ip netns exec "${SPACES[$1]}" "$NODE" --dir "$WORK/$1" \
            2>>"$WORK/$1.log" &
        PIDS[$1]=$!
    }
    line() { echo "${*:2}" >"$WORK/$1.line"; }
    # The cable is pulled: the kernel knows. A silent cut: nobody does.
    unplug() { ip -n "${SPACES[$1]}" link set up0 down; }
    plug() { ip -n "${SPACES[$1]}" link set up0 up; }
else
    form=loopback
    echo "no network namespaces here (root and /dev/net/tun are needed):" \
        "on loopback, through a line of our own"
    port=$((PORT + 10))
    for node in district commune; do
        "$HANDS/relay" $port $((port == PORT + 10 ? PORT : PORT + 1)) \
            "$WORK/$node.line" 2>"$WORK/line-$node.log" &
        adopt "line-$node" $!
        until_true 90 test -p "$WORK/$node.line"
        port=$((port + 1))
    done
    ENDPOINTS=("tcp://127.0.0.1:$((PORT + 10))"
        "tcp://127.0.0.1:$((PORT + 11))")
    line() {
        case $2 in
        rate) echo "rate $3" >"$WORK/$1.line" ;;
        esac
    }
    unplug() { echo "cut 1 1" >"$WORK/$1.line"; }
    plug() { :; }
fi

wait_s() { read -r -t "$1" _ <>"$WORK/.never" || true; }
# Every node listens wherever its superior's line may come from.
listens() {
    sed -i "s|^listen *=.*|listen = tcp://0.0.0.0:$2|" "$WORK/$1/"*.conf
}

# memory NODE RssAnon|VmRSS|VmHWM: what it holds of its own, with the programs'
# pages, and at most, KiB.
memory() { sed -n "s/^$2:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/${PIDS[$1]}/status"; }
# What a node may hold of its own, KiB: the pages of the store that it keeps
# (8 MiB; without children 6), the directory, buffers of a session.
OWN_MOST=16384
# After a quarter of the events nothing but these pages may still grow, and in
# a pause they go back: the rest is what a leak would show in.
GROWS_MOST=8192
REST_MOST=8192

realm
listens province "$PORT"
enrol province district 2 $((PORT + 1)) "${ENDPOINTS[0]}"
stop district
listens district $((PORT + 1))
enrol district commune 12 0 "${ENDPOINTS[1]}"
stop commune
"$DRIVE" official "$WORK/commune" clerk 2011 15 || die "official"

# ---- cuts and kills, while a backlog travels

"$DRIVE" petitions "$WORK/commune" clerk 300 p >/dev/null || die "petitions"
for node in district commune; do
    line $node rate 512000 20
done
start commune
for ((round = 0; round < 3; round++)); do
    wait_s 0.7
    unplug commune
    wait_s 0.3
    plug commune
    victim=$(echo province district commune | cut -d' ' -f$((round + 1)))
    wait_s 0.5
    stop "$victim" 9
    unplug district
    wait_s 0.2
    plug district
    start "$victim"
done
until_true "$PATIENCE" held province thu/12/e1 "size=301 integrated=301"
until_true 120 held commune thu/12/e1 "guarded=301"
echo "three kills, six cuts: 301 of 301 events at the province"

# counted TIMES: the line has said so often what passed.
counted() {
    [ "$form" = loopback ] ||
        [ "$(grep -c event=count "$WORK/line-commune.log")" -ge "$1" ]
}

# row: what of the line's capacity was used, and what for. First-sent bytes are
# those of the batches as the district holds them, once each.
row() {
    local up capacity busy first said
    said=$(grep event=count "$WORK/line-commune.log" | tail -n 1)
    read -r up busy capacity < <(sed 's/.* up=\([0-9]*\) .* busy=\([0-9.]*\) .*'\
'capacity=\([0-9]*\)$/\1 \2 \3/' <<<"$said")
    first=$(sqlite3 -readonly "$WORK/district/store.db" "SELECT
        sum(length(leaves_z) + length(texts_z) + length(privates)
            + length(note))
        FROM segments WHERE (id & 1048575) >= 301 AND id >> 40 =
        (SELECT id FROM logs WHERE origin = 'thu/12/e1')") || die "no batches"
    echo "the commune's line: busy $busy % ($up of $capacity bytes, headers of" \
        "TCP and IP among them), $((100 * first / capacity)) % with batches" \
        "sent for the first time ($first bytes)"
    [ "$long" != long ] || [ "${busy%.*}" -ge 90 ] ||
        die "the line was busy for less than 90 %"
}

# ---- 64 kbit/s, and nobody touches a node

stop commune
"$DRIVE" petitions "$WORK/commune" clerk "$EVENTS" q >/dev/null ||
    die "petitions"
total=$((301 + EVENTS))
for node in district commune; do
    line $node rate 64000 300
done
opened=$(grep -c event=open "$WORK/commune.log")
start commune
is_open() { [ "$(grep -c event=open "$WORK/commune.log")" -gt "$opened" ]; }
until_true 120 is_open
line commune count
until_true 90 counted 1
began=$SECONDS
declare -A BEFORE=() QUARTER=() WERE=()
for node in province district commune; do
    WERE[$node]=${PIDS[$node]}
    BEFORE[$node]=$(memory $node RssAnon)
done
quarter=$((301 + EVENTS / 4))
size_at() {
    "$DRIVE" peek "$WORK/$1" |
        sed -n 's/^log=thu.12.e1 size=\([0-9]*\) .*/\1/p'
}
cuts=0
next=$([ "$long" = long ] && echo 120 || echo 8)
until held district thu/12/e1 "size=$total"; do
    wait_s 0.2
    [ $((SECONDS - began)) -lt "$PATIENCE" ] || die "the line never emptied"
    if [ ${#QUARTER[@]} -eq 0 ] && [ "$(size_at district)" -gt "$quarter" ]; then
        for node in province district commune; do
            QUARTER[$node]=$(memory $node RssAnon)
        done
    fi
    if [ $((SECONDS - began)) -ge "$next" ]; then
        next=$((next + $([ "$long" = long ] && echo 120 || echo 60)))
        cuts=$((cuts + 1))
        unplug commune
        wait_s 0.5
        plug commune
    fi
done
took=$((SECONDS - began))
line commune count
until_true 120 held commune thu/12/e1 "guarded=$total"
until_true 120 held province thu/12/e1 "integrated=$total"
for node in province district commune; do
    now=$(memory $node RssAnon)
    echo "memory of the $node, its own: ${BEFORE[$node]} KiB before," \
        "${QUARTER[$node]:-} KiB after a quarter, $now KiB after all; with" \
        "the programs' pages $(memory $node VmRSS), at most" \
        "$(memory $node VmHWM) KiB"
    [ "${PIDS[$node]}" = "${WERE[$node]}" ] || die "the $node was started again"
    kill -0 "${PIDS[$node]}" || die "the $node ended"
    [ "$now" -lt $((${QUARTER[$node]:-${BEFORE[$node]}} + GROWS_MOST)) ] ||
        die "the $node grows"
    [ "$now" -lt "$OWN_MOST" ] || die "the $node holds too much"
done
rests() { [ "$(memory "$1" RssAnon)" -lt "$REST_MOST" ]; }
for node in province district commune; do
    until_true 120 rests $node
    echo "the $node at rest: $(memory $node RssAnon) KiB of its own"
done
[ "$form" = loopback ] || { until_true 90 counted 2 && row; }

# ---- an outage, longer than any pause between two attempts: nobody is told
if [ "$long" = long ] && [ "$form" = spaces ]; then
    opened=$(grep -c event=open "$WORK/commune.log")
    line commune cut
    wait_s 360
    line commune mend
    mended=$SECONDS
    until_true 120 is_open
    echo "cut for 360 s: $((SECONDS - mended)) s after it the link is there"
fi
echo "$EVENTS events at 64 kbit/s in $took s, $cuts cuts"
