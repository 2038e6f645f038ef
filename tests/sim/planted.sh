#!/bin/bash
# Is the checker any good? Plants one bug after the other (planted/*.patch) in a
# copy of the tree, builds it, and runs what the patch says finds it: that must
# FAIL. Ends with 1 if a bug went unnoticed.
#   tests/sim/planted.sh [NAME ...]      default: all
# QCDC_PLANTED keeps the copy and its build between runs.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${QCDC_PLANTED:-$(mktemp -d)}
log=$work/log
finish() {
    if [ -z "${QCDC_PLANTED:-}" ]; then
        rm -rf "$work"
    fi
}
trap finish EXIT

# The tree as it is. What a bug of an earlier run may have been built from is
# new again, so that it is built again.
copy() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree"
    (cd "$root" && cp -Rp CMakeLists.txt CMakePresets.json protocol store node \
        tools tests deploy "$work/tree/") || exit 1
    sed -n 's,^+++ b/,,p' "$here"/planted/*.patch | sort -u |
        (cd "$work/tree" && xargs touch)
}

# build TARGET: the log says why not.
build() {
    ninja -C "$work/build" "$1" >"$log" 2>&1
}

# run CHECK: "sim ARGUMENTS" or the name of a test; its verdict is the status.
run() {
    local target=${1%% *}
    if [ "$target" = sim ]; then
        # shellcheck disable=SC2086
        "$work/build/tests/sim" ${1#sim} >"$log" 2>&1
    else
        "$work/build/tests/test_$target" >"$log" 2>&1
    fi
}

copy
if [ ! -e "$work/build/build.ninja" ]; then
    cmake -S "$work/tree" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_C_FLAGS_RELEASE=-O2 >"$log" 2>&1 || {
        cat "$log"
        exit 1
    }
fi
missed=0
for patch in "$here"/planted/*.patch; do
    name=$(basename "$patch" .patch)
    if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then
        continue
    fi
    check=$(sed -n 's/^Found by: //p' "$patch")
    target=${check%% *}
    [ "$target" = sim ] || target=test_$target
    if ! patch -s -f --dry-run -d "$work/tree" -p1 <"$patch" >"$log"; then
        echo "$name: CANNOT BE PLANTED: $patch no longer applies, renew it"
        cat "$log"
        missed=1
        continue
    fi
    patch -s -d "$work/tree" -p1 <"$patch"
    if ! build "$target"; then
        echo "$name: CANNOT BE PLANTED: the tree with it does not build"
        tail -n 5 "$log"
        missed=1
    elif run "$check"; then
        echo "$name: NOT FOUND by $check"
        missed=1
    else
        echo "$name: found by $check: $(grep -am1 -E '^seed [0-9]|Error|error:' "$log")"
    fi
    patch -s -R -d "$work/tree" -p1 <"$patch"
done
exit $missed
