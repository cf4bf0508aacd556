// SPDX-License-Identifier: GPL-3.0-or-later
// Where things lie: the XDG folders of this user and the program's own resources. Nothing is created until
// asked.
#pragma once

#include <filesystem>
#include <string>

namespace ochre::paths {

std::filesystem::path config(); ///< OCHRE_CONFIG_DIR, else XDG_CONFIG_HOME/ochre, else ~/.config/ochre
std::filesystem::path data();   ///< OCHRE_DATA_DIR, else XDG_DATA_HOME/ochre, …
std::filesystem::path cache();  ///< OCHRE_CACHE_DIR, else XDG_CACHE_HOME/ochre, …: deletable at any time
std::filesystem::path state();  ///< OCHRE_STATE_DIR, else XDG_STATE_HOME/ochre, …: logs, autosave
std::filesystem::path models(); ///< OCHRE_MODELS_DIR, else data()/models

/// The file that a Model parameter names: a path as it stands, or a name ("realesrgan-x4plus", with or
/// without extension and sub-folder) found at any depth: first in the folders of its `kind` ("checkpoints",
/// "loras", …; under models(), then those of other programs, see ModelRoots.h), then in all. Empty where
/// there is none.
std::filesystem::path findModel(const std::string& nameOrPath, const std::string& kind = {});

/// The file that a File parameter names: "resources:pictures/a.png" is one of the program's own, anything
/// else stands as it is.
std::filesystem::path resolve(const std::string& text);

/// The program's resources: OCHRE_RESOURCES_DIR, else found beside the executable or in the source tree it
/// was built from.
std::filesystem::path resources();

/// Folder of the running executable.
std::filesystem::path executable();

/// Creates the folder and its parents (0700). Throws Error with the path and the reason.
std::filesystem::path ensure(const std::filesystem::path& folder);

} // namespace ochre::paths
