# shellcheck shell=bash
# Nodes of one realm on this machine's loopback: what the demo, the playground
# and the system tests share. Source it after setting
#   NODES_DIR   folder that holds one folder a node, made if missing
#   NODES_BIN   folder with qcdc and qcdc-node
#   NODES_PORT  first TCP port; node N listens on NODES_PORT + N
#   NODES_DATA  deploy/data
# Nothing here ends a process that it did not start: pids are kept per node.

nodes_say() { printf '%s\n' "$*" >&2; }

# node N ARGS...: the command line of one node.
node() {
    local n=$1
    shift
    "$NODES_BIN/qcdc" --dir "$NODES_DIR/$n" "$@"
}

node_port() { echo $((NODES_PORT + $1)); }

# wait_until SECONDS WHAT COMMAND...: polls until the command succeeds.
wait_until() {
    local limit=$1 what=$2 tries=0
    shift 2
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -gt $((limit * 10)) ]; then
            nodes_say "gave up after $limit s: $what"
            return 1
        fi
        sleep 0.1
    done
}

node_answers() { node "$1" clock --json; }

node_running() {
    local pid
    pid=$(cat "$NODES_DIR/$1/pid" 2>/dev/null) || return 1
    # A rebuilt program shows as "... (deleted)" while the old one runs.
    case $(readlink "/proc/$pid/exe" 2>/dev/null) in
    "$NODES_BIN/qcdc-node"*) ;;
    *) return 1 ;;
    esac
}

# node_start N: in the background, log in its folder; returns when it answers.
node_start() {
    local n=$1 try
    if node_running "$n"; then
        return 0
    fi
    setsid "$NODES_BIN/qcdc-node" --dir "$NODES_DIR/$n" \
        >>"$NODES_DIR/$n/node.log" 2>&1 </dev/null &
    echo $! >"$NODES_DIR/$n/pid"
    for ((try = 0; try < 300; try++)); do
        if node_answers "$n" >/dev/null 2>&1; then
            return 0
        fi
        if ! node_running "$n" && [ "$try" -gt 20 ]; then
            break
        fi
        sleep 0.1
    done
    nodes_say "node $n does not answer; the end of its log:"
    tail -n 5 "$NODES_DIR/$n/node.log" >&2
    return 1
}

node_gone() { ! node_running "$1"; }

node_stop() {
    if node_running "$1"; then
        kill "$(cat "$NODES_DIR/$1/pid")"
        wait_until 30 "node $1 to end" node_gone "$1"
    fi
    rm -f "$NODES_DIR/$1/pid"
}

# top_make REALM N: root key, top node, units, rules, calendar; starts it.
top_make() {
    local realm=$1 n=$2
    mkdir -p "$NODES_DIR"
    node "$n" init --realm "$realm" --node "$n" --demo \
        --root-key "$NODES_DIR/root.key" \
        --units "$NODES_DATA/units-62-2019.csv" \
        --rules "$NODES_DATA/rules.json" \
        --listen "tcp://127.0.0.1:$(node_port "$n")" \
        >"$NODES_DIR/$n.made" && node_start "$n"
}

# node_join N PARENT [parent]: invites at PARENT, joins, starts, waits until
# it is certified. A third word: it will have children of its own.
node_join() {
    local n=$1 parent=$2 invitation
    local invite=(--auto) join=()
    if [ -n "${3-}" ]; then
        invite+=(--with-children --numbers "$((100000 + n * 1000))-$((100999 + n * 1000))")
        join=(--listen "tcp://127.0.0.1:$(node_port "$n")")
    fi
    invitation=$(node "$parent" invite "$n" "${invite[@]}") || return 1
    node "$n" join "$invitation" ${join[@]+"${join[@]}"} \
        >"$NODES_DIR/$n.made" || return 1
    node_start "$n" && wait_until 120 "node $n to be certified" node_linked "$n"
}

# The link to the parent is open.
node_linked() { grep -q '"connected": *true' <(node "$1" sync --json); }

# node_logs N: each log there, "origin node size counted" a line.
node_logs() {
    node "$1" sync --json | tr -d '\n' |
        grep -oE '"origin": *"[^"{}]*", *"node": *[0-9]+[^{}]*"integrated": *[0-9]+' |
        sed -E 's/^"origin": *"([^"]*)", *"node": *([0-9]+),.*"size": *([0-9]+), *"integrated": *([0-9]+)$/\1 \2 \3 \4/'
}

# node_reached N TOP: all that N has of its own is at TOP, and counted there.
node_reached() {
    local here there origin number size counted
    here=$(node_logs "$1") && there=$(node_logs "$2") || return 1
    while read -r origin number size counted; do
        if [ "$number" = "$1" ] && [ "$size" -gt 0 ]; then
            grep -qxF -- "$origin $number $size $size" <<<"$there" || return 1
        fi
    done <<<"$here"
}

# Nothing exists on this node alone.
node_settled() { grep -q '"only_here": *0\b' <(node "$1" sync --json); }
