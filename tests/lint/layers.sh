#!/bin/bash
# The arrows: protocol <- store <- node <- tools, and one outside library in
# one room. Every include line names a room; the ground floor is closed.
#   layers.sh              check this checkout
#   layers.sh --selftest   plant each violation in a copy, expect its refusal
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

# Prints one line a violation in the tree $1; silent when all is well.
violations() {
    (
        cd "$1"
        find protocol store node tools -name '*.[ch]' -print0 2>/dev/null |
            xargs -0 -r awk "$rules"
        find protocol/base -type f 2>/dev/null |
            grep -vE '/(error|span|buf|arena|hex)\.[ch]$' |
            sed 's/$/: protocol\/base is closed (style: five modules)/'
        find protocol store node tools -type d 2>/dev/null |
            grep -E '/(util|utils|common|helpers)$' |
            sed 's/$/: no attics: a module is named by its noun/'
        true
    )
}

# shellcheck disable=SC2016
rules='
BEGIN {
    # room -> the rooms it may include
    sees["protocol"] = " protocol "
    sees["store"] = " protocol store "
    sees["node"] = " protocol store node "
    sees["tools"] = " protocol store node tools "
    # outside header -> the only place that may include it
    home["sodium.h"] = "^protocol/crypto\\.c$"
    home["protobuf-c/protobuf-c.h"] = "^protocol/"
    home["zstd.h"] = "^protocol/"
    home["zdict.h"] = "^protocol/"
    home["utf8proc.h"] = "^protocol/"
    home["sqlite3.h"] = "^(store/|tools/bench/raw_)"
    home["zmq.h"] = "^(node/|tools/bench/raw_)"
    home["microhttpd.h"] = "^node/web/"
    home["curl/curl.h"] = "^node/client/"
    home["jansson.h"] = "^node/"
    home["libpq-fe.h"] = "^tools/mirror/"
    home["qrencode.h"] = "^tools/print/"
    home["xlsxwriter.h"] = "^tools/print/"
}
function refuse(why) { print FILENAME ":" FNR ": " why }
/^[ \t]*#[ \t]*include/ {
    if (!match($0, /[<"][^>"]+[>"]/)) {
        refuse("include without a name")
        next
    }
    quote = substr($0, RSTART, 1)
    header = substr($0, RSTART + 1, RLENGTH - 2)
    split(FILENAME, mine, "/")
    split(header, theirs, "/")
    if (header ~ /\.pb-c\.h$/) {
        if (mine[1] != "protocol")
            refuse("generated protobuf only in protocol/: " header)
        next
    }
    if (header in home) {
        if (FILENAME !~ home[header])
            refuse(header " only where " home[header])
        next
    }
    if (header ~ /^(pango|cairo)/ && FILENAME !~ /^tools\/print\//)
        refuse(header " only in tools/print/")
    if (quote == "<")
        next
    if (!(theirs[1] in sees))
        refuse("includes are written from the root: " header)
    else if (index(sees[mine[1]], " " theirs[1] " ") == 0)
        refuse(mine[1] "/ must not see " theirs[1] "/: " header)
}'

# plant FILE LINE PART: a tree with LINE in FILE must be refused saying PART.
plant() {
    local tree
    tree=$(mktemp -d)
    mkdir -p "$tree/$(dirname "$1")"
    printf '%s\n' "$2" >"$tree/$1"
    local said
    said=$(violations "$tree")
    rm -rf "$tree"
    if [ -n "$3" ] && [ "${said#*"$3"}" = "$said" ]; then
        echo "selftest: $2 in $1 was not refused with \"$3\": \"$said\"" >&2
        exit 1
    fi
    if [ -z "$3" ] && [ -n "$said" ]; then
        echo "selftest: $2 in $1 was refused: $said" >&2
        exit 1
    fi
}

if [ "${1:-}" = --selftest ]; then
    plant protocol/a.c '#include "store/store.h"' 'must not see store/'
    plant protocol/a.c '#include "node/log.h"' 'must not see node/'
    plant store/a.c '#include "node/log.h"' 'must not see node/'
    plant store/a.h '#  include  "tools/command.h"' 'must not see tools/'
    plant node/a.c '#include "tools/command.h"' 'must not see tools/'
    plant node/a.c '#include "tests/support/test.h"' 'from the root'
    plant store/a.c '#include "b.h"' 'from the root'
    plant store/a.c '#include <sodium.h>' 'only where'
    plant protocol/leaf.c '#include <sodium.h>' 'only where'
    plant node/a.c '#include <sqlite3.h>' 'only where'
    plant tools/a.c '#include <zmq.h>' 'only where'
    plant node/loop.c '#include <microhttpd.h>' 'only where'
    plant node/loop.c '#include <curl/curl.h>' 'only where'
    plant tools/a.c '#include <jansson.h>' 'only where'
    plant store/a.c '#include <zstd.h>' 'only where'
    plant store/a.c '#include "qcdc/v1/event.pb-c.h"' 'only in protocol/'
    plant protocol/base/list.c '' 'is closed'
    plant node/util/a.c '' 'no attics'
    plant protocol/crypto.c '#include <sodium.h>' ''
    plant node/web/api.c '#include <microhttpd.h>' ''
    plant tools/a.c '#include "protocol/base/hex.h"' ''
    plant node/a.c '#include <stdio.h>' ''
    echo "layers.sh refuses every planted violation"
    exit 0
fi

found=$(violations "$root")
if [ -n "$found" ]; then
    echo "$found" >&2
    exit 1
fi
