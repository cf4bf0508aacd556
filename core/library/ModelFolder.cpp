// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/library/ModelFolder.h"

#include <algorithm>
#include <map>

#include "core/base/Paths.h"

namespace ochre::library {
namespace fs = std::filesystem;
namespace {

// An ncnn model is a .param with its .bin beside it; the .param stands for both.
const std::map<std::string, std::string> kFormats = {
    {".safetensors", "safetensors"}, {".pth", "PyTorch"}, {".pt", "PyTorch"}, {".ckpt", "PyTorch"}, {".param", "ncnn"}};

} // namespace

std::vector<ModelFile> listModels() {
    std::vector<ModelFile> files;
    std::error_code ignored;
    for (fs::recursive_directory_iterator it(paths::models(), fs::directory_options::follow_directory_symlink, ignored), end;
         it != end && it.depth() < 8; it.increment(ignored)) {
        const auto format = kFormats.find(it->path().extension().string());
        if (format == kFormats.end() || !it->is_regular_file(ignored)) continue;
        files.push_back({it->path().stem().string(), it->path(), it->file_size(ignored), format->second});
    }
    std::sort(files.begin(), files.end(), [](const ModelFile& a, const ModelFile& b) { return a.path < b.path; });
    return files;
}

} // namespace ochre::library
