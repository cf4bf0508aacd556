// SPDX-License-Identifier: GPL-3.0-or-later
// Layers and operations that models are written in; Nn.cpp is the one place that knows ATen's operators.
// Pictures are [N, C, H, W] and lie channels-last in memory. Layers are built from weights by name.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/tensor/Weights.h"

namespace ochre::nn {

using at::Tensor;
using tensor::Weights;

/// What a layer applies to its result before it is written, at no cost of its own.
struct Activation {
    enum class Kind { None, Relu, LeakyRelu, Gelu, GeluTanh, Silu } kind = Kind::None;
    double slope = 0; ///< LeakyRelu, of negative values

    static Activation none() { return {}; }
    static Activation relu() { return {Kind::Relu, 0}; }
    static Activation leakyRelu(double slope) { return {Kind::LeakyRelu, slope}; }
    static Activation silu() { return {Kind::Silu, 0}; }
};

struct Conv2dOptions {
    int stride = 1;
    int padding = -1; ///< on each side; -1: half the kernel, which keeps the size at stride 1
    int dilation = 1;
    int groups = 1;
    Activation activation = {};
    bool lean = false; ///< keeps nothing beside the weights that is larger than the picture it makes, even where that is faster
};

class FixedConv;
class WinogradConv;

/// "name.weight" [out, in/groups, kh, kw] and, where it is there, "name.bias" [out]. Weights are packed for the CPU once, or go through Winograd's
/// algorithm. Work of more than some 50 ms is done in pieces, of which each asks Cancel; a pixel's sum does not depend on its piece.
class Conv2d {
public:
    Conv2d() = default;
    Conv2d(const Weights& weights, const std::string& name, const Conv2dOptions& options = {});
    /// `weight` [out, in/groups, kh, kw]; `bias` [out] or undefined.
    Conv2d(const Tensor& weight, const Tensor& bias, const Conv2dOptions& options = {});

    Tensor operator()(const Tensor& x) const; ///< [N, in, H, W] → [N, out, H', W']
    /// The same in one piece on some rows of a picture, channels-last, that bring along what the result needs above and
    /// below: no zeros are added there. [N, in, rows, W] → [N, out, rows', W']. `room`, if it is defined, has the shape of
    /// the result and may become it.
    Tensor rows(const Tensor& x, const Tensor& room = {}) const;
    void addRows(const Tensor& x, Tensor& onto) const; ///< onto += rows(x); channels-last
    /// The result in `out`, and out = base + scale · result; x, out and base may be some of the channels of wider
    /// channels-last pictures, and `out` may be `base`.
    void into(const Tensor& out, const Tensor& x) const;
    void addInto(const Tensor& out, const Tensor& base, double scale, const Tensor& x) const;

    /// A copy that keeps in `memory` what is otherwise made of large weights for each call: for many stripes. The next
    /// layer may have the memory when this one is done.
    Conv2d prepared(Tensor& memory) const;

    std::int64_t inChannels() const { return m_in; }
    std::int64_t outChannels() const { return m_out; }
    double work() const { return m_pixelWork; } ///< floating-point operations of a pixel of the result

private:
    Tensor apply(const Tensor& x, std::int64_t padVertical) const;
    Tensor striped(const Tensor& x, std::int64_t outHeight, std::int64_t stripe) const;
    std::int64_t outSide(std::int64_t side, std::int64_t kernel) const;

