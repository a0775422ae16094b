#!/usr/bin/env bash
# Makes .venv and installs into it what its argument names: `environment` (nothing), `product`, `everything` (for tests and training too), or
# `older`: the product, or where pip fails the one that is there already. What is up to date is left alone. The Makefile runs it.
set -euo pipefail

wanted=$1
venv=.venv
python=$venv/bin/python

# Its Python can be gone or have become another (then the packages are not found), and its programs name the folder that it was made in.
is_sound() {
    "$python" -c 'import pip' 2>/dev/null && grep -qF "$(pwd -P)/$venv/bin/" "$venv/bin/pip"
}

make_environment() {
    if [[ -e $venv || -L $venv ]]; then
        echo "$venv is of another Python or another folder: it is made anew"
        rm -rf "$venv"
    fi
    local candidate
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "Making $venv with $("$candidate" --version)"
            "$candidate" -m venv "$venv" && return
            rm -rf "$venv"
            echo "Could not make $venv. Debian and Ubuntu keep venv in a package of its own: apt-get install python3-venv" >&2
            exit 1
        fi
    done
    echo "Yomite needs Python 3.11 or newer; found: $(python3 --version 2>&1 || echo none). Name one with: make run PYTHON=/path/to/python3.11" >&2
    exit 1
}

# A digest of what pip is told, and not of dates: git gives files that it brings back a new one.
asked_for() {
    "$python" -c '
import hashlib, json, tomllib
with open("pyproject.toml", "rb") as file:
    stated = tomllib.load(file)
parts = [stated["build-system"], stated["project"], stated["tool"]["hatch"]]
with open("requirements.lock", "rb") as file:
    print(hashlib.sha256(json.dumps(parts).encode() + file.read()).hexdigest())
'
}

# pip's own settings (an index, a proxy, a cache) are left as they are. One line a package, so that a long download shows.
install() {
    echo "Installing $2. The first time this fetches 2 GB or more and takes some minutes."
    "$python" -m pip install --disable-pip-version-check --progress-bar off --constraint requirements.lock --editable "$1" \
        | sed -u -n -e 's/^Processing .*\/\([^/ ]*\)$/  taking \1/p' -e 's/^ *Collecting \([^ ]*\).*/  fetching \1/p' -e 's/^Installing collected packages.*/  unpacking .../p' -e 's/^Successfully installed.*/  done/p'
}

is_sound || make_environment
[[ $wanted == environment ]] && exit

what=. name=Yomite stamp=$venv/.installed
if [[ $wanted == everything ]]; then
    what='.[test,train]' name="Yomite with what its tests and its training need" stamp=$venv/.installed-all
fi
digest=$(asked_for)
[[ $(cat "$stamp" 2>/dev/null) == "$digest" ]] && exit

if install "$what" "$name"; then
    echo "$digest" | tee "$stamp" >"$venv/.installed"
elif [[ $wanted == older && -e $stamp ]]; then
    echo "pip could not bring the installation up to date (see above). The older one is started." >&2
else
    exit 1
fi
