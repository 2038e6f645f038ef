#!/bin/bash
# Files: a clear and a sealed one go from the commune up to the province, a
# piece at a time; the link is cut and the commune killed in the middle, and the
# pieces go on where they were. Nobody opens half a file, nor one whose bytes a
# peer changed; a sealed one opens for its readers alone and stands in clear in
# no raw file; a program is not taken.
. "$(dirname "$0")/common"

branch
leaders

# A long text without a pattern that compresses, and a short one.
base64 -w 76 /dev/urandom | head -c 9000000 >"$WORK/long.txt"
printf 'Đơn của bà Nguyễn Thị Kín\n' >"$WORK/secret.txt"
printf '\177ELF' >"$WORK/program"
hash_of() { sha256sum "$1" | cut -d' ' -f1; }
long=$(hash_of "$WORK/long.txt")

# petition KEY ARGS...: recorded at the commune.
petition() {
    local key=$1
    shift
    at commune record PetitionReceived key="$key" channel=counter \
        kind=proposal field=land person_known=true "$@"
}
id_of() {
    at commune show "$1" --json | grep -oE '"id": *"[0-9a-f]{32}"' |
        head -n 1 | grep -oE '[0-9a-f]{32}'
}
# file NODE HASH: where it lies.
file() { echo "$WORK/$1/attachments/${2:0:2}/$2"; }

petition bad document.kind=petition --attach "$WORK/program" 2>"$WORK/said" &&
    die "a program was taken"
grep -q "of a type that is not taken" "$WORK/said" || die "no word of why"
petition a document.kind=petition --attach "$WORK/long.txt" >/dev/null ||
    die "record with a file"
id=$(id_of a)
cmp "$WORK/long.txt" "$(file commune "$long")" || die "not kept as it is"

# Cut in the middle: the sender dies, then the receiver.
came() {
    local size
    size=$(stat -c %s "$(file district "$long").part" 2>/dev/null)
    [ "${size:-0}" -ge 65536 ]
}
caught 60 came
kill -STOP "${PIDS[commune]}"
at district show "$id" --attachment "$long" --output "$WORK/half" \
    >"$WORK/said" 2>&1 && die "half a file was opened"
[ -e "$(file district "$long")" ] && die "it has its name already"
stop commune KILL # without waking it: nothing more leaves it
had=$(stat -c %s "$(file district "$long").part")
[ "$had" -ge 65536 ] || die "nothing had come"
echo "before: $had of $(stat -c %s "$WORK/long.txt") bytes at the district," \
    "without a name; both ends are killed"
stop district KILL
start district
: >"$WORK/commune.log"
start commune
until_true 120 test -e "$(file district "$long")"
until_true 60 test -e "$(file province "$long")"
at province login head >/dev/null || die "login"
at province show "$id" --attachment "$long" --output "$WORK/got.txt" ||
    die "the province cannot open it"
cmp "$WORK/got.txt" "$WORK/long.txt" || die "other bytes"
logged district "room=attach event=resumed" || die "it began anew"
echo "after: it went on there; $(stat -c %s "$WORK/got.txt") bytes opened at" \
    "the province, the same ones"

# A byte rots on a disk: found by the node's own round, fetched again.
stop province || die "the province did not end well"
printf 'x' | dd of="$(file province "$long")" bs=1 seek=5000000 conv=notrunc \
    status=none || die "no byte turned"
cmp -s "$(file province "$long")" "$WORK/long.txt" && die "the same byte"
start province
until_true 120 cmp -s "$(file province "$long")" "$WORK/long.txt"
logged province "room=attach event=put_away" || die "nobody noticed"
echo "one byte of it rotted at the province: found without being asked, and" \
    "fetched again from the district"
at province login head >/dev/null || die "login after the restart"

# Sealed: for the readers of the private body.
at commune login head >/dev/null || die "login at the commune"
petition b document.kind=petition private.content="Kín" --sealed \
    --attach "$WORK/secret.txt" >/dev/null || die "record with a sealed file"
id=$(id_of b)
sealed=$(at commune show "$id" --json |
    grep -oE '"file_hash": *"[0-9a-f]{64}"' | head -n 1 |
    grep -oE '[0-9a-f]{64}')
until_true 60 test -e "$(file district "$sealed")"
at commune show "$id" --attachment "$sealed" --output "$WORK/clear.txt" ||
    die "its own office cannot open it"
cmp "$WORK/clear.txt" "$WORK/secret.txt" || die "other bytes in the seal"
at district login head >/dev/null || die "login at the district"
at district show "$id" --attachment "$sealed" --output "$WORK/no" 2>/dev/null &&
    die "the district opened it"
grep -rqF "Nguyễn Thị Kín" "$WORK"/{commune,district,province}/attachments &&
    die "it stands in clear"

# A peer that has other bytes under that name: never opened above. Its own round
# after the start is over: it would find them first.
until_true 60 logged commune "room=attach event=round_done"
printf 'Một văn bản khác\n' >"$WORK/other.txt"
other=$(hash_of "$WORK/other.txt")
stop district || die "the district did not end well"
petition c document.kind=petition --attach "$WORK/other.txt" >/dev/null ||
    die "record the other"
printf 'Một văn bản giả\n' >"$(file commune "$other")"
start district
until_true 60 logged district "room=attach event=refused"
[ -e "$(file district "$other")" ] && die "wrong bytes have the name"
exit 0
