// SPDX-License-Identifier: GPL-3.0-or-later
// A splat's attributes as a device holds them: 32 bytes of geometry and halves of harmonics, 128 bytes in all at degree 3.
#pragma once

#include <cstdint>

#include "core/scene/SplatCloud.h"

namespace ochre::vk {

struct PackedGeometry {
    float place[3];
    float opacity;           ///< after the sigmoid
    std::uint32_t turn[2];   ///< w x y z, 16 bits each, −32767…32767 for −1…1
    std::uint32_t scales[2]; ///< three codes of 21 bits, see shared::kScaleLow: to 0.002 % of each scale
};
static_assert(sizeof(PackedGeometry) == 32);

PackedGeometry packGeometry(const SplatData& data, std::size_t index);

/// Whole texels of 16 bytes.
constexpr std::size_t harmonicsBytes(int degree) {
    return degree > 2 ? 96 : degree > 1 ? 64 : degree > 0 ? 32 : 16;
}
/// 0.5 + C₀·sh0, then the others: red, green, blue of each; the rest of harmonicsBytes stays as it is.
void packHarmonics(const SplatData& data, std::size_t index, std::uint16_t* to);

} // namespace ochre::vk
