#!/usr/bin/env bash
# Gets Chromium for the tests of the chat page, where it is missing and this may install Debian packages; else says what to do.
set -euo pipefail

# tools/chromium.py looks for the same.
names=(chromium chromium-browser google-chrome)
if [[ -n ${CHROMIUM:-} ]]; then
    names=("$CHROMIUM")
fi

is_there() {
    local name
    for name in "${names[@]}"; do
        command -v "$name" >/dev/null && return
    done
    return 1
}

is_there && exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    as_root=(sudo -n)
fi
if [[ -z ${CHROMIUM:-} ]] && command -v apt-get >/dev/null && { [[ ${#as_root[@]} -eq 0 ]] || "${as_root[@]}" true 2>/dev/null; }; then
    echo "Installing Chromium for the tests of the chat page."
    export DEBIAN_FRONTEND=noninteractive
    # Where it fails (no internet; Ubuntu has no such package), what to do is said below.
    "${as_root[@]}" apt-get update -qq || true
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null || true
fi
if ! is_there; then
    echo "The tests of the chat page need Chromium, and there is no ${names[*]}. On Debian: apt-get install chromium fonts-noto-cjk" >&2
    echo "Elsewhere install Chromium or Google Chrome and a Japanese font. Where it has another name: make test CHROMIUM=/path/to/chromium" >&2
    exit 1
fi
