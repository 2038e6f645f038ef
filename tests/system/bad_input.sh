#!/bin/bash
# Wrong, missing, oversized, non-UTF-8, duplicate input to every command, API
# call and import: one clear sentence on stderr, an exit status that is not
# zero and not a crash, and nothing changed (the same events and figures).
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=found
. tests/system/found
data=$PWD/deploy/data
qcdc=$QCDC_BUILD/qcdc
work=$(mktemp -d /tmp/qcdc-bad-XXXXXX)
node=0
alive=$$ # who must survive: the node, once there is one
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

# Wrong answers are counted: one run shows them all. (In files, for some are
# given in the subshell of a pipe.)
amiss() {
    echo "$1" | tee -a "$work/amiss" >&2
}

# bad TEXT COMMAND...: fails with TEXT in its sentence.
bad() {
    local text=$1 got=0
    shift
    echo >>"$work/tried"
    "$qcdc" "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
    [ "$got" -ne 0 ] || amiss "qcdc $*: accepted"
    [ "$got" -lt 128 ] || amiss "qcdc $*: crashed with $got"
    tail -n 1 "$work/err" | found '^qcdc: ERROR: .' ||
        amiss "qcdc $*: no sentence: $(cat "$work/err")"
    grep -qF -- "$text" "$work/err" ||
        amiss "qcdc $*: does not say \"$text\": $(cat "$work/err")"
    kill -0 "$alive" || fail "qcdc $*: the node died"
}

# raw STATUS TEXT: the bytes on stdin to the API socket.
raw() {
    echo >>"$work/tried"
    python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX); s.settimeout(20); s.connect(sys.argv[1])
asked = sys.stdin.buffer.read(); got = b""
if b"Accept-Language" not in asked:
    asked = asked.replace(b"\r\n", b"\r\nAccept-Language: en\r\n", 1)
s.sendall(asked)
while b"\r\n\r\n" not in got or b"}" not in got:
    more = s.recv(65536)
    if not more: break
    got += more
text = got.decode("utf-8", "replace")
if not text.startswith("HTTP/1.1 " + sys.argv[2]) or sys.argv[3] not in text:
    sys.exit("expected %s and \"%s\", got: %s" % (sys.argv[2], sys.argv[3], text))
' "$QCDC_DIR/api.sock" "$1" "$2" || amiss "raw request"
}

# post PATH STATUS TEXT BODY [HEADER]: a write as a script would send it.
post() {
    printf 'POST %s HTTP/1.1\r\nHost: localhost\r\nQcdc-Request: %s\r\n%sContent-Length: %d\r\n\r\n%s' \
        "$1" "r$RANDOM$RANDOM" "${5-}" "$(printf %s "$4" | wc -c)" "$4" |
        raw "$2" "$3"
}

state() {
    "$qcdc" snapshot | python3 -c '
import json, sys
d = json.load(sys.stdin)
print(d["hash"], [(h["origin"], h["size"]) for h in d["heads"] if h])'
    "$qcdc" list --json --max 500
    "$qcdc" user list
}

echo "a long password" >"$QCDC_PASSWORD_FILE"
init=(init --realm kontum --node 1 --units "$data/units-62-2019.csv"
    --rules "$data/rules.json" --listen "tcp://127.0.0.1:*" --demo)

# ---- before there is a node
bad "no node runs" status
bad "no such command" stauts
bad "no such option" status --yaer 2024
bad "a value must follow" status --year
bad "vi or en" status --lang fr
bad "usage: qcdc import" import PetitionReceived
bad "takes no argument: leave \"7\" out" sync 7
bad "--realm is missing" init
bad "--units is missing" init --realm x
bad "--node: a number" init --realm x --units a --root-key b --node one
bad "" "${init[@]}" --root-key "$work/r1" --units "$work/none.csv"
bad "" "${init[@]}" --root-key "$work/r2" --realm "Bad Realm"
printf 'number,kind\n1,palace\n' >"$work/units.csv"
bad "" "${init[@]}" --root-key "$work/r3" --units "$work/units.csv"
printf '{"rules":[' >"$work/rules.json"
bad "" "${init[@]}" --root-key "$work/r4" --rules "$work/rules.json"
printf '{"version":1,"calendar":{"version":1,"from_day":"2024-13-01"}}' \
    >"$work/rules.json"
