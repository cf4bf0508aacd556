// SPDX-License-Identifier: GPL-3.0-or-later
// The networks that nodes used last, so that a change of a parameter does not read the file again.
#pragma once

#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Paths.h"

namespace ochre::nodes {

/// The file of a Model parameter of that kind. Throws Error where none is chosen or there.
inline std::filesystem::path findModelOrThrow(const std::string& name, const std::string& kind = {}) {
    if (name.empty()) throw Error("no model is chosen", "choose one in the panel, or give its file");
    const std::filesystem::path path = paths::findModel(name, kind);
    if (path.empty())
        throw Error("the model \"" + name + "\" is not there",
                    "choose one that `ochre models` lists, or put the file into " + paths::models().string());
    return path;
}

/// Model::open(path), or what it gave last time for the same file; of models of several files, these instead. Thread-safe.
template <typename Model, typename... Paths>
std::shared_ptr<const Model> openKept(const Paths&... paths) {
    using Files = std::vector<std::pair<std::filesystem::path, std::filesystem::file_time_type>>;
    struct Entry {
        Files files;
        std::shared_ptr<const Model> model;
    };
    static std::mutex mutex;
    static std::list<Entry> entries;
    constexpr std::size_t kKept = 2;
    const std::lock_guard lock(mutex);
    const Files files{{paths, std::filesystem::last_write_time(paths)}...};
    for (auto it = entries.begin(); it != entries.end(); ++it)
        if (it->files == files) {
            entries.splice(entries.begin(), entries, it);
            return it->model;
        }
    auto model = std::make_shared<const Model>(Model::open(paths...));
    entries.push_front({files, model});
    if (entries.size() > kKept) entries.pop_back();
    return model;
}

} // namespace ochre::nodes
