#!/bin/bash
# No network anywhere: a district and its commune join by file, and everything
# between commune, district and province goes by stick, both ways. A request
# for another node, a cut one and an old one are refused with a clear word; a
# bundle from before the confirmation does not certify. At the end all three
# hold the same, and a receipt of the commune verifies.
. "$(dirname "$0")/sticks"

realm
run province
# exchange: what the district recorded gets its place, then is cosigned.
exchange() {
    carry district province
    carry province district 2
    carry district province
    carry province district 2
}
# let_in PARENT NUMBER NAME: the request, a person's word, the answer.
let_in() {
    ask "$1" "$3"
    at "$1" bundle export "$STICK/$3.early" --to "$2" >/dev/null 2>"$WORK/said" &&
        die "a bundle for a node that nobody confirmed"
    confirm "$1" "$3"
    if [ "$1" = district ]; then # its word counts when its guard has it
        at "$1" bundle export "$STICK/$3.waits" --to "$2" >"$WORK/said"
        grep -q "waits for its superior" "$WORK/said" || die "no word of that"
        exchange
    fi
    enter "$1" "$2" "$3"
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
official commune 2011
official district 2001
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
    until_true 30 held $node thu/12/e1 "size=3 integrated=3 guarded=3"
done
for node in district province; do
    until_true 30 held $node thu/2/e1 "size=2 integrated=2 guarded=2"
done
id=$(at commune show a --json | grep -oE '"id": *"[0-9a-f]{32}"' |
    head -n 1 | grep -oE '[0-9a-f]{32}')
at province show "$id" | found "Xin sửa cầu" || die "not at the province"
at commune show "$id" --json | found '"node": *1\b' ||
    die "the commune does not know that the province has it"
until_true 30 at commune receipt "$id" --output "$WORK/receipt"
at province policy >"$WORK/policy" || die "policy"
root=$(sed -n 's/^root_key *= *//p' "$WORK/province/qcdc.conf")
at commune verify "$WORK/receipt" --root "$root" --policy "$WORK/policy" ||
    die "the receipt"

for node in commune district province; do
    stop $node || die "$node did not end well"
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
exit 0
