// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/DiffusionSampling.h"

#include <filesystem>

#include <fmt/format.h>

#include "core/image/ImageIo.h"
#include "core/models/diffusion/LatentPreview.h"

namespace ochre::nodes {
namespace {

using Kind = graph::ParameterKind;

} // namespace

models::SampleHooks samplingHooks(graph::RunContext& run, const models::DiffusionModel& model,
                                  const std::string& output) {
    models::SampleHooks hooks;
    hooks.progress = run.progress();
    hooks.cancel = run.cancel();
    hooks.waitWhilePaused = [&run] { run.waitWhilePaused(); };
    hooks.preview = [&run, &model, output](int, int, const nn::Tensor& denoised) {
        run.preview(output,
                    makeImageValue(models::previewLatent(denoised.narrow(0, 0, 1), model.previewColors())));
    };
    return hooks;
}

models::Conditioning negativeInput(graph::RunContext& run) {
    if (run.hasInput("negative")) return conditioningInput(run, "negative");
    return {};
}

models::SampleOptions samplingOptions(const graph::ParameterView& p) {
    models::SampleOptions o;
    o.seed = static_cast<std::uint64_t>(p.integer("seed"));
    o.cfg = p.number("cfg");
    o.sampler = p.text("sampler");
    return o;
}

void readSchedule(const graph::ParameterView& p, models::SampleOptions& o) {
    o.steps = static_cast<int>(p.integer("steps"));
    o.scheduler = p.text("scheduler");
}

void readNoise(const graph::ParameterView& p, models::SampleOptions& o) {
    o.noise =
        p.text("noise") == "gpu" ? models::sampling::NoiseKind::Cuda : models::sampling::NoiseKind::Cpu;
    o.variationSeed = static_cast<std::uint64_t>(p.integer("variation_seed"));
    o.variation = p.number("variation");
}

models::SampleResult sampleInputs(graph::RunContext& run, const models::SampleOptions& options) {
    const models::DiffusionModel& model = modelInput(run);
    const models::Conditioning& positive = conditioningInput(run, "positive");
    const models::Conditioning negative = negativeInput(run);
    const models::LatentBatch& latent = latentInput(run);
    models::SampleResult result =
        models::sampleLatent(model, positive, negative, latent, options, samplingHooks(run, model, "latent"));
    result.latent.parameters = parametersText(model, positive, negative, latent, options);
    result.denoised.parameters = result.latent.parameters;
    return result;
}

std::string parametersText(const models::DiffusionModel& model, const models::Conditioning& positive,
                           const models::Conditioning& negative, const models::LatentBatch& latent,
                           const models::SampleOptions& o) {
    std::string text = positive.text;
    if (!negative.text.empty()) text += "\nNegative prompt: " + negative.text;
    if (!text.empty()) text += "\n";
    const std::size_t steps =
        o.sigmas ? std::max<std::size_t>(o.sigmas->size(), 1) - 1 : static_cast<std::size_t>(o.steps);
    text += fmt::format("Steps: {}, Sampler: {}", steps, models::sampling::findSampler(o.sampler).label);
    if (!o.sigmas)
        text += fmt::format(", Schedule type: {}", models::sampling::findSchedule(o.scheduler).label);
    text += fmt::format(", CFG scale: {:g}, Seed: {}, Size: {}x{}", o.cfg, o.seed,
                        latent.width() * models::kLatentSide, latent.height() * models::kLatentSide);
    text += fmt::format(", Model: {}", std::filesystem::path(model.checkpoint->subject).stem().string());
    if (o.denoise < 1) text += fmt::format(", Denoising strength: {:g}", o.denoise);
    if (o.variation > 0)
        text +=
            fmt::format(", Variation seed: {}, Variation seed strength: {:g}", o.variationSeed, o.variation);
    if (o.noise == models::sampling::NoiseKind::Cuda) text += ", RNG: GPU";
    return text + ", Version: Ochre";
}

graph::NodeDeclaration& samplingInputs(graph::NodeDeclaration& node) {
    return node
        .input({.id = "model", .label = "Model", .help = "What removes the noise.", .type = types::kModel})
        .input({.id = "positive",
                .label = "Positive",
                .help = "What the picture is to show.",
                .type = types::kConditioning})
        .input(
            {.id = "negative",
             .label = "Negative",
             .help = "What it is not to show. Without it, or at a CFG of 1, the positive prompt acts alone.",
             .type = types::kConditioning,
             .optional = true})
        .input({.id = "latent",
                .label = "Latent",
                .help = "Where to begin: an empty one, or an encoded picture with less denoise.",
                .type = types::kLatent});
}

graph::Parameter noiseParameter() {
    return {.id = "noise",
            .label = "Noise",
            .help = "Whose random numbers: a seed then gives the picture that it gives there.",
            .kind = Kind::Choice,
            .defaultValue = std::string("cpu"),
            .choices = {{"cpu", "ComfyUI (CPU, a batch at once)"},
                        {"gpu", "AUTOMATIC1111 (GPU, a seed a picture)"}},
            .advanced = true};
}

graph::Parameter variationSeedParameter() {
    return {.id = "variation_seed",
            .label = "Variation seed",
            .help = "The noise that variations lean towards; each picture of a batch has the next one.",
            .kind = Kind::Seed,
            .defaultValue = std::int64_t{0},
            .min = 0,
            .advanced = true};
}

graph::Parameter variationParameter() {
    return {.id = "variation",
            .label = "Variation",
            .help = "How far: 0 keeps the seed's picture, 1 is that of the variation seed.",
            .defaultValue = 0.0,
            .min = 0,
            .max = 1,
            .advanced = true};
}

graph::Parameter addNoiseParameter() {
    return {.id = "add_noise",
            .label = "Add noise",
            .help = "Off where the latent still holds the noise of an earlier sampler.",
            .kind = Kind::Bool,
            .defaultValue = true};
}

void markGenerated(Image& image, const models::LatentBatch& latent) {
    if (latent.parameters.empty()) return;
    markDigitalSourceType(image, latent.noiseMask.defined()
                                     ? DigitalSourceType::CompositeWithTrainedAlgorithmicMedia
                                     : DigitalSourceType::TrainedAlgorithmicMedia);
    image.setMetadata("parameters", latent.parameters);
}

} // namespace ochre::nodes
