// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Codec.h"

#include <algorithm>

#include <fmt/format.h>
#include <unistd.h>

#include "core/base/Error.h"
#include "core/base/Math.h"

namespace ochre::codec {
namespace {

constexpr std::uint64_t kMaxSide = 65536;
constexpr std::uint64_t kMaxPixels = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxChannels = 64;
constexpr std::uint64_t kMaxDecoded = std::uint64_t{8} << 30;
constexpr std::uint64_t kMaxRatio = 2000;
constexpr std::uint64_t kRatioFloor = std::uint64_t{64} << 20;

std::uint64_t memoryLimit() {
    const long pages = ::sysconf(_SC_PHYS_PAGES), size = ::sysconf(_SC_PAGESIZE);
    if (pages <= 0 || size <= 0) return kMaxDecoded;
    return std::min(kMaxDecoded, static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size) / 2);
}

} // namespace

void Source::fail(const std::string& what, const std::string& hint) const {
    throw broken(subject + ": " + what, hint.empty() ? "the file is damaged: get a fresh copy" : hint);
}

void checkLimits(const Source& source, std::uint64_t width, std::uint64_t height, std::uint64_t channels,
                 std::uint64_t sampleBytes) {
    if (width == 0 || height == 0 || channels == 0)
        source.fail(
            fmt::format("the header gives a size of {}×{} with {} channels", width, height, channels));
    if (width > kMaxSide || height > kMaxSide || width * height > kMaxPixels)
        source.fail(fmt::format("{}×{} pixels are more than Ochre opens", width, height),
                    fmt::format("the limit is {} a side and {} pixels in all", kMaxSide, kMaxPixels));
    if (channels > kMaxChannels)
        source.fail(fmt::format("{} channels are more than Ochre opens", channels),
                    fmt::format("the limit is {}", kMaxChannels));
    const std::uint64_t samples = width * height * channels;
    if (samples * sizeof(float) > memoryLimit())
        source.fail(fmt::format("{}×{} with {} channels needs {} MiB in memory", width, height, channels,
                                samples * sizeof(float) >> 20),
                    fmt::format("the limit on this machine is {} MiB: scale the picture down first",
                                memoryLimit() >> 20));
    const std::uint64_t unpacked = samples * sampleBytes;
    if (unpacked > kRatioFloor && unpacked / kMaxRatio > source.bytes.size())
        source.fail(
            fmt::format("{} bytes claim to hold {}×{} pixels, {} MiB unpacked", source.bytes.size(), width,
                        height, unpacked >> 20),
            fmt::format("files that unpack to more than {} times their size are not opened", kMaxRatio));
}

std::uint8_t toByte(float value) {
    const float v = value > 0 ? std::min(value, 1.0f) : 0.0f;
    return static_cast<std::uint8_t>(v * 255.0f + 0.5f);
}

std::uint16_t toShort(float value) {
    const float v = value > 0 ? std::min(value, 1.0f) : 0.0f;
    // In double: 65535·v + ½ does not fit a float's mantissa.
    return static_cast<std::uint16_t>(static_cast<double>(v) * 65535.0 + 0.5);
}

const std::array<float, 256>& byteToFloat() {
    static const std::array<float, 256> table = [] {
        std::array<float, 256> t{};
        for (std::size_t i = 0; i < t.size(); ++i) t[i] = static_cast<float>(i) / 255.0f;
        return t;
    }();
    return table;
}

} // namespace ochre::codec
