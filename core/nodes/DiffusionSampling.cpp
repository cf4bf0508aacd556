// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/DiffusionSampling.h"

#include <filesystem>

#include <fmt/format.h>

#include "core/base/ParametersText.h"
#include "core/image/ImageIo.h"
#include "core/models/diffusion/LatentPreview.h"
#include "core/nodes/Describe.h"

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
    ParametersText text{positive.text, negative.text, {}};
    const auto number = [](double value) { return fmt::format("{:g}", value); };
    const std::size_t steps =
        o.sigmas ? std::max<std::size_t>(o.sigmas->size(), 1) - 1 : static_cast<std::size_t>(o.steps);
    text.set("Steps", std::to_string(steps));
    text.set("Sampler", models::sampling::findSampler(o.sampler).label);
    if (!o.sigmas) text.set("Schedule type", models::sampling::findSchedule(o.scheduler).label);
    text.set("CFG scale", number(o.cfg));
    text.set("Seed", std::to_string(o.seed));
    text.set("Size", fmt::format("{}x{}", latent.width() * models::kLatentSide,
                                 latent.height() * models::kLatentSide));
    text.set("Model", std::filesystem::path(model.checkpoint->subject).stem().string());
    if (o.variation > 0) {
        text.set("Variation seed", std::to_string(o.variationSeed));
        text.set("Variation seed strength", number(o.variation));
    }
    if (o.denoise < 1) text.set("Denoising strength", number(o.denoise));
    // There it is the GPU's where nothing is said.
    if (o.noise == models::sampling::NoiseKind::Cpu) text.set("RNG", "CPU");
    text.set("Version", "Ochre");
    return writeParameters(text);
}

graph::NodeDeclaration& samplingInputs(graph::NodeDeclaration& node) {
    return node
        .input(socket("model", "Model", "What removes the noise.", types::kModel))
        .input(socket("positive", "Positive", "What the picture is to show.", types::kConditioning))
        .input(optional(socket("negative", "Negative",
                               "What it is not to show. Without it, or at a CFG of 1, the positive prompt "
                               "acts alone.",
                               types::kConditioning)))
        .input(socket("latent", "Latent",
                      "Where to begin: an empty one, or an encoded picture with less denoise.",
                      types::kLatent));
}

graph::Parameter noiseParameter() {
    return advanced(
        choice("noise", "Noise", "Whose random numbers: a seed then gives the picture that it gives there.",
               {{"cpu", "ComfyUI (CPU, a batch at once)"}, {"gpu", "AUTOMATIC1111 (GPU, a seed a picture)"}}));
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
    return flag("add_noise", "Add noise", "Off where the latent still holds the noise of an earlier sampler.",
                true);
}

void markGenerated(Image& image, const models::LatentBatch& latent) {
    if (latent.parameters.empty()) return;
    markDigitalSourceType(image, latent.noiseMask.defined()
                                     ? DigitalSourceType::CompositeWithTrainedAlgorithmicMedia
                                     : DigitalSourceType::TrainedAlgorithmicMedia);
    image.setMetadata("parameters", latent.parameters);
}

} // namespace ochre::nodes