bad "from_day" "${init[@]}" --root-key "$work/r5" --rules "$work/rules.json"
[ ! -e "$QCDC_DIR/store.db" ] || fail "a failed init left a store behind"
bad "" join qcdc1notbase64
bad "" join "qcdc1$(printf 'a%.0s' $(seq 4000))"
bad "" check

"$qcdc" "${init[@]}" --root-key "$work/root" >/dev/null
bad "" "${init[@]}" --root-key "$work/root2"
"$QCDC_BUILD/qcdc-node" --dir "$QCDC_DIR" 2>>"$work/log" &
node=$!
alive=$node
for _ in $(seq 600); do
    "$qcdc" clock >/dev/null 2>&1 && break
    sleep 0.05
done
"$qcdc" clock --set 2024-03-01T08:00 >/dev/null
"$qcdc" user add an --unit 2000 --post "Chuyên viên" --rights record >/dev/null
bad "" record PetitionReceived kind=proposal channel=counter
"$qcdc" login an >/dev/null
"$qcdc" record PetitionReceived key=p0 kind=proposal channel=counter \
    person_known=true on=2024-02-01 >/dev/null
state >"$work/before"

# ---- clock, officials, joining
bad "no time" clock --set yesterday
bad "no time" clock --set 2024-02-30T08:00
bad "no time" clock --set 2024-03-01T25:00
bad "set" clock --set ""
bad "add, list, revoke or recovery" user frobnicate
bad "usage" user add binh
bad "" user add "Bình Sai" --unit 2000 --post x
bad "" user add binh --unit 999999 --post x
bad "" user add an --unit 2000 --post x
bad "record, lead" user add binh --unit 2000 --post x --rights king
bad "unit" user add binh --unit -1 --post x
bad "" user revoke nobody
bad "wrong" login nobody
echo "short" >"$work/short"
QCDC_PASSWORD_FILE=$work/short bad "" user add binh --unit 2000 --post x
QCDC_PASSWORD_FILE=$work/none bad "QCDC_PASSWORD_FILE" login an
: >"$work/empty"
QCDC_PASSWORD_FILE=$work/empty bad "no password" login an
head -c 5000 /dev/zero | tr '\0' a >"$work/long"
QCDC_PASSWORD_FILE=$work/long bad "password" login an
bad "" invite 999999
bad "" invite one
bad "numbers" invite 2 --numbers five
bad "" invite --confirm AAAA-AAAA-AAAA-AAAA-AAAA

# ---- one event
bad "no type" record Nonsense
bad "NAME=VALUE" record PetitionReceived kind
bad "kind" record PetitionReceived kind=gift channel=counter
bad "channel" record PetitionReceived kind=proposal
bad "no such field" record PetitionReceived colour=red
bad "on" record PetitionReceived kind=proposal channel=counter on=2024-02-30
bad "on" record PetitionReceived kind=proposal channel=counter on=1/3/2024
bad "" record PetitionReceived kind=proposal channel=counter on=2999-01-01
bad "unit" record PetitionReceived kind=proposal channel=counter unit=3000000
bad "" record PetitionReceived kind=proposal channel=counter people=-1
bad "" record PetitionReceived kind=proposal channel=counter people=99999999999
bad "" record PersonNotified notice=accepted subject=nosuch on=2024-02-10
bad "" record PersonNotified notice=accepted on=2024-02-10
bad "" record PersonNotified notice=accepted subject=AAAA-AAAA-AAB
bad "UTF-8" record PetitionReceived kind=proposal channel=counter \
    "text.title=$(printf '\xff\xfe')"
head -c 20000 /dev/zero | tr '\0' a >"$work/a20000"
bad "" record PetitionReceived kind=proposal channel=counter \
    "text.content=$(cat "$work/a20000")"
