// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/library/StarterProjects.h"

#include <algorithm>

#include "core/base/Paths.h"
#include "core/base/StarterModel.h"
#include "core/library/ModelFolder.h"

namespace ochre::library {
namespace fs = std::filesystem;

std::vector<fs::path> starterProjects() {
    const fs::path folder = paths::resources() / "graphs";
    const bool starter = !paths::starterModel().empty(), alone = starter && !hasOwnCheckpoint();
    std::vector<fs::path> projects;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        const fs::path file = it->path(), small = folder / "starter" / file.filename();
        if (file.extension() != ".ochre") continue;
        if (file.stem() == "starter" ? !starter : alone && file.stem() == "text_to_image") continue;
        std::error_code ignored;
        projects.push_back(alone && fs::exists(small, ignored) ? small : file);
    }
    std::sort(projects.begin(), projects.end(),
              [](const fs::path& a, const fs::path& b) { return a.filename() < b.filename(); });
    return projects;
}

fs::path starterPicture(const fs::path& project) {
    for (const fs::path& folder : {project.parent_path(), paths::resources() / "graphs"}) {
        fs::path picture = folder / project.stem();
        picture += ".png";
        std::error_code ignored;
        if (fs::exists(picture, ignored)) return picture;
    }
    return {};
}

} // namespace ochre::library
