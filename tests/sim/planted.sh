#!/bin/bash
# Is the checker any good? Plants one bug after the other (planted/*.patch) in a
# copy of the tree; what the patch says finds it must FAIL.
#   tests/sim/planted.sh [NAME ...]      default: all
# QCDC_PLANTED keeps the copy and its build between runs.
here=$(cd "$(dirname "$0")" && pwd)
QCDC_PATCHES=$here/planted QCDC_BROKEN=${QCDC_PLANTED:-} \
    exec "$here/../broken/each.sh" "$@"
