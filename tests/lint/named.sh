#!/bin/bash
# Tests that documents name exist: `room_test` is a file, and what is named
# behind it (": a_sentence, another_sentence") stands in that file.
#   named.sh              check this checkout
#   named.sh --selftest   plant names of no test in a copy
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

# The file of a test, or nothing.
file_of() {
    local room=${1%%_*} name=${1#*_} file
    for file in "tests/$room/test_$name.c" "tests/$room/$name.sh" \
        "tests/fuzz/fuzz_$name.c"; do
        if [ -e "$file" ]; then
            echo "$file"
            return
        fi
    done
}

# Prints a line for each name in the tree $1 that is no test.
missing() {
    cd "$1"
    local document named test file sentence
    for document in ARCHITECTURE.md tests/REGISTER.md; do
        while IFS= read -r named; do
            test=$(sed 's/^`//; s/`.*//' <<<"$named")
            file=$(file_of "$test")
            if [ -z "$file" ]; then
                echo "$document: there is no test $test"
                continue
            fi
            for sentence in $(grep -oE '(: |, )[a-z0-9]+(_[a-z0-9]+){2,}' \
                <<<"$named" | sed 's/^[:,] //'); do
                grep -qw "$sentence" "$file" ||
                    echo "$document: $file has no $sentence"
            done
        done < <(grep -ohE '`(system|protocol|store|node|fault|fuzz|tools)_[a-z_0-9]+`(: [a-z0-9]+(_[a-z0-9]+){2,}(, [a-z0-9]+(_[a-z0-9]+){2,})*)?' \
            "$document")
    done
}

if [ "${1:-}" = --selftest ]; then
    copy=$(mktemp -d)
    trap 'rm -rf "$copy"' EXIT
    mkdir "$copy/tests"
    cp "$root/ARCHITECTURE.md" "$copy/"
    cp -r "$root"/tests/* "$copy/tests/"
    cat >>"$copy/tests/REGISTER.md" <<'TEXT'
`system_no_such_test` and `store_order`: a_sentence_of_nobody
TEXT
    [ "$(missing "$copy" | grep -c 'no_such_test$\|a_sentence_of_nobody$')" -eq 2 ]
    exit
fi
found=$(missing "$root")
[ -z "$found" ] || {
    echo "$found" >&2
    exit 1
}
