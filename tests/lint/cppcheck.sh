#!/bin/bash
# cppcheck over our own code; its build folder makes a second run cheap.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${QCDC_BUILD_DIR:-$PWD/build/dev}
mkdir -p "$build/cppcheck"
find protocol store node tools -name '*.c' -print0 |
    xargs -0 -r cppcheck --quiet --std=c11 -j "$(nproc)" \
        --cppcheck-build-dir="$build/cppcheck" \
        --enable=warning,performance,portability --inline-suppr \
        --suppress=legacyUninitvar --suppress=missingIncludeSystem \
        --suppress=unmatchedSuppression \
        -D_POSIX_C_SOURCE=200809L -I . -I "$build/gen" \
        --error-exitcode=1
