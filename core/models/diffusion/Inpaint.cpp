// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Inpaint.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/diffusion/Autoencoder.h"
#include "core/models/diffusion/LatentOps.h"

namespace ochre::models {
namespace {

/// A row or a column of a mask of 0 and 1.
struct Line {
    float* values;
    std::int64_t count, stride;
};

/// Each place becomes 1 where any of the `width` places from `before` ahead of it is.
void growLine(const Line& line, std::int64_t width, std::int64_t before, std::vector<float>& copy) {
    copy.resize(static_cast<std::size_t>(line.count));
    for (std::int64_t i = 0; i < line.count; ++i)
        copy[static_cast<std::size_t>(i)] = line.values[i * line.stride];
    std::int64_t last = -1 - before,
                 next = 0; // the last place that is 1 and the first that was not looked at
    for (std::int64_t i = 0; i < line.count; ++i) {
        for (const std::int64_t end = std::min(line.count, i - before + width); next < end; ++next)
            if (copy[static_cast<std::size_t>(next)] != 0) last = next;
        line.values[i * line.stride] = last >= std::max<std::int64_t>(0, i - before) ? 1.0f : 0.0f;
    }
}

} // namespace

InpaintPicture inpaintPicture(const nn::Tensor& pixels, const nn::Tensor& mask) {
    if (pixels.size(2) < kLatentSide || pixels.size(3) < kLatentSide)
        throw Error(fmt::format("inpaint: the picture is {}×{} pixels", pixels.size(3), pixels.size(2)),
                    "it must be at least 8 pixels wide and high");
    InpaintPicture picture;
    picture.pixels = croppedToLatents(pixels);
    picture.mask = croppedToLatents(nn::resizeBilinear(mask, pixels.size(2), pixels.size(3)));
    const nn::Tensor keep = picture.mask.round().neg_().add_(1.0);
    picture.hidden = picture.pixels.sub(0.5).mul_(keep).add_(0.5);
    return picture;
}

nn::Tensor grownMask(const nn::Tensor& mask, int grow) {
    nn::Tensor grown = mask.round().contiguous();
    if (grow <= 1) return grown;
    const std::int64_t height = grown.size(2), width = grown.size(3), before = grow / 2;
    std::vector<float> copy;
    float* values = grown.mutable_data_ptr<float>();
    for (std::int64_t n = 0; n < grown.size(0) * grown.size(1); ++n, values += height * width) {
        for (std::int64_t y = 0; y < height; ++y)
            growLine({values + y * width, width, 1}, grow, before, copy);
        for (std::int64_t x = 0; x < width; ++x) growLine({values + x, height, width}, grow, before, copy);
    }
    return grown;
}

} // namespace ochre::models
