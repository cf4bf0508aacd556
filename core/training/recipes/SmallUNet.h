// SPDX-License-Identifier: GPL-3.0-or-later
// The small denoising networks that recipes make: UNets of Stable Diffusion 2's build, with attention at every level.
#pragma once

#include <string>
#include <vector>

#include "core/models/diffusion/UNet.h"

namespace ochre::training {

inline constexpr int kSmallHeadWidth = 64; ///< channels of a head, by which such networks are recognised

/// `widths`: channels at each level, full size first, multiples of kSmallHeadWidth; `blocks`: residual blocks of a level.
models::UNet::Config smallUNet(const std::vector<int>& widths, int blocks, std::int64_t channels, int embedding,
                               std::int64_t context);

/// For Parameters::initialise: layers whose result is added to something begin silent.
double smallUNetGain(const std::string& name);

/// "128,192" as numbers. Throws Error where one is no multiple of `multiple`.
std::vector<int> widthsOf(const std::string& text, int multiple);

} // namespace ochre::training
