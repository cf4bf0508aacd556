// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/recipes/SmallUNet.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::training {

models::UNet::Config smallUNet(const std::vector<int>& widths, int blocks, std::int64_t channels, int embedding,
                               std::int64_t context) {
    models::UNet::Config config;
    config.inChannels = config.outChannels = static_cast<int>(channels);
    config.channels = widths.front();
    config.embedding = embedding;
    config.context = static_cast<int>(context);
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
            config.inputs.push_back({.in = width, .out = widths[level], .depth = 1});
            width = widths[level];
            skips.push_back(width);
        }
    }
    for (std::size_t level = widths.size(); level-- > 0;)
        for (int block = 0; block <= blocks; ++block) {
            config.outputs.push_back({.in = width + skips.back(), .out = widths[level], .depth = 1,
                                      .resample = level > 0 && block == blocks});
            skips.pop_back();
            width = widths[level];
        }
    return config;
}

double smallUNetGain(const std::string& name) {
    for (const char* silent : {".out_layers.3.", ".proj_out.", "out.2."})
        if (name.find(silent) != std::string::npos) return 0;
    return 1;
}

std::vector<int> widthsOf(const std::string& text, int multiple) {
    std::vector<int> widths;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        const std::string part = text.substr(at, comma - at);
        const int width = std::atoi(part.c_str());
        if (width < multiple || width % multiple != 0)
            throw Error(fmt::format("training: widths \"{}\": \"{}\" is no multiple of {}", text, part, multiple),
                        fmt::format("write them as {},{}", 2 * multiple, 4 * multiple));
        widths.push_back(width);
        at = comma + 1;
    }
    return widths;
}

} // namespace ochre::training
