// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Paths.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include <pwd.h>
#include <unistd.h>

#include "core/base/Error.h"
#include "core/base/ModelRoots.h"
#include "core/base/StarterModel.h"

namespace ochre::paths {
namespace fs = std::filesystem;
namespace {

constexpr const char* kOwnEnding = ".safetensors"; // of the models that come with the program

fs::path fromEnvironment(const char* name) {
    const char* value = std::getenv(name);
    return value && *value ? fs::path(value) : fs::path();
}

fs::path home() {
    if (fs::path h = fromEnvironment("HOME"); !h.empty()) return h;
    if (const passwd* entry = getpwuid(getuid())) return entry->pw_dir;
    return fs::temp_directory_path();
}

// The XDG rule: relative values are ignored.
fs::path folder(const char* own, const char* xdg, const char* fallback) {
    if (fs::path p = fromEnvironment(own); !p.empty()) return fs::absolute(p);
    if (fs::path p = fromEnvironment(xdg); p.is_absolute()) return p / "ochre";
    return home() / fallback / "ochre";
}

} // namespace

fs::path config() {
    return folder("OCHRE_CONFIG_DIR", "XDG_CONFIG_HOME", ".config");
}
fs::path data() {
    return folder("OCHRE_DATA_DIR", "XDG_DATA_HOME", ".local/share");
}
fs::path cache() {
    return folder("OCHRE_CACHE_DIR", "XDG_CACHE_HOME", ".cache");
}
fs::path state() {
    return folder("OCHRE_STATE_DIR", "XDG_STATE_HOME", ".local/state");
}
fs::path models() {
    if (fs::path p = fromEnvironment("OCHRE_MODELS_DIR"); !p.empty()) return fs::absolute(p);
    return data() / "models";
}

namespace {

/// In one folder: as it is named there, else by file name, stem, or relative path without extension.
fs::path findIn(const fs::path& root, const fs::path& wanted) {
    std::error_code ignored;
    if (wanted.is_relative() && fs::is_regular_file(root / wanted, ignored)) return root / wanted;
    // Sorted, so that the same name finds the same file on every machine.
    std::vector<fs::path> files;
    for (fs::recursive_directory_iterator it(root, fs::directory_options::follow_directory_symlink, ignored),
         end;
         it != end && it.depth() < 8; it.increment(ignored))
        if (it->is_regular_file(ignored)) files.push_back(it->path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
        const fs::path relative = file.lexically_relative(root);
        if (file.filename() == wanted || file.stem() == wanted ||
            fs::path(relative).replace_extension() == wanted)
            return file;
    }
    return {};
}

/// Where to look, in order.
std::vector<fs::path> searchOrder(const std::string& kind) {
    std::vector<fs::path> folders;
    const std::vector<ModelFolder> foreign = foreignModelFolders();
    if (!kind.empty()) {
        folders.push_back(models() / kind);
        for (const ModelFolder& f : foreign)
            if (f.kind == kind) folders.push_back(f.folder);
    }
    folders.push_back(models());
    for (const ModelFolder& f : foreign)
        if (kind.empty() || f.kind != kind) folders.push_back(f.folder);
    return folders;
}

} // namespace

fs::path findModel(const std::string& nameOrPath, const std::string& kind) {
    std::error_code ignored;
    if (nameOrPath.empty()) return {};
    if (fs::is_regular_file(nameOrPath, ignored)) return fs::absolute(nameOrPath);
    const fs::path wanted(nameOrPath);
    const std::vector<fs::path> folders = searchOrder(kind);
    for (const fs::path& folder : folders)
        if (fs::path file = findIn(folder, wanted); !file.empty()) return file;
    // Other people sort their models into other folders.
    if (wanted.has_parent_path() && wanted.has_filename())
        for (const fs::path& folder : folders)
            if (fs::path file = findIn(folder, wanted.filename()); !file.empty()) return file;
    return ownModel(wanted);
}

fs::path ownModel(const fs::path& name) {
    std::error_code ignored;
    if (name.has_parent_path() || name.empty()) return {};
    fs::path file = resources() / "models" / name;
    if (file.extension() != kOwnEnding) file += kOwnEnding;
    return fs::is_regular_file(file, ignored) ? file : fs::path();
}

fs::path starterModel() {
    return ownModel("starter");
}

fs::path executable() {
    std::error_code ignored;
    const fs::path self = fs::read_symlink("/proc/self/exe", ignored);
    return self.empty() ? fs::current_path() : self.parent_path();
}

fs::path resources() {
    if (fs::path p = fromEnvironment("OCHRE_RESOURCES_DIR"); !p.empty()) return fs::absolute(p);
    const fs::path installed = executable() / "../share/ochre/resources";
    if (fs::exists(installed)) return fs::weakly_canonical(installed);
    return OCHRE_SOURCE_RESOURCES;
}

fs::path resolve(const std::string& text) {
    constexpr std::string_view kOwn = "resources:";
    return text.starts_with(kOwn) ? resources() / text.substr(kOwn.size()) : fs::path(text);
}

fs::path ensure(const fs::path& folder) {
    std::error_code error;
    if (fs::is_directory(folder, error)) return folder;
    if (!fs::create_directories(folder, error) && error)
        throw Error(folder.string() + ": the folder cannot be made: " + error.message(),
                    "check the permissions of its parent, or choose another folder");
    fs::permissions(folder, fs::perms::owner_all, error);
    return folder;
}

} // namespace ochre::paths
