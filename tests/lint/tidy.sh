#!/bin/bash
# clang-tidy over our own code, by the rules of .clang-tidy.
set -euo pipefail
exec "$(dirname "$0")/each" tidy protocol store node tools
