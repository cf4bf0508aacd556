// SPDX-License-Identifier: GPL-3.0-or-later
// The checkpoints in the user's models folder, and in those of other programs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ochre::library {

struct ModelFile {
    std::string name; ///< stem of the file
    std::string reference; ///< what a Model parameter holds: below the folder of its kind, without the ending
    std::filesystem::path path;
    std::uint64_t bytes = 0;
    std::string format; ///< "safetensors", "PyTorch", "ncnn"
    std::string kind;   ///< folder that it stands in, "checkpoints", "loras", …; empty: none that is known
};

/// Files with a checkpoint's extension under paths::models() and the folders of other programs
/// (paths::foreignModelFolders), any depth, each once, by path, and the models that come with the program, the starter model
/// among the checkpoints. Absent folders have none. With a kind, those of it alone.
std::vector<ModelFile> listModels(const std::string& kind = {});

/// Those whose names say that they cut out objects (SAM and its kin), the smallest and so the quickest first; after them our own.
std::vector<ModelFile> likelySegmenters();
/// Name of our own, as Model parameters say it.
inline constexpr const char* kOwnSegmenter = "segment";

/// Those whose names say that they know what pictures look like (DINOv2), the smallest first.
std::vector<ModelFile> likelyDescribers();

/// The checkpoint that counts where none is named: the first by path of the user's own folder, else of other
/// programs', else the starter model. Empty where there is none at all.
std::filesystem::path usualCheckpoint();

/// Whether the usual one is the user's, not the starter model.
bool hasOwnCheckpoint();

/// Those of one folder of another program, or of one list of folders, as paths::addModelRoot takes them. Throws
/// Error where that is a damaged list.
std::vector<ModelFile> modelsUnder(const std::filesystem::path& root);

} // namespace ochre::library
