// SPDX-License-Identifier: GPL-3.0-or-later
// Results to files: the one way for the window and the command line, so that both write the same bytes.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/graph/Value.h"

namespace ochre::session {

/// Whether exportValue() takes it: a picture, a mask, a scene or a video.
bool canExport(const graph::Value& value);

/// Pictures and masks (png, jpg, webp, tif, exr, …) and scenes (ply, spz, sog, …) by extension, videos as nodes::writeClip() does;
/// `graphText` and `pictureTexts` are embedded in pictures, whose `bitDepth` is as in WriteOptions.
/// Throws Error for other values and for what the writer refuses.
void exportValue(const graph::Value& value, const std::filesystem::path& path, const std::string& graphText,
                 const std::map<std::string, std::string>& pictureTexts = {}, int bitDepth = 0);

} // namespace ochre::session
