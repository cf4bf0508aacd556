// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/sampling/Philox.h"

#include <cmath>
#include <vector>

#include "core/tensor/Fill.h"

namespace ochre::models::sampling {
namespace {

constexpr int kRounds = 10;
constexpr std::uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;

/// 2⁻³² and 2⁻³²·2π, rounded as CUDA's headers round them.
constexpr double kToUnit = 2.3283064e-10f, kToAngle = 2.3283064e-10f * 6.2831855f;

float normal(std::uint32_t first, std::uint32_t second) {
    const double share = first * kToUnit + kToUnit / 2, angle = second * kToAngle + kToAngle / 2;
    return static_cast<float>(std::sqrt(-2 * std::log(share)) * std::sin(angle));
}

} // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::uint64_t key) {
    auto key0 = static_cast<std::uint32_t>(key), key1 = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < kRounds; ++round) {
        const std::uint64_t product0 = counter[0] * kMultiplier0, product1 = counter[2] * kMultiplier1;
        counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key0,
                   static_cast<std::uint32_t>(product1),
                   static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key1,
                   static_cast<std::uint32_t>(product0)};
        key0 += kWeyl0;
        key1 += kWeyl1;
    }
    return counter;
}

Tensor PhiloxStream::randn(at::IntArrayRef shape) {
    std::int64_t count = 1;
    for (const std::int64_t side : shape) count *= side;
    std::vector<float> values(count);
    for (std::int64_t i = 0; i < count; ++i) {
        const auto words = philox({m_draw, 0, static_cast<std::uint32_t>(i), 0}, m_seed);
        values[i] = normal(words[0], words[1]);
    }
    ++m_draw;
    return nn::fromValues(values, shape);
}

} // namespace ochre::models::sampling
