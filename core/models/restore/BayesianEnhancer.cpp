// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/BayesianEnhancer.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/OpenNetwork.h"
#include "core/models/restore/Bem.h"
#include "core/models/restore/WholePicture.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr int kColors = 3;
constexpr int kShrink = 16;  // sides of the picture to those of the small copy
constexpr int kOverlap = 32; // as the repository's own tiles have it
constexpr int kMostSamples = 1000;

/// A network of BEM and its weights, with `channels` in.
struct Opened {
    tensor::Weights weights;
    Bem::Config config;
    std::shared_ptr<const Bem> network;
};

Opened openOne(const std::filesystem::path& path, int channels, const char* which) {
    const Opened opened = openNetwork<Bem>(path, "BEM", [](const tensor::Weights& weights, const Bem::Config& config) {
        return Opened{weights, config, std::make_shared<const Bem>(weights, config)};
    });
    if (opened.config.inChannels != channels || opened.config.outChannels != kColors)
        throw Error(fmt::format("{}: takes {} channels and gives {}: it is not the {} network of BEM", path.string(),
                                opened.config.inChannels, opened.config.outChannels, which),
                    "the first takes 3 (\"CG_UNet\"), the second 6 (\"IE_UNet\"): see that they are not the wrong way round",
                    ErrorKind::NotMine);
    return opened;
}

PictureModel secondModel(const Opened& opened) {
    const int wide = 2 * opened.config.ratio * opened.config.features; // of the widest layer, on the first level
    return {.forward = [model = opened.network](const nn::Tensor& x) { return model->forward(x).back(); },
            .inChannels = opened.config.inChannels,
            .outChannels = opened.config.outChannels,
            .multiple = opened.config.multiple(),
            .overlap = kOverlap,
            .bytesPerPixel = 4.0 * (2.0 * wide + 12.0 * opened.config.features)};
}

} // namespace

struct BayesianEnhancer::State {
    Opened first;
    PictureModel second;
};

BayesianEnhancer BayesianEnhancer::open(const std::filesystem::path& first, const std::filesystem::path& second) {
    BayesianEnhancer enhancer;
    tensor::run({}, [&] {
        const Opened one = openOne(first, kColors, "first"), two = openOne(second, 2 * kColors, "second");
        enhancer.m_state = std::make_shared<const State>(State{one, secondModel(two)});
    });
    return enhancer;
}

Image BayesianEnhancer::enhance(const Image& image, const BayesianOptions& options, const Progress& progress,
                                const Cancel& cancel) const {
    const State& state = *m_state;
    if (options.samples < 0 || options.samples > kMostSamples)
        throw Error(fmt::format("BEM: {} samples", options.samples), fmt::format("choose 0 to {}", kMostSamples));
    if (options.samples > 0 && !state.first.config.bayesian)
        throw Error("BEM: the first network is not Bayesian: there is nothing to draw samples of", "choose 0 samples");
    Image out;
    tensor::useThreads(options.tiles.threads);
    tensor::run(cancel, [&] {
        const nn::Tensor colors = colorsOf(image, "the picture", cancel); // [1, 3, H, W]
        const nn::Tensor whole = filledUp(colors, kShrink * state.first.config.multiple());
        const nn::Tensor small = nn::resizeBilinear(whole, whole.size(2) / kShrink, whole.size(3) / kShrink);
        const int runs = std::max(1, options.samples);
        nn::Tensor sum;
        for (int i = 0; i < runs; ++i) {
            cancel.check();
            const auto draw = [&] {
                const tensor::Weights weights = Bem::drawn(state.first.weights, options.seed + static_cast<std::uint64_t>(i));
                return Bem(weights, *Bem::Config::fromWeights(weights)).forward(small);
            };
            const nn::Tensor guess = (options.samples > 0 ? draw() : state.first.network->forward(small)).back().clamp(0, 1);
            const nn::Tensor seen = nn::cat({whole, nn::resizeBilinear(guess, whole.size(2), whole.size(3))});
            const nn::Tensor made =
                forwardInTiles(state.second, seen, options.tiles, progress.part(1.0 * i / runs, (i + 1.0) / runs));
            sum = sum.defined() ? sum.add_(made) : made;
        }
        sum.div_(runs);
        out = pictureLike(nn::narrow(nn::narrow(sum, 2, 0, colors.size(2)), 3, 0, colors.size(3)), image, cancel);
    });
    return out;
}

} // namespace ochre::models