bad "" record PetitionReceived kind=denunciation channel=counter \
    "text.content=tên người bị tố cáo"
bad "" record RulesPublished version=1
echo '{"type":"PetitionReceived"' >"$work/one.json"
bad "JSON" record PetitionReceived --json "$work/one.json"
bad "exclude" record PetitionReceived --json "$work/one.json" kind=proposal
bad "No such file" record PetitionReceived --json "$work/none.json"

# ---- files
csv() {
    printf %b "$1" >"$work/in.csv"
    bad "$2" import "${3:-PetitionReceived}" "$work/in.csv"
}
csv 'key,kind,channel\na,proposal,counter\nb,gift,counter\n' 'in.csv:3: kind'
csv 'key,kind,channel\na,proposal\n' 'in.csv:2: 2 cells'
csv 'key,key\na,b\n' 'twice'
csv 'kind,channel,colour\nproposal,counter,red\n' 'colour'
csv 'kind,channel\n"proposal,counter\n' 'never closed'
csv 'kind,channel\nprop"osal,counter\n' 'quote inside'
csv 'kind,channel,text.title\nproposal,counter,\xff\n' 'UTF-8'
csv 'kind\000,channel\nproposal,counter\n' 'UTF-8'
csv '' 'empty'
csv 'kind,channel\nproposal,counter\n' 'no type' Nonsense
csv 'kind,channel\nproposal,counter\n' 'in.csv:2' any
csv 'key,subject,notice\na,later,accepted\nlater,,\n' 'in.csv:2' PersonNotified
csv '{"key":"a","key":"b"}\n' 'duplicate' any
csv '{"key":1.5,"type":"Voided"}\n' 'fraction' any
csv '{"type":"PetitionReceived","what":1}\n' 'no such name' any
csv '{"type":"PetitionReceived","facts":{"kind":["proposal"]\n' 'JSON' any
bad "No such file" import any "$work/none.csv"
head -c 34000000 /dev/zero | tr '\0' a >"$work/huge.csv"
bad "over" import any "$work/huge.csv"
rm "$work/huge.csv"

# ---- questions
bad "no number" status --year next
bad "no date" status --as-of 2024-02-30
bad "" status --territory "Xã Không Có"
bad "units are called" status --territory "Đắk"
bad "" status --territory 424242
bad "No such file" status --known-at "$work/none.json"
echo '{"heads":[{"origin":"kontum/9/e1","size":5,"root":"00","cosigs":0}]}' \
    >"$work/known.json"
bad "head" status --known-at "$work/known.json"
printf '{"heads":[{"origin":"kontum/9/e1","size":5,"root":"%064d","cosigs":0}]}' \
    0 >"$work/known.json"
bad "5 are needed" status --known-at "$work/known.json"
echo '[]' >"$work/known.json"
bad "" status --known-at "$work/known.json"
bad "is no rule" duty 2000 Z9 2024
bad "period" duty 2000 P1 next-year
bad "period" duty 2000 P1 2024-13
bad "no unit" duty "UBND xã Không Có" P1
bad "kind" list gifts
bad "no date" list petition --from soon
bad "" list petition --max 100000
bad "" list petition --dialogue nosuch
bad "no event" show K7QM-2XRD-9TB
bad "no event" show nosuchkey
bad "no code" show "../../etc/passwd"
bad "no such event" show 00000000000000000000000000000000
bad "no event" show --raw nosuch
bad "neither a leaf" show --raw "$work/password"
bad "no event" receipt nosuch
bad "no code" receipt "a b"
bad "" search ""
bad "--root" verify "$work/password"
bad "--policy" verify "$work/password" --root "$(printf '%064d' 0)"
bad "" verify "$work/none" --root "$(printf '%064d' 0)" --policy "$work/none"
bad "" verify "$work/password" --root "$(printf '%064d' 0)" \
    --policy "$work/password"
