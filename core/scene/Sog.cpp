// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Sog.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/TaskPool.h"
#include "core/base/Text.h"
#include "core/scene/Compression.h"
#include "core/scene/SplatFilter.h"
#include "core/scene/SplatValues.h"
#include "core/scene/Texture.h"
#include "core/scene/ZipArchive.h"

namespace ochre {
namespace {

constexpr std::size_t kCodebook = 256, kPerRow = 64, kMaxPalette = 65536, kGrain = 4096;
constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 30, kMaxMeta = std::uint64_t{4} << 20;
// Splats are believed to be so large unpacked, whatever their textures pack to: a million of one kind is a test
// scene that somebody may have.
constexpr std::uint64_t kFree = std::uint64_t{64} << 20;
constexpr std::size_t kBytesPerSplat = 14 * sizeof(float); // without harmonics

/// The parts of meta.json, with errors that name the key.
class Meta {
public:
    Meta(const Json& json, std::string subject) : m_json(json), m_subject(std::move(subject)) {}

    Meta at(const char* key) const {
        if (!m_json.is_object() || !m_json.contains(key)) throw fail(fmt::format("\"{}\" is missing", key));
        return {m_json.at(key), fmt::format("{}: {}", m_subject, key)};
    }
    bool has(const char* key) const {
        return m_json.is_object() && m_json.contains(key) && !m_json.at(key).is_null();
    }

    double number() const {
        if (!m_json.is_number() || !std::isfinite(m_json.get<double>())) throw fail("is no number");
        return m_json.get<double>();
    }
    std::size_t integer(std::size_t max) const {
        const double v = number();
        if (v < 0 || v > static_cast<double>(max) || v != std::floor(v))
            throw fail(fmt::format("{} is not a number of 0 to {}", v, max));
        return static_cast<std::size_t>(v);
    }
    std::vector<double> numbers(std::size_t count) const {
        if (!m_json.is_array() || m_json.size() != count)
            throw fail(fmt::format("{} numbers are expected", count));
        std::vector<double> values;
        for (const Json& v : m_json) values.push_back(Meta(v, m_subject).number());
        return values;
    }
    /// The file names, at least `count`.
    std::vector<std::string> files(std::size_t count) const {
        const Meta list = at("files");
        if (!list.m_json.is_array() || list.m_json.size() < count)
            throw fail(fmt::format("{} file names are expected", count));
        std::vector<std::string> names;
        for (const Json& name : list.m_json) {
            if (!name.is_string()) throw fail("a file name is no text");
            names.push_back(name.get<std::string>());
        }
        return names;
    }
    std::size_t length() const { return m_json.is_array() ? m_json.size() : 0; }
    const Json& json() const { return m_json; }
    Error fail(const std::string& what) const {
        return broken(m_subject + ": " + what, "meta.json is damaged");
    }

private:
    const Json& m_json;
    std::string m_subject;
};

/// A value for each byte of each channel: a codebook (one for all) or a range a channel.
class Values {
public:
    static Values codebook(const Meta& meta) {
        Values v;
        const auto numbers = meta.numbers(kCodebook);
        for (auto& channel : v.m_table)
            std::transform(numbers.begin(), numbers.end(), channel.begin(), asFloat);
        return v;
    }
    static Values ranges(const std::vector<double>& mins, const std::vector<double>& maxs) {
        Values v;
        for (std::size_t channel = 0; channel < mins.size(); ++channel)
            for (std::size_t i = 0; i < kCodebook; ++i)
                v.m_table[channel][i] =
                    asFloat(mins[channel] + (maxs[channel] - mins[channel]) * static_cast<double>(i) / 255);
        return v;
    }
    float operator()(std::size_t channel, std::uint8_t byte) const { return m_table[channel][byte]; }
    float& edit(std::size_t channel, std::size_t byte) { return m_table[channel][byte]; }

private:
    std::array<std::array<float, kCodebook>, 4> m_table{};
};

/// sign(v)·(e^|v| − 1): positions are stored in logarithms.
float fromLog(double v) {
    return asFloat(std::copysign(std::expm1(std::abs(v)), v));
}

class Reader {
public:
    Reader(const Json& meta, const SogFiles& files, const std::string& subject)
        : m_meta(meta, subject), m_files(files), m_subject(subject) {
        m_old = !m_meta.has("version");
        if (!m_old && m_meta.at("version").integer(1000) != 2)
            throw broken(fmt::format("{}: version {} of SOG: 1 and 2 are known", subject,
                                     m_meta.at("version").number()));
        constexpr std::size_t kMost = 0x7fffffff;
        if (!m_old) {
            m_count = m_meta.at("count").integer(kMost);
        } else {
            const Meta shape = m_meta.at("means").at("shape");
            if (shape.length() < 1) throw shape.fail("the number of splats is missing");
            m_count = Meta(shape.json().at(0), subject + ": means: shape").integer(kMost);
        }
    }

