#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The pictures that our own small models learn from and are measured on: wallpapers and cut-out objects of Debian packages
# with free licences (each package's /usr/share/doc/*/copyright, copied along). Nothing is installed.
#   fetch_pictures.sh FOLDER   makes FOLDER/{pictures,cutouts}/{training,held_out}, the same in FOLDER/all, and FOLDER/licences
# One in six is held out, by the hash of its name alone. Pictures are reduced to 1280 pixels, which takes away most of what
# noise and JPEG artifacts they have, cut-outs to 320. FOLDER/all holds these and what the segmenter alone learned from: clip
# art, icons, portraits, ships, furniture and landscapes. Needs apt-get, dpkg-deb, unzip and oiiotool (openimageio-tools).
set -euo pipefail
folder=${1:?fetch_pictures.sh FOLDER}
packages=(mate-backgrounds lomiri-wallpapers lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 plasma-workspace-wallpapers
    ukui-wallpapers tuxpaint-stamps-default)
more=(openclipart-png oxygen-icon-theme wesnoth-1.16-data endless-sky-data sweethome3d-furniture freeorion-data lxqt-themes
    palapeli-data)
mkdir -p "$folder/licences"
folder=$(cd "$folder" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# partOf NAME: held_out or training.
partOf() {
    local hash
    hash=$(printf %s "$1" | sha256sum)
    if [ $((16#${hash:0:4} % 6)) = 0 ]; then echo held_out; else echo training; fi
}

# take KIND SIZE CHANNELS NAME FILE
take() {
    local target
    target=$folder/$1/$(partOf "$4")
    mkdir -p "$target"
    [ -s "$target/$4.png" ] || oiiotool "$5" --ch "$3" --resize:filter=lanczos3 "$2" -d uint8 --nosoftwareattrib --eraseattrib ".*" \
        -o "$target/$4.png" || rm -f "$target/$4.png"
}

# colorsOf FILE: its first three channels, or the first one three times.
colorsOf() { if oiiotool --info "$1" | grep -qE ', [12] channel'; then echo 0,0,0; else echo 0,1,2; fi; }

# sizeOf FILE SIDE: its size with the longer side at most SIDE.
sizeOf() {
    oiiotool --info "$1" | sed -n 's/.*: *\([0-9]*\) x *\([0-9]*\),.*/\1 \2/p' | head -1 |
        awk -v side="$2" '{ most = $1 > $2 ? $1 : $2; k = most > side ? side / most : 1; printf "%dx%d", $1 * k + 0.5, $2 * k + 0.5 }'
}

for package in "${packages[@]}" "${more[@]}"; do
    (cd "$scratch" && apt-get -q download "$package")
    dpkg-deb -x "$scratch/$package"_*.deb "$scratch/$package"
    rm "$scratch/$package"_*.deb
    cp "$scratch/$package/usr/share/doc/$package/copyright" "$folder/licences/$package"
done

# One size of each wallpaper, and one colour where a motif comes in several.
while IFS= read -r file; do
    case $file in
    */screenshot.* | */images_dark/* | *Elephants_* | *Ubuntu-Mate-[CDR]* | *Stripes-Dark*) continue ;;
    */contents/images/*)
        [ "$file" = "$(find "$(dirname "$file")" -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2-)" ] || continue
        name=$(basename "${file%/contents/images/*}") ;;
    *) name=$(basename "${file%.*}") ;;
    esac
    take pictures "$(sizeOf "$file" 1280)" "$(colorsOf "$file")" "$name" "$file"
done < <(find "$scratch"/{mate-backgrounds,lomiri-*,plasma-*,ukui-*} -type f \( -name '*.jpg' -o -name '*.png' \) | sort)

# Things; letters, signs and numbers are no objects in pictures.
while IFS= read -r file; do
    case $file in */symbols/* | */town/flags/* | *_mirror.png | *_flip.png) continue ;; esac
    oiiotool --info -v "$file" 2>/dev/null | grep -q '4 channel' || continue
    take cutouts "$(sizeOf "$file" 320)" 0,1,2,3 "$(basename "${file%.png}")" "$file"
done < <(find "$scratch/tuxpaint-stamps-default" -type f -name '*.png' | sort)

# More things, each with the name of its package since names repeat: what covers neither too little nor all of its picture,
# and has an edge, which glows and shadows have not.
# thingSize FILE: its size with the longer side at most 320, or nothing where it is none. The shares are of the alpha channel.
thingSize() {
    oiiotool "$1" --ch 3 --printstats 2>/dev/null | awk '
        NR == 1 { width = $1 + 0; height = $3 + 0; longer = width > height ? width : height }
        /Stats Avg/ { mean = $3 }
        /Stats StdDev/ { spread = $3 }
        END { if (longer >= 96 && mean > 0.12 && mean < 0.92 && spread * spread > 0.7 * mean * (1 - mean)) {
                  k = longer > 320 ? 320 / longer : 1
                  printf "%dx%d", width * k + 0.5, height * k + 0.5 } }'
}
shopt -s globstar nullglob
cd "$scratch"
for file in sweethome3d-furniture/**/*.sh3f; do unzip -q -o "$file" '*.png' -d "${file%.sh3f}"; done
things=openclipart-png/usr/share/openclipart/png
for file in $things/{animals,food,people/clothing,electronics,unsorted,transportation/{vehicles,boating},buildings,tools,plants,education}/**/*.png \
    $things/recreation/{games,music,sports,party,holiday,toys}/**/*.png $things/computer/hardware/**/*.png \
    oxygen-icon-theme/**/256x256/**/*.png wesnoth-1.16-data/**/portraits/**/*.png endless-sky-data/**/images/{ship,outfit}/*.png \
    freeorion-data/**/art/{species,hulls_design}/**/*.png sweethome3d-furniture/usr/share/sweethome3d/furniture/*/*/*.png; do
    size=$(thingSize "$file")
    [ -z "$size" ] || take all/cutouts "$size" 0,1,2,3 "${file%%-*}-$(basename "$(dirname "$file")")-$(basename "${file%.png}")" "$file"
done
for file in endless-sky-data/**/images/land/*.jpg lxqt-themes/**/wallpapers/*.{jpg,png} palapeli-data/**/*.jpg; do
    case $file in *logo*) continue ;; esac
    take all/pictures "$(sizeOf "$file" 1280)" "$(colorsOf "$file")" "${file%%-*}-$(basename "${file%.*}")" "$file"
done

for kind in pictures cutouts; do
    for part in training held_out; do ln -f "$folder/$kind/$part"/*.png "$folder/all/$kind/$part/"; done
done
for kind in pictures cutouts all/pictures all/cutouts; do
    printf '%s: %d to learn from, %d held out\n' "$kind" "$(find "$folder/$kind/training" -name '*.png' | wc -l)" \
        "$(find "$folder/$kind/held_out" -name '*.png' | wc -l)"
done