bad "JSON" recompute "$work/units.csv"
echo '{}' >"$work/known.json"
bad "hash" recompute "$work/known.json"

# ---- the API as a script would misuse it
printf 'GET /v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n' | raw 404 "nothing here"
# ---- the same mistakes as an office reads them: Vietnamese without asking
vi() {
    local text=$1
    shift
    echo >>"$work/tried"
    env -u QCDC_LANG "$qcdc" "$@" >/dev/null 2>"$work/err" </dev/null &&
        amiss "qcdc $*: accepted"
    grep -qF -- "$text" "$work/err" || amiss "qcdc $*: not \"$text\": $(cat "$work/err")"
}
vi 'qcdc: LỖI: stauts: không có lệnh này' stauts
vi 'LỖI: year: "abc" không phải số' status --year abc
vi 'LỖI: "zzz": ở đây không có sự kiện nào mang mã số' show zzz
vi 'không có tệp hoặc thư mục này' import any "$work/none"
printf 'on,kind,channel,field\n2024-13-01,proposal,counter,land\n' >"$work/vi.csv"
vi "vi.csv:2: on: '2024-13-01' không phải ngày, viết như 2024-03-01" import PetitionReceived "$work/vi.csv"

printf 'GET /v1/nothing HTTP/1.1\r\nHost: a\r\nAccept-Language: vi,en;q=0.5\r\n\r\n' |
    raw 404 "/v1/nothing: không có gì ở địa chỉ này"
printf 'GET /v1/node HTTP/1.1\r\nHost: a\r\nHost: b\r\nAccept-Language: \377;q=x\r\n\r\n' |
    raw 400 "yêu cầu bị từ chối: một dòng tiêu đề gửi hai lần"
printf 'GET /v1/events HTTP/1.1\r\nHost: a\r\n\r\n' | raw 400 "POST"
printf 'POST /v1/clock HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}' |
    raw 400 "Qcdc-Request"
printf 'POST /v1/clock HTTP/1.1\r\nHost: a\r\nQcdc-Request: a b\r\nContent-Length: 2\r\n\r\n{}' |
    raw 400 "Qcdc-Request"
printf 'GET /v1/status?year=%%00 HTTP/1.1\r\nHost: a\r\n\r\n' | raw 400 "control"
printf 'GET /v1/node HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n' | raw 400 "twice"
printf 'GET /v1/node HTTP/1.1\r\nHost: a\r\nOrigin: http://evil\r\n\r\n' |
    raw 403 "another site"
printf 'POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n' |
    raw 413 "32 MiB"
post /v1/events 400 "expected" ""
post /v1/events 400 "JSON" "{"
post /v1/events 400 "type" "{}"
post /v1/events 400 "type" '{"type":7}'
post /v1/events 400 "object" '[]'
post /v1/events 403 "" '{"type":"PetitionReceived","facts":{"kind":"proposal","channel":"counter"}}'
post /v1/events 403 "" '{"type":"PetitionReceived","facts":{"kind":"proposal","channel":"counter"}}' \
    $'Qcdc-Session: 00\r\n'
post /v1/login 400 "name" '{}'
post /v1/login 400 "object" '[]'
post /v1/login 403 "wrong" '{"name":"an","password":"not this one"}'
post "/v1/import?format=xls" 400 "csv or jsonl" "x"
post /v1/officials/recovery 400 "missing" '{"x":"x"}'
post /v1/officials/recovery 403 "logged in" '{"secret":"x"}'
post /v1/officials/add 400 "missing" '{"name":"x"}'
post /v1/officials/add 400 "rights" \
    '{"name":"x","post":"y","unit":2000,"password":"long enough","rights":99}'

state >"$work/after"
diff "$work/before" "$work/after" >&2 || fail "bad input changed something"
"$qcdc" check >/dev/null
kill "$node"
wait "$node" || true
node=0
[ ! -e "$work/amiss" ] || fail "answered amiss: $(wc -l <"$work/amiss")"
echo "bad input: $(wc -l <"$work/tried") refusals, nothing changed"
