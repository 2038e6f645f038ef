#!/bin/bash
# Every shell script passes shellcheck and is executable, and none asks with
# `| grep -q` under pipefail (tests/system/found says why).
set -euo pipefail
cd "$(dirname "$0")/../.."
status=0
scripts=$(grep -rlIE --exclude-dir=.git \
    '^#!/bin/(ba)?sh' . | grep -v '^\./build/' | sort)
while IFS= read -r script; do
    if [ ! -x "$script" ]; then
        echo "$script: not executable: chmod +x $script" >&2
        status=1
    fi
    shellcheck --severity=warning "$script" || status=1
    if grep -qE '^set .*pipefail|/common"?$|system/common' "$script" &&
        grep -nE '^[^#]*\| *grep -[a-zA-Z]*q' "$script" >&2; then
        echo "$script: grep -q under pipefail: use found, or grep -q <(...)" >&2
        status=1
    fi
done <<<"$scripts"
exit $status
