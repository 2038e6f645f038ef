#!/bin/bash
# A backup holds the attached files. The disk of a commune is lost after it was
# backed up, one file was erased since: the copy of before brings all of them
# back, the erased one is opened by nobody and gone as soon as the tail has
# come; the copy of after never had it. A second copy in the same folder takes
# no file twice; one into the node's own folder is refused.
. "$(dirname "$0")/common"

branch
for node in district commune; do
    stop $node || die "$node did not end well"
    echo "quiet_s = 1" >>"$WORK/$node/qcdc.conf"
    start $node
done
until_true 60 at commune sync
leaders

planted="Đơn của bà Nguyễn Thị Kín, thôn Đăk Tuyệt Mật"
printf '%s\n' "$planted" >"$WORK/plain.txt"
base64 -w 76 /dev/urandom | head -c 1500000 >"$WORK/long.txt"
printf 'Tờ khai kín\n' >"$WORK/secret.txt"
hash_of() { sha256sum "$1" | cut -d' ' -f1; }
plain=$(hash_of "$WORK/plain.txt")
long=$(hash_of "$WORK/long.txt")

# petition KEY ARGS...: recorded at the commune; its id.
petition() {
    local key=$1
    shift
    at commune record PetitionReceived key="$key" channel=counter \
        kind=proposal field=land person_known=true document.kind=petition \
        "$@" >/dev/null || die "petition $key"
    at commune show "$key" --json | grep -oE '"id": *"[0-9a-f]{32}"' |
        head -n 1 | grep -oE '[0-9a-f]{32}'
}
in_folder() { echo "$1/attachments/${2:0:2}/$2"; }
# pool WHEN: where the files of its copies lie.
pool() { echo "$WORK/$1/files-of-node-12"; }

a=$(petition a --attach "$WORK/plain.txt")
b=$(petition b --attach "$WORK/long.txt")
e=$(petition e private.content="Kín" --sealed --attach "$WORK/secret.txt")
sealed=$(at commune show "$e" --json | grep -oE '"file_hash": *"[0-9a-f]{64}"' |
    head -n 1 | grep -oE '[0-9a-f]{64}')
until_true 30 held district thu/12/e1 "size=4 integrated=4"

mkdir "$WORK/before" "$WORK/after"
at commune backup "$WORK/commune/copy" 2>"$WORK/said" && die "into its own folder"
grep -q "lies in the node's own folder" "$WORK/said" || die "no word of why"
ln -s "$WORK/commune/keys" "$WORK/link"
at commune backup "$WORK/link/copy" 2>"$WORK/said" && die "behind a link"
grep -q "lies in the node's own folder" "$WORK/said" || die "no word of the link"
at commune backup "$WORK/before/copy" >"$WORK/said" || die "backup"
grep -q "3 (copied now 3)" "$WORK/said" || die "not three: $(cat "$WORK/said")"
at commune backup "$WORK/before/copy" 2>"$WORK/said" && die "written over"
grep -q "name a new file" "$WORK/said" || die "no word of the file there"
at commune backup "$WORK/before/copy2" >"$WORK/said" || die "second backup"
grep -q "3 (copied now 0)" "$WORK/said" || die "twice: $(cat "$WORK/said")"
cmp "$WORK/long.txt" "$(in_folder "$(pool before)" "$long")" ||
    die "another file in the copy"
cp -r "$WORK/before/." "$WORK/after/" # as if they had been one folder

at commune record Erased subject="$a" refs="$a" file_hash="$plain" \
    ground=request >/dev/null || die "Erased"
gone() { [ ! -e "$(in_folder "$WORK/commune" "$plain")" ]; }
until_true 90 gone
at commune backup "$WORK/after/copy3" >"$WORK/said" || die "third backup"
grep -q "2 (copied now 0)" "$WORK/said" || die "not two: $(cat "$WORK/said")"
grep -raqF -e "$planted" "$WORK/after" && die "the erased file is in the copies"
until_true 30 held district thu/12/e1 "size=5 integrated=5 guarded=5"

# burn: the disk of the commune but its keys.
burn() {
    stop commune || die "the commune did not end well"
    rm -r "$WORK"/commune/{store.db*,attachments,erased*} 2>/dev/null
    [ ! -e "$WORK/commune/store.db" ] || die "it did not burn"
}
# whole WHEN: what it holds is sound, and opens for its readers.
whole() {
    until_true 30 at commune login head
    until_true 30 at commune show "$b" --attachment "$long" --output \
        "$WORK/b.$1"
    cmp "$WORK/b.$1" "$WORK/long.txt" || die "$1: another file"
    until_true 30 at commune show "$e" --attachment "$sealed" --output \
        "$WORK/e.$1"
    cmp "$WORK/e.$1" "$WORK/secret.txt" || die "$1: another sealed file"
    at commune show "$a" --attachment "$plain" --output "$WORK/a.$1" \
        >/dev/null 2>&1 && die "$1: an erased file was opened"
    until_true 30 at commune check
    at commune check | found "2 attached files read whole" || die "$1: check"
    gone || die "$1: the erased file is there"
}

echo "before: 3 files at the commune and in the copy, 1 erased since"
burn
at commune restore "$WORK/before/copy" >"$WORK/said" || die "restore"
grep -q "^3 attached files are here" "$WORK/said" || die "$(cat "$WORK/said")"
gone && die "it did not come back with the copy: the test says nothing"
: >"$WORK/commune.log"
start commune
until_true 60 logged commune "room=erase event=caught_up"
until_true 90 gone
whole old
echo "after the copy of before: 2 files whole, the erased one gone again"

burn
at commune restore "$WORK/after/copy3" >"$WORK/said" || die "restore of after"
grep -q "^2 attached files are here" "$WORK/said" || die "$(cat "$WORK/said")"
gone || die "it was in the copy of after"
cmp "$(in_folder "$WORK/commune" "$long")" "$WORK/long.txt" || die "not back"
"$DRIVE" check "$WORK/commune" || die "a restored store has findings"
: >"$WORK/commune.log"
start commune
until_true 60 logged commune "room=erase event=caught_up"
whole new
echo "after the copy of after: 2 files whole, before it was started"
exit 0
