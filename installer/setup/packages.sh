# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# System packages: finds what is missing of packages.txt and installs just that. Nothing is removed, and nothing that
# is installed is asked to be upgraded.

ochre_packages=$ochre_root/installer/setup/packages.txt

# probeHolds PROBE: whether the need is met without its package.
probeHolds() {
    case $1 in
    command:*) command -v "${1#command:}" >/dev/null ;;
    python:*) command -v python3 >/dev/null && python3 -c "import ${1#python:}" 2>/dev/null ;;
    *) return 1 ;;
    esac
}

# missingPackages GROUP…: the unmet lines' names, one need a line ("a" or "a|b").
missingPackages() {
    local groups=" $* " group names probe name met
    local -A installed=()
    while read -r name; do installed[$name]=1; done < <(
        dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
    while read -r group names probe; do
        [[ $group && $group != \#* && $groups == *" $group "* ]] || continue
        met=
        for name in ${names//|/ }; do
            if [ -n "${installed[$name]:-}" ]; then met=1; fi
        done
        if [ -z "$met" ] && ! { [ -n "$probe" ] && probeHolds "$probe"; }; then printf '%s\n' "$names"; fi
    done <"$ochre_packages"
}

# chooseNames: reads needs, writes the name of each that the system's sources offer (else the first one).
chooseNames() {
    local names name chosen policy
    while read -r names; do
        chosen=${names%%|*}
        for name in ${names//|/ }; do
            policy=$(LC_ALL=C apt-cache policy "$name" 2>/dev/null || :)
            if [[ $policy == *"Candidate: "[!\(]* ]]; then
                chosen=$name
                break
            fi
        done
        printf '%s\n' "$chosen"
    done
}

# asRoot COMMAND…: runs it with root's rights.
asRoot() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

canBeRoot() {
    [ "$(id -u)" = 0 ] && return 0
    command -v sudo >/dev/null || return 1
    # Asking for a password makes sense only where someone can type it.
    sudo -n true 2>/dev/null || [ -t 0 ]
}

# aptGet ARGS…: never asks, and waits for another apt that is at work.
aptGet() { asRoot env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"; }

installPackages() {
    # dpkg that was killed in the middle refuses everything until it may finish.
    if [ -n "$(dpkg --audit 2>/dev/null)" ] || [ -n "$(ls /var/lib/dpkg/updates 2>/dev/null)" ]; then
        asRoot env DEBIAN_FRONTEND=noninteractive dpkg --configure -a || return 1
    fi
    aptGet install --no-install-recommends --no-remove --no-upgrade "$@"
}

# setUpPackages GROUP…
setUpPackages() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        setUpWithoutApt "$@"
        return
    fi
    local key
    key=$(keyOf "$*" "$PATH" "$(<"$ochre_packages")" "$(stat -c '%Y %s' /var/lib/dpkg/status)")
    if stampIs "packages.${*// /-}" "$key"; then return 0; fi
    local needs names log=$ochre_build/packages.log
    needs=$(missingPackages "$@")
    if [ -n "$needs" ]; then
        if canBeRoot; then
            say "fetching the list of system packages"
            logged "$log" aptGet update || say "the list of packages could not be refreshed (see $log), going on with the old one"
        fi
        names=$(chooseNames <<<"$needs" | tr '\n' ' ')
        names=${names% }
        canBeRoot || fail "these system packages are missing, and there is neither root nor sudo to install them: $names" \
            "Ask an administrator to run:" "  apt-get install --no-install-recommends $names"
        say "installing system packages: $names"
        # shellcheck disable=SC2086 # one word a package
        logged "$log" installPackages $names || fail "the system packages could not be installed (log: $log)" \
            "Without a network, or with sources that lack them, install these by hand and start again:" \
            "  apt-get install --no-install-recommends $names"
    fi
    key=$(keyOf "$*" "$PATH" "$(<"$ochre_packages")" "$(stat -c '%Y %s' /var/lib/dpkg/status)")
    stampSet "packages.${*// /-}" "$key"
}

# Not a Debian: the programs can be looked for, the libraries are CMake's to find and name.
setUpWithoutApt() {
    local groups=" $* " group names probe
    local missing=()
    while read -r group names probe; do
        [[ $group && $group != \#* && $groups == *" $group "* && $probe ]] || continue
        probeHolds "$probe" || missing+=("${names%%|*}")
    done <"$ochre_packages"
    [ ${#missing[@]} = 0 ] || fail "this system has no apt, and these are missing: ${missing[*]}" \
        "Install what they are called here; $ochre_packages lists everything that the build needs."
}
