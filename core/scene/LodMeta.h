// SPDX-License-Identifier: GPL-3.0-or-later
// Streamed scenes of PlayCanvas: lod-meta.json, a tree whose leaves name parts of .sog scenes at several
// levels of detail.
#pragma once

#include <filesystem>

#include "core/base/Cancel.h"
#include "core/base/Json.h"
#include "core/base/Progress.h"
#include "core/scene/SplatCloud.h"

namespace ochre {

/// One cloud: of each leaf the finest level whose file lies beside `path`, and the environment. Files that
/// are not there are named in a warning. Throws Error: NotMine when `meta` is no such tree, Broken when a
/// leaf names what its file does not hold, Failed when nothing is there.
SplatCloud readLodMeta(const Json& meta, const std::filesystem::path& path, const Cancel& cancel = {},
                       const Progress& progress = {});

} // namespace ochre
