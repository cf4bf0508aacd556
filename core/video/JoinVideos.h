// SPDX-License-Identifier: GPL-3.0-or-later
// Videos written in parts become one, with the sound of another file, without encoding anything again.
#pragma once

#include <filesystem>
#include <vector>

#include "core/base/Cancel.h"

namespace ochre {

struct JoinOptions {
    std::filesystem::path sound = {}; ///< all tracks of sound of this file come along; empty: none
    std::vector<double> times = {};   ///< when each picture is shown, in seconds of that file; empty: evenly from 0
    double pixelAspect = 1;           ///< width of a pixel to its height
};

/// Whether joinVideos() can carry the sound of `source` into such a file. Throws Error that says which codec it cannot, and
/// what can.
void checkSound(const std::filesystem::path& source, const std::filesystem::path& target);

/// Parts by VideoWriter with the same settings, one behind the other. Replaces `target` wholly when it is finished. Throws
/// Error, also where parts differ and where there is another number of times than of pictures.
void joinVideos(const std::vector<std::filesystem::path>& parts, const std::filesystem::path& target, const JoinOptions& options = {},
                const Cancel& cancel = {});

} // namespace ochre
