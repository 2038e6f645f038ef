#!/bin/bash
# A petition of a commune goes to an office of another district, and no node is
# connected to any other: what is private in it goes by stick, sealed, up through
# district and province, which carry ciphertext that they cannot read, and down
# to the other district, which reads it after a login; its answer comes back the
# same way. What no bundle brings by itself is asked for, and again if the stick
# with it was lost.
. "$(dirname "$0")/sticks"
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
shows() { at "$1" show "$2" | found -F -- "$3"; }
reads() { at "$1" show "$2" --private 2>&1 | found -F -- "$3"; }
holds() { ! "$TRACES" find "$WORK/$2" "$WORK/$1" >/dev/null; }
# up / down: from the commune to the other district, and back.
up() {
    carry commune district
    carry district commune 12
    carry commune district
    carry district province
}
down() {
    carry province district 2
    carry district commune 12
}
# far_round: what the other district recorded gets its place, is cosigned.
far_round() {
    carry far province
    carry province far 3
    carry far province
}
nowhere_in() {
    local text
    for text in "${planted[@]}"; do
        (cd "$WORK" && grep -raqF -- "$text" "${nodes[@]}" stick \
            "${nodes[@]/%/.log}") && die "$1: \"$text\" is there in clear"
    done
    grep -raqF -- "riêng tư" "$WORK/open" || die "grep finds nothing at all"
}
mkdir "$WORK/open"
echo "một câu riêng tư" >"$WORK/open/file"

realm
run province
request province 2 district --with-children --numbers 102000-102999
ask province district
confirm province district
request province 3 far
ask province far
confirm province far
enter province 2 district
enter province 3 far
request district 12 commune
ask district commune
confirm district commune
for _ in staged cosigned; do # the certificate of the commune
    carry district province
    carry province district 2
done
enter district 12 commune
official commune 2011
official far 2002
official district 2001
official province 2000
far_round

# Away it goes: the events of the referral bring what they need with them.
event commune PetitionReceived key=k on=2024-03-01 channel=counter \
    kind=proposal field=land person_known=true \
    "private.persons[0].name=${planted[0]}" "private.content=${planted[1]}"
k=$id
"$TRACES" marks "$WORK/commune" "$k" >"$WORK/marks" || die "marks"
up # nobody reads it but the office itself: it stops at the guard
holds district marks || die "the guard does not hold the ciphertext"
holds province marks && die "the province holds what nobody behind it reads"
event commune PetitionReferred subject=k refs=k to=2002 on=2024-03-05 \
    "private.content=${planted[2]}"
first=$id
up
holds province marks || die "the ciphertext did not come with the referral"
carry province far 3
until_true 20 shows far "$k" "$first"
for text in "${planted[@]:0:3}"; do
    until_true 20 reads far "$k" "$text"
    for node in "${between[@]}"; do
        reads $node "$k" "$text" && die "$node reads what it carries"
    done
done
down
nowhere_in "after the referral"

# Back with a reason that is for the commune alone.
event far ReferralReturned subject="$k" refs="$first" reason=1 to=2011 \
    on=2024-03-06 "private.content=${planted[3]}"
far_round
until_true 20 held province thu/3/e1 "size=2 integrated=2 guarded=2"
down
until_true 20 shows commune "$k" "$id"
until_true 20 reads commune "$k" "${planted[3]}"
for node in "${between[@]}"; do
    reads $node "$k" "${planted[3]}" && die "$node reads the answer"
done

# The province itself refers another one on: nothing of it brings the content,
# so it is asked for, downwards by the province, upwards by the other district.
event commune PetitionReceived key=l on=2024-03-04 channel=counter \
    kind=proposal field=land "private.content=${planted[4]}"
l=$id
"$TRACES" marks "$WORK/commune" "$l" >"$WORK/marks.l" || die "marks"
up
holds province marks.l && die "it came before anybody there reads it"
event province PetitionReferred subject="$l" refs="$l" to=2002 on=2024-03-05
until_true 20 held province thu/1/e1 "size=2 integrated=2"
carry province far 3
until_true 20 shows far "$l" "$id"
holds far marks.l && die "it is there before it was asked for"
carry province district 2
at district bundle export "$STICK/lost" >/dev/null || die "a stick to lose"
carry district province
holds province marks.l && die "what was given once is given without a question"
carry province district 2
carry district province
holds province marks.l || die "what was lost did not come when it was asked for"
carry far province
carry province far 3
holds far marks.l || die "the other district was not given what it asked for"
for node in "${between[@]}"; do
    reads $node "$l" "${planted[4]}" && die "$node reads what it carries"
done

for node in "${nodes[@]}"; do
    stop $node || die "$node did not end well"
done
nowhere_in "after they stopped"
sound "${nodes[@]}"
