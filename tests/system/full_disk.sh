#!/bin/bash
# A commune on a disk that fills up (a tmpfs of its own): the node refuses
# early, in words, shows what it has, ends and starts, takes nothing in that it
# could not keep, and goes on by itself when there is space again; the district
# above notices nothing but silence. `check` is clean.
[ "${QCDC_OWN_MOUNTS:-}" = 1 ] || QCDC_OWN_MOUNTS=1 exec unshare -rm "$0" "$@"
. "$(dirname "$0")/common"

ended() {
    local status=$?
    [ -n "${PIDS[commune]:-}" ] && stop commune KILL
    umount -l "$WORK/commune"
    (exit $status)
    finish
}
trap ended EXIT
mkdir "$WORK/commune"
mount -t tmpfs -o size=48m tmpfs "$WORK/commune" || die "tmpfs"
branch
stop commune || die "the commune did not end well"
sed -i 's/^#* *disk_reserve_mib.*//; s/^#* *ballast_mib.*//' \
    "$WORK/commune/qcdc.conf"
printf 'disk_reserve_mib = 16\nballast_mib = 4\n' >>"$WORK/commune/qcdc.conf"
start commune
until_true 30 at commune sync
at commune user add head --unit 2011 --post "Chủ tịch" --rights record,lead \
    >/dev/null || die "official of the commune"
at commune login head >/dev/null || die "login"

# petition KEY: recorded at the commune.
petition() {
    at commune record PetitionReceived key="$1" channel=counter kind=proposal \
        field=land person_known=true text.title="Đơn $1"
}
low() { at commune sync --json | found '"disk_low": *true'; }
enough() { ! low; }

petition one >/dev/null || die "record"
[ -e "$WORK/commune/ballast" ] || die "no ballast"
until_true 30 held district thu/12/e1 "size=2 "
say_held "before" commune thu/12/e1
say_held "before" district thu/12/e1
free() { df --output=avail -k "$WORK/commune" | tail -n 1; }
echo "free: $(free) KiB"
# Something else fills the disk, to the last block.
dd if=/dev/zero of="$WORK/commune/other" bs=64k 2>/dev/null
until_true 30 low
[ -e "$WORK/commune/ballast" ] && die "the ballast was not given up"
dd if=/dev/zero of="$WORK/commune/more" bs=64k 2>/dev/null
petition two 2>"$WORK/refused" && die "recorded on a full disk"
grep -q "nothing was recorded" "$WORK/refused" || die "no word of why"
at commune sync | found "the disk is nearly full" || die "sync does not say"
at commune show one | found "Đơn one" || die "nothing is shown any more"
say_held "disk full" commune thu/12/e1
echo "free: $(free) KiB; it says: $(head -n 1 "$WORK/refused")"
stop commune || die "it did not end well on a full disk"
start commune
until_true 30 low
at commune show one | found "Đơn one" || die "nothing is shown after a start"
rm "$WORK/commune/other" "$WORK/commune/more"
until_true 30 enough
[ -e "$WORK/commune/ballast" ] || die "no new ballast"
at commune login head >/dev/null || die "login again"
petition two >/dev/null || die "it does not go on"
until_true 30 held district thu/12/e1 "size=3 integrated=3"
at commune show two | found "Đơn two" || die "two is not shown"
say_held "space again" commune thu/12/e1
say_held "space again" district thu/12/e1
stop commune || die "the commune did not end well"
"$DRIVE" check "$WORK/commune" || die "findings"
