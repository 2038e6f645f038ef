#!/bin/bash
# The disk of a commune is gone: it joins again with new keys in an empty
# folder, a person confirms, its whole old log comes back from its guard, the
# records are the same to the byte and the office goes on in a new epoch. What
# was private is sealed there until the old recovery secret comes from paper.
. "$(dirname "$0")/common"

# same NODE FILE: its records and cells are those of that dump.
same() {
    "$DRIVE" dump "$WORK/$1" | cmp -s - "$WORK/$2"
}

# agree A B: two nodes show the same records and cells.
agree() {
    cmp -s <("$DRIVE" dump "$WORK/$1") <("$DRIVE" dump "$WORK/$2")
}

planted="Nguyễn Thị Rất Kín"

# secret_of UNIT FILE: the recovery secret that join printed for the unit.
secret_of() {
    sed -n "/($1)\$/{n;p}" "$2" | tr -d ' '
}

# missing N: so many old secrets nobody has given yet.
missing() {
    at commune sync --json | found "\"to_recover\": *$1\b"
}

# gives FILE TEXT: gives that secret to the node, which says TEXT.
gives() {
    at commune user recovery --secret "$1" >"$WORK/said" 2>&1
    local status=$?
    grep -qF -- "$2" "$WORK/said" || die "not said: $2: $(cat "$WORK/said")"
    return $status
}

realm
line=$("$DRIVE" invite "$WORK/province" 2 1) || die "invite"
at district join "$line" --listen "tcp://127.0.0.1:$((PORT + 1))" \
    >"$WORK/district.paper" || die "join"
start province
start district
until_true 100 logged district "event=open"
stop district
line=$("$DRIVE" invite "$WORK/district" 12 1) || die "invite"
at commune join "$line" >"$WORK/paper" || die "join"
start district
start commune
until_true 100 logged commune "event=open"
at commune user add clerk --unit 2011 --post "Cán bộ" --rights record,lead \
    >/dev/null || die "official"
stop commune
"$DRIVE" petitions "$WORK/commune" clerk 30 a >"$WORK/first" ||
    die "petitions"
id=$(grep -oE 'id=[0-9a-f]{32}' "$WORK/first" | head -n 1 | cut -c 4-)
start commune
until_true 30 at commune login clerk
at commune record PetitionReceived key=k channel=counter kind=proposal \
    field=land person_known=true "private.persons[0].name=$planted" \
    >/dev/null || die "record a private body"
at commune logout >/dev/null || die "logout"
private=$(at commune show k --json | grep -oE '"id": *"[0-9a-f]{32}"' |
    head -n 1 | grep -oE '[0-9a-f]{32}')
for node in province district commune; do
    until_true 30 held $node thu/12/e1 "size=32 integrated=32 guarded=32"
done
until_true 30 at commune receipt "$id" --output "$WORK/receipt"
until_true 30 agree commune district
until_true 30 agree commune province
"$DRIVE" dump "$WORK/commune" >"$WORK/before" || die "dump"
stop commune
echo "held before:" && "$DRIVE" peek "$WORK/commune"

rm -rf "$WORK/commune"
: >"$WORK/district.log"
rejoin district commune 12 "" disk-lost
until_true 60 held commune thu/12/e1 "size=32 integrated=32 guarded=32"
until_true 30 same commune before
until_true 30 held district thu/12/e2 "size=[1-9]"
until_true 30 held province thu/12/e2 "size=[1-9]"
echo "held after:" && "$DRIVE" peek "$WORK/commune"
at commune user add clerk --unit 2011 --post "Cán bộ" --rights record,lead \
    >/dev/null || die "the official is added anew"
at commune login clerk >/dev/null || die "login"
# Nothing is on its way any more: what changes below is not by itself.
for node in province district commune; do
    until_true 30 held $node thu/12/e2 "size=2 integrated=2 guarded=2"
done
until_true 30 agree commune district
until_true 30 agree commune province

# The private body is back and sealed; the old paper opens it, no other does.
at commune show "$private" --private 2>&1 | found -F "$planted" &&
    die "it is read without the recovery secret"
at commune sync | found "TO DO: .*qcdc user recovery" ||
    die "sync does not say that private bodies are sealed"
missing 2 || die "two units lost what was private, sync says otherwise"
secret_of 2011 "$WORK/paper" >"$WORK/secret"
[ "$(wc -c <"$WORK/secret")" = 65 ] || die "no secret was printed"
"$DRIVE" peek "$WORK/commune" >"$WORK/peeked"
sed 's/^\(.\{20\}\)./\1U/' "$WORK/secret" >"$WORK/wrong"
gives "$WORK/wrong" "group 3: a character that does not occur" &&
    die "a wrong character is taken"
tr '0-9A-Z' '1-9A-Z0' <"$WORK/secret" | tr 'ILOU' '7777' >"$WORK/wrong"
gives "$WORK/wrong" "group 1 is mistyped" && die "a mistyped one is taken"
sed 's/^\(.\{8\}\)\(.\{8\}\)/\2\1/' "$WORK/secret" >"$WORK/wrong"
gives "$WORK/wrong" "group 1 is mistyped" && die "swapped groups are taken"
cut -c 1-56 "$WORK/secret" >"$WORK/wrong"
gives "$WORK/wrong" "56 characters where a recovery secret has 64" &&
    die "half a secret is taken"
secret_of 2011 "$WORK/commune.joined" >"$WORK/wrong"
gives "$WORK/wrong" "the present recovery secret of unit 2011" &&
    die "the new secret is taken"
sed -n '/(2001)$/{n;p}' "$WORK/district.paper" >"$WORK/wrong"
gives "$WORK/wrong" "no earlier recovery secret of a unit of this node" &&
    die "another unit's secret is taken"
"$DRIVE" peek "$WORK/commune" | cmp -s - "$WORK/peeked" ||
    die "something changed"
at commune show "$private" --private 2>&1 | found -F "$planted" &&
    die "a wrong secret opened it"
at commune logout >/dev/null || die "logout"
gives "$WORK/secret" "nobody is logged in" && die "taken without a login"
at commune login clerk >/dev/null || die "login"
tr 'A-Z0' 'a-zo' <"$WORK/secret" | sed 's/......../& /g' >"$WORK/typed"
gives "$WORK/typed" "readable again" || die "the old secret is refused"
at commune show "$private" --private | found -F "$planted" ||
    die "it is not readable with the old secret"
missing 1 || die "sync still asks for it"
at commune logout >/dev/null || die "logout"
at commune show "$private" --private 2>&1 | found -F "$planted" &&
    die "it is read without a login"
stop commune
grep -raqF -- "$planted" "$WORK/commune" "$WORK/commune.log" &&
    die "the name stands in a raw file"
grep -raqF -- "$(cat "$WORK/secret")" "$WORK/commune" "$WORK/commune.log" &&
    die "the secret stands in a raw file"
start commune
until_true 30 at commune login clerk
at commune show "$private" --private | found -F "$planted" ||
    die "after a restart it is not readable"
at commune record PetitionReceived key=n channel=counter kind=proposal \
    field=land person_known=true text.title="Sau khi thay đĩa" >/dev/null ||
    die "record"
for node in province district commune; do
    until_true 30 held $node thu/12/e2 "size=3 integrated=3 guarded=3"
done
until_true 30 agree commune district
until_true 30 agree commune province
stop commune
"$DRIVE" verify "$WORK/commune" "$WORK/receipt" >/dev/null ||
    die "a receipt of the first epoch does not verify any more"
"$DRIVE" check "$WORK/commune" || die "the commune has findings"
