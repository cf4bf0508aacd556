// SPDX-License-Identifier: GPL-3.0-or-later
// Videos as values, and as files.
#pragma once

#include <filesystem>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/graph/Value.h"
#include "core/video/Clip.h"

namespace ochre::nodes {

namespace types {
inline const graph::TypeName kVideo = "video"; // payload ochre::ClipPtr
} // namespace types

graph::Value makeClipValue(ClipPtr clip);

/// A video (.mp4, .mov), or pictures: "frames/%04d.png", "frames/####.png", numbered from 0; masks are written as grey. Throws
/// Error.
void writeClip(const Clip& clip, const std::filesystem::path& path, const Progress& progress = {}, const Cancel& cancel = {});

} // namespace ochre::nodes
