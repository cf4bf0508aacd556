// SPDX-License-Identifier: GPL-3.0-or-later
// A function of pictures applied to overlapping tiles, whose edges fade into each other. Source:
// comfyanonymous/ComfyUI comfy/utils.py (tiled_scale), comfy/sd.py (decode_tiled_).
#pragma once

#include <cstdint>
#include <functional>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/tensor/Nn.h"

namespace ochre::models {

/// [1, C, h, w] → [1, D, h·scale, w·scale]
using Piecewise = std::function<nn::Tensor(const nn::Tensor&)>;

/// Sides of tiles and what neighbours share, in pixels of the input; overlap < both.
struct Tiles {
    std::int64_t height, width, overlap;
};

/// One picture x [1, C, H, W]; `scale`: side of the result to that of x; `done` is called after each tile.
nn::Tensor inTiles(const nn::Tensor& x, const Tiles& tiles, double scale, const Piecewise& function,
                   const std::function<void()>& done = {});

/// The mean of three ways to cut each picture of x [N, C, H, W], so that no seam lies in the same place:
/// wide, high and square tiles. `tile` ≥ 2·overlap.
nn::Tensor inThreeCuts(const nn::Tensor& x, std::int64_t tile, std::int64_t overlap, double scale,
                       const Piecewise& function, const Progress& progress = {}, const Cancel& cancel = {});

} // namespace ochre::models
