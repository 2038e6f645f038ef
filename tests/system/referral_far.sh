#!/bin/bash
# A petition of a commune goes to an office of another district, which is away
# for a while, and comes back with a reason that is for the commune alone. What
# is private is read at both ends after a login, in no raw file anywhere in
# clear, and opens at neither of the nodes that carried it. Then it is erased at
# the origin: it goes from every node by the order that there is, and one that
# was erased before it was fetched never comes.
. "$(dirname "$0")/common"
TRACES=$HANDS/traces
planted=("Nguyễn Thị Rất Kín" "Bờ rào nhà tôi bị lấn" "Xem hồ sơ riêng kèm theo"
    "Trả lời kín của xã bên" "Đơn thứ hai rất kín")
nodes=(commune district province far)
between=(district province)

# event NODE TYPE path=value...: records; `id` is the event's.
event() {
    local node=$1
    shift
    at "$node" record "$@" >"$WORK/slip" || die "$node: $*"
    id=$(sed -n 's/^ *Event id: *//p' "$WORK/slip")
    [ ${#id} -eq 32 ] || die "$node: $*: no id"
}
shows() {
    at "$1" show "$2" | found -F -- "$3"
}
told() {
    at "$1" show "$2" --json | found "$3"
}
reads() {
    at "$1" show "$2" --private 2>&1 | found -F -- "$3"
}
# nowhere WHEN: no planted text in a raw file of any node.
nowhere() {
    local text
    for text in "${planted[@]}"; do
        (cd "$WORK" && grep -raqF -- "$text" "${nodes[@]}" \
            "${nodes[@]/%/.log}") && die "$1: \"$text\" is there in clear"
    done
    grep -raqF -- "riêng tư" "$WORK/open" || die "grep finds nothing at all"
}
# holds NODE: the marks of the ciphertext are in a file of it.
gone() {
    "$TRACES" find "$WORK/marks" "$WORK/$1" >/dev/null
}
holds() {
    ! gone "$1"
}
mkdir "$WORK/open"
echo "một câu riêng tư" >"$WORK/open/file"

realm
enrol province district 2 $((PORT + 1))
stop province
enrol province far 3 0
stop district
enrol district commune 12 0
at commune user add clerk --unit 2011 --post "Cán bộ" --rights record,lead \
    >/dev/null || die "official of the commune"
at far user add clerk --unit 2002 --post "Cán bộ" --rights record,lead \
    >/dev/null || die "official of the other district"
for node in district:2001 province:2000; do
    at ${node%:*} user add head --unit ${node#*:} --post "Chủ tịch" \
        --rights record,lead >/dev/null || die "official of $node"
    at ${node%:*} login head >/dev/null || die "login at $node"
done
at commune login clerk >/dev/null || die "login"
# Who refers must know the keys of whom he refers to.
dir_size=$("$DRIVE" peek "$WORK/province" |
    sed -n 's/^log=thu\/1\/dir\/e1 .*\bsize=\([0-9]*\).*/\1/p')
until_true 120 held commune thu/1/dir/e1 "size=$dir_size integrated=$dir_size"
stop far

event commune PetitionReceived key=k on=2024-03-01 channel=counter \
    kind=proposal field=land person_known=true \
    "private.persons[0].name=${planted[0]}" "private.content=${planted[1]}"
k=$id
"$TRACES" marks "$WORK/commune" "$k" >"$WORK/marks" || die "marks"
event commune PetitionReferred subject=k refs=k to=2002 on=2024-03-05 \
    "private.content=${planted[2]}"
first=$id
for node in "${between[@]}"; do
    until_true 120 shows $node "$k" "$first"
    until_true 120 holds $node # the ciphertext, for who is behind it
done
start far
until_true 120 at far login clerk
until_true 120 shows far "$k" "$first"
for text in "${planted[@]:0:3}"; do
    until_true 90 reads far "$k" "$text"
    for node in "${between[@]}"; do
        reads $node "$k" "$text" && die "$node reads what it carries"
    done
done
nowhere "after the referral"

# Back with a reason that is for the commune alone.
event far ReferralReturned subject="$k" refs="$first" reason=1 to=2011 \
    on=2024-03-06 "private.content=${planted[3]}"
until_true 120 shows commune "$k" "$id"
until_true 90 reads commune "$k" "${planted[3]}"
for node in "${between[@]}"; do
    reads $node "$k" "${planted[3]}" && die "$node reads the answer"
done

# A second one is erased while the other district is away: it never comes there.
stop far
event commune PetitionReceived key=l on=2024-03-04 channel=counter \
    kind=proposal field=land \
    "private.content=${planted[4]}"
l=$id
"$TRACES" marks "$WORK/commune" "$l" >"$WORK/marks.l" || die "marks"
event commune PetitionReferred subject=l refs=l to=2002 on=2024-03-05
until_true 120 shows province "$l" "$id"

# erase SUBJECT: at the origin, and by the word of every level above it.
erase() {
    local node word
    event commune Erased subject="$1" refs="$1" audience=private ground=request
    word=$id
    for node in district province; do
        until_true 120 told $node "$1" "$word"
        event $node Approved subject="$1" refs="$word"
    done
}
erase "$k"
for node in "${between[@]}" commune; do
    until_true 120 gone $node
done
cp "$WORK/marks.l" "$WORK/marks"
for node in "${between[@]}"; do
    until_true 120 holds $node
done
erase "$l"
for node in "${between[@]}" commune; do
    until_true 120 gone $node
done
start far
until_true 120 at far login clerk
until_true 120 shows far "$k" "ERASED: private body"
until_true 120 shows far "$l" "ERASED: private body"
gone far || die "what was erased came after all"
reads far "$k" "${planted[1]}" && die "the other district still reads it"
reads far "$k" "${planted[2]}" || die "what was not erased is gone"
until_true 120 reads far "$k" "${planted[3]}"

for node in "${nodes[@]}"; do
    stop $node || die "$node did not end well"
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
nowhere "after they stopped"
