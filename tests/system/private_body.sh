#!/bin/bash
# A private body, replicated through three nodes: what it says stands in no raw
# file of any of them (database, WAL, keys, log) while they run and after they
# stopped, and is read at the commune after a login there and nowhere else.
. "$(dirname "$0")/common"
planted=("Nguyễn Thị Rất Kín" "0912 345 678 kín" "Chuyện đất nhà tôi")
shown="Đơn kiến nghị công khai"

# reads NODE ID: what `show --private` says, whatever its exit.
reads() {
    at "$1" show "$2" --private 2>&1
}

branch
at commune user add clerk --unit 2011 --post "Cán bộ" --rights record,lead \
    >/dev/null || die "official of the commune"
at district user add head --unit 2001 --post "Chủ tịch" --rights record,lead \
    >/dev/null || die "official of the district"
at province user add chief --unit 2000 --post "Chủ tịch" --rights record,lead \
    >/dev/null || die "official of the province"
at commune login clerk >/dev/null || die "login"
at commune record PetitionReceived key=k channel=counter kind=proposal \
    field=land person_known=true text.title="$shown" \
    "private.persons[0].name=${planted[0]}" \
    "private.persons[0].phone=${planted[1]}" \
    "private.content=${planted[2]}" >"$WORK/slip" || die "record"
id=$(at commune show k --json | grep -oE '"id": *"[0-9a-f]{32}"' |
    head -n 1 | grep -oE '[0-9a-f]{32}')
for node in province district commune; do
    until_true 90 held $node thu/12/e1 "size=2 integrated=2 guarded=2"
done
nowhere "while they run"

# With a login at the commune it is read, without one it is not.
for text in "${planted[@]}"; do
    reads commune "$id" | found -F -- "$text" || die "the clerk cannot read it"
done
at commune logout >/dev/null || die "logout"
nowhere "after it was read"
at district login head >/dev/null || die "login at the district"
at province login chief >/dev/null || die "login at the province"
for node in commune district province; do
    reads $node "$id" >"$WORK/open/$node"
    grep -qF "$shown" <(at $node show "$id") || die "$node does not show it"
    for text in "${planted[@]}"; do
        grep -qF -- "$text" "$WORK/open/$node" && die "$node reads \"$text\""
    done
done
# It is not there under another encoding either, nor found by a search.
at province search "Rat Kin" | found "$id" && die "the search knows names"
for node in commune district province; do
    stop $node || die "$node did not end well"
done
nowhere "after they stopped"
for node in commune district province; do
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
