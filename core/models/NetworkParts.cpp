// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/NetworkParts.h"

#include <utility>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {

void addLayerKeys(KeyShapes& keys, const std::string& name, tensor::Shape shape, bool bias) {
    if (bias) keys[name + ".bias"] = {shape.at(0)};
    keys[name + ".weight"] = std::move(shape);
}

void addBatchNormKeys(KeyShapes& keys, const std::string& name, std::int64_t channels) {
    for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) keys[name + part] = {channels};
}

void requireShapes(const tensor::Weights& weights, const KeyShapes& expected, const std::string& hint) {
    for (const auto& [key, shape] : expected)
        if (weights.shape(key) != shape)
            throw broken(fmt::format("{}: tensor \"{}\" is {}, expected {}", weights.subject(), weights.prefix() + key,
                                     tensor::describe(weights.shape(key)), tensor::describe(shape)),
                         hint);
}

TokenLinear::TokenLinear(const tensor::Weights& weights, const std::string& name, const nn::Activation& activation)
    : TokenLinear(weights.tensor(name + ".weight"),
                  weights.has(name + ".bias") ? weights.tensor(name + ".bias") : nn::Tensor(), activation) {}

TokenLinear::TokenLinear(const nn::Tensor& weight, const nn::Tensor& bias, const nn::Activation& activation)
    : m_convolution(weight.view({weight.size(0), weight.size(1), 1, 1}), bias, {.activation = activation}) {}

nn::Tensor TokenLinear::operator()(const nn::Tensor& x) const {
    tensor::Shape shape = x.sizes().vec();
    // [1, in, 1, tokens], channels-last
    const nn::Tensor picture = x.reshape({1, 1, -1, shape.back()}).permute({0, 3, 1, 2});
    shape.back() = m_convolution.outChannels();
    return nn::channelsLast(m_convolution(picture)).permute({0, 2, 3, 1}).reshape(shape);
}

nn::Tensor tokensOf(const nn::Tensor& picture) {
    return nn::channelsLast(picture).permute({0, 2, 3, 1}).flatten(1, 2);
}

nn::Tensor pictureOf(const nn::Tensor& tokens, std::int64_t height, std::int64_t width) {
    return tokens.view({tokens.size(0), height, width, tokens.size(2)}).permute({0, 3, 1, 2});
}

} // namespace ochre::models
