#!/bin/bash
# One node from nothing: init, an official, a slip, history, search, import,
# figures, a receipt's policy, kill -9, check. Also: private names are in no
# file, and a realm that is no demonstration refuses to set its clock.
set -euo pipefail
cd "$(dirname "$0")/../.."
data=$PWD/deploy/data
qcdc=$QCDC_BUILD/qcdc
work=$(mktemp -d /tmp/qcdc-one-XXXXXX)
node=0
export QCDC_DIR=$work/n QCDC_LANG=en
export QCDC_PASSWORD_FILE=$work/password

finish() {
    local status=$?
    [ "$node" -eq 0 ] || kill -9 "$node" 2>/dev/null || true
    [ "$status" -eq 0 ] || { echo "FAILED, log:"; tail -n 20 "$work/log"; }
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT

fail() {
    echo "$1" >&2
    exit 1
}

# says TEXT COMMAND...: the command succeeds and its answer contains TEXT.
says() {
    local text=$1 answer
    shift
    answer=$("$@") || fail "failed: $*"
    grep -qF -- "$text" <<<"$answer" || fail "$*: no \"$text\" in: $answer"
}

# refuses STATUS TEXT COMMAND...: exit status, one line with TEXT.
refuses() {
    local want=$1 text=$2 got=0
    shift 2
    "$@" >/dev/null 2>"$work/err" || got=$?
    [ "$got" -eq "$want" ] || fail "$*: exit $got, expected $want"
    grep -qF -- "$text" "$work/err" || fail "$*: $(cat "$work/err")"
}

start() {
    "$QCDC_BUILD/qcdc-node" --dir "$QCDC_DIR" 2>>"$work/log" &
    node=$!
    for _ in $(seq 1200); do
        "$qcdc" clock >/dev/null 2>&1 && return
        kill -0 "$node" || fail "the node ended"
        sleep 0.05
    done
    fail "the node does not answer"
}

stop() {
    kill "$1" "$node"
    wait "$node" 2>/dev/null || true
    node=0
}

# One member of a JSON answer, as a Python expression over d.
json() {
    python3 -c 'import json, sys
d = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1"
}

echo "a long password" >"$QCDC_PASSWORD_FILE"
init() {
    "$qcdc" init --realm kontum --node 1 --units "$data/units-62-2019.csv" \
        --rules "$data/rules.json" --root-key "$work/$1" \
        --listen "tcp://127.0.0.1:*" "${@:2}"
}

# ---- a realm that is none for show keeps its clock
init root-real >"$work/init"
start
refuses 2 "demo" "$qcdc" clock --set 2024-03-01T08:00
stop -TERM
rm -rf "$QCDC_DIR"

# ---- init, people
init root --demo >"$work/init"
grep -q "RECOVERY SECRETS" "$work/init" || fail "no recovery secrets"
refuses 2 "" init root-again --demo
start
says "DEMONSTRATION CLOCK" "$qcdc" clock --set 2024-03-01T08:00
"$qcdc" user add an --unit 2000 --post "Chuyên viên" --rights record,lead
refuses 77 "" "$qcdc" record PetitionReceived kind=proposal channel=counter
says "Unlocked" "$qcdc" login an
says "Chuyên viên" "$qcdc" user list

# ---- a slip, and what the record says afterwards
"$qcdc" record PetitionReceived key=first kind=proposal channel=counter \
    field=land person_known=true on=2024-02-27 \
    text.title="Đường xã Đắk Hà bị hỏng" \
    private.persons[0].name="Nguyễn Văn Kín Đáo" \
    private.content="chuyện riêng không ai được đọc" >"$work/slip"
grep -qE 'Code: +[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}$' "$work/slip" ||
    fail "no code: $(cat "$work/slip")"
grep -qF "You are told by:       2024-03-12" "$work/slip" ||
    fail "no date on the slip: $(cat "$work/slip")"
grep -q "accepted or passed on" "$work/slip" || fail "a proposal is not refused"
code=$(sed -nE 's/^ *Code: +//p' "$work/slip")
says "27/02/2024" env QCDC_LANG=vi "$qcdc" show "$code"
says "exists on this machine only" "$qcdc" show "$code"
says "Đường xã Đắk Hà bị hỏng" "$qcdc" show "$code"
says "chuyện riêng" "$qcdc" show "$code" --private
says "PetitionReceived, version 1" "$qcdc" show --raw "$code"
says "day 10" "$qcdc" duty 2000 P1 2024
says "$code" "$qcdc" show "$(tr '[:upper:]' '[:lower:]' <<<"$code")"
says "$code" "$qcdc" search duong xa

# ---- import: all or nothing, repeat-safe
cat >"$work/rows.csv" <<'CSV'
# generated: seed 1, invented
type,key,on,subject,channel,kind,field,person_known,notice,text.title
PetitionReceived,p1,2024-02-01,,counter,proposal,land,true,,Nước sạch thôn 3
PetitionReceived,p2,2024-02-02,,post,proposal,environment,true,,"Rác thải, mùi"
PersonNotified,n1,2024-02-05,p1,,,,,accepted,
CSV
sed 's/proposal,environment/nothing,environment/' "$work/rows.csv" \
    >"$work/bad.csv"
refuses 65 "bad.csv:4: kind" "$qcdc" import any "$work/bad.csv"
says "generated data: seed 1, invented" \
    "$qcdc" import any "$work/rows.csv" --dry-run
refuses 66 "p2" "$qcdc" show p2
says "3 rows: 3 recorded, 0 there already" "$qcdc" import any "$work/rows.csv"
says "3 rows: 0 recorded, 3 there already" "$qcdc" import any "$work/rows.csv"
says "PersonNotified" "$qcdc" show p1
[ "$("$qcdc" list petition --json | json 'len(d["records"])')" -eq 3 ] ||
    fail "three petitions expected"

# ---- a denunciation: its own right, no text, found by search here
"$qcdc" user add binh --unit 2000 --post "Chuyên viên" --rights record
"$qcdc" user add chi --unit 2000 --post "Thanh tra" --rights denunciation
says "Unlocked" "$qcdc" login binh
refuses 77 "no right to denunciations" "$qcdc" record PetitionReceived \
    kind=denunciation channel=counter
says "Unlocked" "$qcdc" login chi
refuses 2 "carries none" "$qcdc" record PetitionReceived key=d1 \
    kind=denunciation channel=counter text.title="lộ tên"
says "refused and why" "$qcdc" record PetitionReceived key=d1 \
    kind=denunciation channel=counter person_known=true on=2024-02-28 \
    private.content="người bị tố cáo Kín Đáo"
refuses 77 "no right to record" "$qcdc" record PersonNotified subject=p2 \
    notice=accepted
refuses 2 "carries none" "$qcdc" record PetitionClassified subject=d1 \
    result=accepted kind=denunciation text.title="lộ tên"
refuses 2 "carries none" "$qcdc" record PersonNotified subject=d1 \
    notice=accepted text.title="lộ tên"
says "Unlocked" "$qcdc" login binh
refuses 77 "no right to denunciations" "$qcdc" record PersonNotified \
    subject=d1 notice=accepted
says "Unlocked" "$qcdc" login chi
"$qcdc" record PersonNotified subject=d1 notice=accepted \
    document.number=77/TC document.kind=other \
    private.content="đã báo Kín Đáo" >/dev/null
says "petition" "$qcdc" search 77/TC
says "Unlocked" "$qcdc" login an

# ---- figures, and the same again
"$qcdc" snapshot >"$work/snapshot.json"
says "SAME" "$qcdc" recompute "$work/snapshot.json"
# The file has all rows that its hash is of.
[ "$(json '(__import__("hashlib").sha256(b"qcdc/snapshot/v1\n" +
    bytes.fromhex(d["rows"])).hexdigest() == d["hash"] and
    len(d["rows"]) == 48 * d["rows_len"])' <"$work/snapshot.json")" = True ] ||
    fail "the rows of a snapshot are not those of its hash"
