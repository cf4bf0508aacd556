// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/Sam2.h"

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

constexpr const char *kEncoder = "image_encoder.", *kAttention = "memory_attention.", *kMemory = "memory_encoder.";
constexpr const char* kNoMemory = "no_mem_embed";
/// Of tensors at the top, those that only videos need.
constexpr const char* kOfVideo[] = {"maskmem_tpos_enc", "no_mem_pos_enc", "no_obj_ptr",     "no_obj_embed_spatial",
                                    "mask_downsample.", "obj_ptr_proj.",  "obj_ptr_tpos_proj.", kAttention, kMemory};

const Sam2::Config& wholeOrThrow(const tensor::Weights& weights, const Sam2::Config& config) {
    if (!config.whole()) throw Error(weights.subject() + ": is only a part of SAM 2", "choose the weights of the whole model");
    return config;
}

} // namespace

std::optional<Sam2::Config> Sam2::Config::fromWeights(const tensor::Weights& weights) {
    Config config;
    const auto read = [&](bool alone) {
        const auto view = [&](const char* prefix) { return alone ? weights : weights.sub(prefix); };
        config.encoder = Sam2ImageEncoder::Config::fromWeights(view(kEncoder));
        config.attention = Sam2MemoryAttention::Config::fromWeights(view(kAttention));
        config.memory = Sam2MemoryEncoder::Config::fromWeights(view(kMemory));
        config.alone = alone;
        return config.encoder || config.attention || config.memory;
    };
    config.decoder = SamDecoder::Config::fromWeights(weights);
    if (config.decoder && !config.decoder->second) return std::nullopt;
    if (!read(false) && (config.decoder || !read(true))) {
        config.alone = false;
        return config.decoder ? std::optional(config) : std::nullopt;
    }
    const bool whole = config.encoder && config.attention && config.memory && config.decoder && weights.has("maskmem_tpos_enc");
    if (whole) config.memories = static_cast<int>(weights.size("maskmem_tpos_enc", 0));
    config.second = weights.has("no_obj_embed_spatial");
    return config;
}

std::map<std::string, tensor::Shape> Sam2::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const auto add = [&](const char* prefix, const auto& part) {
        if (!part) return;
        for (const auto& [key, shape] : part->expected()) keys[(alone ? "" : prefix) + key] = shape;
    };
    add("", decoder);
    add(kEncoder, encoder);
    add(kAttention, attention);
    add(kMemory, memory);
    if (!whole()) return keys;
    const int channels = encoder->channels, kept = memory->memoryChannels;
    const auto linear = [&](const std::string& name, int out) {
        keys[name + ".weight"] = {out, channels};
        keys[name + ".bias"] = {out};
    };
    keys["maskmem_tpos_enc"] = {memories, 1, 1, kept};
    keys[kNoMemory] = keys["no_mem_pos_enc"] = {1, 1, channels};
    keys["no_obj_ptr"] = {1, channels};
    keys["mask_downsample.weight"] = {1, 1, 4, 4};
    keys["mask_downsample.bias"] = {1};
    for (int i = 0; i < 3; ++i) linear(fmt::format("obj_ptr_proj.layers.{}", i), channels);
    if (!second) return keys;
    keys["no_obj_embed_spatial"] = {1, kept};
    linear("obj_ptr_tpos_proj", kept);
    return keys;
}

bool Sam2::Config::isOfVideo(const std::string& key) {
    for (const char* prefix : kOfVideo)
        if (key.starts_with(prefix)) return true;
    return false;
}

Sam2::Sam2(const tensor::Weights& weights, const Config& config)
    : m_encoder(weights.sub(kEncoder), *wholeOrThrow(weights, config).encoder), m_decoder(weights, *config.decoder),
      m_noMemory(weights.tensor(kNoMemory).view({1, -1, 1, 1})) {}

SamDecoder::Picture Sam2::encode(const nn::Tensor& image) const {
    const std::vector<nn::Tensor> pyramid = m_encoder.forward(image);
    return m_decoder.prepare(pyramid[2].add(m_noMemory), static_cast<int>(image.size(2)), static_cast<int>(image.size(3)),
                             m_decoder.fineFeatures(pyramid[0], pyramid[1]));
}

} // namespace ochre::models
