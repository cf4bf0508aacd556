// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/DiffusionModel.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/models/diffusion/ControlNet.h"
#include "core/models/diffusion/Networks.h"
#include "core/models/diffusion/UNet.h"

namespace ochre::models {
namespace {
namespace fs = std::filesystem;

constexpr int kDistilledSteps = 50; ///< of latent consistency models, as ComfyUI takes them

DiffusionFamily familyOf(const UNetTrunk::Config& config) {
    if (config.vector > 0)
        return config.context == 1280 ? DiffusionFamily::SdxlRefiner : DiffusionFamily::Sdxl;
    if (config.context == 768) return DiffusionFamily::Sd1;
    if (config.context == 1024) return DiffusionFamily::Sd2;
    return config.linearProjection ? DiffusionFamily::Sd2 : DiffusionFamily::Sd1;
}

/// The first three channels as red, green and blue, for a model that gives no colours of its own.
LatentColors plainColors(std::size_t channels) {
    LatentColors colors;
    colors.channels.resize(channels);
    for (std::size_t i = 0; i < std::min<std::size_t>(channels, 3); ++i) colors.channels[i][i] = 0.5f;
    return colors;
}

/// Builds inside tensor::run, with the token of the run that asks.
template <typename Network>
std::shared_ptr<const Network> built(const tensor::Weights& weights, const char* what) {
    std::shared_ptr<const Network> network;
    const Cancel cancel = tensor::currentCancel();
    tensor::run(cancel, [&] {
        const auto config = Network::Config::fromWeights(weights);
        if (!config)
            throw broken(
                fmt::format("{}: its {} lacks layers or has them in other shapes", weights.subject(), what),
                "fetch the file again, or choose another");
        network = std::make_shared<const Network>(weights, *config);
    });
    return network;
}

} // namespace

tensor::Placement OpenModelOptions::placement() const {
    const bool half = tensor::choosePrecision(precision, device) == tensor::Precision::Bfloat16;
    return {device, half ? at::kBFloat16 : at::kFloat};
}

std::string identityOf(const fs::path& path, const OpenModelOptions& options) {
    std::error_code ignored;
    const fs::path file = fs::weakly_canonical(path, ignored);
    const auto time = fs::last_write_time(path, ignored).time_since_epoch().count();
    const tensor::Placement placement = options.placement();
    return fmt::format("{}|{}|{}|{}", file.empty() ? path.string() : file.string(), time,
                       tensor::name(placement.device),
                       placement.floating == at::kFloat ? "float32" : "bfloat16");
}

sampling::ModelSampling DiffusionModel::sampling() const {
    sampling::ModelSamplingConfig config;
    config.prediction = prediction.value_or(
        checkpoint->prediction == Prediction::V ? sampling::Prediction::V : sampling::Prediction::Epsilon);
    config.zeroTerminalSnr = zeroSnr.value_or(checkpoint->zeroTerminalSnr);
    if (config.prediction == sampling::Prediction::Lcm) config.distilledSteps = kDistilledSteps;
    return sampling::ModelSampling(config);
}

const LatentColors& DiffusionModel::previewColors() const {
    if (colors) return *colors;
    const bool large = family() == DiffusionFamily::Sdxl || family() == DiffusionFamily::SdxlRefiner;
    return large ? LatentColors::sdxl() : LatentColors::sd();
}

std::shared_ptr<const UNet> DiffusionModel::network() const {
    return Networks::shared().get<UNet>(NetworkKind::Unet, identity, weightBytes(checkpoint->unet), [this] {
        return built<UNet>(checkpoint->unet, "denoising network");
    });
}

DiffusionModel DiffusionModel::adapted(const AdaptedParts& parts, const std::string& adapter) const {
    DiffusionModel model = *this;
    auto changed = std::make_shared<DiffusionCheckpoint>(*checkpoint);
    if (parts.unet) changed->unet = *parts.unet;
    model.checkpoint = std::move(changed);
    model.identity += "|" + adapter;
    return model;
}

DiffusionModel DiffusionModel::of(std::shared_ptr<const DiffusionCheckpoint> checkpoint,
                                  std::string identity) {
    DiffusionModel model;
    const auto channels = static_cast<std::size_t>(checkpoint->isInpaint() ? 4 : checkpoint->inChannels);
    auto own = LatentColors::parse(checkpoint->latentColors);
    if (own && own->channels.size() != channels) own.reset();
    if (!own && checkpoint->family == DiffusionFamily::Starter) own = plainColors(channels);
    if (own) model.colors = std::make_shared<const LatentColors>(std::move(*own));
    model.checkpoint = std::move(checkpoint);
    model.identity = std::move(identity);
    return model;
}

DiffusionModel DiffusionModel::open(const fs::path& path, const OpenModelOptions& options) {
    return of(std::make_shared<const DiffusionCheckpoint>(
                  DiffusionCheckpoint::open(path, {options.placement(), options.prediction})),
              identityOf(path, options));
}

std::shared_ptr<const ControlNetModel> ControlNetModel::open(const fs::path& path,
                                                             const OpenModelOptions& options) {
    const tensor::Weights file = tensor::Weights::open(path, options.placement());
    for (const tensor::Weights& view : file.unwrapped()) {
        const auto config = ControlNet::Config::fromWeights(view);
        if (!config) continue;
        auto model = std::make_shared<ControlNetModel>();
        model->m_path = path;
        model->m_options = options;
        model->m_weights = view.finiteOnly();
        model->m_identity = identityOf(path, options);
        model->m_family = familyOf(*config);
        model->m_hintScale = config->hintScale();
        return model;
    }
    WeightsKind kind = kindOfWeights(file);
    if (!file.sub("model.diffusion_model.").names().empty())
        kind = {"a checkpoint", "load it where a checkpoint is asked for"};
    const bool unknown = kind.what.empty() || kind.what == "a ControlNet";
    throw Error(fmt::format("{}: is {}", path.string(),
                            unknown ? "no ControlNet that is known here" : kind.what + ", not a ControlNet"),
                unknown ? "choose a ControlNet of Stable Diffusion 1, 2 or XL" : kind.hint,
                ErrorKind::NotMine);
}

std::shared_ptr<const ControlNet> ControlNetModel::network() const {
    return Networks::shared().get<ControlNet>(NetworkKind::Control, m_identity, weightBytes(*m_weights),
                                              [this] { return built<ControlNet>(*m_weights, "ControlNet"); });
}

} // namespace ochre::models
