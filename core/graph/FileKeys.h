// SPDX-License-Identifier: GPL-3.0-or-later
// What files and folders add to a key: their place, size, time and content.
#pragma once

#include <string>

#include "core/base/Hash.h"
#include "core/graph/Parameter.h"

namespace ochre::graph {

/// Of a File, Folder or Model parameter's text. Never throws: what is not there has a key too, and the node
/// will say so. A file's content is read once and remembered by device, inode, size and time; of files above
/// 64 MiB only the first and last 4 MiB are read. Of a folder: names, sizes and times of what stands directly
/// in it.
Hash128 fileKey(const Parameter& parameter, const std::string& text);

} // namespace ochre::graph
