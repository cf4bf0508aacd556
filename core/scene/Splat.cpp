// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Splat.h"

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Log.h"
#include "core/base/TaskPool.h"
#include "core/scene/SplatFilter.h"
#include "core/scene/SplatValues.h"

namespace ochre {
namespace {

constexpr std::size_t kRow = 32, kScaleAt = 12, kColorAt = 24, kRotationAt = 28, kGrain = 4096;

/// What no program writes: positions that are no numbers or beyond all measure, negative scales; and what integers look
/// like when they are taken for floats.
bool plausible(const std::byte* row) {
    const auto likely = [](float v) { return v == 0 || (std::abs(v) > 1e-12f && std::abs(v) < 1e9f); };
    for (std::size_t k = 0; k < 3; ++k) {
        const auto p = loadAs<float>(row + 4 * k), s = loadAs<float>(row + kScaleAt + 4 * k);
        if (!likely(p) || !likely(s) || s < 0) return false;
    }
    return true;
}

void decode(const std::byte* row, SplatData& d, std::size_t i) {
    for (std::size_t k = 0; k < 3; ++k) {
        d.positions[3 * i + k] = loadAs<float>(row + 4 * k);
        const auto scale = loadAs<float>(row + kScaleAt + 4 * k);
        d.logScales[3 * i + k] = std::log(scale); // −∞ at 0: flat; NaN below it: left out
        d.sh0[3 * i + k] = sh0Of(std::to_integer<int>(row[kColorAt + k]) / 255.0);
    }
    for (std::size_t k = 0; k < 4; ++k)
        d.rotations[4 * i + k] = static_cast<float>(std::to_integer<int>(row[kRotationAt + k]) - 128) / 128;
    d.opacities[i] = logit(std::to_integer<int>(row[kColorAt + 3]) / 255.0);
}

void encode(const SplatData& d, std::size_t i, std::byte* row) {
    float numbers[6];
    for (std::size_t k = 0; k < 3; ++k) {
        numbers[k] = d.positions[3 * i + k];
        numbers[3 + k] = static_cast<float>(std::exp(double{d.logScales[3 * i + k]}));
        row[kColorAt + k] = static_cast<std::byte>(toByte(255 * colorOf(d.sh0[3 * i + k])));
    }
    std::memcpy(row, numbers, sizeof numbers);
    row[kColorAt + 3] = static_cast<std::byte>(toByte(255 * sigmoid(d.opacities[i])));
    for (std::size_t k = 0; k < 4; ++k)
        row[kRotationAt + k] = static_cast<std::byte>(toByte(d.rotations[4 * i + k] * 128.0 + 128));
}

} // namespace

SplatCloud readSplat(std::span<const std::byte> bytes, const std::string& subject, const Cancel& cancel,
                     const Progress& progress) {
    const bool named = subject.ends_with(".splat");
    const auto refuse = [&](const std::string& why) {
        return named ? broken(subject + ": " + why, "the file is cut short or no .splat scene")
                     : notMine(subject + ": not a .splat file");
    };
    if (bytes.empty() || bytes.size() % kRow != 0)
        throw refuse(fmt::format("{} bytes: a splat takes {}", bytes.size(), kRow));
    const std::size_t n = bytes.size() / kRow, probed = std::min<std::size_t>(n, 64);
    for (std::size_t i = 0; i < probed; ++i)
        // A named file may have its strays; one that is only guessed at may not.
        if (!plausible(&bytes[kRow * (i * n / probed)]) && !named) throw refuse("");
    SplatData d;
    d.positions.resize(3 * n);
    d.logScales.resize(3 * n);
    d.rotations.resize(4 * n);
    d.opacities.resize(n);
    d.sh0.resize(3 * n);
    progress.report(0, 1, "reading splats");
    TaskPool::shared().parallelFor(
        n, kGrain,
        [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) decode(&bytes[kRow * i], d, i);
        },
        cancel);
    dropUnusable(d);
    return SplatCloud(std::move(d), subject);
}

void writeSplat(const SplatCloud& cloud, const std::filesystem::path& path, const Cancel& cancel) {
    if (cloud.shDegree() > 0)
        log::warning("{}: the harmonics are left out: .splat has none", path.filename().string());
    std::vector<std::byte> file(kRow * cloud.count());
    TaskPool::shared().parallelFor(
        cloud.count(), kGrain,
        [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) encode(cloud.data(), i, &file[kRow * i]);
        },
        cancel);
    writeFileAtomic(path, file);
}

} // namespace ochre
