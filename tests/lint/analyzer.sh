#!/bin/bash
# gcc -fanalyzer where bytes from outside are taken apart and kept.
set -euo pipefail
exec "$(dirname "$0")/each" analyzer protocol store
