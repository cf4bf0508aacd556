// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/Rfdn.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Resample.h"

namespace ochre::models {
namespace {

constexpr double kSlope = 0.05; // of every leaky ReLU
constexpr double kRange = 255;  // the published network sees 0…255

std::string inBlock(int index, const std::string& part) {
    return fmt::format("B{}.{}", index + 1, part);
}

} // namespace

std::optional<Rfdn::Config> Rfdn::Config::fromWeights(const tensor::Weights& weights) {
    for (const char* name : {"fea_conv.weight", "B1.c1_d.weight", "B1.esa.conv1.weight", "upsampler.0.weight"})
        if (!weights.has(name) || weights.shape(name).size() != 4) return std::nullopt;
    Config config;
    const auto side = [&](const char* name, std::size_t dimension) {
        return static_cast<int>(weights.size(name, dimension));
    };
    config.features = side("fea_conv.weight", 0);
    config.channels = side("fea_conv.weight", 1);
    config.distilled = side("B1.c1_d.weight", 0);
    config.attention = side("B1.esa.conv1.weight", 0);
    config.blocks = 0;
    while (weights.has(inBlock(config.blocks, "c1_d.weight"))) ++config.blocks;
    config.upscale = 0;
    for (int scale = 1; scale <= 8; ++scale)
        if (side("upsampler.0.weight", 0) == config.channels * scale * scale) config.upscale = scale;
    if (config.upscale == 0) return std::nullopt;
    return config;
}

KeyShapes Rfdn::Config::expected() const {
    KeyShapes keys;
    const auto conv = [&keys](const std::string& name, std::int64_t out, std::int64_t in, std::int64_t kernel) {
        addLayerKeys(keys, name, {out, in, kernel, kernel});
    };
    conv("fea_conv", features, channels, 3);
    for (int i = 0; i < blocks; ++i) {
        for (int step = 1; step <= 3; ++step) {
            conv(inBlock(i, fmt::format("c{}_d", step)), distilled, features, 1);
            conv(inBlock(i, fmt::format("c{}_r", step)), features, features, 3);
        }
        conv(inBlock(i, "c4"), distilled, features, 3);
        conv(inBlock(i, "c5"), features, 4 * distilled, 1);
        conv(inBlock(i, "esa.conv1"), attention, features, 1);
        conv(inBlock(i, "esa.conv_f"), attention, attention, 1);
        for (const char* name : {"esa.conv_max", "esa.conv2", "esa.conv3", "esa.conv3_"})
            conv(inBlock(i, name), attention, attention, 3);
        conv(inBlock(i, "esa.conv4"), features, attention, 1);
    }
    conv("c.0", features, blocks * features, 1);
    conv("LR_conv", features, features, 3);
    conv("upsampler.0", channels * upscale * upscale, features, 3);
    return keys;
}

Rfdn::Rfdn(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected());
    const nn::Conv2dOptions plain, active{.activation = nn::Activation::leakyRelu(kSlope)},
        relu{.activation = nn::Activation::relu()};
    m_first = {weights, "fea_conv", plain};
    for (int i = 0; i < config.blocks; ++i) {
        Block& block = m_blocks.emplace_back();
        const auto conv = [&](const std::string& name, const nn::Conv2dOptions& options) {
            return nn::Conv2d(weights, inBlock(i, name), options);
        };
        for (int step = 0; step < 3; ++step) {
            block.distill[step] = conv(fmt::format("c{}_d", step + 1), active);
            block.refine[step] = conv(fmt::format("c{}_r", step + 1), plain);
        }
        block.last = conv("c4", active);
        block.join = conv("c5", plain);
        block.narrow = conv("esa.conv1", plain);
        block.keep = conv("esa.conv_f", plain);
        block.stride = conv("esa.conv2", {.stride = 2, .padding = 0});
        block.pooled = conv("esa.conv_max", relu);
        block.first = conv("esa.conv3", relu);
        block.second = conv("esa.conv3_", plain);
        block.widen = conv("esa.conv4", plain);
    }
    m_join = {weights, "c.0", active};
    m_bodyEnd = {weights, "LR_conv", plain};
    m_upsample = {weights, "upsampler.0", plain};
}

/// x [N, features, H, W] times a share a value, which comes from a map of a sixth of the size.
nn::Tensor Rfdn::attend(const Block& block, const nn::Tensor& x) {
    const nn::Tensor narrow = block.narrow(x); // [N, attention, H, W]
    nn::Tensor far = nn::maxPool(block.stride(narrow), 7, 3);
    far = block.second(block.first(block.pooled(far)));
    far = nn::resizeBilinear(far, x.size(2), x.size(3));
    return x.mul(block.widen(far.add(block.keep(narrow))).sigmoid());
}

nn::Tensor Rfdn::run(const Block& block, const nn::Tensor& x) {
    std::vector<nn::Tensor> parts;
    nn::Tensor rest = x; // [N, features, H, W]
    for (int step = 0; step < 3; ++step) {
        parts.push_back(block.distill[step](rest)); // [N, distilled, H, W]
        rest = nn::leakyRelu(block.refine[step](rest).add(rest), kSlope);
    }
    parts.push_back(block.last(rest));
    return attend(block, block.join(nn::cat(parts)));
}

nn::Tensor Rfdn::forward(const nn::Tensor& image) const {
    if (image.size(2) < kLeastSide || image.size(3) < kLeastSide)
        throw Error(fmt::format("RFDN: a picture of {}x{} is too small", image.size(3), image.size(2)),
                    fmt::format("sides are at least {}", kLeastSide));
    const nn::Tensor shallow = m_first(nn::channelsLast(image.mul(kRange))); // [N, features, H, W]
    std::vector<nn::Tensor> results;
    for (const Block& block : m_blocks) results.push_back(run(block, results.empty() ? shallow : results.back()));
    const nn::Tensor deep = m_bodyEnd(m_join(nn::cat(results))).add(shallow);
    return nn::pixelShuffle(m_upsample(deep), m_config.upscale).div(kRange);
}

} // namespace ochre::models
