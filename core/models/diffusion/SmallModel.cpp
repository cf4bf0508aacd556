// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/SmallModel.h"

namespace ochre::models {

UNet::Config smallUNet(const std::vector<int>& widths, int blocks, int channels, int embedding, int context, bool outerAttention,
                       int vector) {
    const auto depthAt = [&](std::size_t level) { return level > 0 || outerAttention || widths.size() == 1 ? 1 : 0; };
    UNet::Config config;
    config.inChannels = config.outChannels = channels;
    config.channels = widths.front();
    config.embedding = embedding;
    config.context = context;
    config.vector = vector;
    config.linearProjection = true;
    config.headWidth = kSmallHeadWidth;
    std::vector<int> skips{widths.front()};
    int width = widths.front();
    for (std::size_t level = 0; level < widths.size(); ++level) {
        if (level > 0) {
            config.inputs.push_back({.in = width, .out = width, .resample = true});
            skips.push_back(width);
        }
        for (int block = 0; block < blocks; ++block) {
            config.inputs.push_back({.in = width, .out = widths[level], .depth = depthAt(level)});
            width = widths[level];
            skips.push_back(width);
        }
    }
    for (std::size_t level = widths.size(); level-- > 0;)
        for (int block = 0; block <= blocks; ++block) {
            config.outputs.push_back({.in = width + skips.back(), .out = widths[level], .depth = depthAt(level),
                                      .resample = level > 0 && block == blocks});
            skips.pop_back();
            width = widths[level];
        }
    return config;
}

AutoencoderKl::Config smallAutoencoder(const std::vector<int>& widths, int blocks, int latentChannels, bool attention) {
    AutoencoderKl::Config config;
    config.inChannels = config.outChannels = 3 * kSmallUnshuffle * kSmallUnshuffle;
    config.widths = widths;
    config.stem = widths.front();
    config.resBlocks = blocks;
    config.zChannels = config.latentChannels = latentChannels;
    config.momentChannels = 2 * latentChannels;
    config.midAttention = config.linearAttention = attention;
    return config;
}

} // namespace ochre::models
