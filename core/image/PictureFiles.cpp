// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/PictureFiles.h"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/ImageIo.h"

namespace ochre {
namespace fs = std::filesystem;

bool isPictureFile(const fs::path& file) {
    try {
        imageFormatFromPath(file);
        return true;
    } catch (const Error&) {
        return false;
    }
}

std::vector<fs::path> picturesBelow(const fs::path& folder, const Cancel& cancel) {
    std::error_code problem;
    fs::recursive_directory_iterator walk(folder, fs::directory_options::skip_permission_denied, problem);
    std::vector<fs::path> found;
    for (const fs::recursive_directory_iterator end; !problem && walk != end; walk.increment(problem)) {
        cancel.check();
        std::error_code gone;
        if (walk->is_regular_file(gone) && isPictureFile(walk->path())) found.push_back(walk->path());
    }
    if (problem) throw Error(fmt::format("{}: cannot be listed: {}", folder.string(), problem.message()), "choose a folder");
    std::sort(found.begin(), found.end());
    return found;
}

} // namespace ochre
