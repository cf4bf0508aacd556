// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/Sam.h"

#include <cstdlib>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

constexpr const char* kEncoder = "image_encoder.";
constexpr double kMean[] = {123.675, 116.28, 103.53}, kDeviation[] = {58.395, 57.12, 57.375}; // of ImageNet, in 0…255

/// That of the file's metadata, or MobileSAM's. Throws Error (Broken) where it is none.
int sideIn(const tensor::Weights& weights) {
    const auto& metadata = weights.checkpoint().metadata;
    const auto it = metadata.find(Sam::Config::kSideKey);
    if (it == metadata.end()) return Sam::Config().tinySide;
    const int side = std::atoi(it->second.c_str());
    if (side < TinyVit::kReduction || side > 4096 || side % TinyVit::kReduction != 0)
        throw broken(fmt::format("{}: {} \"{}\" is no side of a picture", weights.subject(), Sam::Config::kSideKey, it->second),
                     "fetch the file again, or choose another");
    return side;
}

} // namespace

std::optional<Sam::Config> Sam::Config::fromWeights(const tensor::Weights& weights) {
    Config config;
    config.decoder = SamDecoder::Config::fromWeights(weights);
    if (config.decoder && config.decoder->second) return std::nullopt;
    for (const char* prefix : {kEncoder, ""}) {
        if (config.decoder && !*prefix) break; // the encoder alone has names without prefix
        config.encoderPrefix = prefix;
        const tensor::Weights view = weights.sub(prefix);
        config.vit = SamImageEncoder::Config::fromWeights(view);
        if (!config.vit) config.tiny = TinyVit::Config::fromWeights(view);
        if (config.tiny) config.tinySide = sideIn(weights);
        if (config.vit || config.tiny) return config;
    }
    return config.decoder ? std::optional(config) : std::nullopt;
}

std::map<std::string, tensor::Shape> Sam::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    if (decoder) keys = decoder->expected();
    const auto encoder = vit ? vit->expected() : tiny ? tiny->expected() : std::map<std::string, tensor::Shape>();
    for (const auto& [key, shape] : encoder) keys[encoderPrefix + key] = shape;
    return keys;
}

bool Sam::Config::isBeside(const std::string& key) {
    return TinyVit::Config::isBeside(key.starts_with(kEncoder) ? key.substr(std::string(kEncoder).size()) : key);
}

Sam::Sam(const tensor::Weights& weights, const Config& config) : m_config(config) {
    const tensor::Weights encoder = weights.sub(config.encoderPrefix);
    if (config.vit) m_vit.emplace(encoder, *config.vit);
    if (config.tiny) m_tiny.emplace(encoder, *config.tiny);
    if (config.decoder) m_decoder.emplace(weights, *config.decoder);
}

nn::Tensor Sam::prepare(const nn::Tensor& image, std::int64_t side) {
    if (image.dim() != 4 || image.size(1) != 3 || image.size(2) > side || image.size(3) > side || image.numel() == 0)
        throw Error(fmt::format("SAM: a picture is [1, 3, h, w] with sides up to {}, not {}", side,
                                tensor::describe(image.sizes().vec())));
    nn::Tensor x = image.clone();
    for (int c = 0; c < 3; ++c) x.select(1, c).sub_(kMean[c]).div_(kDeviation[c]);
    return nn::pad(x, 0, side - x.size(3), 0, side - x.size(2));
}

nn::Tensor Sam::encode(const nn::Tensor& image) const {
    if (!m_vit && !m_tiny) throw Error("SAM: this file has no image encoder", "choose the weights of the whole model");
    return m_vit ? m_vit->forward(image) : m_tiny->forward(image);
}

const SamDecoder& Sam::decoder() const {
    if (!m_decoder) throw Error("SAM: this file has no mask decoder", "choose the weights of the whole model");
    return *m_decoder;
}

nn::Tensor Sam::finish(const nn::Tensor& masks, std::int64_t side, std::int64_t usedHeight, std::int64_t usedWidth,
                       std::int64_t height, std::int64_t width) {
    const nn::Tensor used = nn::resizeBilinear(masks, side, side).narrow(2, 0, usedHeight).narrow(3, 0, usedWidth);
    return nn::resizeBilinear(used, height, width);
}

} // namespace ochre::models
