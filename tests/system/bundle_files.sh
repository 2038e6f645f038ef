#!/bin/bash
# Files by stick alone: a commune's papers go up a slice at a time, by way of
# sticks that are lost, come twice and in the wrong order; half a file is opened
# by nobody. A bundle with a size ends there, says what is left, and the next
# one goes on after the answer. A file that the commune lost comes down again.
. "$(dirname "$0")/common"

STICK=$WORK/stick
mkdir "$STICK"

answers() { at "$1" sync --json >/dev/null 2>&1; }
up() { at ward bundle export "$STICK/$1" "${@:2}" || die "export $1"; }
down() { at province bundle export "$STICK/$1" --to 2 "${@:2}" || die "answer $1"; }
take() { at "$1" bundle import "$STICK/$2" || die "import of $2 at $1"; }
size_of() { stat -c %s "$STICK/$1"; }
hash_of() { sha256sum "$1" | cut -d' ' -f1; }
file() { echo "$WORK/$1/attachments/${2:0:2}/$2"; }
settled() { held "$1" "thu/2/e1" "size=$2 integrated=$2 "; }
record() {
    local key=$1
    shift
    at ward record PetitionReceived "key=$key" channel=counter kind=proposal \
        field=land "$@" >/dev/null || die "petition $key"
}

realm
enrol province ward 2 0
until_true 30 held ward thu/1/dir/e1 "size="
stop ward
sed -i "s|^parent_endpoint.*|parent_endpoint = tcp://127.0.0.1:9|" \
    "$WORK/ward/qcdc.conf"
"$DRIVE" official "$WORK/ward" clerk 2001 15 || die "official"
start ward
until_true 30 answers ward
at ward login clerk >/dev/null || die "login"

base64 -w 76 /dev/urandom | head -c 700000 >"$WORK/long.txt"
printf 'Biên bản đối thoại\n' >"$WORK/short.txt"
long=$(hash_of "$WORK/long.txt")
short=$(hash_of "$WORK/short.txt")
record a document.kind=petition --attach "$WORK/long.txt"
record b document.kind=petition --attach "$WORK/short.txt"
echo "before: two files at the commune, $(stat -c %s "$WORK/long.txt") bytes" \
    "and a short one, none above"

# ---- the events get their place first; files that no log names stay here
up 1.up >"$WORK/said"
grep -q "attached files" "$WORK/said" && die "a file of no log went up"
take province 1.up >/dev/null
down 1.down >/dev/null
take ward 1.down >/dev/null
held ward thu/2/e1 "size=3" || die "not sequenced"

# ---- sliced: the log, and what fits of the first file
at ward bundle export "$STICK/no" --max-size 3X >"$WORK/said" 2>&1 &&
    die "a size that is none was taken"
found "a size is expected" <"$WORK/said" || die "$(cat "$WORK/said")"
at ward bundle export "$STICK/no" --max-size 1K >"$WORK/said" 2>&1 &&
    die "a size too small was taken"
found "holds nothing" <"$WORK/said" || die "$(cat "$WORK/said")"
up 2.up --max-size 300K >"$WORK/said"
found "Left: 2 attached files" <"$WORK/said" || die "$(cat "$WORK/said")"
[ "$(size_of 2.up)" -le 307200 ] || die "larger than it may be: $(size_of 2.up)"
up 3.up --max-size 300K >/dev/null
up 4.up --max-size 300K >/dev/null
up 5.up >"$WORK/said"
# The second came first: what it goes on with is not here, nothing is taken.
head -c 200000 "$STICK/2.up" >"$STICK/cut"
at province bundle import "$STICK/cut" >"$WORK/said" 2>&1 &&
    die "a bundle that was cut is taken in"
at ward bundle import "$STICK/3.up" >"$WORK/said" 2>&1 &&
    die "a bundle for another is taken in"
[ -e "$(file province "$long").part" ] && die "a piece of a cut bundle stays"
take province 2.up >/dev/null
had=$(stat -c %s "$(file province "$long").part") || die "no piece came"
[ -e "$(file province "$long")" ] && die "half a file has its name"
take province 4.up >/dev/null # the stick between was left at home
[ "$(stat -c %s "$(file province "$long").part")" = "$had" ] ||
    die "a piece was put where another belongs"
take province 2.up >/dev/null
[ "$(stat -c %s "$(file province "$long").part")" = "$had" ] ||
    die "twice brought it twice"
take province 3.up >/dev/null
[ "$(stat -c %s "$(file province "$long").part")" -gt "$had" ] ||
    die "the next stick did not go on"
take province 3.up >/dev/null

# ---- the answer says from where: the rest, and only the rest
down 2.down >/dev/null
take ward 2.down >/dev/null
up 6.up >"$WORK/said"
[ "$(size_of 6.up)" -lt 500000 ] || die "it began anew: $(size_of 6.up)"
take province 6.up >"$WORK/said"
cmp "$WORK/long.txt" "$(file province "$long")" || die "not whole above"
cmp "$WORK/short.txt" "$(file province "$short")" || die "the short one"
down 3.down >/dev/null
take ward 3.down >/dev/null
up 7.up >"$WORK/said"
found "attached files" <"$WORK/said" && die "it is sent again for nothing"

# ---- down: the commune lost one
rm "$(file ward "$long")"
id=$(at ward show a --json | grep -oE '"id": *"[0-9a-f]{32}"' | head -n 1 |
    grep -oE '[0-9a-f]{32}')
at ward show "$id" --attachment "$long" --output "$WORK/got" >/dev/null 2>&1 &&
    die "a lost file was opened"
up 8.up >/dev/null
take province 8.up >/dev/null
down 4.down >"$WORK/said"
found "1 attached files" <"$WORK/said" || die "$(cat "$WORK/said")"
take ward 4.down >/dev/null
cmp "$WORK/long.txt" "$(file ward "$long")" || die "it did not come back"

# ---- many events: slices that go on after each answer
for n in $(seq 1 120); do record "m$n"; done
rounds=0
while :; do
    rounds=$((rounds + 1))
    [ "$rounds" -le 12 ] || die "it does not end"
    up "s$rounds.up" --max-size 64K >"$WORK/said"
    [ "$(size_of "s$rounds.up")" -le 65536 ] || die "larger than 64K"
    take province "s$rounds.up" >/dev/null
    take province "s$rounds.up" >/dev/null
    down "s$rounds.down" --max-size 64K >"$WORK/down"
    take ward "s$rounds.down" >/dev/null
    settled province 123 && break
done
[ "$rounds" -ge 2 ] || die "64K was never too small"
until_true 30 settled ward 123
stop ward
stop province
"$DRIVE" check "$WORK/province" || die "the superior's store has findings"
"$DRIVE" check "$WORK/ward" || die "the commune's store has findings"
echo "after: both files are above, the lost one is back, 123 events in" \
    "$rounds rounds of at most 64 KiB"