says "UBND tỉnh Kon Tum" "$qcdc" status --units --territory 1000
says "Not enrolled: " "$qcdc" status
says "all names: --all" "$qcdc" status
[ "$("$qcdc" status | wc -l)" -lt 40 ] || fail "status is no page"
says "UBND xã Đắk Trăm" "$qcdc" status --units --all
says "as of 2024-02-10" "$qcdc" status --as-of 2024-02-10
says "known at the snapshot" "$qcdc" status --known-at "$work/snapshot.json"
before=$("$qcdc" snapshot | json 'd["hash"]')
"$qcdc" rebuild >/dev/null
[ "$("$qcdc" snapshot | json 'd["hash"]')" = "$before" ] ||
    fail "rebuild changed the figures"
says "log kontum/1/e1" "$qcdc" policy

# ---- passwords are hashed beside the loop, one at a time, each to its asker
echo "not the password" >"$work/wrong"
logins=()
for _ in 1 2 3; do
    "$qcdc" --dir "$QCDC_DIR" login binh >/dev/null &
    logins+=($!)
    QCDC_PASSWORD_FILE=$work/wrong "$qcdc" login chi 2>/dev/null >&2 &
    logins+=($!)
done
says "DEMONSTRATION" "$qcdc" clock
for i in "${!logins[@]}"; do
    got=0
    wait "${logins[i]}" || got=$?
    [ "$got" -eq $((i % 2 * 77)) ] || fail "login $i of six: exit $got"
done
says "Unlocked" "$qcdc" login an

# ---- killed in the middle of the day
stop -KILL
says "Sound" "$qcdc" check
start
says "$code" "$qcdc" list petition
says "Nước" "$qcdc" show p1
[ "$("$qcdc" snapshot | json 'd["hash"]')" = "$before" ] ||
    fail "a restart changed the figures"
refuses 77 "" "$qcdc" record PetitionWithdrawn subject=p2 on=2024-02-20
says "Sound" "$qcdc" check
says '"state": "done"' "$qcdc" check --json

# ---- what is private is in no file, the WAL included
for planted in "Kín Đáo" "chuyện riêng"; do
    if grep -raqF -- "$planted" "$QCDC_DIR" "$work/log"; then
        fail "\"$planted\" stands in a file in the clear"
    fi
done
stop -TERM
echo "one node: fine"
