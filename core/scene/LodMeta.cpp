// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/LodMeta.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Log.h"
#include "core/base/Text.h"
#include "core/scene/Sog.h"
#include "core/scene/SplatFilter.h"

namespace ochre {
namespace {
namespace fs = std::filesystem;

constexpr std::uint64_t kMaxJson = std::uint64_t{64} << 20;
constexpr std::size_t kMaxFiles = 65536;

struct Part {
    std::size_t file, offset, count;
};

/// What the tree chooses of the files that are there.
class Choice {
public:
    Choice(const Json& meta, const fs::path& path) : m_subject(path.filename().string()) {
        if (!meta.at("filenames").is_array() || meta.at("filenames").size() > kMaxFiles)
            throw fail(fmt::format("\"filenames\" is no list of at most {} names", kMaxFiles));
        for (const Json& name : meta.at("filenames")) {
            if (!name.is_string()) throw fail("a file name is no text");
            add(name.get<std::string>(), path.parent_path());
        }
        walk(meta.at("tree"));
    }

    const std::vector<Part>& parts() const { return m_parts; }
    const fs::path& file(std::size_t index) const { return m_files[index]; }
    const std::set<std::string>& missing() const { return m_missing; }
    std::size_t skipped() const { return m_skipped; }
    Error fail(const std::string& what) const {
        return broken(m_subject + ": " + what, "the scene is damaged");
    }

private:
    void add(const std::string& name, const fs::path& folder) {
        const fs::path relative(name);
        if (relative.empty() || relative.is_absolute() ||
            std::find(relative.begin(), relative.end(), "..") != relative.end())
            throw fail(fmt::format("\"{}\": a scene's files lie in its own folder", printable(name)));
        if (!m_seen.insert(relative.lexically_normal()).second)
            throw fail(fmt::format("the file \"{}\" stands twice", printable(name)));
        std::error_code ignored;
        m_files.push_back(folder / relative);
        m_there.push_back(fs::is_regular_file(m_files.back(), ignored));
        m_names.push_back(printable(name));
    }

    void walk(const Json& node) {
        if (!node.is_object()) throw fail("a node of the tree is no object");
        if (node.contains("lods")) {
            leaf(node.at("lods"));
        } else if (node.contains("children")) {
            if (!node.at("children").is_array()) throw fail("the children of a node are no list");
            for (const Json& child : node.at("children")) walk(child);
        }
    }

    void leaf(const Json& lods) {
        if (!lods.is_object()) throw fail("the levels of a leaf are no object");
        std::map<int, Part> levels;
        for (const auto& [key, lod] : lods.items()) {
            int level = 0;
            const auto parsed = std::from_chars(key.data(), key.data() + key.size(), level);
            if (parsed.ec != std::errc() || parsed.ptr != key.data() + key.size())
                throw fail(fmt::format("a level is called \"{}\"", printable(key)));
            levels[level] = {number(lod, "file"), number(lod, "offset"), number(lod, "count")};
            if (levels[level].file >= m_files.size())
                throw fail(fmt::format("file {} of {}", levels[level].file, m_files.size()));
        }
        for (const auto& [level, part] : levels) { // 0 is the finest
            if (m_there[part.file]) {
                m_parts.push_back(part);
                return;
            }
            m_missing.insert(m_names[part.file]);
        }
        if (!levels.empty()) ++m_skipped;
    }

    std::size_t number(const Json& lod, const char* key) const {
        if (!lod.is_object() || !lod.contains(key) || !lod.at(key).is_number_unsigned())
            throw fail(fmt::format("a level without \"{}\"", key));
        return lod.at(key).get<std::size_t>();
    }

    std::string m_subject;
    std::set<fs::path> m_seen;
    std::vector<fs::path> m_files;
    std::vector<std::string> m_names;
    std::vector<bool> m_there;
    std::vector<Part> m_parts;
    std::set<std::string> m_missing;
    std::size_t m_skipped = 0;
};

SplatCloud readUnit(const fs::path& file, const Cancel& cancel) {
    const std::string subject = (file.parent_path().filename() / file.filename()).string();
    if (file.extension() == ".sog") {
        const MappedFile mapped(file);
        return readSogZip(mapped.bytes(), subject, cancel);
    }
    const Json meta = parseJson(readTextFile(file, kMaxJson), subject);
    return readSog(meta, sogFolder(file), subject, cancel);
}

/// The chosen parts of one file. Each of its splats belongs to one leaf at most, so that no small file makes
/// a large cloud.
SplatCloud takeParts(const SplatCloud& cloud, const std::vector<Part>& parts, const Choice& choice) {
    std::vector<std::uint32_t> indices;
    for (const Part& p : parts) {
        if (p.offset > cloud.count() || p.count > cloud.count() - p.offset ||
            p.count > cloud.count() - indices.size())
            throw choice.fail(fmt::format("splats {} to {} of {}, which has {}", p.offset, p.offset + p.count,
                                          cloud.name(), cloud.count()));
        const std::size_t start = indices.size();
        indices.resize(start + p.count);
        std::iota(indices.begin() + static_cast<std::ptrdiff_t>(start), indices.end(),
                  static_cast<std::uint32_t>(p.offset));
    }
    return select(cloud, indices);
}

std::optional<SplatCloud> readEnvironment(const Json& meta, const fs::path& path, const Cancel& cancel) {
    if (!meta.contains("environment") || !meta.at("environment").is_string()) return std::nullopt;
    const fs::path relative(meta.at("environment").get<std::string>());
    std::error_code ignored;
    const bool leaves =
        relative.is_absolute() || std::find(relative.begin(), relative.end(), "..") != relative.end();
    const fs::path file = path.parent_path() / relative;
    if (leaves || !fs::is_regular_file(file, ignored)) {
        log::warning("{}: the environment \"{}\" is not there", path.filename().string(),
                     printable(relative.string()));
        return std::nullopt;
    }
    return readUnit(file, cancel);
}

} // namespace

SplatCloud readLodMeta(const Json& meta, const fs::path& path, const Cancel& cancel,
                       const Progress& progress) {
    const std::string subject = path.filename().string();
    if (!meta.is_object() || !meta.contains("filenames") || !meta.contains("tree"))
        throw notMine(subject + ": no lod-meta.json of a streamed scene");
    const Choice choice(meta, path);
    if (!choice.missing().empty())
        log::warning("{}: files are not there, coarser levels stand in for them, {} parts are left out: {}",
                     subject, choice.skipped(), fmt::join(choice.missing(), ", "));
    std::map<std::size_t, std::vector<Part>> byFile;
    for (const Part& part : choice.parts()) byFile[part.file].push_back(part);
    std::vector<SplatCloud> clouds;
    for (const auto& [file, parts] : byFile) {
        progress.report(clouds.size(), byFile.size(), "reading levels");
        clouds.push_back(takeParts(readUnit(choice.file(file), cancel), parts, choice));
    }
    if (auto environment = readEnvironment(meta, path, cancel)) clouds.push_back(std::move(*environment));
    if (clouds.empty())
        throw Error(subject + ": none of its files is there", "fetch the folders that it names");
    return SplatCloud(SplatData(merge(clouds).data()), subject);
}

} // namespace ochre
