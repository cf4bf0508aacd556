// SPDX-License-Identifier: GPL-3.0-or-later
// The networks of Ochre's own small diffusion models, which its recipes train: UNets of Stable Diffusion 2's build, and
// an AutoencoderKL over pictures whose kSmallUnshuffle² pixels are the channels of one, so that
// its layers are wide and few.
#pragma once

#include <vector>

#include "core/models/diffusion/AutoencoderKl.h"
#include "core/models/diffusion/UNet.h"

namespace ochre::models {

inline constexpr int kSmallHeadWidth = 64; ///< channels of a head, by which such networks are recognised
inline constexpr int kSmallUnshuffle = 4;

/// `widths`: channels at each level, full size first, multiples of kSmallHeadWidth; `blocks`: residual blocks of a level;
/// `channels`: in and out; `context`: width of the states that are attended to; `outerAttention`: at the full size too,
/// where it costs most; `vector`: width of a second vector beside the time, 0 for none.
UNet::Config smallUNet(const std::vector<int>& widths, int blocks, int channels, int embedding, int context, bool outerAttention,
                       int vector = 0);

/// `widths`: channels at each level, multiples of 32; `latentChannels`: numbers for each 8×8 pixels.
AutoencoderKl::Config smallAutoencoder(const std::vector<int>& widths, int blocks, int latentChannels, bool attention = false);

} // namespace ochre::models
