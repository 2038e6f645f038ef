#!/bin/bash
# Does a test fall when what it holds is broken on purpose? Applies one patch
# after the other (each says what it breaks and what finds it: a test, or `sim`
# with arguments) to a copy of the tree, builds that, and demands that every one
# of them FAILS; tests must pass in the copy as it is (of the simulation
# sim_seeds shows it). Ends with 1 otherwise.
#   tests/broken/each.sh [NAME ...]      default: all invariants
#   ctest -C broken -L broken            the same; no part of an ordinary run
#   tests/sim/planted.sh [NAME ...]      the patches in tests/sim/planted
# QCDC_BROKEN keeps the copy and its build between runs, QCDC_PATCHES names
# another folder of patches.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
here=${QCDC_PATCHES:-$root/tests/broken}
work=${QCDC_BROKEN:-$(mktemp -d)}
log=$work/log
finish() {
    if [ -z "${QCDC_BROKEN:-}" ]; then
        rm -rf "$work"
    fi
}
trap finish EXIT
export QCDC_BUILD=$work/build/bin QCDC_BUILD_DIR=$work/build \
    QCDC_SOURCE=$work/tree

# The tree as it is. What an earlier run left changed is new again, so that it
# is built again.
copy() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree"
    (cd "$root" && cp -Rp ./*.md CMakeLists.txt CMakePresets.json protocol store \
        node tools tests deploy "$work/tree/") || exit 1
    sed -n 's,^+++ b/,,p' "$here"/*.patch | sort -u |
        (cd "$work/tree" && xargs touch)
}

# build TEST: its program, or all that a test of processes needs.
build() {
    local targets=(qcdc qcdc-node drive relay tamper traces)
    case $1 in
    sim*) targets=(sim) ;;
    system_*) ;;
    *) targets=("test_$1") ;;
    esac
    ninja -C "$work/build" "${targets[@]}" >"$log" 2>&1
}

run() {
    local words
    read -ra words <<<"$1"
    case $1 in
    sim*) "$work/build/tests/sim" "${words[@]:1}" ;;
    system_*) timeout 300 "$work/tree/tests/system/${1#system_}.sh" ;;
    *) timeout 300 "$work/build/tests/test_$1" ;;
    esac >"$log" 2>&1
}

# sound TEST: it passes where nothing is broken; asked once.
declare -A SOUND=()
sound() {
    if [[ $1 == sim* ]]; then
        return 0
    elif [ -z "${SOUND[$1]:-}" ]; then
        build "$1" && run "$1" && SOUND[$1]=yes || SOUND[$1]=no
    fi
    [ "${SOUND[$1]}" = yes ]
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
for patch in "$here"/*.patch; do
    name=$(basename "$patch" .patch)
    if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then
        continue
    fi
    sed -n 1p "$patch"
    mapfile -t tests < <(sed -n 's/^Found by: //p' "$patch")
    for test in "${tests[@]}"; do
        if ! sound "$test"; then
            echo "    $test: FAILS where nothing is broken"
            tail -n 5 "$log"
            missed=1
        fi
    done
    if ! patch -s -f --dry-run -d "$work/tree" -p1 <"$patch" >"$log"; then
        echo "    CANNOT BE APPLIED: the code has moved on; make it anew"
        missed=1
        continue
    fi
    patch -s -d "$work/tree" -p1 <"$patch"
    for test in "${tests[@]}"; do
        if ! build "$test"; then
            echo "    $test: DOES NOT BUILD"
            tail -n 5 "$log"
            missed=1
        elif run "$test"; then
            echo "    $test: PASSES although it is broken"
            missed=1
        else
            echo "    $test falls: $(grep -am1 -E \
                '\[  FAILED  \] [a-z]|^FAILED:|^seed [0-9]|violation' "$log")"
        fi
    done
    patch -s -R -d "$work/tree" -p1 <"$patch"
done
exit $missed
