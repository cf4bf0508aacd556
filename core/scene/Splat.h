// SPDX-License-Identifier: GPL-3.0-or-later
// The .splat file of antimatter15: 32 bytes a splat, no header, no harmonics. Layout:
// github.com/antimatter15/splat.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

/// Such a file has nothing to be known by: what is no multiple of 32 bytes or begins with impossible numbers
/// is NotMine, or Broken where `subject` ends in ".splat".
SplatCloud readSplat(std::span<const std::byte> bytes, const std::string& subject, const Cancel& cancel = {},
                     const Progress& progress = {});

/// Positions and scales exact but for the last bit of the latter; colours (within 0…1), opacities and
/// rotations to half a byte's step; harmonics are left out, with a warning. Atomic. Throws Error.
void writeSplat(const SplatCloud& cloud, const std::filesystem::path& path, const Cancel& cancel = {});

} // namespace ochre
