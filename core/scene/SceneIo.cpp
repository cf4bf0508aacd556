// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/SceneIo.h"

#include <array>
#include <cctype>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Log.h"
#include "core/scene/CompressedPly.h"

namespace ochre {
namespace {

using Reader = SplatCloud (*)(const PlyFile&, const Cancel&, const Progress&);
// The compressed kind first: it is told by its chunks, and has none of the plain kind's properties.
constexpr std::array<Reader, 2> kPlyReaders{readCompressedPly, readPly};

} // namespace

SplatCloud decodeSplats(std::span<const std::byte> bytes, const std::string& subject, const Cancel& cancel,
                        const Progress& progress) {
    std::string why = subject + ": not a PLY file";
    try {
        const PlyFile file(bytes, subject);
        for (const Reader reader : kPlyReaders) {
            try {
                SplatCloud cloud = reader(file, cancel, progress);
                if (const std::size_t dropped = cloud.data().dropped)
                    log::warning("{}: {} splats with values that are no numbers were left out", subject,
                                 dropped);
                return cloud;
            } catch (const Error& e) {
                if (e.kind() != ErrorKind::NotMine) throw;
                why = e.message();
            }
        }
    } catch (const Error& e) {
        if (e.kind() != ErrorKind::NotMine) throw;
    }
    throw Error(why, "scenes are read from 3DGS .ply and PlayCanvas .compressed.ply", ErrorKind::NotMine);
}

SplatCloud readSplats(const std::filesystem::path& path, const Cancel& cancel, const Progress& progress) {
    const MappedFile file(path);
    return decodeSplats(file.bytes(), path.filename().string(), cancel, progress);
}

bool isSceneFile(const std::filesystem::path& path) {
    std::string extension = path.extension().string();
    for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return extension == ".ply";
}

} // namespace ochre
