#!/bin/bash
# Long work leaves the node free: while everything is derived again `qcdc
# status` is answered as before, what is recorded waits and is there afterwards,
# and a copy of the store is made beside all that.
. "$(dirname "$0")/common"

realm
"$DRIVE" official "$WORK/province" clerk 2000 15 >/dev/null || die "official"
"$DRIVE" petitions "$WORK/province" clerk 1200 p >/dev/null || die "petitions"
start province
until_true 60 at province sync
at province login clerk >/dev/null || die "login"
# The first leaves every cell settled, so that the page stands still.
at province rebuild >/dev/null 2>&1 || die "the first rebuild"
before=$(at province status) || die "status"
# lent WHAT: for the second time it went out, or came back.
lent() {
    [ "$(grep -c "room=lend event=$1" "$WORK/province.log")" -ge 2 ]
}

at province rebuild >/dev/null 2>"$WORK/said" &
rebuild=$!
until_true 60 lent out
at province record PetitionReceived key=late channel=counter kind=proposal \
    field=land person_known=true text.title="Ghi khi đang dựng lại" \
    >/dev/null 2>&1 &
record=$!
at province backup "$WORK/copy" >/dev/null 2>&1 &
backup=$!
answered=0
until lent back; do
    now=$(at province status) || die "nobody answers"
    lent back || {
        [ "$now" = "$before" ] || {
            diff <(echo "$before") <(echo "$now")
            die "something half done was shown"
        }
        answered=$((answered + 1))
    }
done
wait "$backup" || die "backup"
wait "$rebuild" || die "rebuild: $(cat "$WORK/said")"
wait "$record" || die "what was recorded meanwhile is lost"
at province list --json | found "$(at province show late --json |
    grep -oE '"id": *"[0-9a-f]{32}"' | head -n 1 | grep -oE '[0-9a-f]{32}')" ||
    die "the petition recorded meanwhile is not listed"
logged province "room=engine event=work" && die "the loop wrote meanwhile"
echo "$answered times answered while 1,200 records were derived again"

stop province || die "the node did not end well"
"$DRIVE" check "$WORK/province" >/dev/null || die "check after it"
mkdir "$WORK/other"
cp -r "$WORK/province/keys" "$WORK/province/qcdc.conf" "$WORK/other/"
sed -i "s|$WORK/province|$WORK/other|" "$WORK/other/qcdc.conf"
cp "$WORK/copy" "$WORK/other/store.db"
"$DRIVE" check "$WORK/other" >/dev/null || die "check of the copy"
exit 0
