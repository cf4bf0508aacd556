// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/DiffusionValues.h"

#include <fmt/format.h>

#include "core/base/Paths.h"
#include "core/models/sampling/Samplers.h"
#include "core/models/sampling/Schedules.h"
#include "core/nodes/Describe.h"
#include "core/nodes/FamilyDefaults.h"
#include "core/tensor/Convert.h"

namespace ochre::nodes {
namespace {

using Kind = graph::ParameterKind;
using models::ControlNetModel;

constexpr const FamilyDefaults& kUsual = kFamilyDefaults.front();
constexpr std::size_t kHandleBytes = 4096; ///< maps of files are the system's to keep

} // namespace

graph::Value makeModelValue(models::DiffusionModel model) {
    const std::size_t prompt = model.perpNeg ? model.perpNeg->empty->bytes() : 0;
    return graph::Value::make<models::DiffusionModel>(types::kModel, std::move(model), kHandleBytes + prompt);
}

graph::Value makeTextEncoderValue(models::TextEncoder encoder) {
    return graph::Value::make<models::TextEncoder>(types::kTextEncoder, std::move(encoder), kHandleBytes);
}

graph::Value makeAutoencoderValue(models::Autoencoder autoencoder) {
    return graph::Value::make<models::Autoencoder>(types::kAutoencoder, std::move(autoencoder), kHandleBytes);
}

graph::Value makeControlNetValue(std::shared_ptr<const ControlNetModel> net) {
    return graph::Value::make<std::shared_ptr<const ControlNetModel>>(types::kControlNet, std::move(net),
                                                                      kHandleBytes);
}

graph::Value makeConditioningValue(models::Conditioning conditioning) {
    const std::size_t bytes = conditioning.bytes();
    return graph::Value::make<models::Conditioning>(types::kConditioning, std::move(conditioning), bytes);
}

graph::Value makeLatentValue(models::LatentBatch latent) {
    if (latent.samples.defined()) latent.samples = latent.samples.to(at::kFloat).contiguous();
    const std::size_t bytes = latent.bytes();
    return graph::Value::make<models::LatentBatch>(types::kLatent, std::move(latent), bytes);
}

graph::Value makeSigmasValue(SigmaList sigmas) {
    const std::size_t bytes = sigmas.size() * sizeof(double);
    return graph::Value::make<SigmaList>(types::kSigmas, std::move(sigmas), bytes);
}

const models::DiffusionModel& modelInput(graph::RunContext& run, const std::string& id) {
    return run.inputAs<models::DiffusionModel>(id);
}
const models::TextEncoder& textEncoderInput(graph::RunContext& run, const std::string& id) {
    return run.inputAs<models::TextEncoder>(id);
}
const models::Autoencoder& autoencoderInput(graph::RunContext& run, const std::string& id) {
    return run.inputAs<models::Autoencoder>(id);
}
const models::Conditioning& conditioningInput(graph::RunContext& run, const std::string& id) {
    return run.inputAs<models::Conditioning>(id);
}
const models::LatentBatch& latentInput(graph::RunContext& run, const std::string& id) {
    return run.inputAs<models::LatentBatch>(id);
}
const SigmaList& sigmasInput(graph::RunContext& run, const std::string& id) {
    return run.inputAs<SigmaList>(id);
}

nn::Tensor maskTensor(const Image& mask) {
    return tensor::toTensor(mask, {0}, 0, 0, mask.width(), mask.height()).contiguous();
}

std::filesystem::path modelFile(const std::string& name, const ModelKind& kind, const char* called) {
    const char* what = called ? called : kind.what;
    if (name.empty())
        throw Error(fmt::format("no {} is chosen", what),
                    "choose one, or put files into " + paths::models().string());
    std::filesystem::path path = name;
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return path; // a folder of diffusers
    path = paths::findModel(name, kind.folder);
    if (path.empty())
        throw Error(fmt::format("the {} \"{}\" is not there", what, name),
                    "choose one that `ochre models` lists, or put the file into " + paths::models().string());
    return path;
}

models::OpenModelOptions openOptions(const graph::ParameterView& parameters) {
    models::OpenModelOptions options;
    options.precision = tensor::precisionFromName(parameters.text("precision"));
    return options;
}

std::optional<models::Prediction> predictionOption(const graph::ParameterView& parameters) {
    const std::string& text = parameters.text("prediction");
    if (text == "auto") return std::nullopt;
    return text == "v" ? models::Prediction::V : models::Prediction::Epsilon;
}

graph::Parameter modelParameter(const std::string& id, const std::string& label, const std::string& help,
                                const ModelKind& kind) {
    return {.id = id,
            .label = label,
            .help = help,
            .kind = Kind::Model,
            .defaultValue = std::string(),
            .filter = kind.folder};
}

graph::Parameter precisionParameter() {
    return advanced(choice(
        "precision", "Precision",
        "Numbers to compute with. bfloat16 halves the memory; it is fast only where the processor has it.",
        {{"auto", "What is fast and exact enough"}, {"float32", "float32"}, {"bfloat16", "bfloat16"}}));
}

graph::Parameter predictionParameter() {
    return advanced(choice("prediction", "Prediction",
                           "What the network was trained to give. Set it only where pictures come out as noise "
                           "or washed out.",
                           {{"auto", "As the file says"}, {"eps", "Noise (eps)"}, {"v", "Velocity (v)"}}));
}

graph::Parameter samplerParameter() {
    graph::Parameter p{
        .id = "sampler",
        .label = "Sampler",
        .help = "How noise becomes a picture. Ancestral and SDE samplers add fresh noise on the way.",
        .kind = Kind::Choice,
        .defaultValue = std::string(kUsual.sampler)};
    for (const auto& sampler : models::sampling::samplers())
        p.choices.push_back({sampler.name, sampler.label});
    return p;
}

graph::Parameter schedulerParameter() {
    graph::Parameter p{.id = "scheduler",
                       .label = "Scheduler",
                       .help = "How the steps are spread over the noise levels.",
                       .kind = Kind::Choice,
                       .defaultValue = std::string(kUsual.scheduler)};
    for (const auto& schedule : models::sampling::schedules())
        p.choices.push_back({schedule.name, schedule.label});
    return p;
}

graph::Parameter seedParameter() {
    return {.id = "seed",
            .label = "Seed",
            .help = "The same seed and settings give the same picture.",
            .kind = Kind::Seed,
            .defaultValue = std::int64_t{0},
            .min = 0};
}

graph::Parameter stepsParameter() {
    return {.id = "steps",
            .label = "Steps",
            .help = "More take longer; beyond 20 to 30 little changes with most samplers.",
            .kind = Kind::Int,
            .defaultValue = kUsual.steps,
            .min = 1,
            .max = models::sampling::kMostSteps,
            .softMax = 60};
}

graph::Parameter cfgParameter() {
    return {
        .id = "cfg",
        .label = "CFG",
        .help =
            "How closely the prompt is followed. 1 leaves the negative prompt out and takes half the time.",
        .defaultValue = kUsual.cfg,
        .min = 0,
        .max = 100,
        .softMax = 20};
}

graph::Parameter tileParameter() {
    return {.id = "tile",
            .label = "Tile",
            .help = "Side of a tile; 0 works on the whole picture at once. Tiles take less memory.",
            .kind = Kind::Int,
            .defaultValue = std::int64_t{0},
            .min = 0,
            .max = 8192,
            .softMax = 2048,
            .unit = "px",
            .advanced = true};
}

graph::Parameter overlapParameter() {
    return {.id = "overlap",
            .label = "Overlap",
            .help = "What neighbouring tiles share, to be blended.",
            .kind = Kind::Int,
            .defaultValue = std::int64_t{64},
            .min = 0,
            .max = 1024,
            .softMax = 256,
            .unit = "px",
            .advanced = true};
}

graph::Parameter promptStyleParameter() {
    return advanced(choice(
        "style", "Style",
        "Whose grammar of weights: ComfyUI's, or AUTOMATIC1111's with [less], BREAK, AND and [a:b:10].",
        {{"comfy", "ComfyUI"}, {"a1111", "AUTOMATIC1111"}}));
}

} // namespace ochre::nodes
