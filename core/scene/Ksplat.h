// SPDX-License-Identifier: GPL-3.0-or-later
// The .ksplat file of GaussianSplats3D: sections of buckets, at three levels of compression. Layout:
// github.com/mkkellogg/GaussianSplats3D.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

/// Splats with NaN or infinity are left out and counted. Throws Error: NotMine when the header is none of
/// such a file.
SplatCloud readKsplat(std::span<const std::byte> bytes, const std::string& subject, const Cancel& cancel = {},
                      const Progress& progress = {});

} // namespace ochre
