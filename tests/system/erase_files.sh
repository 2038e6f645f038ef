#!/bin/bash
# Files are erased: one in clear, at the commune by its leader, at district and
# province when theirs approve, also at a province that was away when the others
# did. One that two events name stays for the other. Half a file that its origin
# destroyed goes by itself, and never becomes whole. A sealed one goes with its
# private body. A folder that is copied back is erased again at start. The raw
# files of all nodes are read, before and after.
. "$(dirname "$0")/common"

branch
leaders

planted="Đơn của bà Nguyễn Thị Kín, thôn Đăk Tuyệt Mật"
other="Danh sách hộ dân được hỗ trợ làm cầu treo"
printf '%s\n' "$planted" >"$WORK/plain.txt"
printf '%s\n' "$other" >"$WORK/shared.txt"
printf 'Tờ khai kín\n' >"$WORK/secret.txt"
base64 -w 76 /dev/urandom | head -c 9000000 >"$WORK/long.txt"
mark=$(sed -n 3p "$WORK/long.txt") # of its first piece
hash_of() { sha256sum "$1" | cut -d' ' -f1; }
plain=$(hash_of "$WORK/plain.txt")
shared=$(hash_of "$WORK/shared.txt")
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
# erase SUBJECT WHAT...
erase() {
    at commune record Erased subject="$1" refs="$1" "${@:2}" ground=request \
        >/dev/null || die "Erased $*"
}
file() { echo "$WORK/$1/attachments/${2:0:2}/$2"; }
# has NODE TEXT: in any raw file of the node, its log included.
has() { grep -raqF -e "$2" "$WORK/$1" "$WORK/$1.log"; }
has_not() { ! has "$@"; }
gone() { [ ! -e "$(file "$1" "$2")" ] && [ ! -e "$(file "$1" "$2").part" ]; }
# knows NODE EVENT WORDS: what it shows of the record has them.
knows() { at "$1" show "$2" 2>/dev/null | found "$3"; }

a=$(petition a --attach "$WORK/plain.txt")
b=$(petition b --attach "$WORK/shared.txt")
c=$(petition c --attach "$WORK/shared.txt")
e=$(petition e private.content="Kín" --sealed --attach "$WORK/secret.txt")
sealed=$(at commune show "$e" --json | grep -oE '"file_hash": *"[0-9a-f]{64}"' |
    head -n 1 | grep -oE '[0-9a-f]{64}')
for node in commune district province; do
    for name in "$plain" "$shared" "$sealed"; do
        until_true 30 test -e "$(file $node "$name")"
    done
    has $node "$planted" || die "$node never had it: the test says nothing"
done

# The commune, while the province is away.
stop province || die "the province did not end well"
erase "$a" file_hash="$plain"
erase "$b" file_hash="$shared"
erase "$e" audience=private
until_true 90 gone commune "$plain"
until_true 90 gone commune "$sealed"
has commune "$planted" && die "a trace at the commune"
at commune show "$a" | found "ERASED: file" || die "the commune is mute"
at commune show "$a" --attachment "$plain" --output "$WORK/no" 2>"$WORK/said" &&
    die "an erased file was opened"
grep -q "that file was erased" "$WORK/said" || die "no word of why"
[ -e "$(file commune "$shared")" ] || die "the shared file is lost"
at commune show "$b" | found "another event names the same file" ||
    die "nobody is told why it stays"
at commune show "$c" --attachment "$shared" --output "$WORK/c.txt" ||
    die "its other event cannot open it"
until_true 30 knows district "$a" "still held here"
has district "$planted" || die "the district lost it early"
waits() { at district sync | found "2 files erased below are still held"; }
until_true 30 waits
for event in "$a" "$b" "$e"; do
    until_true 30 knows district "$event" "ERASED"
    approve district "$event"
done
until_true 90 gone district "$plain"
until_true 90 gone district "$sealed"
has district "$planted" && die "a trace at the district"
[ -e "$(file district "$shared")" ] || die "the district lost the shared file"

# The province comes back, and holds it until its own leader's word.
cp -r "$WORK/province/attachments" "$WORK/copied"
start province
until_true 30 at province login head
until_true 30 knows province "$a" "still held here"
has province "$planted" || die "gone at the province before its word"
until_true 30 knows province "$e" "ERASED"
approve province "$a"
approve province "$e"
until_true 90 gone province "$plain"
until_true 90 gone province "$sealed"
has province "$planted" && die "a trace at the province"
stop province || die "the province did not end well"
cp -r "$WORK/copied/." "$WORK/province/attachments/"
has province "$planted" || die "the copy has nothing"
start province
until_true 30 at province login head
has province "$planted" && die "the folder came back with it"

# Half of it has come when its origin destroys it.
d=$(petition d --attach "$WORK/long.txt")
caught 60 test -s "$(file district "$long").part"
kill -STOP "${PIDS[district]}"
has district "$mark" || die "nothing of it came"
erase "$d" file_hash="$long"
until_true 90 gone commune "$long"
kill -CONT "${PIDS[district]}"
until_true 30 knows district "$d" "ERASED: file"
until_true 90 gone district "$long"
until_true 30 knows province "$d" "ERASED: file"
for node in commune district province; do
    has $node "$mark" && die "a piece of it is at $node"
    gone $node "$long" || die "it became whole at $node"
    [ -e "$(file $node "$shared")" ] || die "$node lost the shared file"
    stop $node || die "$node did not end well"
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
exit 0
