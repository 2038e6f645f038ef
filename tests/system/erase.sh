#!/bin/bash
# A text and a private body, erased: at the commune by its leader, at district
# and province when theirs approve. Then no raw file of any node knows the text,
# its words in the index, its salt, its ciphertext or the compressed batch that
# held it; receipts made before still verify, checks are clean, figures are the
# same; a backup made before is put back and has forgotten it before it answers.
. "$(dirname "$0")/common"
TRACES=$HANDS/traces
planted="Nhà bà Nguyễn Thị Kín ở thôn Đăk Tuyệt Mật bị ngập"
word=uyet # of the index; words share beginnings
hidden="0912 345 678 kín"

branch
at commune user add head --unit 2011 --post "Chủ tịch" --rights record,lead \
    >/dev/null || die "official of the commune"
at district user add head --unit 2001 --post "Chủ tịch" --rights record,lead \
    >/dev/null || die "official of the district"
at province user add head --unit 2000 --post "Chủ tịch" --rights record,lead \
    >/dev/null || die "official of the province"
for node in commune district province; do
    at $node login head >/dev/null || die "login at $node"
done

# ids: of the events of record $1 at node $2, one a line.
ids() {
    at "$2" show "$1" --json | grep -oE '"id": *"[0-9a-f]{32}"' |
        grep -oE '[0-9a-f]{32}'
}

# all_have N: every node has the commune's log up to there, counted, cosigned.
all_have() {
    local node
    for node in commune district province; do
        until_true 30 held $node thu/12/e1 "size=$1 integrated=$1 guarded=$1"
    done
}

at commune record PetitionReceived key=k channel=counter kind=proposal \
    field=land person_known=true text.title="$planted" \
    "private.persons[0].name=Nguyễn Thị Kín" \
    "private.persons[0].phone=$hidden" >/dev/null || die "record"
at commune record PetitionReceived key=other channel=counter kind=proposal \
    field=land person_known=true text.title="Xin sửa cầu treo" >/dev/null ||
    die "record the other"
id=$(ids k commune | head -n 1)
all_have 3
until_true 30 at commune receipt "$id" --output "$WORK/before.receipt"
for node in commune district province; do
    "$TRACES" marks "$WORK/$node" "$id" >>"$WORK/marks" || die "marks"
    at $node search "tuyet mat" | found "$(at commune show k --json |
        grep -oE '"code": *"[^"]*"' | head -n 1 | cut -d'"' -f4)" ||
        die "$node does not find it before"
    at $node backup "$WORK/$node.backup" >/dev/null || die "backup of $node"
    "$TRACES" find "$WORK/marks" "$WORK/$node.backup" >/dev/null &&
        die "the marks are no good: the backup of $node has none"
    "$DRIVE" has "$WORK/$node" "$id" >/dev/null || die "not at $node"
done
sort -u -o "$WORK/marks" "$WORK/marks"

# held_once NODE: bodies it ever had; the ciphertext went to the guard only.
held_once() { [ "$1" = province ] && echo 1 || echo 2; }

# gone NODE: no file of it has a trace.
gone() {
    "$TRACES" find "$WORK/marks" "$WORK/$1" "$WORK/$1.log" >/dev/null &&
        ! grep -raqF -e "$planted" -e "$word" -e "$hidden" "$WORK/$1" \
            "$WORK/$1.log"
}
kept() { ! gone "$1"; }
# say_traces WHEN: which raw files know something of it.
say_traces() {
    local node files
    for node in commune district province; do
        files=$("$TRACES" find "$WORK/marks" "$WORK/$node" | wc -l)
        echo "$1, $node: $files files know something of the bodies"
    done
}
kept commune && kept district && kept province || die "gone before anything"
say_traces "before"

# The leader of the commune.
for audience in text private; do
    at commune record Erased subject="$id" refs="$id" audience=$audience \
        ground=request >/dev/null || die "Erased $audience"
done
until_true 90 gone commune
say_traces "the commune's word"
all_have 5
at commune show k | found "ERASED: text" || die "the commune does not say so"
at commune show k | found -F "$planted" && die "the commune shows it"
at district show k >/dev/null 2>&1
at district show "$id" | found -F "$planted" || die "the district lost it early"
at district show "$id" | found "still held here" || die "nobody is told"
at district sync | found "2 bodies erased below are still held" ||
    die "sync does not say what waits"
kept district && kept province || die "gone without approval"

approve district "$id"
until_true 90 gone district
kept province || die "gone at the province before its word"
approve province "$id"
until_true 90 gone province
until_true 30 held province thu/2/e1 "guarded=[3-9]"
for node in commune district province; do
    gone $node || die "$node has it again"
    at $node search "tuyet mat" | found "$id" && die "$node finds it"
    at $node show "$id" | found "ERASED: private body" || die "$node is mute"
    at $node check | found "$(held_once $node) bodies erased" ||
        die "check of $node"
done
say_traces "afterwards"
at commune search "cau treo" | found . || die "its neighbour is lost"
for node in commune district province; do
    at $node backup "$WORK/$node.after" >/dev/null || die "backup of $node"
    "$TRACES" find "$WORK/marks" "$WORK/$node.after" ||
        die "in the new backup"
done

# What was proved stays proved.
at province policy --output "$WORK/policy" 2>/dev/null ||
    at province policy >"$WORK/policy" || die "policy"
root=$(sed -n 's/^root_key *= *//p' "$WORK/province/qcdc.conf")
at commune verify "$WORK/before.receipt" --root "$root" \
    --policy "$WORK/policy" >"$WORK/verdict" || die "the receipt of before"

# Copies of before, put back: the newer store is not lost by a slip.
for node in commune district province; do
    stop $node || die "$node did not end well"
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
at commune restore "$WORK/commune.backup" 2>"$WORK/refused" &&
    die "a newer store was overwritten"
grep -q "lose-newer" "$WORK/refused" || die "the refusal says nothing"
for node in commune province; do
    at $node restore "$WORK/$node.backup" --force lose-newer >/dev/null ||
        die "restore of $node"
    rm "$WORK/$node/store.db.replaced"
done
for node in commune district province; do
    echo "quiet_s = 1" >>"$WORK/$node/qcdc.conf"
    start $node
done
for node in commune province; do
    until_true 30 at $node sync
    at $node show "$id" | found -F "$planted" && die "$node shows it again"
    until_true 90 gone $node
done

# The commune fetches its tail back, and with it why the body is not there.
says_erased() { at "$1" show "$id" | found "ERASED: text"; }
until_true 30 says_erased commune
until_true 60 logged commune "room=erase event=caught_up"
at commune show other | found "Xin sửa cầu treo" || die "its neighbour"
until_true 30 at commune check
at commune show "$id" | found -F "$planted" && die "it came back with the tail"
gone commune || die "a trace came back with the tail"
exit 0
