// SPDX-License-Identifier: GPL-3.0-or-later
// Models of other programs, used where they lie: folders of ComfyUI and AUTOMATIC1111's web UI,
// extra_model_paths.yaml, or any other. Nothing is ever written there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ochre::paths {

/// A folder of models and what they are: "checkpoints", "loras", "vae", "controlnet", "embeddings",
/// "upscale", … (as the filters of Model parameters say), or empty for anything.
struct ModelFolder {
    std::filesystem::path folder;
    std::string kind;
    bool first = false; ///< "is_default" of its list: before the others
    bool operator==(const ModelFolder&) const = default;
};

/// As registered: OCHRE_EXTRA_MODELS (parted by ':'), then config()/model_folders.json.
std::vector<std::filesystem::path> modelRoots();
/// Throws Error where it is neither a folder nor a .yaml file that can be read.
void addModelRoot(const std::filesystem::path& root);
bool removeModelRoot(const std::filesystem::path& root); ///< false: was not registered

/// The folders of one root by its layout. A damaged .yaml throws Error (Broken).
std::vector<ModelFolder> modelFoldersOf(const std::filesystem::path& root);
/// Of all roots; what cannot be read is logged and left out. Only folders that are there.
std::vector<ModelFolder> foreignModelFolders();
/// Folders where ComfyUI keeps the pictures that its workflows load.
std::vector<std::filesystem::path> foreignInputFolders();

/// "upscale_models" → "upscale", "Lora" → "loras", …; empty for names that are no kind of model.
std::string modelKindOf(const std::string& folderName);

} // namespace ochre::paths
