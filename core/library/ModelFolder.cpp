// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/library/ModelFolder.h"

#include <algorithm>
#include <map>
#include <regex>

#include "core/base/ModelRoots.h"
#include "core/base/Paths.h"
#include "core/base/StarterModel.h"

namespace ochre::library {
namespace fs = std::filesystem;
namespace {

// An ncnn model is a .param with its .bin beside it; the .param stands for both.
const std::map<std::string, std::string> kFormats = {{".safetensors", "safetensors"},
                                                     {".pth", "PyTorch"},
                                                     {".pt", "PyTorch"},
                                                     {".ckpt", "PyTorch"},
                                                     {".param", "ncnn"}};

constexpr const char* kCheckpoints = "checkpoints";

// The models that come with the program, and their kinds.
const std::map<std::string, std::string> kOwn = {{"denoise", ""}, {"low-light", ""}, {"segment", ""}, {"starter", kCheckpoints}};

using Found = std::map<fs::path, ModelFile>; ///< by where they really are: folders may be listed twice

/// Of `kind`, or each of the kind that the first folder below `root` says; with `wanted`, no others.
void addFolder(Found& files, const fs::path& root, const std::string& kind, const std::string& wanted) {
    if (!wanted.empty() && !kind.empty() && kind != wanted) return;
    std::error_code ignored;
    for (fs::recursive_directory_iterator it(root, fs::directory_options::follow_directory_symlink, ignored),
         end;
         it != end && it.depth() < 8; it.increment(ignored)) {
        const fs::path relative = it->path().lexically_relative(root);
        const bool inside = it.depth() > 0 || it->is_directory(ignored);
        const std::string own = kind.empty() && inside ? paths::modelKindOf(relative.begin()->string()) : kind;
        if (!wanted.empty() && own != wanted) {
            if (it->is_directory(ignored)) it.disable_recursion_pending();
            continue;
        }
        const auto format = kFormats.find(it->path().extension().string());
        if (format == kFormats.end() || !it->is_regular_file(ignored)) continue;
        fs::path reference = relative;
        if (kind.empty() && !own.empty()) reference = it->path().lexically_relative(root / *relative.begin());
        files.try_emplace(fs::weakly_canonical(it->path(), ignored),
                          ModelFile{it->path().stem().string(), reference.replace_extension().string(),
                                    it->path(), it->file_size(ignored), format->second, own});
    }
}

std::vector<ModelFile> sorted(Found found) {
    std::vector<ModelFile> files;
    for (auto& [path, file] : found) files.push_back(std::move(file));
    std::sort(files.begin(), files.end(),
              [](const ModelFile& a, const ModelFile& b) { return a.path < b.path; });
    return files;
}

} // namespace

std::vector<ModelFile> listModels(const std::string& kind) {
    Found found;
    addFolder(found, paths::models(), {}, kind);
    for (const paths::ModelFolder& folder : paths::foreignModelFolders())
        addFolder(found, folder.folder, folder.kind, kind);
    for (const auto& [name, own] : kOwn)
        if (const fs::path file = paths::ownModel(name); !file.empty() && (kind.empty() || kind == own)) {
            std::error_code ignored;
            found.try_emplace(fs::weakly_canonical(file, ignored),
                              ModelFile{name, name, file, fs::file_size(file, ignored), "safetensors", own});
        }
    return sorted(std::move(found));
}

namespace {

std::vector<ModelFile> smallestFirst(const char* names) {
    const std::regex wanted(names, std::regex::icase);
    std::vector<ModelFile> files = listModels();
    std::erase_if(files, [&](const ModelFile& file) { return !std::regex_search(file.name, wanted); });
    std::ranges::stable_sort(files, {}, &ModelFile::bytes);
    if (const fs::path own = paths::ownModel(kOwnSegmenter); !own.empty()) {
        std::error_code ignored;
        files.push_back({kOwnSegmenter, kOwnSegmenter, own, fs::file_size(own, ignored), "safetensors", {}});
    }
    return files;
}

} // namespace

std::vector<ModelFile> likelySegmenters() {
    return smallestFirst("(^|[^a-z])(mobile)?sam([^a-z]|$)");
}

std::vector<ModelFile> likelyDescribers() {
    return smallestFirst("dino_?v2");
}

fs::path usualCheckpoint() {
    const std::string own = (paths::models() / "").string();
    const fs::path starter = paths::starterModel();
    fs::path first;
    for (const ModelFile& file : listModels(kCheckpoints)) {
        const std::string extension = file.path.extension().string();
        if (file.path == starter || (extension != ".safetensors" && extension != ".ckpt")) continue;
        if (file.path.string().starts_with(own)) return file.path;
        if (first.empty()) first = file.path;
    }
    return first.empty() ? starter : first;
}

bool hasOwnCheckpoint() {
    const fs::path usual = usualCheckpoint();
    return !usual.empty() && usual != paths::starterModel();
}

std::vector<ModelFile> modelsUnder(const fs::path& root) {
    Found found;
    for (const paths::ModelFolder& folder : paths::modelFoldersOf(root))
        addFolder(found, folder.folder, folder.kind, {});
    return sorted(std::move(found));
}

} // namespace ochre::library
