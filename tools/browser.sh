#!/usr/bin/env bash
# Gets Chromium for the tests of the chat page, where it is missing and this may install Debian packages; else says what to do.
set -euo pipefail

command -v chromium >/dev/null && exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
    as_root=(sudo -n)
fi
if command -v apt-get >/dev/null && { [[ ${#as_root[@]} -eq 0 ]] || "${as_root[@]}" true 2>/dev/null; }; then
    echo "Installing Chromium for the tests of the chat page."
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null
fi
if ! command -v chromium >/dev/null; then
    echo "The tests of the chat page need Chromium under the name chromium. On Debian: apt-get install chromium fonts-noto-cjk" >&2
    exit 1
fi
