#!/bin/bash
# A ward's key in a stranger's hand: he floods, never ends a message, sends
# rubbish and impossible numbers, offers and asks for his neighbour's log, lies
# about his own, and reads nothing. The district's memory and disk stay within
# bounds, the neighbour's events reach the province all the while, `sync` names
# the ward, and its log holds what it held.
. "$(dirname "$0")/common"
MOST_KIB=$((160 * 1024)) # of the district, whatever comes

wards
for ward in 12 13; do
    "$DRIVE" petitions "$WORK/ward$ward" clerk 5 p >/dev/null || die "petitions"
    start ward$ward
done
until_true 90 held province thu/12/e1 "size=6 integrated=6"
until_true 90 held province thu/13/e1 "size=6 integrated=6"
stop ward12
at ward13 login clerk >/dev/null || die "login"

most() { awk '/VmHWM/ {print $2}' "/proc/${PIDS[city]}/status"; }
disk() { du -sk "$WORK/city" | cut -f1; }
disk_before=$(disk)
echo "before: $(most) KiB at most, $disk_before KiB on disk"
events=6
for mode in flood parts garbage sizes foreign lies deaf; do
    "$HANDS/hostile" "$WORK/ward12" $mode 2.5 13 >"$WORK/$mode.said" 2>&1 &
    adopt hostile $!
    at ward13 record PetitionReceived "key=$mode" channel=counter \
        kind=proposal field=land person_known=false >/dev/null ||
        die "ward 13 cannot record while $mode"
    events=$((events + 1))
    until_true 120 held province thu/13/e1 "size=$events "
    wait "${PIDS[hostile]}" || die "$mode: $(cat "$WORK/$mode.said")"
    unset "PIDS[hostile]"
    kill -0 "${PIDS[city]}" || die "the district died of $mode"
    echo "$(cat "$WORK/$mode.said"); the district: $(most) KiB at most"
    [ "$(most)" -lt $MOST_KIB ] || die "$mode took $(most) KiB"
    case $mode in
    flood | parts)
        until_true 90 logged city "event=cut peer=12"
        ;;
    esac
done
named() {
    at city sync >"$WORK/said" &&
        grep -A6 "node 12" "$WORK/said" | found "refused: [1-9]"
}
until_true 90 named
grep -A6 "node 12" "$WORK/said"
for why in flood foreign-log strikes; do
    grep -q "peer=12.*$why" "$WORK/city.log" || found "$why" <"$WORK/said" ||
        die "no word of $why"
done
echo "after: $(most) KiB at most, $(disk) KiB on disk"
[ $(($(disk) - disk_before)) -lt 8192 ] || die "the disk fills"
held city thu/12/e1 "size=6 integrated=6" || die "its log changed"
# The office itself, back at its own machine: that another copy of it spoke is
# seen at once, and what it records meanwhile waits in its spool.
"$DRIVE" petitions "$WORK/ward12" clerk 1 after >/dev/null || die "petition"
copies() {
    grep -c "peer=12 reason=token.*another copy of it was heard" "$WORK/city.log"
}
more_copies() { [ "$(copies)" -gt "$1" ]; }
heard=$(copies)
start ward12
until_true 120 more_copies "$heard"
stop ward12
stop ward13
stop city
stop province
"$DRIVE" peek "$WORK/ward12" >"$WORK/peeked" || die "peek"
grep -q "^spooled=1" "$WORK/peeked" ||
    die "the ward's own event is gone: $(cat "$WORK/peeked")"
for node in city province ward12; do
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
