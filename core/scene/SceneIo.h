// SPDX-License-Identifier: GPL-3.0-or-later
// Splat scenes from and to any file that Ochre knows: the readers are tried in order, each knows its own by
// content; the writer is chosen by extension.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/scene/Ply.h"
#include "core/scene/SplatCloud.h"
#include "core/scene/Spz.h"

namespace ochre {

struct SplatReadOptions {
    SpzFrame spzFrame = SpzFrame::Standard; ///< AsPly for .spz files that were stored unflipped
};

struct SplatWriteOptions {
    int spzVersion = 3; ///< or 4
};

/// A file, or a folder with meta.json or lod-meta.json. Throws Error that starts with the file's name:
/// unknown format (with the formats known), or damaged.
SplatCloud readSplats(const std::filesystem::path& path, const Cancel& cancel = {},
                      const Progress& progress = {});
SplatCloud readSplats(const std::filesystem::path& path, const SplatReadOptions& options,
                      const Cancel& cancel = {}, const Progress& progress = {});
SplatCloud decodeSplats(std::span<const std::byte> bytes, const std::string& subject,
                        const Cancel& cancel = {}, const Progress& progress = {});

/// .ply, .compressed.ply, .splat, .spz, .sog, meta.json; atomic. Splats with NaN or infinity are left out, with a
/// warning: the formats' own writers expect none. Throws Error, for other extensions with this list.
void writeSplats(const SplatCloud& cloud, const std::filesystem::path& path,
                 const SplatWriteOptions& options = {}, const Cancel& cancel = {},
                 const Progress& progress = {});

/// By name, for drag and drop and file dialogs: what readSplats may know (also folders), and what writeSplats
/// writes.
bool isSceneFile(const std::filesystem::path& path);
bool isWritableScene(const std::filesystem::path& path);

/// For messages, and for file dialogs.
inline constexpr const char* kReadScenes =
    "scenes are read from 3DGS .ply, PlayCanvas .compressed.ply and .sog (also meta.json and lod-meta.json), "
    ".spz, .splat, .ksplat, and points from .ply and COLMAP's points3D.bin and points3D.txt";
inline constexpr const char* kWrittenScenes =
    ".ply, .compressed.ply, .splat, .spz, .sog and meta.json (a .sog unzipped)";
inline constexpr const char* kSceneNames =
    "*.ply *.spz *.splat *.ksplat *.sog meta.json lod-meta.json points3D.bin points3D.txt";

} // namespace ochre
