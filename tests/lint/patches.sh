#!/bin/bash
# Every patch that breaks a promise on purpose (tests/broken, tests/sim/planted)
# still applies: they are run by hand, and would else go stale unseen.
set -euo pipefail
cd "$(dirname "$0")/../.."
status=0
count=0
for file in tests/broken/*.patch tests/sim/planted/*.patch; do
    count=$((count + 1))
    said=$(patch -p1 --dry-run --force --fuzz=0 <"$file" 2>&1) || {
        echo "$file does not apply: aim it again" >&2
        echo "$said" >&2
        status=1
    }
done
[ "$count" -ge 20 ] || {
    echo "only $count patches found" >&2
    status=1
}
exit $status
