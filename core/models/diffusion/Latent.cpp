// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Latent.h"

#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

constexpr int kMostSide = 16384, kMostCount = 4096, kMostChannels = 64;

} // namespace

std::size_t LatentBatch::bytes() const {
    return (samples.defined() ? samples.nbytes() : 0) + (noiseMask.defined() ? noiseMask.nbytes() : 0) +
           batchIndex.size() * sizeof(int);
}

LatentBatch emptyLatent(int width, int height, int count) {
    for (const auto& [label, side] : {std::pair{"width", width}, {"height", height}})
        if (side < kLatentSide || side > kMostSide || side % kLatentSide != 0)
            throw Error(
                fmt::format("{} is {} px", label, side),
                fmt::format("give a multiple of {} from {} to {}", kLatentSide, kLatentSide, kMostSide));
    if (count < 1 || count > kMostCount)
        throw Error(fmt::format("batch is {} pictures", count), fmt::format("give 1 to {}", kMostCount));
    const std::int64_t h = height / kLatentSide, w = width / kLatentSide;
    LatentBatch latent;
    latent.samples = nn::emptyValues(count * 4 * h * w, at::TensorOptions().dtype(at::kFloat))
                         .zero_()
                         .view({count, 4, h, w});
    return latent;
}

nn::Tensor croppedToProportions(const nn::Tensor& x, std::int64_t width, std::int64_t height) {
    const std::int64_t oldWidth = x.size(-1), oldHeight = x.size(-2);
    const double before = static_cast<double>(oldWidth) / static_cast<double>(oldHeight);
    const double after = static_cast<double>(width) / static_cast<double>(height);
    std::int64_t left = 0, top = 0;
    // nearbyint rounds halves to even, as Python does.
    const auto half = [](double side, double share) {
        return static_cast<std::int64_t>(std::nearbyint((side - side * share) / 2));
    };
    if (before > after) left = half(static_cast<double>(oldWidth), after / before);
    if (before < after) top = half(static_cast<double>(oldHeight), before / after);
    return x.narrow(-2, top, oldHeight - 2 * top).narrow(-1, left, oldWidth - 2 * left);
}

nn::Tensor toBatch(const nn::Tensor& x, std::int64_t count) {
    const std::int64_t have = x.size(0);
    if (have == count) return x;
    if (have > count) return x.narrow(0, 0, count);
    std::vector<nn::Tensor> parts;
    for (std::int64_t left = count; left > 0; left -= have)
        parts.push_back(x.narrow(0, 0, std::min(left, have)));
    return nn::cat(parts, 0);
}

void checkLatent(const LatentBatch& latent, const std::string& subject) {
    const nn::Tensor& x = latent.samples;
    if (!x.defined() || x.dim() != 4 || x.size(1) > kMostChannels || x.numel() == 0)
        throw Error(fmt::format("{}: is {}, a latent is [pictures, 4, height, width]", subject,
                                x.defined() ? tensor::describe(x.sizes().vec()) : "nothing"),
                    "take it from Empty latent, Encode or a sampler");
    if (!std::isfinite(nn::maxAbs(x)))
        throw Error(subject + ": holds values that are no finite numbers",
                    "compute in float32, or choose another checkpoint");
    const nn::Tensor& mask = latent.noiseMask;
    if (mask.defined() && (mask.dim() != 4 || mask.size(1) != 1 || mask.numel() == 0))
        throw Error(fmt::format("{}: its mask is {}, not [pictures, 1, height, width]", subject,
                                tensor::describe(mask.sizes().vec())));
    if (!latent.batchIndex.empty() && static_cast<int>(latent.batchIndex.size()) != latent.count())
        throw Error(
            fmt::format("{}: numbers {} pictures of {}", subject, latent.batchIndex.size(), latent.count()));
}

} // namespace ochre::models
