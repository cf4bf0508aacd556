// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/vulkan/PackedSplats.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/scene/SplatValues.h"
#include "shaders/SharedTypes.h"

namespace ochre::vk {
namespace {

constexpr float kLargestHalf = 65504;

std::uint32_t sixteenBits(float value) {
    return static_cast<std::uint16_t>(std::lround(std::clamp(value, -1.0f, 1.0f) * 32767));
}

std::uint64_t scaleCode(float logScale) {
    const float code = (logScale - shared::kScaleLow) / shared::kScaleStep;
    return code > 0 ? static_cast<std::uint64_t>(std::min(std::round(code), static_cast<float>(shared::kScaleCodes - 1))) : 0;
}

/// The nearest binary16, of two equally near ones the even one.
std::uint16_t halfOf(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(std::clamp(value, -kLargestHalf, kLargestHalf)), magnitude = bits & 0x7fffffffu;
    const std::uint32_t sign = bits >> 16 & 0x8000u;
    if (magnitude < 0x38800000u) // adding ½ leaves the multiples of 2⁻²⁴ in the lowest bits
        return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000u));
    return static_cast<std::uint16_t>(sign | (magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1u)) >> 13);
}

} // namespace

PackedGeometry packGeometry(const SplatData& data, std::size_t index) {
    const float* place = &data.positions[3 * index];
    const float* turn = &data.rotations[4 * index];
    const float* scales = &data.logScales[3 * index];
    const std::uint64_t codes = scaleCode(scales[0]) | scaleCode(scales[1]) << 21 | scaleCode(scales[2]) << 42;
    return {.place = {place[0], place[1], place[2]},
            .opacity = static_cast<float>(sigmoid(data.opacities[index])),
            .turn = {sixteenBits(turn[0]) | sixteenBits(turn[1]) << 16, sixteenBits(turn[2]) | sixteenBits(turn[3]) << 16},
            .scales = {static_cast<std::uint32_t>(codes), static_cast<std::uint32_t>(codes >> 32)}};
}

void packHarmonics(const SplatData& data, std::size_t index, std::uint16_t* to) {
    for (std::size_t k = 0; k < 3; ++k) *to++ = halfOf(static_cast<float>(colorOf(data.sh0[3 * index + k])));
    const std::size_t rest = 3 * static_cast<std::size_t>((data.shDegree + 1) * (data.shDegree + 1) - 1);
    for (std::size_t k = 0; k < rest; ++k) *to++ = halfOf(data.shRest[rest * index + k]);
}

} // namespace ochre::vk
