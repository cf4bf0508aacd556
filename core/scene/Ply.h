// SPDX-License-Identifier: GPL-3.0-or-later
// The 3DGS .ply file (INRIA's layout): one float row a splat, SH channel by channel.
#pragma once

#include <filesystem>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/scene/PlyFile.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

/// Properties by name; normals, SH and extra columns may be absent, a missing scale_2 makes flat splats,
/// colours may stand as red, green, blue. Splats with NaN or infinity are left out and counted. Throws Error:
/// NotMine when the file has no splats.
SplatCloud readPly(const PlyFile& file, const Cancel& cancel = {}, const Progress& progress = {});

/// Binary, little endian, with zero normals, in the order every program expects; atomic. Throws Error.
void writePly(const SplatCloud& cloud, const std::filesystem::path& path, const Cancel& cancel = {});

/// The line of a header that tells a cloud trained with the mip-splatting filter; also known: "antialiased
/// 1".
inline constexpr const char* kAntialiasedComment = "comment SplatRenderMode: mip\n";
bool saysAntialiased(const PlyFile& file);

} // namespace ochre
