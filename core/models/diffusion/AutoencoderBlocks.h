// SPDX-License-Identifier: GPL-3.0-or-later
// The blocks of latent-diffusion autoencoders, computed stripe by stripe: no map is ever held twice at its full size.
// Paper: arXiv 2112.10752. Reference: CompVis/latent-diffusion ldm/modules/diffusionmodules/model.py.
#pragma once

#include <string>

#include "core/base/Progress.h"
#include "core/models/diffusion/StripedMap.h"
#include "core/tensor/UpsampleConv.h"

namespace ochre::models {

/// How a network goes through its maps.
class StripeRun {
public:
    /// `rows` of a stripe, rounded to a multiple of 4; 0: as many as take 8 MiB and some 50 ms, but at least 4.
    /// `input` has the type that is computed in.
    StripeRun(const nn::Tensor& input, MapStorage storage, int rows, double totalWork, Progress progress);

    MapStorage storage() const { return m_storage; }
    std::int64_t rows(std::int64_t valuesPerRow, double workPerRow) const;
    void advance(double work); ///< reports; asks Cancel
    nn::Tensor& scratch() { return m_scratch; } ///< for one stripe that is about to be convolved
    nn::Tensor& weights() { return m_weights; } ///< for what a layer makes of its weights
    /// Room for a stripe [1, channels, rows, width]. All stripes take about the same memory, so that those which are given
    /// back serve again.
    nn::Tensor room(std::int64_t channels, std::int64_t rows, std::int64_t width) const;

private:
    at::TensorOptions m_options;
    MapStorage m_storage;
    int m_rows;
    double m_work = 0, m_total;
    Progress m_progress;
    nn::Tensor m_scratch, m_weights;
};

/// Convolution 3×3 with padding 1.
StripedMap convolve(StripedMap x, const nn::Conv2d& conv, StripeRun& run);
/// Group norm, SiLU, convolution 3×3.
StripedMap convolve(StripedMap x, const nn::GroupNorm& norm, const nn::Conv2d& conv, StripeRun& run);
/// Convolution 3×3 of stride 2 without padding but for a column on the right and a row below: `conv` pads nothing.
StripedMap downsample(StripedMap x, const nn::Conv2d& conv, StripeRun& run);
StripedMap upsample(StripedMap x, const nn::UpsampleConv2d& conv, StripeRun& run);

/// x + conv2(silu(norm2(conv1(silu(norm1(x)))))), x through a 1×1 convolution where the channels change.
class ResBlock {
public:
    ResBlock() = default;
    ResBlock(const tensor::Weights& weights, const std::string& name);
    StripedMap operator()(StripedMap x, StripeRun& run) const;
    nn::Tensor whole(const nn::Tensor& x) const; ///< the same in one piece, which can be differentiated; [N, C, H, W]
    double work() const;                         ///< operations a pixel

private:
    StripedMap runFirst(StripedMap& x, StripedMap& shortcut, StripeRun& run) const;

    nn::GroupNorm m_norm1, m_norm2;
    nn::Conv2d m_conv1, m_conv2, m_shortcut;
    bool m_hasShortcut = false;
};

/// x + out(attention over all pixels), one head as wide as the channels.
class AttentionBlock {
public:
    AttentionBlock() = default;
    AttentionBlock(const tensor::Weights& weights, const std::string& name);
    StripedMap operator()(StripedMap x, StripeRun& run) const;
    nn::Tensor whole(const nn::Tensor& x) const; ///< as ResBlock's
    double work(std::int64_t pixels) const; ///< operations in all

private:
    nn::GroupNorm m_norm;
    nn::Linear m_q, m_k, m_v, m_out;
};

} // namespace ochre::models
