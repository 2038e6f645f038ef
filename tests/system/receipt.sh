#!/bin/bash
# A receipt of a commune's event carries the district's and the province's
# cosignature and every certificate from the root key down. With all nodes
# ended, `qcdc verify` accepts it by root key and policy alone, and refuses it
# after any change of a byte. Receipts of a district's and the province's own
# events, and from each node that holds the log; who is missing is named.
set -uo pipefail
source=${QCDC_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
NODES_BIN=${QCDC_BUILD:?QCDC_BUILD names the folder of the programs}
NODES_DATA=$source/deploy/data
NODES_DIR=$(mktemp -d)
# shellcheck source=ports
. "$source/tests/system/ports"
ports NODES_PORT || exit 1
export NODES_BIN NODES_DIR NODES_PORT NODES_DATA
export QCDC_LANG=en QCDC_PASSWORD_FILE=$NODES_DIR/password
# shellcheck source=found
. "$source/tests/system/found"
# shellcheck source=../../deploy/nodes.sh
. "$source/deploy/nodes.sh"
province=1 district=5 commune=58

finish() {
    local status=$? n
    if [ $status -ne 0 ]; then
        tail -n 20 "$NODES_DIR"/*/node.log
    fi
    for n in $commune $district $province; do
        node_stop "$n"
    done
    rm -rf "$NODES_DIR"
    exit $status
}
trap finish EXIT

die() {
    echo "FAILED: $*" >&2
    exit 1
}

echo "a long password" >"$QCDC_PASSWORD_FILE"
top_make kontum $province || die "top"
node_join $district $province parent || die "district"
node_join $commune $district || die "commune"
grep -q "no such log" "$NODES_DIR"/*/node.log && die "asked for a log of nothing"

# clerk N UNIT: an official who is logged in.
clerk() {
    node "$1" user add clerk --unit "$2" --post "Công chức" \
        --rights record,lead,report >/dev/null &&
        node "$1" login clerk >/dev/null || die "clerk of node $1"
}

# petition N: its event id.
petition() {
    node "$1" record PetitionReceived channel=counter kind=proposal \
        field=land person_known=true | grep -oE '\b[0-9a-f]{32}\b' | tail -n 1
}

# made N EVENT FILE: a receipt of it can be had at node N.
made() { rm -f "$3" && node "$1" receipt "$2" --output "$3"; }

# receipt_has FILE NAME...: cosigners of the last proof, and no others.
receipt_has() {
    local file=$1 lines
    shift
    # The last proof: whatever ends early must not end a writer (found).
    tac "$file" >"$file.last"
    sed -i '/^$/,$d' "$file.last"
    lines=$(grep -c '^— .*/mirror ' "$file.last")
    [ "$lines" -eq $# ] || die "$file: $lines cosignatures, not $#"
    for name in "$@"; do
        grep -q "^— $name " "$file.last" ||
            die "$file: not cosigned by $name"
    done
}

clerk $commune $((1999 + commune))
clerk $district $((1999 + district))
clerk $province 2000

# The province is away: the district has it, and the receipt says who has not.
petition $commune >/dev/null || die "petition"
wait_until 60 "the commune to be settled" node_settled $commune || die "unsettled"
node_stop $province
of_commune=$(petition $commune) && [ ${#of_commune} -eq 32 ] || die "petition"
wait_until 60 "the district to have it" node_settled $commune || die "unsettled"
# Never a receipt; and once the event has its place in the log, who is missing.
province_is_named() {
    if node $commune receipt "$of_commune" >"$NODES_DIR/early" 2>"$NODES_DIR/said"; then
        echo "a receipt without the province" >"$NODES_DIR/said"
        return 0
    fi
    grep -q "the province (node $province) has not cosigned it yet" "$NODES_DIR/said"
}
wait_until 60 "the missing province to be named" province_is_named ||
    die "who is missing is not said: $(cat "$NODES_DIR/said")"
QCDC_LANG="vi" node $commune receipt "$of_commune" 2>"$NODES_DIR/vi" && die "a receipt"
grep -q "LỖI: tỉnh (nút $province) chưa xác nhận.*hãy thử lại" "$NODES_DIR/vi" ||
    die "$(cat "$NODES_DIR/vi")"
[ "$(wc -l <"$NODES_DIR/said")" -eq 1 ] || die "more than one sentence"
[ -s "$NODES_DIR/early" ] && die "something was written"
node_start $province && node $province login clerk >/dev/null ||
    die "province again"

of_district=$(petition $district) || die "petition of the district"
of_province=$(petition $province) || die "petition of the province"
wait_until 60 "the receipt at the commune" \
    made $commune "$of_commune" "$NODES_DIR/receipt"
wait_until 60 "the receipt at the district" \
    made $district "$of_commune" "$NODES_DIR/receipt-5"
wait_until 60 "the receipt at the province" \
    made $province "$of_commune" "$NODES_DIR/receipt-1"
wait_until 60 "the district's own" \
    made $district "$of_district" "$NODES_DIR/receipt-d"
wait_until 60 "the province's own" \
    made $province "$of_province" "$NODES_DIR/receipt-p" || die "no receipt"
node $commune show "$of_commune" | found "has it" || die "show names nobody"
node $province policy --output "$NODES_DIR/policy" || die "policy"
node $commune policy --output "$NODES_DIR/policy-c" || die "policy at 58"
sed -n 's/^.*: \([0-9a-f]\{64\}\)$/\1/p' "$NODES_DIR/$province.made" |
    head -n 1 >"$NODES_DIR/root"

# Nothing runs any more; the nodes' own folders are not needed either.
for n in $commune $district $province; do
    node_stop $n || die "node $n does not end"
    mv "$NODES_DIR/$n" "$NODES_DIR/$n.away"
done
verify() {
    "$NODES_BIN/qcdc" --dir "$NODES_DIR/none" verify "$1" \
        --root "$NODES_DIR/root" --policy "${2:-$NODES_DIR/policy}"
}
for receipt in receipt receipt-5 receipt-1; do
    receipt_has "$NODES_DIR/$receipt" kontum/$district/mirror \
        kontum/$province/mirror
    verify "$NODES_DIR/$receipt" >"$NODES_DIR/said" || die "$receipt"
    grep -q "^Stored: log kontum/$commune/e1, .*kontum/$district/mirror .*; cosigned by kontum/$province/mirror " \
        "$NODES_DIR/said" || die "$receipt: $(cat "$NODES_DIR/said")"
    grep -q "^Signed by: Công chức, unit $((1999 + commune)), node $commune$" \
        "$NODES_DIR/said" || die "$receipt: $(cat "$NODES_DIR/said")"
    grep -q "^Right held: .*record" "$NODES_DIR/said" || die "no right"
    [ "$(wc -l <"$NODES_DIR/said")" -eq 3 ] || die "not three lines"
done
verify "$NODES_DIR/receipt" "$NODES_DIR/policy-c" >"$NODES_DIR/said" ||
    die "by the commune's policy file"
receipt_has "$NODES_DIR/receipt-d" kontum/$province/mirror
verify "$NODES_DIR/receipt-d" >"$NODES_DIR/said" || die "the district's own"
receipt_has "$NODES_DIR/receipt-p"
verify "$NODES_DIR/receipt-p" >"$NODES_DIR/said" || die "the province's own"
grep -q "cosigned by no node above" "$NODES_DIR/said" || die "by nobody, unsaid"

# refused FILE WHAT: one sentence, an exit status, nothing on stdout.
refused() {
    local out
    if out=$(verify "$1" 2>"$NODES_DIR/err"); then
        die "accepted: $2"
    fi
    [ -z "$out" ] || die "$2: it said: $out"
    [ "$(wc -l <"$NODES_DIR/err")" -eq 1 ] && grep -q ' ' "$NODES_DIR/err" ||
        die "$2: no one sentence: $(cat "$NODES_DIR/err")"
    grep -Eq 'Sanitizer|Assertion|runtime error' "$NODES_DIR/err" &&
        die "$2: $(cat "$NODES_DIR/err")"
    return 0
}

# Every cosignature line of the event taken away: somebody above is missing.
for name in $district $province; do
    python3 - "$NODES_DIR/receipt" "$NODES_DIR/changed" "$name" <<'PY'
import sys
lines = open(sys.argv[1], encoding="utf-8").read().split("\n")
mark = "— kontum/%s/mirror " % sys.argv[3]
last = max(i for i, line in enumerate(lines) if line.startswith(mark))
head = max(i for i, line in enumerate(lines[:last]) if line.startswith("proof "))
lines[head] = "proof %d" % (int(lines[head].split()[1]) - 1)
del lines[last]
open(sys.argv[2], "w", encoding="utf-8").write("\n".join(lines))
PY
    refused "$NODES_DIR/changed" "without node $name"
    grep -q "node $name\|quorum" "$NODES_DIR/err" || die "$(cat "$NODES_DIR/err")"
done

# One byte: every line once, and every 29th byte; and cut, and grown.
changes=$(python3 - "$NODES_DIR/receipt" "$NODES_DIR" <<'PY'
import sys
data = open(sys.argv[1], "rb").read()
places = set(range(0, len(data), 29))
start = 0
for k, line in enumerate(data.split(b"\n")[:-1]):
    places.add(start + (k * 7) % (len(line) + 1))
    start += len(line) + 1
n = 0
for place in sorted(places):
    changed = bytearray(data)
    changed[place] ^= 1 + place % 127
    open("%s/changed-%d" % (sys.argv[2], n), "wb").write(bytes(changed))
    n += 1
for changed in (data[:-1], data[:-100], data + b"\n", data[1:], b""):
    open("%s/changed-%d" % (sys.argv[2], n), "wb").write(changed)
    n += 1
print(n)
PY
)
[ "$changes" -gt 200 ] || die "only $changes changes"
for ((i = 0; i < changes; i++)); do
    refused "$NODES_DIR/changed-$i" "change $i"
done
# Another root key, and a policy that was touched.
sed 's/^./0/; t' "$NODES_DIR/root" | tr '0123456789abcdef' '123456789abcdef0' \
    >"$NODES_DIR/root-other"
"$NODES_BIN/qcdc" --dir "$NODES_DIR/none" verify "$NODES_DIR/receipt" \
    --root "$NODES_DIR/root-other" --policy "$NODES_DIR/policy" 2>/dev/null &&
    die "another root key"
echo "$changes changes refused"
