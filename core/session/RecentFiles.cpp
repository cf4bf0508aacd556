// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/session/RecentFiles.h"

#include <algorithm>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/base/Log.h"
#include "core/base/Paths.h"

namespace ochre::session {
namespace fs = std::filesystem;

RecentFiles::RecentFiles(fs::path file) : m_file(std::move(file)) {}

std::vector<fs::path> RecentFiles::read() const {
    std::vector<fs::path> files;
    if (!fs::exists(m_file)) return files;
    try {
        for (const Json& entry : parseJson(readTextFile(m_file, 1 << 20), m_file.string()))
            if (entry.is_string()) files.emplace_back(entry.get<std::string>());
    } catch (const Error& e) {
        log::warning("recent files: {}", e.full());
    }
    return files;
}

std::vector<fs::path> RecentFiles::list() const {
    std::vector<fs::path> files = read();
    std::error_code ignored;
    std::erase_if(files, [&](const fs::path& file) { return !fs::exists(file, ignored); });
    return files;
}

void RecentFiles::add(const fs::path& project) {
    try {
        std::vector<fs::path> files = read();
        std::erase(files, project);
        files.insert(files.begin(), project);
        if (files.size() > kKept) files.resize(kKept);
        Json json = Json::array();
        for (const fs::path& file : files) json.push_back(file.string());
        paths::ensure(m_file.parent_path());
        writeFileAtomic(m_file, dumpJson(json, 1));
    } catch (const Error& e) {
        log::warning("recent files: {}", e.full());
    }
}

} // namespace ochre::session
