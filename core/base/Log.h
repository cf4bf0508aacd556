// SPDX-License-Identifier: GPL-3.0-or-later
// Log lines with a level and a subject; sinks are stderr, a rotating file and whoever listens (the log panel).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <fmt/format.h>

namespace ochre::log {

enum class Level { Debug, Info, Warning, Error };

struct Line {
    Level level;
    std::string text;
    std::int64_t milliseconds; ///< since the epoch, UTC
};

/// Thread-safe.
void write(Level level, std::string text);

/// Lines below `level` are not printed on stderr (default Warning); file and listeners get everything.
void setConsoleLevel(Level level);

/// Starts the rotating file (5 files of 5 MiB). A folder that cannot be written only costs the file.
void openFile(const std::string& path);

/// `listener` is called on the writing thread. Returns an id for removeListener.
int addListener(std::function<void(const Line&)> listener);
void removeListener(int id);

template <typename... Args>
void debug(fmt::format_string<Args...> f, Args&&... args) {
    write(Level::Debug, fmt::format(f, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> f, Args&&... args) {
    write(Level::Info, fmt::format(f, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> f, Args&&... args) {
    write(Level::Warning, fmt::format(f, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> f, Args&&... args) {
    write(Level::Error, fmt::format(f, std::forward<Args>(args)...));
}

} // namespace ochre::log
