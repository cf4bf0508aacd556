// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/RetinexEnhancer.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/OpenNetwork.h"
#include "core/models/restore/RetinexDecomposition.h"
#include "core/models/restore/RetinexDiffusion.h"
#include "core/models/restore/WholePicture.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr int kColors = 3, kOverlap = 32;
constexpr int kDecompositionMultiple = 4; // twice halved
/// Floats a pixel at most at a time: the wide attention of the decomposition; a U-Net's first level with its skips, to its width.
constexpr double kDecompositionValues = 700, kUNetWidths = 24;

struct Diffusion {
    RetinexDiffusion::Config config;
    std::shared_ptr<const RetinexDiffusion> network;
};

Diffusion openDiffusion(const std::filesystem::path& path, int channels, const char* which) {
    const Diffusion opened = openNetwork<RetinexDiffusion>(
        path, "Diff-Retinex' diffusion", [](const tensor::Weights& weights, const RetinexDiffusion::Config& config) {
            return Diffusion{config, std::make_shared<const RetinexDiffusion>(weights, config)};
        });
    if (opened.config.denoise.outChannels != channels)
        throw Error(fmt::format("{}: restores {} channels: it is not the one of the {}", path.string(),
                                opened.config.denoise.outChannels, which),
                    "the reflectance has 3 (\"Diff_RDA\"), the illumination 1 (\"Diff_IDA\"): see that they are not the wrong way round",
                    ErrorKind::NotMine);
    return opened;
}

/// The smallest value of all becomes 0, the largest 1; what is the same everywhere, 0.
nn::Tensor stretched(const nn::Tensor& x) {
    const double least = x.min().item<double>(), most = x.max().item<double>();
    return most > least ? x.sub(least).div(most - least) : nn::zeros(x.sizes());
}

/// Condition and noises one behind the other in the channels of a tile.
PictureModel modelOf(const Diffusion& diffusion, const RetinexOptions& options) {
    const int channels = diffusion.config.denoise.outChannels;
    return {.forward =
                [=, network = diffusion.network, steps = options.steps, eta = options.eta](const nn::Tensor& x) {
                    std::int64_t drawn = 0;
                    return network->restore(
                        nn::narrow(x, 1, 0, channels),
                        [&] { return nn::narrow(x, 1, ++drawn * channels, channels); }, steps, eta);
                },
            .inChannels = channels * (options.steps + 1),
            .outChannels = channels,
            .multiple = std::max(diffusion.config.denoise.multiple(), 8),
            .overlap = kOverlap,
            .bytesPerPixel = 4.0 * (kUNetWidths * diffusion.config.denoise.inner + 2.0 * channels * options.steps)};
}

/// part [1, C, H, W] in 0…1 → the same, restored.
nn::Tensor restored(const Diffusion& diffusion, const nn::Tensor& part, at::Generator& generator, const RetinexOptions& options,
                    const Progress& progress) {
    const PictureModel model = modelOf(diffusion, options);
    std::vector<nn::Tensor> seen{filledUp(part.mul(2).sub(1), model.multiple)};
    for (int i = 0; i < options.steps; ++i) seen.push_back(nn::randn(seen.front().sizes(), generator));
    const nn::Tensor made = forwardInTiles(model, nn::cat(seen), options.tiles, progress);
    return nn::narrow(nn::narrow(made, 2, 0, part.size(2)), 3, 0, part.size(3)).clamp(-1, 1).add(1).div(2);
}

} // namespace

struct RetinexEnhancer::State {
    PictureModel decomposition; ///< reflectance and illumination one behind the other
    Diffusion reflectance, illumination;
};

RetinexEnhancer RetinexEnhancer::open(const std::filesystem::path& decomposition, const std::filesystem::path& reflectance,
                                      const std::filesystem::path& illumination) {
    RetinexEnhancer enhancer;
    tensor::run({}, [&] {
        const auto network = std::make_shared<const RetinexDecomposition>(
            openNetwork<RetinexDecomposition>(decomposition, "Diff-Retinex' decomposition"));
        const PictureModel parts{.forward =
                                     [network](const nn::Tensor& x) {
                                         const auto found = network->forward(x);
                                         return nn::cat({found.reflectance, found.illumination});
                                     },
                                 .inChannels = kColors,
                                 .outChannels = kColors + 1,
                                 .multiple = kDecompositionMultiple,
                                 .overlap = kOverlap,
                                 .bytesPerPixel = 4.0 * kDecompositionValues};
        enhancer.m_state = std::make_shared<const State>(
            State{parts, openDiffusion(reflectance, kColors, "reflectance"), openDiffusion(illumination, 1, "illumination")});
    });
    return enhancer;
}

RetinexEnhancer::Result RetinexEnhancer::enhance(const Image& image, const RetinexOptions& options, const Progress& progress,
                                                 const Cancel& cancel) const {
    const State& state = *m_state;
    const int most = std::min(state.reflectance.config.timesteps, state.illumination.config.timesteps);
    if (options.steps < 1 || options.steps > most)
        throw Error(fmt::format("Diff-Retinex: {} steps", options.steps), fmt::format("give 1 to {}", most));
    Result result;
    tensor::useThreads(options.tiles.threads);
    tensor::run(cancel, [&] {
        const nn::Tensor colors = colorsOf(image, "the picture", cancel); // [1, 3, H, W]
        const nn::Tensor parts = forwardInTiles(state.decomposition, colors, options.tiles, progress.part(0, 0.1));
        at::Generator generator = tensor::generator(options.seed);
        const nn::Tensor shown = restored(state.reflectance, stretched(nn::narrow(parts, 1, 0, kColors)), generator, options,
                                          progress.part(0.1, 0.8));
        const nn::Tensor light = restored(state.illumination, stretched(nn::narrow(parts, 1, kColors, 1)), generator, options,
                                          progress.part(0.8, 1));
        result.image = pictureLike(shown.mul(light), image, cancel);
        result.reflectance = tensor::toImage(shown);
        result.illumination = tensor::toImage(light, ColorSpace::Raw);
    });
    return result;
}

} // namespace ochre::models
