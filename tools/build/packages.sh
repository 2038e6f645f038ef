#!/bin/bash
# packages.sh [build|test]: installs what packages.txt lists and this machine
# lacks. As root on Debian it installs; otherwise it names what is missing and
# exits 1. Nothing is installed when nothing is missing.
set -euo pipefail
scope=${1:-test}
list=$(dirname "$0")/packages.txt
missing=()
while read -r probe package use; do
    if [ -z "$probe" ] || [ "${probe#\#}" != "$probe" ]; then
        continue
    fi
    if [ "$use" = test ] && [ "$scope" = build ]; then
        continue
    fi
    name=${probe#*:}
    case $probe in
    cmd:*) command -v "$name" >/dev/null && continue ;;
    pc:*) pkg-config --exists "$name" 2>/dev/null && continue ;;
    *)
        echo "$list: \"$probe\" is neither cmd: nor pc:" >&2
        exit 2
        ;;
    esac
    missing+=("$package")
done <"$list"

if [ ${#missing[@]} -eq 0 ]; then
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "missing (Debian names): ${missing[*]}" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "missing: ${missing[*]}" >&2
    echo "install them: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
echo "installing ${missing[*]}"
apt-get update -q
apt-get install -q -y --no-install-recommends libc6-dev "${missing[@]}"
