#!/bin/bash
# No network anywhere: a district and its commune join by file, and everything
# between commune, district and province goes by stick, both ways. A request
# for another node, a cut one and an old one are refused with a clear word; a
# bundle from before the confirmation does not certify. At the end all three
# hold the same, and a receipt of the commune verifies.
. "$(dirname "$0")/common"
STICK=$WORK/stick
mkdir "$STICK"
nowhere=tcp://127.0.0.1:9

realm
start province
# answers NAME: its node runs and speaks.
answers() { at "$1" clock --json; }
until_true 20 answers province
# refused NODE FILE WORDS
refused() {
    local out
    out=$(at "$1" bundle import "$STICK/$2" 2>&1) && die "$2 was taken: $out"
    [[ $out == *$3* ]] || die "$2 was refused with: $out"
}
# carry FROM TO NUMBER: one bundle, made and taken in.
carries=0
carry() {
    carries=$((carries + 1))
    at "$1" bundle export "$STICK/$carries.bundle" ${3:+--to "$3"} >/dev/null ||
        die "bundle of $1 for $2"
    at "$2" bundle import "$STICK/$carries.bundle" >"$WORK/said" ||
        die "bundle of $1 at $2"
}
# exchange: what the district recorded gets its place, then is cosigned.
exchange() {
    carry district province
    carry province district 2
    carry district province
    carry province district 2
}
# request PARENT NUMBER NAME ARGS...: the folder and the file of a new node.
request() {
    local line
    line=$(at "$1" invite "$2" --endpoint $nowhere ${4:+"${@:4}"}) ||
        die "invite $2"
    "$BIN/qcdc" --dir "$WORK/$3" join "$line" --bundle "$STICK/$3.req" \
        ${4:+--listen "tcp://127.0.0.1:$((PORT + 1))"} >"$WORK/$3.said" ||
        die "join $3"
    grep -q "bundle import $STICK/$3.req" "$WORK/$3.said" ||
        die "nobody is told what to do"
}
# let_in PARENT NUMBER NAME: the request, a person's word, the answer.
let_in() {
    local mark
    mark=$(grep -oE '([0-9A-Z]{5}-){3}[0-9A-Z]{5}' "$WORK/$3.said" | head -n 1)
    at "$1" bundle import "$STICK/$3.req" >"$WORK/said" || die "request of $3"
    grep -q "$mark" "$WORK/said" || die "another fingerprint than at $3"
    at "$1" bundle export "$STICK/$3.early" --to "$2" >/dev/null 2>"$WORK/said" &&
        die "a bundle for a node that nobody confirmed"
    at "$1" invite --confirm "$mark" >/dev/null || die "confirm $3"
    if [ "$1" = district ]; then # its word counts when its guard has it
        at "$1" bundle export "$STICK/$3.waits" --to "$2" >"$WORK/said"
        grep -q "waits for its superior" "$WORK/said" || die "no word of that"
        exchange
    fi
    at "$1" bundle export "$STICK/$3.answer" --to "$2" >"$WORK/said" ||
        die "answer for $3"
    grep -q "waits for" "$WORK/said" && die "it is not all in it"
    start "$3"
    until_true 20 answers "$3"
    at "$3" bundle import "$STICK/$3.answer" >"$WORK/said" ||
        die "the answer at $3"
    grep -q "This node is certified now" "$WORK/said" || die "$3 is not told"
    at "$3" bundle import "$STICK/$3.answer" | found "nothing new" ||
        die "the answer twice at $3"
}

request province 2 district --with-children --numbers 102000-102999
head -c 200 "$STICK/district.req" >"$STICK/cut"
refused province cut "damaged"
sed 's/qcdc join 1/qcdc join 2/' "$STICK/district.req" >"$STICK/odd"
refused province odd "bundle"
let_in province 2 district

request district 12 commune
refused province commune.req "is for node 2, this is node 1"
let_in district 12 commune
refused district district.req "is for node 1, this is node 2"

# Both record, the commune before anybody above knows of its officials.
for pair in commune:2011 district:2001; do
    at "${pair%:*}" user add head --unit "${pair#*:}" --post "Chủ tịch" \
        --rights record,lead >/dev/null || die "official of ${pair%:*}"
    at "${pair%:*}" login head >/dev/null || die "login at ${pair%:*}"
done
petition() {
    at "$1" record PetitionReceived key="$2" channel=counter kind=proposal \
        field=land person_known=true "text.title=Xin sửa cầu" >/dev/null ||
        die "petition at $1"
}
petition commune a
petition commune b
petition district c

# Out and back twice: staged, given their place, then cosigned all the way up.
for _ in 1 2 3; do
    carry commune district
    carry district commune 12
    carry district province
    carry province district 2
done
carry district commune 12
for node in commune district province; do
    held $node thu/12/e1 "size=3 integrated=3 guarded=3" ||
        die "the commune's log at $node"
done
for node in district province; do
    held $node thu/2/e1 "size=2 integrated=2 guarded=2" ||
        die "the district's log at $node"
done
id=$(at commune show a --json | grep -oE '"id": *"[0-9a-f]{32}"' |
    head -n 1 | grep -oE '[0-9a-f]{32}')
at province show "$id" | found "Xin sửa cầu" || die "not at the province"
at commune show "$id" --json | found '"node": *1\b' ||
    die "the commune does not know that the province has it"
at commune receipt "$id" --output "$WORK/receipt" || die "receipt"
at province policy >"$WORK/policy" || die "policy"
root=$(sed -n 's/^root_key *= *//p' "$WORK/province/qcdc.conf")
at commune verify "$WORK/receipt" --root "$root" --policy "$WORK/policy" ||
    die "the receipt"

for node in commune district province; do
    stop $node || die "$node did not end well"
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
exit 0
