// SPDX-License-Identifier: GPL-3.0-or-later
// What networks of several kinds share: tables of their keys, and pictures seen as tokens.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/tensor/Nn.h"

namespace ochre::models {

using KeyShapes = std::map<std::string, tensor::Shape>;

/// Adds "name.weight" of this shape and "name.bias" [shape[0]].
void addLayerKeys(KeyShapes& keys, const std::string& name, tensor::Shape shape, bool bias = true);
/// Adds what a batch normalisation has.
void addBatchNormKeys(KeyShapes& keys, const std::string& name, std::int64_t channels);

/// Throws Error (Broken) naming file and key where one is missing or has another shape.
void requireShapes(const tensor::Weights& weights, const KeyShapes& expected,
                   const std::string& hint = "fetch the file again, or choose another");

/// nn::Linear for many tokens, as a 1×1 convolution, whose packed weights are twice as fast on some processors.
class TokenLinear {
public:
    TokenLinear() = default;
    TokenLinear(const tensor::Weights& weights, const std::string& name, const nn::Activation& activation = {});
    /// `weight` [out, in] or [out, in, 1, 1]; `bias` [out] or undefined.
    TokenLinear(const nn::Tensor& weight, const nn::Tensor& bias, const nn::Activation& activation = {});
    nn::Tensor operator()(const nn::Tensor& x) const; ///< [..., in] → [..., out]

private:
    nn::Conv2d m_convolution;
};

/// [N, C, H, W], channels-last → [N, H·W, C], and back: views of the same memory.
nn::Tensor tokensOf(const nn::Tensor& picture);
nn::Tensor pictureOf(const nn::Tensor& tokens, std::int64_t height, std::int64_t width);

} // namespace ochre::models
