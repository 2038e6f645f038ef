#!/bin/bash
# The sample year through real nodes: three levels type it in week by week,
# and the province's figures are those that tests/count, another language that
# shares no code, counts from the import files. All eight duties, every cell.
set -euo pipefail
cd "$(dirname "$0")/../.."
NODES_DIR=$(mktemp -d "${TMPDIR:-/tmp}/qcdc-count-XXXXXX")
NODES_BIN=$QCDC_BUILD
# shellcheck source=ports
. tests/system/ports
ports NODES_PORT
export NODES_PORT
NODES_DATA=$PWD/deploy/data
export QCDC_LANG=en QCDC_PASSWORD_FILE=$NODES_DIR/password
# shellcheck source=../../deploy/nodes.sh
. deploy/nodes.sh
# shellcheck source=../../deploy/late.sh
. deploy/late.sh
nodes=(1 5 58)
units=(2000 3000 2004 3004 2057 3057)

finish() {
    local status=$? n
    for n in "${nodes[@]}"; do
        [ ! -d "$NODES_DIR/$n" ] || node_stop "$n" || true
        [ "$status" -eq 0 ] || tail -n 5 "$NODES_DIR/$n/node.log" >&2 || true
    done
    [ -n "${KEEP-}" ] || rm -rf "$NODES_DIR"
    exit "$status"
}
trap finish EXIT

node_of() { # unit
    case $1 in
    *000) echo 1 ;;
    *004) echo 5 ;;
    *) echo 58 ;;
    esac
}

all_settled() { node_settled 5 && node_settled 58; }
all_reached() { node_reached 5 1 && node_reached 58 1; }

# type_in FILE: by the unit's official, who logs in when his key locked itself.
type_in() {
    local name node unit
    name=$(basename "$1")
    node=${name%%.*}
    unit=${name#*.}
    unit=${unit%%.*}
    if [[ $name = *.late.jsonl ]]; then
        late_rows "$1" >"$NODES_DIR/late.jsonl"
        set -- "$NODES_DIR/late.jsonl"
    fi
    node "$node" login "u$unit" >/dev/null
    node "$node" import any "$1" >/dev/null
}

printf 'mat-khau-mau\n' >"$NODES_DIR/password"
chmod 600 "$NODES_DIR/password"
top_make count-demo 1
node 1 clock --set 2024-01-02T08:00 >/dev/null
node_join 5 1 parent
node 5 clock --set 2024-01-02T08:10 >/dev/null
node_join 58 5
for unit in "${units[@]}"; do
    node "$(node_of "$unit")" user add "u$unit" --unit "$unit" \
        --post "Văn phòng" --rights record,lead,report,denunciation >/dev/null
done
sample=$NODES_DIR/sample
"$NODES_BIN/qcdc-sample" --data "$NODES_DATA" --out "$sample" "${nodes[@]}"
for week in "$sample"/20*; do
    for n in "${nodes[@]}"; do
        node "$n" clock --set "$(basename "$week")T17:00" >/dev/null
    done
    shopt -s nullglob
    for file in "$week"/*[0-9].jsonl "$week"/*.late.jsonl; do
        type_in "$file"
    done
    wait_until 120 "$week to reach the province" all_settled
done
for n in "${nodes[@]}"; do
    node "$n" clock --set 2025-01-27T08:00 >/dev/null
done

# The province heard from the other two, two units each, on their last day.
heard() {
    [ "$(node 1 status --json --units --year 2024 |
        grep -o '"heard": *"2025-01-27' | wc -l)" -ge 4 ]
}
wait_until 120 "the province to hear from all" heard
wait_until 60 "all of it to be counted at the province" all_reached
for year in 2024 2025; do
    node 1 status --json --detail --year "$year" --as-of 2025-01-24 \
        >"$NODES_DIR/$year.json"
done
python3 tests/count/count.py --asof 2025-01-24 "$sample" \
    >"$NODES_DIR/counted.jsonl"
python3 tests/count/compare.py "$NODES_DIR/counted.jsonl" \
    "$NODES_DIR/2024.json" "$NODES_DIR/2025.json"
