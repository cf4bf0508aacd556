// SPDX-License-Identifier: GPL-3.0-or-later
// Which node reads a file that is opened or dropped.
#pragma once

#include <filesystem>
#include <string>

namespace ochre::session {

inline constexpr const char* kLoadField = "scene.load_field";
inline constexpr const char* kDistilField = "scene.distil_field"; ///< takes minutes: not to be run unasked

/// The node for a radiance field, or for a NeRF network, told by what is inside; empty for other files, damaged ones too.
std::string fieldLoaderOf(const std::filesystem::path& path);

} // namespace ochre::session
