// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/ArchitectureParts.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/models/restore/Bem.h"
#include "core/models/restore/DnCnn.h"
#include "core/models/restore/Iat.h"
#include "core/models/restore/Painter.h"
#include "core/models/restore/Restormer.h"
#include "core/models/restore/RetinexDecomposition.h"
#include "core/models/restore/RetinexDiffusion.h"
#include "core/models/restore/Rfdn.h"
#include "core/models/restore/RrdbNet.h"
#include "core/models/restore/Sci.h"
#include "core/models/restore/SrvggNetCompact.h"
#include "core/models/restore/SwinIr.h"

namespace ochre::models {
namespace {

/// Pixels of surroundings that a tile sees. The receptive fields are far larger, but what is farther away hardly counts: a
/// test holds animevideov3 to within 2/255 of the untiled picture on 99.9 % of pixels. Those of RRDBNet, SwinIR and
/// Restormer are the customary ones; of the networks whose overlap is computed it is all that they see.
constexpr int kRrdbOverlap = 32, kCompactOverlap = 18, kSwinOverlap = 32, kRestormerOverlap = 32, kRfdnOverlap = 32;
/// For a network that sees `radius` pixels far and no farther: those, and a quarter of the sum, in which tiles fade.
constexpr int overlapFor(int radius) {
    return radius + (radius + 2) / 3;
}

/// Of the real-world enlargers, as xinntao/Real-ESRGAN-ncnn-vulkan does it. All others see the edge as in their reference.
constexpr int kMirroredEdge = 10;

Tensors runPicture(const PictureModel& model, const Tensors& inputs) {
    return {{"out", model.forward(input(inputs, "image"))}};
}

/// A network without enlargement, of `values` floats a pixel at most at a time.
template <typename Model>
PictureModel sameSize(std::shared_ptr<const Model> model, int channels, int overlap, double values) {
    return {.forward = [model](const nn::Tensor& image) { return model->forward(image); },
            .inChannels = channels,
            .outChannels = channels,
            .overlap = overlap,
            .bytesPerPixel = 4.0 * values};
}

/// The networks learned with Gaussian noise on their pictures, which was not clipped.
void seesNoise(PictureModel& model) {
    model.low = -1;
    model.high = 2;
}

PictureModel dnCnn(const tensor::Weights& weights) {
    const auto config = configOf<DnCnn>(weights, "DnCNN");
    PictureModel model = sameSize(std::make_shared<const DnCnn>(weights, config), config.channels,
                                  overlapFor(config.convolutions), 3.0 * config.features);
    seesNoise(model);
    return model;
}

PictureModel sci(const tensor::Weights& weights) {
    const auto config = configOf<Sci>(weights, "SCI");
    return sameSize(std::make_shared<const Sci>(weights, config), config.channels, overlapFor(config.blocks + 2),
                    4.0 * config.features + 4.0 * config.channels);
}

PictureModel restormer(const tensor::Weights& weights) {
    const auto config = configOf<Restormer>(weights, "Restormer");
    // Measured. The last levels are the widest: what comes out of the two layers that widen, tokens and skips.
    PictureModel model = sameSize(std::make_shared<const Restormer>(weights, config), config.inChannels,
                                  kRestormerOverlap, 7.0 * config.hidden[1] + 14.0 * config.width);
    model.outChannels = config.outChannels;
    model.multiple = 8;
    model.halfPays = false; // 1.6 times as fast, but off by 4.5 % of the result with random weights: what it repairs is less
    if (!config.normBias) seesNoise(model); // the kind that the denoisers are of
    return model;
}

PictureModel iat(const tensor::Weights& weights) {
    const auto config = configOf<Iat>(weights, "IAT");
    const auto model = std::make_shared<const Iat>(weights, config);
    return {.forward = [model](const nn::Tensor& image) { return model->forward(image, model->toneOf(image)); },
            .preparedFor = [model](const nn::Tensor& whole) -> PictureModel::Forward {
                return [model, tone = model->toneOf(whole)](const nn::Tensor& image) {
                    return model->forward(image, tone);
                };
            },
            .overlap = overlapFor(3 * config.blocks + 2),
            .bytesPerPixel = 4.0 * 14.0 * config.features};
}

PictureModel rfdn(const tensor::Weights& weights) {
    const auto config = configOf<Rfdn>(weights, "RFDN");
    const auto model = std::make_shared<const Rfdn>(weights, config);
    const double result = 1.0 * config.channels * config.upscale * config.upscale;
    return {.forward = [model](const nn::Tensor& image) { return model->forward(image); },
            .inChannels = config.channels,
            .outChannels = config.channels,
            .scale = config.upscale,
            .leastSide = Rfdn::kLeastSide,
            .overlap = kRfdnOverlap,
            .bytesPerPixel = 4.0 * ((2.0 * config.blocks + 2.0) * config.features + 3.0 * result)};
}

PictureModel swinIr(const tensor::Weights& weights) {
    const auto config = configOf<SwinIr>(weights, "SwinIR");
    const auto model = std::make_shared<const SwinIr>(weights, config);
    using Upsampler = SwinIr::Config::Upsampler;
    const bool maps = config.upsampler == Upsampler::Shuffle || config.upsampler == Upsampler::NearestConv;
    const double high = (maps ? 3.0 * config.features : 3.0 * config.channels) * config.upscale * config.upscale;
    PictureModel picture{.forward = [model](const nn::Tensor& image) { return model->forward(image); },
                         .inChannels = config.channels,
                         .outChannels = config.channels,
                         .scale = config.upscale,
                         .multiple = config.window,
                         .overlap = kSwinOverlap,
                         .bytesPerPixel = 4.0 * std::max(6.0 * config.width, config.width + high)};
    if (config.upsampler == Upsampler::None && config.range == 1) seesNoise(picture);
    return picture;
}

PictureModel rrdb(const tensor::Weights& weights) {
    const auto config = configOf<RrdbNet>(weights, "RRDBNet");
    const auto model = std::make_shared<const RrdbNet>(weights, config);
    // The joined features at the network's own size, or two maps of the last size and one of half: whichever
    // is more.
    const double low =
        4.0 * (10.0 * config.features + 10.0 * config.growth) / (config.unshuffle * config.unshuffle);
    const double high = 4.0 * config.features * 2.5 * config.scale() * config.scale();
    return {.forward = [model](const nn::Tensor& image) { return model->forward(image); },
            .inChannels = config.inChannels,
            .outChannels = config.outChannels,
            .scale = config.scale(),
            .multiple = config.unshuffle,
            .overlap = kRrdbOverlap * config.unshuffle,
            .edge = kMirroredEdge,
            .bytesPerPixel = std::max(low, high)};
}

PictureModel compact(const tensor::Weights& weights) {
    const auto config = configOf<SrvggNetCompact>(weights, "SRVGGNetCompact");
    const auto model = std::make_shared<const SrvggNetCompact>(weights, config);
    const double pixels = config.upscale * config.upscale;
    return {.forward = [model](const nn::Tensor& image) { return model->forward(image); },
            .inChannels = config.inChannels,
            .outChannels = config.outChannels,
            .scale = config.upscale,
            .multiple = 1,
            .overlap = kCompactOverlap,
            .edge = kMirroredEdge,
            .bytesPerPixel = 4.0 * (3.0 * config.features + 4.0 * config.outChannels * pixels)};
}

Tensors runBem(const tensor::Weights& weights, const Json&, const Tensors& inputs) {
    const auto results = Bem(weights, configOf<Bem>(weights, "BEM")).forward(input(inputs, "image"));
    Tensors outputs{{"out.0", input(inputs, "image")}}; // the reference hands it on
    for (std::size_t i = 0; i < results.size(); ++i) outputs[fmt::format("out.{}", i + 1)] = results[i];
    return outputs;
}

Tensors runPainter(const tensor::Weights& weights, const Json&, const Tensors& inputs) {
    const Painter model(weights, configOf<Painter>(weights, "Painter"));
    const nn::Tensor answers = input(inputs, "tgts"), masked = input(inputs, "bool_masked_pos");
    const nn::Tensor painted = model.forward(input(inputs, "imgs"), answers, masked);
    return {{"image", painted}, {"loss", model.loss(painted, answers, masked)}};
}

/// One of the networks of Diff-Retinex, or two of them together.
std::optional<KeyShapes> recogniseDiffRetinex(const tensor::Weights& weights) {
    for (const auto recogniseOne : {recogniseAs<RetinexDiffusion>, recogniseAs<RetinexDecomposition>,
                                    recogniseAs<RetinexTransformer>, recogniseAs<RetinexUNet>})
        if (const auto keys = recogniseOne(weights)) return keys;
    return std::nullopt;
}

Tensors runDiffRetinex(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
    if (const auto config = RetinexDecomposition::Config::fromWeights(weights)) {
        const auto parts = RetinexDecomposition(weights, *config).forward(input(inputs, "image"));
        return {{"reflectance", parts.reflectance}, {"illumination", parts.illumination}};
    }
    const nn::Tensor x = input(inputs, "x"), level = input(inputs, "noise_level");
    if (const auto config = RetinexTransformer::Config::fromWeights(weights))
        return {{"out", RetinexTransformer(weights, *config).forward(x, level)}};
    auto config = configOf<RetinexUNet>(weights, "network of Diff-Retinex");
    config.groups = parityCase.value("config", Json::object()).value("norm_groups", config.groups);
    return {{"out", RetinexUNet(weights, config).forward(x, level)}};
}

template <typename Model>
Architecture pictureArchitecture(const char* name, PictureModel (*make)(const tensor::Weights&),
                                 bool (*isBeside)(const std::string&) = nullptr) {
    return {name, recogniseAs<Model>,
            [make](const tensor::Weights& weights, const Json&, const Tensors& inputs) {
                return runPicture(make(weights), inputs);
            },
            make, isBeside};
}

} // namespace

std::vector<Architecture> restoreArchitectures() {
    // RRDBNet first: its body.N.rdbM names are the more particular ones.
    return {
        pictureArchitecture<RrdbNet>("rrdbnet", rrdb),
        pictureArchitecture<SrvggNetCompact>("srvggnetcompact", compact),
        pictureArchitecture<SwinIr>("swinir", swinIr, SwinIr::Config::isBeside),
        pictureArchitecture<Restormer>("restormer", restormer),
        pictureArchitecture<DnCnn>("dncnn", dnCnn),
        pictureArchitecture<Rfdn>("rfdn", rfdn),
        pictureArchitecture<Sci>("sci", sci, Sci::Config::isBeside),
        pictureArchitecture<Iat>("iat", iat),
        {"bem", recogniseAs<Bem>, runBem, {}, Bem::Config::isBeside},
        {"diffretinex", recogniseDiffRetinex, runDiffRetinex, {}, RetinexDiffusion::Config::isBeside},
        {"painter", recogniseAs<Painter>, runPainter, {}, {}},
    };
}

} // namespace ochre::models
