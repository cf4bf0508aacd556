# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# LibTorch: the machine's own if it is there, else the wheel that pip gives, into build/python. Sets libtorch_root.

ochre_torch_version=2.13.0
ochre_python=$ochre_build/python

# torchVersionOf FOLDER: "2.13.0" read from its headers; nothing where FOLDER holds no complete LibTorch.
torchVersionOf() {
    local header=$1/include/torch/headeronly/version.h library
    [ -f "$header" ] || return 0
    for library in c10 torch_cpu torch; do [ -f "$1/lib/lib$library.so" ] || return 0; done
    sed -n 's/^#define TORCH_VERSION_\(MAJOR\|MINOR\|PATCH\) //p' "$header" | paste -sd.
}

# torchFits FOLDER: whether it holds LibTorch of our version or later.
torchFits() {
    local version
    version=$(torchVersionOf "$1")
    [ -n "$version" ] && [ "$(printf '%s\n' "$ochre_torch_version" "$version" | sort -V | head -n1)" = "$ochre_torch_version" ]
}

# findTorch: the first folder that fits, of those that the user names, the one fetched before, python3's.
findTorch() {
    local folder
    local -a prefixes
    if [ -n "${LIBTORCH_ROOT:-}" ]; then
        torchFits "$LIBTORCH_ROOT" || fail "LIBTORCH_ROOT=$LIBTORCH_ROOT holds $(describeTorch "$LIBTORCH_ROOT")" \
            "It must be the folder with include/ and lib/ of LibTorch $ochre_torch_version or later; unset it to have that fetched."
        printf '%s\n' "$LIBTORCH_ROOT"
        return
    fi
    IFS=':;' read -r -a prefixes <<<"${CMAKE_PREFIX_PATH:-}"
    for folder in "${prefixes[@]}"; do
        # A wheel's torch.utils.cmake_prefix_path ends in share/cmake.
        for folder in "$folder" "$folder/../.."; do
            if torchFits "$folder"; then (cd "$folder" && pwd); return; fi
        done
    done
    for folder in "$ochre_python"/lib/python3*/site-packages/torch; do
        if stampIs torch "$(keyOf "$ochre_torch_version")" && torchFits "$folder"; then printf '%s\n' "$folder"; return; fi
    done
    command -v python3 >/dev/null || return 0
    folder=$(python3 -c 'import importlib.util as u
s = u.find_spec("torch")
print(s.submodule_search_locations[0] if s and s.submodule_search_locations else "")' 2>/dev/null) || return 0
    if [ -n "$folder" ] && torchFits "$folder"; then printf '%s\n' "$folder"; fi
}

describeTorch() {
    local version
    version=$(torchVersionOf "$1")
    if [ -n "$version" ]; then printf 'LibTorch %s' "$version"; else printf 'no complete LibTorch'; fi
}

# setUpPip: the virtual environment that pip runs in; moved into place when it is whole.
setUpPip() {
    [ -x "$ochre_python/bin/python" ] && stampIs python made && return 0
    setUpPackages fetch
    rm -rf "$ochre_python"
    logged "$ochre_build/python.log" python3 -m venv "$ochre_python" ||
        fail "python3 cannot make a virtual environment in $ochre_python (log: $ochre_build/python.log)" \
            "On Debian and Ubuntu the package python3-venv brings what it needs."
    stampSet python made
}

# pip ARGS…: with the user's own pip settings; OCHRE_WHEELS=FOLDER is searched instead of any index.
ochrePip() {
    local verb=$1 sources=()
    shift
    if [ -n "${OCHRE_WHEELS:-}" ]; then sources=(--no-index --find-links "$OCHRE_WHEELS"); fi
    "$ochre_python/bin/python" -m pip --disable-pip-version-check --no-input --timeout 30 --retries 2 \
        "$verb" "${sources[@]}" "$@"
}

fetchTorch() {
    local log=$ochre_build/libtorch.log folder
    local -a companions=()
    setUpPip
    say "fetching LibTorch $ochre_torch_version with pip (hundreds of megabytes; log: $log)"
    logged "$log" ochrePip install --no-deps --no-compile "torch==$ochre_torch_version" || torchNotFetched "$log"
    folder=$(echo "$ochre_python"/lib/python3*/site-packages/torch)
    if [ -e "$folder/lib/libtorch_cuda.so" ]; then
        # A CUDA wheel loads NVIDIA's libraries from wheels beside it; the rest that torch names is for Python alone.
        mapfile -t companions < <(sed -n 's/^Requires-Dist: \(\(nvidia\|cuda\)-.*\)$/\1/p' "$folder"-*.dist-info/METADATA)
        if [ ${#companions[@]} != 0 ]; then
            say "fetching the CUDA libraries that this LibTorch loads"
            logged "$log" ochrePip install --no-compile "${companions[@]}" || torchNotFetched "$log"
        fi
    fi
    torchFits "$folder" || fail "pip finished, but $folder holds no complete LibTorch" "Remove $ochre_python and start again."
    stampSet torch "$(keyOf "$ochre_torch_version")"
}

torchNotFetched() {
    fail "LibTorch $ochre_torch_version could not be fetched: pip found no usable wheel of torch==$ochre_torch_version (log: $1)" \
        "With a network, pip's own settings decide where it looks (pip config, PIP_INDEX_URL). Without one, either" \
        "  set LIBTORCH_ROOT to a folder that holds LibTorch's include/ and lib/, or" \
        "  set OCHRE_WHEELS to a folder with the wheel torch-$ochre_torch_version-….whl for this Python ($(python3 -V 2>&1))."
}

setUpTorch() {
    libtorch_root=$(findTorch) || exit 1
    if [ -n "$libtorch_root" ]; then return 0; fi
    fetchTorch
    libtorch_root=$(findTorch) || exit 1
}
