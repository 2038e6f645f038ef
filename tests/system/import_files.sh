#!/bin/bash
# Rows that name files: wrong ones are told by line and nothing is recorded;
# good ones go with their rows, clear and sealed, once. `check` reads what is
# attached: a damaged file, one that is gone, one that nobody names; a running
# node puts it away and fetches it again from its neighbour, also its own.
. "$(dirname "$0")/common"

realm
enrol province commune 12 0
for pair in commune:2011 province:2000; do
    at "${pair%:*}" user add head --unit "${pair#*:}" --post "Chủ tịch" \
        --rights record,lead >/dev/null || die "official of ${pair%:*}"
    at "${pair%:*}" login head >/dev/null || die "login at ${pair%:*}"
done
mkdir "$WORK/scans"
printf '%%PDF-1.4\nĐơn thứ nhất\n' >"$WORK/scans/một.pdf"
printf '%%PDF-1.4\nĐơn thứ hai\n' >"$WORK/scans/hai.pdf"
printf 'Danh sách kín\n' >"$WORK/scans/kín.txt"
printf '\177ELF' >"$WORK/scans/program"
echo "a secret of this office" >"$WORK/outside.txt"
ln -s "$WORK/outside.txt" "$WORK/scans/link.txt"
mkfifo "$WORK/scans/pipe"
head -c 17000000 /dev/zero | tr '\0' 'x' >"$WORK/scans/long.txt"
hash_of() { sha256sum "$1" | cut -d' ' -f1; }
first=$(hash_of "$WORK/scans/một.pdf")
second=$(hash_of "$WORK/scans/hai.pdf")
file() { echo "$WORK/$1/attachments/${2:0:2}/$2"; }
events() { at commune list --json | grep -o '"code"' | wc -l; }

head="key,channel,kind,field,person_known,document.kind,attach"
cat >"$WORK/bad.csv" <<END
$head
a,counter,proposal,land,true,petition,scans/một.pdf
b,counter,proposal,land,true,petition,scans/none.pdf
c,counter,proposal,land,true,petition,scans/program
d,counter,proposal,land,true,petition,scans/long.txt
END
at commune import PetitionReceived "$WORK/bad.csv" 2>"$WORK/said" &&
    die "a bad file was imported"
grep -q "bad.csv:3: attach: .*none.pdf" "$WORK/said" || die "the missing one"
grep -q "bad.csv:4: attach: .*not taken" "$WORK/said" || die "the program"
grep -q "bad.csv:5: attach: .*at most 16777216" "$WORK/said" || die "the long"
grep -q "bad.csv:2" "$WORK/said" && die "a good row is blamed"
[ "$(events)" = 0 ] || die "something was recorded"

# Rows from elsewhere reach nothing but the folder in which they lie.
mkdir "$WORK/post"
ln -s "$WORK/scans" "$WORK/post/scans"
cp "$WORK/scans/một.pdf" "$WORK/post/in.pdf"
cat >"$WORK/post/bad.csv" <<END
$head
a,counter,proposal,land,true,petition,in.pdf
b,counter,proposal,land,true,petition,../outside.txt
c,counter,proposal,land,true,petition,$WORK/outside.txt
d,counter,proposal,land,true,petition,scans/link.txt
END
at commune import PetitionReceived "$WORK/post/bad.csv" 2>"$WORK/said" &&
    die "a file from elsewhere was imported"
for line in 3 4 5; do
    grep -q "bad.csv:$line: attach: .*lies outside the folder" "$WORK/said" ||
        die "line $line: $(cat "$WORK/said")"
done
grep -q "bad.csv:2" "$WORK/said" && die "a row that is right is blamed"
printf '%s\na,counter,proposal,land,true,petition,scans/pipe\n' "$head" \
    >"$WORK/pipe.csv"
timeout 20 "$BIN/qcdc" --dir "$WORK/commune" import PetitionReceived \
    "$WORK/pipe.csv" 2>"$WORK/said"
grep -q "pipe.csv:2: attach: .*is not a file" "$WORK/said" ||
    die "a pipe: $(cat "$WORK/said")"

