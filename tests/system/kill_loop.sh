#!/bin/bash
# kill -9 of commune, district or province, KILLS times (100), at moments that
# SEED chooses, while files are imported at the commune and replicate. What
# was acknowledged is at the province, once; every store is sound; the figures
# are those of the same files in a realm that nobody disturbed.
. "$(dirname "$0")/common"
KILLS=${KILLS:-100}
SEED=${SEED:-20240301}
RANDOM=$SEED
echo "seed $SEED, $KILLS kills"
clock() {
    until_true 90 at "$1" clock
    at "$1" clock --set "$2" >/dev/null || die "clock of $1"
}

# tree PREFIX: three levels of a demo realm, on the fourth of March 2024, and
# an official of the commune.
tree() {
    "$DRIVE" init "$WORK/$1province" "$WORK/$1root.key" \
        "$DATA/units-62-2019.csv" "$DATA/rules.json" "$PORT" || die "init"
    start "$1province"
    clock "$1province" 2024-03-04T08:00
    stop "$1province"
    enrol "$1province" "$1district" 2 $((PORT + 1))
    clock "$1district" 2024-03-04T08:00
    stop "$1district"
    enrol "$1district" "$1commune" 12 0
    clock "$1commune" 2024-03-04T08:00
    at "$1commune" user add clerk --unit 2011 --post "Cán bộ tiếp dân" \
        --rights record,lead >/dev/null || die "official"
    PORT=$((PORT + 2))
}

# rows N: what the N-th file says: four petitions, two of them answered.
rows() {
    local p
    for p in 1 2 3 4; do
        cat <<JSON
{"type":"PetitionReceived","key":"k$1-$p","on":"2024-03-04","facts":{"channel":"counter","kind":"proposal","field":"land","person_known":true},"text":{"title":"Kiến nghị k$1-$p"},"private":{"content":"riêng"}}
{"type":"PetitionClassified","key":"k$1-$p-c","on":"2024-03-04","subject":"k$1-$p","facts":{"result":"accepted","kind":"proposal","field":"land"}}
JSON
        [ "$p" -gt 2 ] || cat <<JSON
{"type":"PetitionAnswered","key":"k$1-$p-a","on":"2024-03-04","subject":"k$1-$p","facts":{"by":"body","form":"written","publicity":"public","document":{"kind":"answer","number":"$1-$p/TL","dated_day":"2024-03-04","signing":"tm","signer":"Chủ tịch"}},"text":{"content":"Đã trả lời."}}
JSON
    done
}

# type_in PREFIX FILE: until it is acknowledged; nobody is logged in after a
# kill.
type_in() {
    until at "$1commune" import any "$2" >/dev/null 2>>"$WORK/$1import.err"; do
        [ ! -s "$WORK/$1import.err" ] || at "$1commune" login clerk \
            >/dev/null 2>&1
        read -r -t 0.02 _ <>"$WORK/.never" || true
    done
}

# One file after another; each is acknowledged before the next begins.
importing() {
    local n=0
    trap - EXIT
    while [ ! -e "$WORK/enough" ]; do
        n=$((n + 1))
        rows $n >"$WORK/file"
        type_in "" "$WORK/file"
        echo $n >"$WORK/acknowledged.new"
        mv "$WORK/acknowledged.new" "$WORK/acknowledged"
    done
}
acknowledged_over() { [ "$(cat "$WORK/acknowledged")" -gt "$1" ]; }

# settled PREFIX FILES: all is at the province and every level has said so.
settled() {
    local total=$((1 + $2 * 10)) node
    for node in province district commune; do
        until_true 120 held "$1$node" thu/12/e1 \
            "size=$total integrated=$total guarded=$total"
    done
}

# figures PREFIX: hashes of the cells, on that day and when time has run out.
figures() {
    local node
    for node in province district commune; do
        until_true 90 at "$1$node" clock
    done
    at "$1province" snapshot >"$WORK/$1march.json" || die "snapshot"
    for node in province district commune; do
        clock "$1$node" 2024-04-10T08:00
    done
    until_true 120 heard_all "$1"
    at "$1province" snapshot --as-of 2024-04-09 >"$WORK/$1april.json" ||
        die "snapshot"
}

heard_all() {
    local year
    year=$(at "$1province" status --json --units --year 2024)
    [ "$(grep -o '"heard": *"2024-04-10' <<<"$year" | wc -l)" -ge 2 ]
}

hash_of() {
    grep -o '"hash": *"[0-9a-f]*"' "$WORK/$1.json"
}

# ---- the disturbed realm
tree ""
files=0
echo 0 >"$WORK/acknowledged"
importing &
adopt importing $!
nodes=(commune district province)
began=$SECONDS
for ((kill = 1; kill <= KILLS; kill++)); do
    name=${nodes[RANDOM % 3]}
    # From its first steps to a link that has been open for a while.
    read -r -t "0.$(printf %03d $((RANDOM % 1000)))" _ <>"$WORK/.never" || true
    stop "$name" 9
    start "$name"
    # A slow machine comes to an import, too, in every ten kills.
    if [ $((kill % 10)) -eq 0 ]; then
        until_true 120 acknowledged_over "$files"
        files=$(cat "$WORK/acknowledged")
    fi
done
peeked() { "$DRIVE" peek "$WORK/province" >"$WORK/peeked"; }
until_true 90 peeked # not while the one just started opens its store
meanwhile=$(sed -n 's/^log=thu.12.e1 size=\([0-9]*\) .*/\1/p' "$WORK/peeked")
echo "$KILLS kills in $((SECONDS - began)) s, ${meanwhile:=0} events arrived"
[ "$meanwhile" -gt 1 ] || die "nothing was replicated between kills"
touch "$WORK/enough"
wait "${PIDS[importing]}" || die "the import ended badly"
unset "PIDS[importing]"
FILES=$(cat "$WORK/acknowledged")
echo "$FILES files of 10 events acknowledged"
[ "$FILES" -ge $((KILLS / 10)) ] || die "too little was imported meanwhile"
settled "" "$FILES"

# Every acknowledged event is at the province; as many ids as rows, and as
# many leaves: none is there twice.
for ((n = 1; n <= FILES; n++)); do
    printf '%s\n' k$n-{1..4} k$n-{1..4}-c k$n-{1..2}-a
done >"$WORK/keys"
"$DRIVE" arrived "$WORK/commune" "$WORK/province" <"$WORK/keys" \
    >"$WORK/ids" || die "an acknowledged event is not at the province"
[ "$(sort -u "$WORK/ids" | wc -l)" -eq $((FILES * 10)) ] ||
    die "acknowledged events have one id"
figures ""
for name in "${nodes[@]}"; do
    stop "$name" || die "$name did not end well"
    "$DRIVE" peek "$WORK/$name" | found 'frozen="."' && die "a log is frozen"
    "$DRIVE" check "$WORK/$name" || die "$name has findings"
done

# ---- the same files where nothing happened
tree "calm-"
for ((n = 1; n <= FILES; n++)); do
    rows $n
done >"$WORK/file"
type_in "calm-" "$WORK/file"
settled "calm-" "$FILES"
figures "calm-"
for when in march april; do
    [ -n "$(hash_of $when)" ] || die "no hash of $when"
    [ "$(hash_of $when)" = "$(hash_of calm-$when)" ] ||
        die "the figures of $when differ from an undisturbed run"
done
[ "$(hash_of march)" != "$(hash_of april)" ] || die "nothing fell due"
