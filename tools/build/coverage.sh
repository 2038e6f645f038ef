#!/bin/bash
# coverage.sh [BUILD-DIR]: lines and branches that the tests executed, one row
# a file of ours, worst first. After: cmake --workflow --preset cover
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$root/build/cover}" && pwd)
cd "$build"
find . -name '*.gcda' -print0 |
    xargs -0 -r gcov --no-output --branch-probabilities 2>/dev/null |
    awk -v root="$root/" '
        /^File / {
            file = $0
            gsub(/^File .|.$/, "", file)
            ours = index(file, root) == 1 && index(file, root "build/") != 1 &&
                   index(file, root "tests/") != 1
            sub(root, "", file)
        }
        # A file seen by several objects (a header): its best reading.
        /^Lines executed:/ && ours {
            split($0, part, /[:%]| of /)
            if (!(file in line) || part[2] + 0 > line[file]) {
                line[file] = part[2] + 0
                lines[file] = part[4]
            }
        }
        /^Taken at least once:/ && ours {
            split($0, part, /[:%]/)
            if (part[2] + 0 > branch[file])
                branch[file] = part[2] + 0
        }
        END {
            for (file in line) {
                total += lines[file]
                hit += lines[file] * line[file] / 100
                printf "%6.1f %% lines %6.1f %% branches  %5d  %s\n",
                       line[file], branch[file], lines[file], file | "sort -n"
            }
            close("sort -n")
            if (total > 0)
                printf "%6.1f %% of %d lines\n", 100 * hit / total, total
        }'
