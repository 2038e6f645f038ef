#!/bin/bash
# Children cosign their superior's own directory log, which names every key:
# a province that wrote it anew would find its districts' words against it.
# However fast the log grows, a child says one word in five seconds.
. "$(dirname "$0")/images"

# word LOG NODE AT: up to where the other node has cosigned, as AT shows it.
word() {
    at "$3" sync --json | tr -d ' \n' | grep -oE "\"origin\":\"$1\".*" |
        grep -oE "\"node\":$2,\"name\":\"[^\"]*\",\"size\":[0-9]+" |
        head -n 1 | grep -oE '[0-9]+$'
}
says() { [ "$(word "$1" "$2" "$3")" = "$4" ]; }
top_size() {
    "$DRIVE" peek "$WORK/province" | sed -n 's|^log=thu/1/dir/e1 size=\([0-9]*\).*|\1|p'
}

branch
line=$(at province invite 3 --auto) || die "invite"
"$DRIVE" join "$WORK/second" "$line" 0 || die "join"
start second
until_true 100 logged second "event=open peer=1"
for node in 2 3; do
    until_true 30 says thu/1/dir/e1 $node province "$(top_size)"
done
until_true 30 says thu/2/dir/e1 12 district 1
at province sync | found "^thu/1/dir/e1: cosigned by other nodes: 2" || die "sync"
# A burst of thirty events: few words, the last of them on the last size.
words_of() {
    grep -c "room=cosign event=above log=thu/1/dir/e1" "$WORK/$1.log"
}
declare -A before=([district]=$(words_of district) [second]=$(words_of second))
began=$SECONDS
for ((i = 0; i < 30; i++)); do
    at province record UnitChanged number=2001 \
        from_day="2026-01-$(printf %02d $((i + 1)))" name="UBND thành phố $i" \
        >/dev/null || die "record $i"
done
for node in 2 3; do
    until_true 30 says thu/1/dir/e1 $node province "$(top_size)"
done
took=$((SECONDS - began))
for node in district second; do
    words=$(($(words_of $node) - before[$node]))
    echo "$node: $words words while the log grew by $(($(top_size) - 343)), $took s"
    # The first at once; whole seconds are counted, so one may be lost.
    [ "$words" -le $((took / 5 + 2)) ] || die "$node said $words words"
done
for node in second commune district province; do
    stop $node || die "$node did not end well"
done
sound province district commune second
