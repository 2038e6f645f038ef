#!/bin/bash
# A fork that the levels above do not agree about: the province holds one
# history of a commune's log, the district, set back in between while the
# province was away, the other and longer one; and the superior ends the log
# before the province is back. The province takes what the log was ended with,
# keeps its own as a file, and the office goes on. What only that history had
# comes back with the file, but for two private bodies that no disk holds.
. "$(dirname "$0")/common"

agree() {
    cmp -s <("$DRIVE" dump "$WORK/$1") <("$DRIVE" dump "$WORK/$2")
}

branch
stop commune
"$DRIVE" official "$WORK/commune" clerk 2011 15 || die "official"
"$DRIVE" petitions "$WORK/commune" clerk 10 p >/dev/null || die "petitions"
start commune
for node in province district commune; do
    until_true 30 held $node thu/12/e1 "size=11 integrated=11 guarded=11"
done
stop commune
stop district
cp -r "$WORK/commune" "$WORK/lost"
cp -r "$WORK/district" "$WORK/image"

# One image goes on to 13, which the province gets; its disk dies. The
# district is set back to 11 while the province is away, and the other image
# goes on to 16.
"$DRIVE" petitions "$WORK/lost" clerk 2 a >"$WORK/a" || die "petitions a"
start district
start lost
until_true 30 held province thu/12/e1 "size=13 integrated=13 guarded=13"
stop lost
stop district
stop province
rm -rf "$WORK/district"
mv "$WORK/image" "$WORK/district"
"$DRIVE" petitions "$WORK/commune" clerk 5 b >"$WORK/b" || die "petitions b"
start district
start commune
until_true 30 held commune thu/12/e1 "size=16 integrated=16 guarded=16"
for node in district commune province; do
    say_held before $node thu/12/e1 thu/12/e2
done

# The office knows of the two disks; the log ends at 16 before the province
# is back.
stop commune
rejoin district commune 12 "" fork
: >"$WORK/province.log"
echo "quiet_s = 1" >>"$WORK/province/qcdc.conf" # the old district's is gone
start province
for node in province district commune; do
    until_true 60 held $node thu/12/e1 "size=16 integrated=16 guarded=16"
    until_true 60 held $node thu/12/e1 'frozen=""'
    until_true 60 held $node thu/12/e2 "size=1 integrated=1 guarded=1"
done
at commune login clerk >/dev/null || die "login"
at commune record PetitionReceived key=n channel=counter kind=proposal \
    field=land person_known=true text.title="Sau khi mở kỳ mới" >/dev/null ||
    die "record"
for node in province district commune; do
    until_true 60 held $node thu/12/e2 "size=2 integrated=2 guarded=2"
done
ls "$WORK"/province/evidence/*.qcdc-evidence >/dev/null ||
    die "the province keeps no evidence"
at province sync >"$WORK/sync" || die "sync"
found "qcdc-tail" <"$WORK/sync" || die "sync does not name the tail"

# What only the province's history had.
at commune tail "$WORK"/province/evidence/*.qcdc-tail >"$WORK/tail" ||
    die "tail"
for node in province district commune; do
    until_true 60 held $node thu/12/e2 "size=4 integrated=4 guarded=4"
    for who in a b; do
        for id in $(grep -oE 'id=[0-9a-f]{32}' "$WORK/$who" | cut -c 4-); do
            "$DRIVE" has "$WORK/$node" "$id" | found "standing=0" ||
                die "$node lost $who $id"
        done
    done
done
until_true 30 agree commune district
until_true 30 agree commune province
for node in district commune province; do
    say_held after $node thu/12/e1 thu/12/e2
done
# Private bodies go no higher than the guard: those two went with the disk that
# is lost and the one that was set back, and every node names them.
for node in commune district province; do
    stop $node
    "$DRIVE" check "$WORK/$node" >"$WORK/findings" 2>/dev/null
    [ "$(grep -c "private body of event .* it was lost" "$WORK/findings")" -eq 2 ] &&
        found "findings=2" <"$WORK/findings" ||
        die "$node: not the two findings"
    for id in $(grep -oE 'id=[0-9a-f]{8}' "$WORK/a" | cut -c 4-); do
        found "private body of event $id" <"$WORK/findings" ||
            die "$node does not name $id"
    done
done
