#!/bin/bash
# The tree changes while a ward is away: its district is abolished, it is
# merged with another ward and becomes the node of the new one. It comes back
# to its old parent, learns where it belongs, moves by itself, and nothing of
# what it recorded meanwhile is lost. What the other ward had open is its task
# now; that ward's log ends, and takes nothing after. The new guard fetches what
# was private before its day.
. "$(dirname "$0")/common"

new=5000 land=6000
realm
enrol province city 2 $((PORT + 1))
stop city
enrol city ward12 12 0
stop city
enrol city ward14 14 0
stop ward12
stop ward14
"$DRIVE" official "$WORK/ward12" clerk 2011 15 || die "official of 12"
"$DRIVE" official "$WORK/ward14" clerk 2013 15 || die "official of 14"
first=$("$DRIVE" petitions "$WORK/ward14" clerk 3 q |
    sed -n '1s/id=\([0-9a-f]*\).*/\1/p')
[ ${#first} -eq 32 ] || die "petitions of 14"
"$DRIVE" petitions "$WORK/ward12" clerk 3 p >/dev/null || die "petitions of 12"
start ward12
start ward14
until_true 90 held province thu/12/e1 "size=4 integrated=4 guarded=4"
until_true 90 held province thu/14/e1 "size=4 integrated=4 guarded=4"
at ward12 login clerk >/dev/null || die "login at 12"
at ward12 record PetitionReceived channel=counter kind=proposal field=land \
    person_known=true "private.content=Chuyện kín của phường" >"$WORK/slip" ||
    die "a private body"
"$HANDS/traces" marks "$WORK/ward12" \
    "$(sed -n 's/^ *Event id: *//p' "$WORK/slip")" >"$WORK/marks" || die "marks"
until_true 90 held province thu/12/e1 "size=5 integrated=5 guarded=5"
# has_private NODE: the ciphertext lies in a file of it.
has_private() {
    ! "$HANDS/traces" find "$WORK/marks" "$WORK/$1" >/dev/null
}
has_private city || die "the old guard has no ciphertext"
has_private province && die "ciphertext went beyond the guard"

# Away, with 500 events that exist on one machine only.
stop ward12
"$DRIVE" petitions "$WORK/ward12" clerk 500 away >/dev/null || die "petitions offline"
say_held "before" province thu/12/e1 thu/14/e1
echo "only at ward 12: $("$DRIVE" peek "$WORK/ward12" | sed -n 's/^spooled=//p')"

at province record UnitRegistered number=$land kind=territory level=commune \
    "name=Phường Kon Tum" code=23293 territory=1000 from_day=2025-07-01 \
    >/dev/null || die "territory"
at province record UnitRegistered number=$new kind=peoples_committee \
    level=commune "name=UBND phường Kon Tum" code=23293 territory=$land \
    host=12 reports_to=2000 from_day=2025-07-01 >/dev/null || die "unit"
cat >"$WORK/reform.csv" <<CSV
key,kind,from_day,heirs[0].from,heirs[0].to,heirs[1].from,heirs[1].to,decision.kind,decision.number
kontum,merge,2025-07-01,2011,$new,2013,$new,decision,1677/NQ-UBTVQH15
land,merge,2025-07-01,1011,$land,1013,$land,decision,1677/NQ-UBTVQH15
city,abolish_tier,2025-07-01,2001,2000,1001,1000,decision,1677/NQ-UBTVQH15
CSV
at province import UnitsReorganised "$WORK/reform.csv" >/dev/null || die "reform"
custody=$(at province record CustodyTransferred from=2013 to=$new \
    from_day=2025-07-01 --answer-json | grep -o "[0-9a-f]\{32\}" | head -1)
[ ${#custody} -eq 32 ] || die "custody"
at province record CustodyTransferred from=2011 to=$new \
    from_day=2025-07-01 >/dev/null || die "custody of 12"
at province record NodeCertified node=12 >/dev/null || die "12 to the province"
at province record NodeCertified node=14 >/dev/null || die "14 to the province"

# The one that was there moves at once, the other when it comes back.
until_true 120 logged ward14 "event=moved from=2 to=1"
start ward12
until_true 120 logged ward12 "event=moved from=2 to=1"
# The old guard was there when the province took over, so nobody waits for it.
until_true 120 held province thu/12/e1 "size=505 integrated=505 guarded=505"
stop city # abolished: nobody needs it any more
say_held "afterwards" province thu/12/e1 thu/14/e1
echo "500 events recorded while the tree changed: all cosigned by the new guard"

# What was 14's is delivered to the heir, with the running clock it had.
until_true 120 held ward12 thu/14/e1 "size="
at ward12 login clerk >/dev/null || die "login of the old ward's clerk"
until_true 90 at ward12 user add heir --unit $new --post "Cán bộ tiếp dân" \
    --rights record,lead
at ward12 login heir >/dev/null || die "login of the new ward's clerk"
held_by_heir() {
    [ "$(at province list petition --unit "$1" --holder $new --max 500 --json |
        grep -o '"holder"' | wc -l)" -eq "$2" ]
}
until_true 120 held_by_heir 2013 3
until_true 120 held_by_heir 2011 500
# The new guard fetches it from the ward itself: nobody else has it any more.
until_true 90 has_private province
echo "what was private before is at the new guard"
until_true 120 at ward12 show "$first"
until_true 120 "$DRIVE" has "$WORK/ward12" "$custody"
at ward12 record CustodyTaken "subject=$first" "refs=$custody" >/dev/null ||
    die "custody taken"
at ward12 record PersonNotified "subject=$first" "refs=$first" \
    notice=accepted >/dev/null || die "the heir told the person"
until_true 90 held province thu/12/e1 "size=508 integrated=508 guarded=508"
at province show "$first" | found "UBND phường Kon Tum" || die "holder"
echo "the open petitions of two wards are the new one's; one was taken over"

# The end of 14: its tail is in, nothing comes after.
at province record LogEnded node=14 >/dev/null || die "end"
top_size() {
    "$DRIVE" peek "$WORK/province" |
        sed -n 's|^log=thu/1/dir/e1 size=\([0-9]*\).*|\1|p'
}
told=$(top_size)
until_true 120 held ward14 thu/1/dir/e1 "size=$told integrated=$told "
stop ward14
: >"$WORK/ward14.log"
"$DRIVE" petitions "$WORK/ward14" clerk 2 late >/dev/null || die "recorded after the end"
start ward14
until_true 100 logged ward14 "event=open peer=1"
# It has the province's next word: what it would have brought was there before.
at province record UnitChanged number=$new name="UBND phường Kon Tum" \
    from_day=2025-07-02 >/dev/null || die "a word of the province"
until_true 120 held ward14 thu/1/dir/e1 "integrated=$((told + 1)) "
at province sync | found "^Ended thu/14/e1: 4 events$" ||
    die "sync does not say that the log has ended"
held province thu/14/e1 "size=4 " || die "the log took more than its end"
"$DRIVE" peek "$WORK/ward14" | found "^spooled=2$" || die "what came late is gone"

for node in ward12 ward14 province; do
    stop $node
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
"$DRIVE" check "$WORK/city" || die "city has findings"