    SplatData read(const Cancel& cancel, const Progress& progress) {
        progress.report(0, 6, "reading positions");
        readMeans(cancel);
        progress.report(2, 6, "reading scales");
        readScales(cancel);
        progress.report(3, 6, "reading rotations");
        readRotations(cancel);
        progress.report(4, 6, "reading colours");
        readColors(cancel);
        progress.report(5, 6, "reading harmonics");
        if (m_meta.has("shN")) readHarmonics(cancel);
        if (m_meta.has("antialias")) m_d.antialiased = m_meta.at("antialias").json() == Json(true);
        dropUnusable(m_d);
        return std::move(m_d);
    }

private:
    /// A texel a splat. Much more is refused: room for the last row, and some for writers with other shapes.
    Texture texture(const std::string& name) const { return texture(name, m_files(name)); }
    Texture texture(const std::string& name, std::span<const std::byte> webp) const {
        return readTexture(webp, m_subject + ": " + printable(name), m_count, 2 * m_count + 65536);
    }

    template <typename Each>
    void forEach(const Cancel& cancel, const Each& each) const {
        TaskPool::shared().parallelFor(
            m_count, kGrain,
            [&](std::size_t first, std::size_t last) {
                for (std::size_t i = first; i < last; ++i) each(i);
            },
            cancel);
    }

    void readMeans(const Cancel& cancel) {
        const Meta means = m_meta.at("means");
        const auto mins = means.at("mins").numbers(3), maxs = means.at("maxs").numbers(3);
        const auto files = means.files(2);
        const auto lowBytes = m_files(files[0]), highBytes = m_files(files[1]);
        // The low bytes of positions hardly shrink: they tell how many splats can be there.
        checkExpansion(lowBytes.size() + highBytes.size(), kBytesPerSplat * m_count, m_subject + ": means", kFree);
        const Texture low = texture(files[0], lowBytes), high = texture(files[1], highBytes);
        m_d.positions.resize(3 * m_count);
        forEach(cancel, [&](std::size_t i) {
            for (std::size_t k = 0; k < 3; ++k) {
                const int step = low.texel(i)[k] | high.texel(i)[k] << 8;
                m_d.positions[3 * i + k] = fromLog(mins[k] + (maxs[k] - mins[k]) * step / 65535);
            }
        });
    }

    Values values(const Meta& meta, std::size_t channels) const {
        // Some writers store both codebook and bounds; the codebook is what version 2 says.
        return m_old ? Values::ranges(meta.at("mins").numbers(channels), meta.at("maxs").numbers(channels))
                     : Values::codebook(meta.at("codebook"));
    }

    void readScales(const Cancel& cancel) {
        const Meta scales = m_meta.at("scales");
        const Values value = values(scales, 3);
        const Texture t = texture(scales.files(1)[0]);
        m_d.logScales.resize(3 * m_count);
        forEach(cancel, [&](std::size_t i) {
            for (std::size_t k = 0; k < 3; ++k) m_d.logScales[3 * i + k] = value(k, t.texel(i)[k]);
        });
    }

    void readRotations(const Cancel& cancel) {
        const Texture t = texture(m_meta.at("quats").files(1)[0]);
        m_d.rotations.resize(4 * m_count);
        forEach(cancel, [&](std::size_t i) {
            const std::uint8_t* texel = t.texel(i);
            if (texel[3] < 252)
                throw broken(fmt::format("{}: quats: splat {}: the byte {} names no component: 252 to 255 do",
                                         m_subject, i, texel[3]));
            const std::size_t largest = texel[3] - 252u;
            double square = 0;
            for (std::size_t k = 0, from = 0; k < 4; ++k) {
                if (k == largest) continue;
                const double v = (texel[from++] / 255.0 - 0.5) * std::numbers::sqrt2;
                m_d.rotations[4 * i + k] = static_cast<float>(v);
                square += v * v;
            }
            m_d.rotations[4 * i + largest] = static_cast<float>(std::sqrt(std::max(0.0, 1 - square)));
        });
    }

