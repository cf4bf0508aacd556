// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/SceneIo.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Log.h"
#include "core/scene/ColmapPoints.h"
#include "core/scene/CompressedPly.h"
#include "core/scene/Ksplat.h"
#include "core/scene/LodMeta.h"
#include "core/scene/Points.h"
#include "core/scene/Sog.h"
#include "core/scene/Splat.h"
#include "core/scene/SplatFilter.h"

namespace ochre {
namespace {
namespace fs = std::filesystem;

/// A file as the readers see it; `path` is empty for bytes from elsewhere.
struct Source {
    std::span<const std::byte> bytes;
    std::string subject;
    fs::path path;
    SplatReadOptions options;
    const Cancel& cancel;
    const Progress& progress;
};

using Reader = SplatCloud (*)(const Source&);

SplatCloud fromPly(const Source& s) {
    const PlyFile file(s.bytes, s.subject);
    // The compressed kind is told by its chunks and has none of the plain kind's properties; points are what
    // is left.
    constexpr std::array<SplatCloud (*)(const PlyFile&, const Cancel&, const Progress&), 3> kKinds{
        readCompressedPly, readPly, readPointPly};
    std::string why;
    for (const auto kind : kKinds) {
        try {
            return kind(file, s.cancel, s.progress);
        } catch (const Error& e) {
            if (e.kind() != ErrorKind::NotMine) throw;
            why = e.message();
        }
    }
    throw broken(why, kReadScenes);
}

SplatCloud fromSpz(const Source& s) {
    return readSpz(s.bytes, s.subject, s.options.spzFrame, s.cancel, s.progress);
}

SplatCloud fromZip(const Source& s) {
    return readSogZip(s.bytes, s.subject, s.cancel, s.progress);
}

SplatCloud fromJson(const Source& s) {
    const auto isSpace = [](std::byte b) { return std::isspace(std::to_integer<unsigned char>(b)) != 0; };
    const auto first = std::find_if_not(s.bytes.begin(), s.bytes.end(), isSpace);
    if (first == s.bytes.end() || *first != std::byte{'{'}) throw notMine(s.subject + ": no JSON object");
    const Json meta = parseJson({reinterpret_cast<const char*>(s.bytes.data()), s.bytes.size()}, s.subject);
    if (s.path.empty()) throw notMine(s.subject + ": its files lie beside it: open it from its folder");
    return meta.contains("tree") ? readLodMeta(meta, s.path, s.cancel, s.progress)
                                 : readSog(meta, sogFolder(s.path), s.subject, s.cancel, s.progress);
}

SplatCloud fromKsplat(const Source& s) {
    return readKsplat(s.bytes, s.subject, s.cancel, s.progress);
}

SplatCloud fromColmapText(const Source& s) {
    return splatsFromPoints(readColmapPointsText(s.bytes, s.subject, s.cancel), s.subject, s.cancel,
                            s.progress);
}

SplatCloud fromColmapBin(const Source& s) {
    return splatsFromPoints(readColmapPointsBin(s.bytes, s.subject, s.cancel), s.subject, s.cancel,
                            s.progress);
}

SplatCloud fromSplat(const Source& s) {
    return readSplat(s.bytes, s.subject, s.cancel, s.progress);
}

// First those that begin with a word of their own. Then those without one, the surest first: .ksplat has a
// long header whose numbers must fit, points3D.bin must be filled to its last byte, .splat is any list of
// likely numbers.
constexpr std::array<Reader, 8> kReaders{fromPly,    fromSpz,        fromZip,       fromJson,
                                         fromKsplat, fromColmapText, fromColmapBin, fromSplat};

SplatCloud decode(const Source& source) {
    for (const Reader reader : kReaders) {
        try {
            SplatCloud cloud = reader(source);
            if (const std::size_t dropped = cloud.data().dropped)
                log::warning("{}: {} splats with values that are no numbers were left out", source.subject,
                             dropped);
            return cloud;
        } catch (const Error& e) {
            if (e.kind() != ErrorKind::NotMine) throw;
        }
    }
    throw Error(source.subject + (source.bytes.empty() ? ": is empty" : ": not a scene of a known format"),
                kReadScenes, ErrorKind::NotMine);
}

std::string lowerName(const fs::path& path) {
    std::string name = path.filename().string();
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return name;
}

bool endsInOneOf(const std::string& name, std::initializer_list<const char*> endings) {
    return std::any_of(endings.begin(), endings.end(),
                       [&](const char* ending) { return name.ends_with(ending); });
}

/// The file itself, or of a folder the one that describes its scene; empty where there is none.
fs::path describing(const fs::path& path) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) return path;
    for (const char* name : {"lod-meta.json", "meta.json"})
        if (fs::is_regular_file(path / name, ignored)) return path / name;
    return {};
}

} // namespace

SplatCloud decodeSplats(std::span<const std::byte> bytes, const std::string& subject, const Cancel& cancel,
                        const Progress& progress) {
    return decode({bytes, subject, {}, {}, cancel, progress});
}

SplatCloud readSplats(const fs::path& path, const SplatReadOptions& options, const Cancel& cancel,
                      const Progress& progress) {
    const fs::path file = describing(path);
    if (file.empty())
        throw Error(path.filename().string() + ": a folder without meta.json or lod-meta.json", kReadScenes);
    const MappedFile mapped(file);
    return decode({mapped.bytes(), file.filename().string(), file, options, cancel, progress});
}

SplatCloud readSplats(const fs::path& path, const Cancel& cancel, const Progress& progress) {
    return readSplats(path, {}, cancel, progress);
}

void writeSplats(const SplatCloud& cloud, const fs::path& path, const SplatWriteOptions& options,
                 const Cancel& cancel, const Progress& progress) {
    const std::string name = lowerName(path);
    const SplatCloud usable = keepUsable(cloud);
    if (usable.count() < cloud.count())
        log::warning("{}: {} splats with values that are no numbers are left out", path.filename().string(),
                     cloud.count() - usable.count());
    if (name.ends_with(".compressed.ply"))
        writeCompressedPly(usable, path, cancel);
    else if (name.ends_with(".ply"))
        writePly(usable, path, cancel);
    else if (name.ends_with(".splat"))
        writeSplat(usable, path, cancel);
    else if (name.ends_with(".spz"))
        writeSpz(usable, path, options.spzVersion, cancel);
    else if (name.ends_with(".sog") || path.filename() == "meta.json")
        writeSog(usable, path, cancel, progress);
    else
        throw Error(path.filename().string() + ": no format that scenes are written in",
                    std::string("choose one of ") + kWrittenScenes);
}

bool isSceneFile(const fs::path& path) {
    const std::string name = lowerName(describing(path));
    return endsInOneOf(name, {".ply", ".splat", ".spz", ".ksplat", ".sog"}) || name == "meta.json" ||
           name == "lod-meta.json" || name == "points3d.bin" || name == "points3d.txt";
}

bool isWritableScene(const fs::path& path) {
    return endsInOneOf(lowerName(path), {".ply", ".splat", ".spz", ".sog"}) || path.filename() == "meta.json";
}

} // namespace ochre
