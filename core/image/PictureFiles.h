// SPDX-License-Identifier: GPL-3.0-or-later
// Which files are pictures, by their names.
#pragma once

#include <filesystem>
#include <vector>

#include "core/base/Cancel.h"

namespace ochre {

/// Whether the name ends as one of a format's that Ochre reads and writes.
bool isPictureFile(const std::filesystem::path& file);

/// Such files in a folder and those below it (links to folders are not followed), in the order of their paths. Throws Error where it
/// cannot be listed.
std::vector<std::filesystem::path> picturesBelow(const std::filesystem::path& folder, const Cancel& cancel = {});

} // namespace ochre
