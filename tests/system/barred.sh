#!/bin/bash
# The key of an official is stolen while his office is away: his superior bars
# it. What the office had sent stays good; what it recorded with that key
# meanwhile reaches everybody, counts nowhere before an official in good
# standing approves it, and counts everywhere afterwards. Of one who only left,
# what he had recorded counts at once.
. "$(dirname "$0")/common"
export TZ=ICT-7 # days are those of Viet Nam

# id_of FILE: the first event id in it.
id_of() {
    grep -oE 'id=[0-9a-f]{32}' "$WORK/$1" | head -n 1 | cut -c 4-
}

# key_of NAME: the key id of that official of the commune.
key_of() {
    at commune user list --json | tr -d '\n ' |
        grep -oE "\"name\":\"$1\".{0,600}" |
        grep -oE '"key_id":"[0-9a-f]{32}"' | head -n 1 |
        grep -oE '[0-9a-f]{32}'
}

# stands NODE ID WORDS: what show says of the first event of that record;
# "counts" where it says nothing against it.
stands() {
    local said
    said=$(at "$1" show "$2" | sed -n '/^ 1\. /,/^ 2\. /p')
    [ -n "$said" ] || return 1
    case $3 in
    counts) ! grep -q "NOT EFFECTIVE" <<<"$said" ;;
    *) grep -q "NOT EFFECTIVE: $3" <<<"$said" ;;
    esac
}

branch
stop commune
"$DRIVE" official "$WORK/commune" clerk 2011 15 || die "official"
start commune
until_true 30 at commune login clerk
for name in gone chief; do
    at commune user add $name --unit 2011 --post "Cán bộ" \
        --rights record,lead >/dev/null || die "official $name"
done
stolen=$(key_of clerk) left=$(key_of gone)
[ -n "$stolen" ] && [ -n "$left" ] || die "no key ids"
stop commune
"$DRIVE" petitions "$WORK/commune" clerk 3 a >"$WORK/before" || die "petitions"
start commune
for node in province district; do
    until_true 30 held $node thu/12/e1 "size=6 integrated=6 guarded=6"
done
stop commune

# The office is away; what it records waits in its spool.
"$DRIVE" petitions "$WORK/commune" clerk 2 b >"$WORK/stolen" || die "petitions"
"$DRIVE" petitions "$WORK/commune" gone 2 c >"$WORK/left" || die "petitions"
at district record ActorBarred "actor_id=$stolen" unit=2011 \
    reason=compromised "from_day=$(date +%Y-%m-%d)" >/dev/null ||
    die "bar the stolen key"
at district record ActorBarred "actor_id=$left" unit=2011 reason=left \
    "from_day=$(date -d tomorrow +%Y-%m-%d)" >/dev/null || die "bar the one who left"
start commune
for node in province district commune; do
    until_true 30 held $node thu/12/e1 "size=10 integrated=10 guarded=10"
done
echo "before: what was sent counts; of what waited, two of a stolen key do" \
    "not, two of one who left do"
for node in province district commune; do
    until_true 30 stands $node "$(id_of stolen)" needs_approval
    until_true 30 stands $node "$(id_of left)" counts
    until_true 30 stands $node "$(id_of before)" counts
done
at commune login chief >/dev/null || die "login"
at commune record Approved "subject=$(id_of stolen)" \
    "refs=$(id_of stolen)" >/dev/null || die "approve"
for node in province district commune; do
    until_true 60 stands $node "$(id_of stolen)" counts
    stop $node
    "$DRIVE" check "$WORK/$node" || die "$node has findings"
done
echo "after: the approved one of a stolen key counts at all three, check clean"
