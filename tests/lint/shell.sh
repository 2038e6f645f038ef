#!/bin/bash
# Every shell script passes shellcheck and is executable.
set -euo pipefail
cd "$(dirname "$0")/../.."
status=0
while IFS= read -r script; do
    if [ ! -x "$script" ]; then
        echo "$script: not executable: chmod +x $script" >&2
        status=1
    fi
    shellcheck --severity=warning "$script" || status=1
done < <(grep -rlIE --exclude-dir=.git --exclude-dir=build \
    '^#!/bin/(ba)?sh' . | sort)
exit $status