    void readColors(const Cancel& cancel) {
        const Meta sh0 = m_meta.at("sh0");
        Values value = values(sh0, 4);
        if (!m_old)
            for (std::size_t i = 0; i < kCodebook; ++i)
                value.edit(3, i) = logit(static_cast<double>(i) / 255);
        const Texture t = texture(sh0.files(1)[0]);
        m_d.sh0.resize(3 * m_count);
        m_d.opacities.resize(m_count);
        forEach(cancel, [&](std::size_t i) {
            for (std::size_t k = 0; k < 3; ++k) m_d.sh0[3 * i + k] = value(k, t.texel(i)[k]);
            m_d.opacities[i] = value(3, t.texel(i)[3]);
        });
    }

    /// The palette's width tells the degree where version 1 does not.
    int degreeOf(const Meta& shN, const Texture& palette) const {
        if (!m_old) return static_cast<int>(shN.at("bands").integer(3));
        for (int degree = 1; degree <= kMaxShDegree; ++degree)
            if (palette.width == kPerRow * shRestCount(degree)) return degree;
        throw shN.fail(fmt::format("a palette {} texels wide: 192, 512 and 960 are known", palette.width));
    }

    void readHarmonics(const Cancel& cancel) {
        const Meta shN = m_meta.at("shN");
        if (!m_old && shN.at("bands").integer(3) == 0) return;
        const auto files = shN.files(2);
        const Texture palette = readTexture(m_files(files[0]), m_subject + ": " + printable(files[0]), 0,
                                            kMaxPalette * shRestCount(kMaxShDegree));
        const Texture labels = texture(files[1]);
        const int degree = degreeOf(shN, palette);
        const std::size_t rest = shRestCount(degree);
        if (palette.width != kPerRow * rest)
            throw shN.fail(fmt::format("a palette {} texels wide: {} are expected at degree {}",
                                       palette.width, kPerRow * rest, degree));
        const std::size_t room = kPerRow * palette.height;
        const std::size_t sets = m_old ? room : std::min(room, shN.at("count").integer(kMaxPalette));
        const Values value = m_old ? Values::ranges(std::vector<double>(3, shN.at("mins").number()),
                                                    std::vector<double>(3, shN.at("maxs").number()))
                                   : Values::codebook(shN.at("codebook"));
        m_d.shDegree = degree;
        m_d.shRest.resize(3 * rest * m_count);
        forEach(cancel, [&](std::size_t i) {
            const std::size_t label = labels.texel(i)[0] | std::size_t{labels.texel(i)[1]} << 8;
            if (label >= sets)
                throw broken(fmt::format("{}: shN: splat {}: set {} of {}", m_subject, i, label, sets));
            const std::uint8_t* set = palette.texel(label / kPerRow * palette.width + label % kPerRow * rest);
            for (std::size_t k = 0; k < rest; ++k)
                for (std::size_t channel = 0; channel < 3; ++channel)
                    m_d.shRest[(i * rest + k) * 3 + channel] = value(channel, set[4 * k + channel]);
        });
    }

    Meta m_meta;
    const SogFiles& m_files;
    std::string m_subject;
    bool m_old = false;
    std::size_t m_count = 0;
    SplatData m_d;
};

} // namespace

SplatCloud readSog(const Json& meta, const SogFiles& files, const std::string& subject, const Cancel& cancel,
                   const Progress& progress) {
    if (!meta.is_object() || !meta.contains("means") || !meta.contains("quats"))
        throw notMine(subject + ": no meta.json of a SOG scene");
    return SplatCloud(Reader(meta, files, subject).read(cancel, progress), subject);
}

SplatCloud readSogZip(std::span<const std::byte> bytes, const std::string& subject, const Cancel& cancel,
                      const Progress& progress) {
    if (!isZip(bytes)) throw notMine(subject + ": not a .sog file");
    const ZipArchive zip(bytes, subject);
    if (!zip.has("meta.json")) throw notMine(subject + ": a zip archive without meta.json");
    const auto text = zip.read("meta.json", kMaxMeta);
    const Json meta =
        parseJson({reinterpret_cast<const char*>(text.data()), text.size()}, subject + ": meta.json");
    return readSog(
        meta, [&](const std::string& name) { return zip.read(name, kMaxFile); }, subject, cancel, progress);
}

SogFiles sogFolder(const std::filesystem::path& meta) {
    return [folder = meta.parent_path()](const std::string& name) {
        const std::filesystem::path relative(name);
        const bool leaves = std::find(relative.begin(), relative.end(), "..") != relative.end();
        if (relative.is_absolute() || relative.empty() || leaves)
            throw broken(fmt::format("\"{}\": a scene's files lie in its own folder", printable(name)));
        return readFile(folder / relative, kMaxFile);
    };
}

} // namespace ochre
