// SPDX-License-Identifier: GPL-3.0-or-later
// Conditioning made of conditioning, each as comfyanonymous/ComfyUI computes it (nodes.py Conditioning…). All
// throw Error naming both families where they differ.
#pragma once

#include <vector>

#include "core/models/diffusion/Conditioning.h"

namespace ochre::models {

/// Both act, their predictions averaged.
Conditioning combined(const Conditioning& a, const Conditioning& b);
/// The tokens of the first entry of `from` behind those of each entry of `to`.
Conditioning concatenated(const Conditioning& to, const Conditioning& from);
/// to·strength + from·(1 − strength), the shorter `from` filled with zeros, the longer one cut.
Conditioning averaged(const Conditioning& to, const Conditioning& from, double strength);
/// States and pooled vectors all zero.
Conditioning zeroed(const Conditioning& conditioning);

/// Pixels of the picture, multiples of 8 of at least 64 wide and high are usual; or shares 0…1.
Conditioning withArea(const Conditioning& conditioning, const ConditioningArea& areaInLatent,
                      double strength);
/// mask [1|N, H, W] of 0…1.
Conditioning withMask(const Conditioning& conditioning, const nn::Tensor& mask, double strength, bool bounds);
Conditioning withRange(const Conditioning& conditioning, double start, double end);

/// `count` ≥ 2 steps from a to b, both included: first entries linearly interpolated, the shorter filled with
/// zeros.
std::vector<Conditioning> walk(const Conditioning& a, const Conditioning& b, int count);

} // namespace ochre::models
