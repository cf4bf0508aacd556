// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/library/ModelFolder.h"

#include <algorithm>
#include <map>

#include "core/base/ModelRoots.h"
#include "core/base/Paths.h"

namespace ochre::library {
namespace fs = std::filesystem;
namespace {

// An ncnn model is a .param with its .bin beside it; the .param stands for both.
const std::map<std::string, std::string> kFormats = {{".safetensors", "safetensors"},
                                                     {".pth", "PyTorch"},
                                                     {".pt", "PyTorch"},
                                                     {".ckpt", "PyTorch"},
                                                     {".param", "ncnn"}};

void addFolder(std::map<fs::path, ModelFile>& files, const fs::path& root, const std::string& kind) {
    std::error_code ignored;
    for (fs::recursive_directory_iterator it(root, fs::directory_options::follow_directory_symlink, ignored),
         end;
         it != end && it.depth() < 8; it.increment(ignored)) {
        const auto format = kFormats.find(it->path().extension().string());
        if (format == kFormats.end() || !it->is_regular_file(ignored)) continue;
        const fs::path relative = it->path().lexically_relative(root);
        const std::string own =
            relative.has_parent_path() ? paths::modelKindOf(relative.begin()->string()) : std::string();
        files.try_emplace(fs::weakly_canonical(it->path(), ignored),
                          ModelFile{it->path().stem().string(), it->path(), it->file_size(ignored),
                                    format->second, kind.empty() ? own : kind});
    }
}

} // namespace

std::vector<ModelFile> listModels() {
    std::map<fs::path, ModelFile> found; // by where they really are: folders may be listed twice
    addFolder(found, paths::models(), {});
    for (const paths::ModelFolder& folder : paths::foreignModelFolders())
        addFolder(found, folder.folder, folder.kind);
    std::vector<ModelFile> files;
    for (auto& [path, file] : found) files.push_back(std::move(file));
    std::sort(files.begin(), files.end(),
              [](const ModelFile& a, const ModelFile& b) { return a.path < b.path; });
    return files;
}

} // namespace ochre::library
