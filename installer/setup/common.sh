# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What every piece of set-up shares: words to the user, stamps, the lock. Sourced by installer/run and installer/test
# with `set -euo pipefail`; everything said here goes to standard error, so that the program's own output stays clean.

ochre_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
ochre_build=$ochre_root/build
ochre_setup=$ochre_build/setup
export ochre_root ochre_build ochre_setup

say() { printf 'ochre: %s\n' "$*" >&2; }

# fail WHAT HINT…: what is wrong on the first line, what to do on the next ones.
fail() {
    printf 'ochre: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '  %s\n' "$line" >&2; done
    exit 1
}

# keyOf WORD…: one hash of all words; a stamp keyed by it goes stale when any of them changes.
keyOf() { printf '%s\n' "$@" | sha256sum | cut -c1-32; }

# stampIs NAME KEY: true if this step was finished with this key. The file is written whole or not at all, and only
# after the step: one that was interrupted runs again.
stampIs() { [ -f "$ochre_setup/$1" ] && [ "$(<"$ochre_setup/$1")" = "$2" ]; }
stampSet() {
    printf '%s\n' "$2" >"$ochre_setup/$1.new"
    mv -f "$ochre_setup/$1.new" "$ochre_setup/$1"
}

# Two set-ups at once would build into each other's folder: the second waits.
beginSetup() {
    mkdir -p "$ochre_setup" "$ochre_build/downloads" 2>/dev/null && [ -w "$ochre_setup" ] ||
        fail "$ochre_build cannot be written" "Copy the repository to a folder of your own and start it from there."
    if command -v flock >/dev/null; then
        exec 9>"$ochre_setup/lock"
        if ! flock -n 9; then
            say "another set-up is at work here, waiting for it"
            flock 9
        fi
    fi
}
endSetup() { exec 9>&-; }

# logged FILE COMMAND…: runs it with all output in FILE (and the lock not handed down); on failure shows the end of it.
logged() {
    local log=$1
    shift
    if "$@" >"$log" 2>&1 9>&-; then return 0; fi
    tail -n 25 "$log" >&2
    return 1
}
