#!/bin/bash
# A petition of a commune goes to a department two levels up, comes back with a
# reason, goes to another one and comes back again: the unit above both is asked
# to decide, on its own screens, and decides. Another one is accepted there, and
# one of the province goes down to the commune. No referral moves the citizen's
# date, and what is private is in no raw file of the node between.
. "$(dirname "$0")/common"

# Two departments of the province, hosted by its node.
mkdir "$WORK/data"
cp "$DATA"/*.csv "$DATA/rules.json" "$WORK/data/"
DATA=$WORK/data
cat >>"$DATA/units-62-2019.csv" <<ROWS
2900,department,province,Sở Ví dụ Đất,,1000,1,2000,2019-09-20,
2901,department,province,Sở Ví dụ Đường,,1000,1,2000,2019-09-20,
ROWS
planted=("Nguyễn Thị Rất Kín" "Bờ rào nhà tôi bị lấn" "Xem hồ sơ riêng kèm theo"
    "Đơn kín gửi thẳng tỉnh" "Giao xã xem kín việc này")

# event NODE TYPE path=value...: records; `id` is the event's.
event() {
    local node=$1
    shift
    at "$node" record "$@" >"$WORK/slip" || die "$node: $*"
    id=$(sed -n 's/^ *Event id: *//p' "$WORK/slip")
    [ ${#id} -eq 32 ] || die "$node: $*: no id"
}

# acts NODE NAME: who records there from now on.
acts() {
    at "$1" login "$2" >/dev/null || die "login of $2 at $1"
}

# shows NODE SUBJECT TEXT: the record there says it.
shows() {
    at "$1" show "$2" | found -F -- "$3"
}
seen() {
    until_true 120 shows "$@"
}

# reads NODE SUBJECT TEXT: a login there reads private content.
reads() {
    at "$1" show "$2" --private 2>&1 | found -F -- "$3"
}

# clocks WHEN NODE SUBJECT CODE: what the citizen was promised, at that node.
# Handed in on Friday 1-3-2024 = day 0; 10 working days (Law 42/2013 Article
# 28): 4 to 8 March are days 1 to 5, 11 to 15 March days 6 to 10: Friday
# 15-3-2024. The answer was promised for 1-4-2024 when it was accepted.
clocks() {
    at "$2" duty 2011 P1 2024 --as-of 2024-03-14 >"$WORK/clock" ||
        die "$1: no P1 at $2"
    grep -F "$4" "$WORK/clock" | found "due 2024-03-15 " ||
        die "$1: P1 at $2: $(grep due "$WORK/clock")"
    grep -q "2024-03-15 (Friday): day 10" "$WORK/clock" || die "$1: day 10"
    at "$2" show "$3" --json >"$WORK/clock" || die "$1: no record at $2"
    grep -q '"due_day": "2024-04-01"' "$WORK/clock" ||
        die "$1: at $2: $(grep due_day "$WORK/clock")"
}

branch
at commune user add clerk --unit 2011 --post "Cán bộ" --rights record,lead \
    >/dev/null || die "official of the commune"
at district user add head --unit 2001 --post "Chủ tịch" --rights record,lead \
    >/dev/null || die "official of the district"
for unit in 2000 2900 2901; do
    at province user add "u$unit" --unit $unit --post "Cán bộ" \
        --rights record,lead >/dev/null || die "official of $unit"
done
acts commune clerk
acts district head
# Who refers must know the keys of whom he refers to.
dir_size=$("$DRIVE" peek "$WORK/province" |
    sed -n 's|^log=thu/1/dir/e1 size=\([0-9]*\).*|\1|p')
until_true 90 held commune thu/1/dir/e1 "size=$dir_size integrated=$dir_size "
until_true 90 held commune thu/2/dir/e1 "size=1 integrated=1"
until_true 90 held province thu/2/dir/e1 "size=1 integrated=1"

event commune PetitionReceived key=k on=2024-03-01 channel=counter \
    kind=proposal field=land person_known=true text.title="Đơn ví dụ" \
    "private.persons[0].name=${planted[0]}" "private.content=${planted[1]}"
k=$id
code=$(sed -n 's/^ *Code: *//p' "$WORK/slip")
event commune PetitionClassified subject=k refs=k on=2024-03-04 \
    result=accepted kind=proposal due_day=2024-04-01
clocks "before any referral" commune "$k" "$code"

# Up two levels, and back with a reason.
event commune PetitionReferred subject=k refs=k to=2900 on=2024-03-05 \
    due_day=2024-03-12 "private.content=${planted[2]}"
first=$id
seen province "$k" "$first"
clocks "while referred" province "$k" "$code"
acts province u2900
# The department reads what is for it, and what came before; nobody between.
for text in "${planted[@]:0:3}"; do
    until_true 90 reads province "$k" "$text"
    reads district "$k" "$text" && die "the node between reads it"
done
nowhere "after the first referral"
event province ReferralReturned subject="$k" refs="$first" reason=3 \
    on=2024-03-06
seen commune "$k" "$id"
shows commune "$k" "reason: 3" || die "no reason at the commune"
clocks "after the return" commune "$k" "$code"
at province status | found -F "$code" && die "one return asks for a decision"

# To another department, and back: the unit above both is asked.
event commune PetitionReferred subject="$k" refs="$k" to=2901 on=2024-03-07
second=$id
seen province "$k" "$second"
acts province u2901
event province ReferralReturned subject="$k" refs="$second" reason=4 \
    on=2024-03-08
for node in province district commune; do
    seen $node "$k" "to be decided by: UBND tỉnh Kon Tum"
    clocks "while asked" $node "$k" "$code"
done
at province status >"$WORK/open/status" || die "status of the province"
grep -F "$code" "$WORK/open/status" | found "to decide: UBND tỉnh Kon Tum" ||
    die "the province's status asks nobody"
at province list --decider 2000 | grep -F "$code" |
    found "returned twice, to be decided by UBND tỉnh Kon Tum" ||
    die "the province's list asks nobody"
at district status | found -F "$code" && die "the district is asked, too"

# It decides, and is obeyed.
acts province u2000
event province PetitionReferred subject="$k" refs="$k" to=2900 on=2024-03-11
third=$id
at province status | found -F "$code" && die "it is still asked"
acts province u2900
event province ReferralAccepted subject="$k" refs="$third" on=2024-03-12
for node in province district commune; do
    seen $node "$k" "holder: Sở Ví dụ Đất"
    shows $node "$k" "to be decided by" && die "$node still asks"
    clocks "after it was taken" $node "$k" "$code"
done

# Down two levels: the commune returns one and takes it at the second try.
acts province u2000
event province PetitionReceived key=d on=2024-03-01 channel=post \
    kind=proposal field=land text.title="Đơn gửi tỉnh" \
    "private.content=${planted[3]}"
d=$id
event province PetitionReferred subject=d refs=d to=2011 on=2024-03-04 \
    "private.content=${planted[4]}"
down=$id
seen commune "$d" "$down"
for text in "${planted[3]}" "${planted[4]}"; do
    until_true 90 reads commune "$d" "$text"
done
reads district "$d" "${planted[4]}" && die "the node between reads what goes by"
event commune ReferralReturned subject="$d" refs="$down" reason=1 on=2024-03-05
seen province "$d" "$id"
shows province "$d" "reason: 1" || die "no reason at the province"
event province PetitionReferred subject=d refs=d to=2011 on=2024-03-06
down=$id
seen commune "$d" "$down"
event commune ReferralAccepted subject="$d" refs="$down" on=2024-03-07
for node in province district commune; do
    seen $node "$d" "holder: UBND phường Quang Trung"
    shows $node "$d" "to: UBND phường Quang Trung (2011)" ||
        die "$node names the unit by number alone"
done

nowhere "at the end"
for node in commune district province; do
    stop $node || die "$node did not end well"
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
nowhere "after they stopped"