# Sixty thousand rows that name a file: looked at in 160 MB of addresses (4 KiB a
# row were 290), the wrong one is told by its line.
{
    echo "$head"
    yes "a,counter,proposal,land,true,petition,scans/một.pdf" | head -n 60000
    echo "a,counter,proposal,land,true,petition,scans/none.pdf"
} >"$WORK/many.csv"
(
    ulimit -v 160000
    "$BIN/qcdc" --dir "$WORK/commune" import PetitionReceived \
        "$WORK/many.csv" 2>"$WORK/said"
)
grep -q "many.csv:60002: attach: .*none.pdf" "$WORK/said" ||
    die "many rows: $(cat "$WORK/said")"

# A bad value in another column: nothing is sent at all.
cat >"$WORK/mixed.csv" <<END
$head
a,counter,proposal,land,true,petition,scans/một.pdf
b,counter,proposal,moon,true,petition,scans/hai.pdf
END
at commune import PetitionReceived "$WORK/mixed.csv" 2>"$WORK/said" &&
    die "a bad value was imported"
grep -q "mixed.csv:3: .*field" "$WORK/said" || die "its line is not named"
[ -e "$WORK/commune/attachments" ] && die "files were sent before"

sed 's/moon/land/' "$WORK/mixed.csv" >"$WORK/good.csv"
at commune import PetitionReceived "$WORK/good.csv" --dry-run |
    found "2 would be recorded" || die "dry run"
[ -e "$WORK/commune/attachments" ] && die "a dry run sent files"
at commune import PetitionReceived "$WORK/good.csv" | found "2 recorded" ||
    die "import"
at commune import PetitionReceived "$WORK/good.csv" |
    found "0 recorded, 2 there already" || die "the second import"
cat >"$WORK/sealed.jsonl" <<END

{"type": "PetitionReceived", "key": "s", "fields": {"channel": "counter", "kind": "proposal", "field": "land", "person_known": "true", "document.kind": "petition", "private.content": "Kín", "attach": "scans/kín.txt"}}
END
at commune import any "$WORK/sealed.jsonl" --sealed | found "1 recorded" ||
    die "sealed import"
sealed=$(at commune show s --json | grep -oE '"file_hash": *"[0-9a-f]{64}"' |
    head -n 1 | grep -oE '[0-9a-f]{64}')
at commune show s --attachment "$sealed" --output "$WORK/got.txt" ||
    die "the sealed one does not open"
cmp "$WORK/got.txt" "$WORK/scans/kín.txt" || die "other bytes in the seal"
for name in "$first" "$second" "$sealed"; do
    until_true 90 test -e "$(file province "$name")"
done
for node in commune province; do
    at $node check | found "3 attached files read whole" ||
        die "check of $node"
done

# Damage: found by check, named, put away, fetched from the neighbour. The nodes'
# own round after the start is over: it would find it first.
for node in province commune; do
    until_true 60 logged $node "room=attach event=round_done"
done
heals() {
    at "$1" check >/dev/null 2>&1 && cmp -s "$(file "$1" "$first")" \
        "$WORK/scans/một.pdf" && [ -e "$(file "$1" "$second")" ]
}
for node in province commune; do
    printf 'X' | dd of="$(file $node "$first")" bs=1 seek=12 conv=notrunc \
        status=none
    rm "$(file $node "$second")"
    printf 'mồ côi\n' >"$WORK/orphan.txt"
    orphan=$(hash_of "$WORK/orphan.txt")
    mkdir -p "$(dirname "$(file $node "$orphan")")"
    cp "$WORK/orphan.txt" "$(file $node "$orphan")"
    touch -d "3 days ago" "$(file $node "$orphan")"
    at $node check >"$WORK/said" 2>&1 && die "$node has no findings"
    grep -q "attachment: file ${first:0:16}...: its bytes" "$WORK/said" ||
        die "the damaged one at $node"
    grep -q "attachment: file ${second:0:16}...: it was here" "$WORK/said" ||
        die "the lost one at $node"
    until_true 120 heals $node
    [ -e "$(file $node "$orphan")" ] && die "the orphan stays at $node"
done
stop commune || die "the commune did not end well"
at commune check | found "3 attached files read whole" ||
    die "check without the node"
exit 0