    Tensor m_weight, m_packed, m_bias; ///< either the weight or the packed one is kept
    std::shared_ptr<const WinogradConv> m_winograd;
    std::shared_ptr<const FixedConv> m_fixed; ///< then the weight is kept, too
    std::shared_ptr<const tensor::LowRank> m_change; ///< of a layer that learns
    Conv2dOptions m_options;
    std::int64_t m_in = 0, m_out = 0, m_kernelHeight = 0, m_kernelWidth = 0;
    double m_pixelWork = 0; ///< floating-point operations of a pixel of the result
};

/// "name.weight" [out, in] (or that of a 1×1 convolution, [out, in, 1, 1]), "name.bias" [out] where it is there:
/// [..., in] → [..., out].
class Linear {
public:
    Linear() = default;
    Linear(const Weights& weights, const std::string& name);
    /// From tensors, for matrices whose names do not end in ".weight"; `bias` may be undefined.
    Linear(Tensor weight, Tensor bias);
    /// Layers that see the same x as one: their results side by side in the last dimension.
    static Linear joined(const Weights& weights, const std::vector<std::string>& names);

    Tensor operator()(const Tensor& x) const;
    void addTo(Tensor& onto, const Tensor& x) const; ///< onto += (*this)(x), in a tensor of its own or in place

private:
    Tensor multiply(const Tensor& x) const;

    Tensor m_weight, m_packed, m_bias; ///< either the weight or, in bfloat16, what oneDNN made of it
    std::vector<Tensor> m_parts, m_biasParts; ///< of a layer that learns, one or more that are joined at each call
    std::vector<std::shared_ptr<const tensor::LowRank>> m_changes; ///< of those parts, or none
};

/// "name.weight" [channels or 1]: negative values are scaled by a slope a channel.
class Prelu {
public:
    Prelu() = default;
    Prelu(const Weights& weights, const std::string& name);
    Tensor operator()(const Tensor& x) const;

private:
    Tensor m_slope;
};

Tensor activate(const Tensor& x, const Activation& activation);
Tensor relu(const Tensor& x);
Tensor leakyRelu(const Tensor& x, double slope);
Tensor gelu(const Tensor& x);     ///< exact (erf)
Tensor geluTanh(const Tensor& x); ///< the tanh approximation
Tensor silu(const Tensor& x);
Tensor gatedGelu(const Tensor& x); ///< [..., 2·C] → first half · gelu(second half) (GEGLU, arXiv 2002.05202)

Tensor add(const Tensor& a, const Tensor& b);
Tensor& addInPlace(Tensor& a, const Tensor& b);                 ///< a += b; while learning, a becomes another tensor
void addScaled(const Tensor& a, double scale, const Tensor& b); ///< a += scale·b, in a view of a too
Tensor cat(const std::vector<Tensor>& parts, std::int64_t dimension = 1);
Tensor pixelShuffle(const Tensor& x, int factor);   ///< [N, C·f², H, W] → [N, C, H·f, W·f]
Tensor pixelUnshuffle(const Tensor& x, int factor); ///< [N, C, H·f, W·f] → [N, C·f², H, W]
Tensor upsampleNearest(const Tensor& x, int factor);
Tensor resizeNearest(const Tensor& x, std::int64_t height, std::int64_t width);
Tensor resizeBilinear(const Tensor& x, std::int64_t height, std::int64_t width, bool alignCorners = false);
Tensor resizeBicubic(const Tensor& x, std::int64_t height, std::int64_t width, bool alignCorners = false);
enum class Padding { Zero, Reflect, Replicate };
Tensor pad(const Tensor& x, std::int64_t left, std::int64_t right, std::int64_t top, std::int64_t bottom,
           Padding kind = Padding::Zero);

/// A picture tensor of unset values, channels-last, on the device and in the type of `like`.
Tensor emptyPicture(const Tensor& like, std::int64_t batch, std::int64_t channels, std::int64_t height,
                    std::int64_t width);
Tensor emptyValues(std::int64_t count, const at::TensorOptions& options); ///< [count], unset
Tensor channelsLast(const Tensor& x);
Tensor narrow(const Tensor& x, std::int64_t dimension, std::int64_t start, std::int64_t length);
double maxAbs(const Tensor& x);                            ///< 0 for an empty tensor; NaN if any value is
double maxAbsDifference(const Tensor& a, const Tensor& b); ///< in double
double meanAbsDifference(const Tensor& a, const Tensor& b);

} // namespace ochre::nn
