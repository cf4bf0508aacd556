// SPDX-License-Identifier: GPL-3.0-or-later
// The window from start to end: what `ochre [FILE]` does.
#pragma once

#include <filesystem>
#include <optional>

namespace ochre::ui {

/// Blocks until the window is closed; returns the exit status.
int runWindow(int argc, char** argv, const std::optional<std::filesystem::path>& file);

} // namespace ochre::ui
