// SPDX-License-Identifier: GPL-3.0-or-later
// The projects opened last, in a small file of the state folder. Losing it costs nothing but the list.
#pragma once

#include <filesystem>
#include <vector>

namespace ochre::session {

class RecentFiles {
public:
    explicit RecentFiles(std::filesystem::path file);

    void add(const std::filesystem::path& project);
    std::vector<std::filesystem::path> list() const; ///< newest first; those that are gone are left out

private:
    static constexpr std::size_t kKept = 20;
    std::vector<std::filesystem::path> read() const;

    std::filesystem::path m_file;
};

} // namespace ochre::session
