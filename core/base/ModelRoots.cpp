// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/ModelRoots.h"

#include <algorithm>
#include <cstdlib>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/FolderYaml.h"
#include "core/base/Json.h"
#include "core/base/Log.h"
#include "core/base/Paths.h"

namespace ochre::paths {
namespace fs = std::filesystem;
namespace {

struct KindName {
    const char* folder;
    const char* kind;
};
// ComfyUI's folders (folder_paths.py), then those of AUTOMATIC1111's web UI.
constexpr KindName kComfy[] = {{"checkpoints", "checkpoints"}, {"diffusion_models", "diffusion_models"},
                               {"unet", "diffusion_models"},   {"text_encoders", "text_encoders"},
                               {"clip", "text_encoders"},      {"vae", "vae"},
                               {"vae_approx", "vae"},          {"loras", "loras"},
                               {"controlnet", "controlnet"},   {"t2i_adapter", "controlnet"},
                               {"clip_vision", "clip_vision"}, {"embeddings", "embeddings"},
                               {"upscale_models", "upscale"}};
constexpr KindName kWebUi[] = {{"Stable-diffusion", "checkpoints"},
                               {"VAE", "vae"},
                               {"VAE-approx", "vae"},
                               {"Lora", "loras"},
                               {"LyCORIS", "loras"},
                               {"ControlNet", "controlnet"},
                               {"ESRGAN", "upscale"},
                               {"RealESRGAN", "upscale"},
                               {"SwinIR", "upscale"}};

fs::path settingsFile() {
    return config() / "model_folders.json";
}

bool isYaml(const fs::path& path) {
    return path.extension() == ".yaml" || path.extension() == ".yml";
}

std::vector<fs::path> savedRoots() {
    std::vector<fs::path> roots;
    std::error_code ignored;
    if (!fs::exists(settingsFile(), ignored)) return roots;
    const std::string subject = settingsFile().filename().string();
    const Json json = parseJson(readTextFile(settingsFile(), 1 << 20), subject);
    const auto folders = json.is_object() ? json.find("folders") : json.end();
    if (!json.is_object() || folders == json.end() || !folders->is_array())
        throw broken(subject + ": holds no list \"folders\"", "delete it, and add the folders again");
    for (const Json& folder : *folders)
        if (folder.is_string()) roots.emplace_back(folder.get<std::string>());
    return roots;
}

void saveRoots(const std::vector<fs::path>& roots) {
    Json folders = Json::array();
    for (const fs::path& root : roots) folders.push_back(root.string());
    ensure(config());
    writeFileAtomic(settingsFile(), dumpJson({{"folders", std::move(folders)}}, 1) + "\n");
}

template <std::size_t N>
void addKnown(std::vector<ModelFolder>& folders, const fs::path& models, const KindName (&names)[N]) {
    std::error_code ignored;
    for (const KindName& name : names)
        if (fs::is_directory(models / name.folder, ignored))
            folders.push_back({models / name.folder, name.kind});
}

/// "~/x" and "$HOME/x", as ComfyUI expands them.
fs::path expanded(const std::string& text) {
    const char* home = std::getenv("HOME");
    if (home && (text == "~" || text.starts_with("~/"))) return fs::path(home + text.substr(1));
    if (home && (text == "$HOME" || text.starts_with("$HOME/"))) return fs::path(home + text.substr(5));
    return text;
}

std::vector<ModelFolder> fromYaml(const fs::path& file) {
    std::vector<ModelFolder> folders;
    for (const YamlSection& section : readFolderYaml(readTextFile(file, 1 << 20), file.filename().string())) {
        const std::string* base = section.find("base_path");
        const std::string* isDefault = section.find("is_default");
        const fs::path from = base ? file.parent_path() / expanded(*base) : file.parent_path();
        const bool first = isDefault && (*isDefault == "true" || *isDefault == "True" || *isDefault == "yes");
        for (const auto& [key, value] : section.entries) {
            if (key == "base_path" || key == "is_default") continue;
            const std::string kind = modelKindOf(key);
            if (kind.empty()) continue; // configs, hypernetworks, custom_nodes
            std::size_t at = 0;
            while (at < value.size()) {
                const std::size_t end = std::min(value.find('\n', at), value.size());
                const std::string path = value.substr(at, end - at);
                at = end + 1;
                if (!path.empty())
                    folders.push_back({(from / expanded(path)).lexically_normal(), kind, first});
            }
        }
    }
    return folders;
}

} // namespace

std::string modelKindOf(const std::string& name) {
    for (const KindName& known : kComfy)
        if (name == known.folder) return known.kind;
    for (const KindName& known : kWebUi)
        if (name == known.folder) return known.kind;
    return name == "upscale" ? name : std::string();
}

std::vector<fs::path> modelRoots() {
    std::vector<fs::path> roots;
    const auto add = [&](const fs::path& root) {
        if (!root.empty() && std::find(roots.begin(), roots.end(), root) == roots.end())
            roots.push_back(root);
    };
    if (const char* extra = std::getenv("OCHRE_EXTRA_MODELS")) {
        std::string_view rest = extra;
        while (!rest.empty()) {
            const std::size_t colon = rest.find(':');
            add(fs::path(rest.substr(0, colon)));
            rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
        }
    }
    try {
        for (const fs::path& root : savedRoots()) add(root);
    } catch (const Error& e) {
        log::warning("{}", e.full());
    }
    return roots;
}

void addModelRoot(const fs::path& root) {
    std::error_code ignored;
    const fs::path path = fs::weakly_canonical(fs::absolute(root), ignored);
    const bool yaml = isYaml(path) && fs::is_regular_file(path, ignored);
    if (!yaml && !fs::is_directory(path, ignored))
        throw Error(root.string() + ": is neither a folder nor a .yaml file",
                    "give the folder of ComfyUI, of the web UI, or of the models themselves");
    modelFoldersOf(path); // a list that cannot be read is said now
    std::vector<fs::path> roots = savedRoots();
    if (std::find(roots.begin(), roots.end(), path) != roots.end()) return;
    roots.push_back(path);
    saveRoots(roots);
}

bool removeModelRoot(const fs::path& root) {
    std::error_code ignored;
    const fs::path path = fs::weakly_canonical(fs::absolute(root), ignored);
    std::vector<fs::path> roots = savedRoots();
    if (std::erase_if(roots, [&](const fs::path& r) { return r == path || r == root; }) == 0) return false;
    saveRoots(roots);
    return true;
}

std::vector<ModelFolder> modelFoldersOf(const fs::path& root) {
    if (isYaml(root)) return fromYaml(root);
    std::error_code ignored;
    std::vector<ModelFolder> folders;
    if (const fs::path list = root / "extra_model_paths.yaml"; fs::is_regular_file(list, ignored))
        folders = fromYaml(list);
    for (const fs::path& models : {root / "models", root}) {
        addKnown(folders, models, kComfy);
        addKnown(folders, models, kWebUi);
    }
    const fs::path extension = root / "extensions/sd-webui-controlnet/models";
    if (fs::is_directory(extension, ignored)) folders.push_back({extension, "controlnet"});
    if (folders.empty()) folders.push_back({root, modelKindOf(root.filename().string())});
    return folders;
}

std::vector<ModelFolder> foreignModelFolders() {
    std::vector<ModelFolder> folders;
    for (const fs::path& root : modelRoots()) {
        try {
            std::error_code ignored;
            for (ModelFolder& folder : modelFoldersOf(root))
                if (fs::is_directory(folder.folder, ignored) &&
                    std::find(folders.begin(), folders.end(), folder) == folders.end())
                    folders.push_back(std::move(folder));
        } catch (const Error& e) {
            log::warning("{}", e.full());
        }
    }
    std::stable_sort(folders.begin(), folders.end(),
                     [](const ModelFolder& a, const ModelFolder& b) { return a.first && !b.first; });
    return folders;
}

std::vector<fs::path> foreignInputFolders() {
    std::vector<fs::path> inputs;
    std::error_code ignored;
    for (const fs::path& root : modelRoots())
        for (const fs::path& folder : {root / "input", root.parent_path() / "input"})
            if (fs::is_directory(folder, ignored)) inputs.push_back(folder);
    return inputs;
}

} // namespace ochre::paths
