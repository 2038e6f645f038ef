#!/bin/bash
# Every shell script passes shellcheck and is executable.
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
done <<<"$scripts"
exit $status
