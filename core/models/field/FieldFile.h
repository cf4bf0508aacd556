// SPDX-License-Identifier: GPL-3.0-or-later
// Hash fields as files of ours: .safetensors with every number that a reader needs in its header. Free of LibTorch.
//
// Metadata (texts): "format" = "ochre.field", "version" = "1"; "log2_entries", "coarsest", "finest" (cells along the box on the
// first and the last level; level l has floor(coarsest · (finest/coarsest)^(l/15) + 1e-6)); "box_min", "box_max", "up" ("x,y,z" of
// the world); "occupancy_side"; "source" (what the field was made from). "version" = "2" has "device_scale" ("sx,sy") as well: the box
// is not of the world but of normalised device coordinates (−x / (sx·z), −y / (sy·z), 1 + 2 / z) of the world's (x, y, z), z < 0, in
// which lines stay lines: steps along a ray are even there, densities are per side of that box. Directions are those of the world.
// Tensors: "encoding.L" [entries, 2] of level L, 0…15; "density.0" [32, 64], "density.1" [64, 16], "color.0" [32, 64],
// "color.1" [64, 64], "color.2" [64, 3], as [in, out], all of any floating-point type; "occupancy" U8 [side³ / 8], a bit a cell,
// x fastest, lowest bit first.
// What they mean: a place p, as 0…1 along the sides of the box, lies in cell floor(p · cells) of a level. Corner (x, y, z) is
// entry x + y·(cells+1) + z·(cells+1)² where all fit into 2^log2_entries, else (x ^ y·2654435761 ^ z·805459861) modulo that
// number, in 32 bits; features are mixed trilinearly. density = exp(min(15, first of density.1(relu(density.0(features))))) per
// side of the box. Colour: color.0 sees 16 spherical harmonics of the ray's direction and the 16 outputs of density.1; ReLU
// between, sigmoid at the end; display sRGB.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "core/scene/field/HashField.h"

namespace ochre::models {

/// Whether the file says that it is one; false for files that are not there or not .safetensors.
bool isField(const std::filesystem::path& path);
/// Whether the tensors of a checkpoint have the names of a NeRF, as NerfScene knows them. Throws Error on damaged checkpoints, and on
/// files that are none.
bool isNerf(const std::filesystem::path& path);

/// Throws Error naming file and tensor: other version, wrong shapes, missing tensors, values that are not finite.
HashField readField(const std::filesystem::path& path);
/// The same of a file in memory.
HashField decodeField(std::span<const std::byte> bytes, const std::string& subject);

/// Atomic, in float32. `source`: for the reader's information.
void writeField(const HashField& field, const std::filesystem::path& path, const std::string& source);

} // namespace ochre::models
