#!/bin/bash
# `deploy/demo reform` on a small part of its tree: a district and three
# communes, real processes. The files are made from the published facts; the
# nodes move by themselves, one of them after it was away with events that
# existed on its machine only; its running petition is told by the heir; the
# figures of 30-6 and 1-7 are right; all of it is safe to repeat.
. "$(dirname "$0")/common"
# shellcheck disable=SC2034  # nodes.sh reads them
NODES_DIR=$WORK NODES_BIN=$BIN NODES_PORT=$PORT NODES_DATA=$DATA
nodes=(1 5 53 58 59)
# shellcheck disable=SC2034  # reform.sh reads them
districts=(5) communes=(53 58 59) reform_away=59 reform_heard=0
for part in nodes office reform; do
    # shellcheck disable=SC1090
    . "$SOURCE/deploy/$part.sh"
done
cp "$QCDC_PASSWORD_FILE" "$NODES_DIR/password" 2>/dev/null
top_make thu 1 || die "the province"
clock_begin 1 2025-06-13T08:00
node_join 5 1 parent || die "the district"
clock_begin 5 2025-06-13T08:00
for n in "${communes[@]}"; do
    node_join "$n" 5 || die "node $n"
    clock_begin "$n" 2025-06-13T08:00
    node "$n" user add ubnd --unit $((2000 + n - 1)) --post "Văn phòng" \
        --rights record,lead >/dev/null || die "official of $n"
done
for n in "${nodes[@]}"; do adopt "$n" "$(cat "$NODES_DIR/$n/pid")"; done

reform_run 2025-06-13 >"$WORK/first" || die "the reform: $(tail -5 "$WORK/first")"
for n in "${nodes[@]}"; do
    adopt "$n" "$(cat "$NODES_DIR/$n/pid" 2>/dev/null || echo 999999999)"
done
cat "$WORK/first"
[ "$(grep -c "Total: 3 of 3; 0 late, 0 missing, 0 unknown" "$WORK/first")" = 2 ] ||
    die "the figures of 30-6"
grep -q "Total: 4 of 4; 0 late, 0 missing, 0 unknown" "$WORK/first" ||
    die "the figures of 1-7"
grep -q "^Xã Đăk Tô .*✓ 1/1" "$WORK/first" || die "the heir's row"
grep -q "^UBND tỉnh Quảng Ngãi" "$WORK/first" || die "the province's new name"
grep -q "108 rows: 108 recorded" "$WORK/first" || die "units"
grep -q "111 rows: 111 recorded" "$WORK/first" || die "heirs"
[ "$(node 1 list petition --holder 12072 --json | grep -c '"holder"')" -ge 4 ] ||
    die "the open petitions are not the heir's"
grep -q "the log of node 59 has ended" "$WORK/first" || die "no end of 59"
node_running 59 && die "59 runs on"
node_running 53 || die "53 does not run"
node 1 check >/dev/null || die "the province has findings"
node 53 check >/dev/null || die "53 has findings"

# Again: nothing is done twice, the same figures.
before=$(node 1 sync --json | grep -o '"size": *[0-9]*' | tr -d '\n')
reform_run 2025-06-13 >"$WORK/second" || die "the second run"
after=$(node 1 sync --json | grep -o '"size": *[0-9]*' | tr -d '\n')
[ "$before" = "$after" ] || die "the second run recorded something"
diff <(sed '1,/figures, on both/d' "$WORK/first" | grep -v ' — 2025') \
    <(sed '1,/figures, on both/d' "$WORK/second" | grep -v ' — 2025') ||
    die "other figures"
for n in "${nodes[@]}"; do node_stop "$n"; done
exit 0
