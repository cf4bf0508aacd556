// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/recipes/BaseModel.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Hash.h"
#include "core/base/Paths.h"
#include "core/models/diffusion/Autoencoder.h"
#include "core/models/diffusion/Latent.h"
#include "core/models/diffusion/Networks.h"
#include "core/models/diffusion/StarterText.h"
#include "core/models/diffusion/UNetNames.h"
#include "core/models/sampling/Noise.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"
#include "core/training/Batches.h"
#include "core/training/data/OpenDataset.h"
#include "core/training/recipes/Recipes.h"

namespace ochre::training {
namespace {
namespace fs = std::filesystem;

using models::DiffusionFamily;
using models::UNet;

constexpr std::int64_t kSizeWaves = 256;
constexpr std::size_t kMeasuredBatches = 6, kMeasuredBatch = 4; // few: large models take seconds for each picture
constexpr const char *kFrozen = "frozen", *kAutomatic = "auto", *kAsStored = "stored";
constexpr double kResidualMaps = 1, kTransformerMaps = 24, kPromptTokens = 77; // what gradients keep of a block
constexpr models::OpenModelOptions kFloat32{tensor::Precision::Float32, std::nullopt, tensor::Device::Cpu};

fs::path fileOf(const std::string& name) {
    if (name.empty())
        throw Error("training: no model is set",
                    "set model to a checkpoint: a file, a folder of diffusers, or its name in the models folder");
    if (fs::exists(name)) return name;
    const fs::path found = paths::findModel(name, "checkpoints");
    if (found.empty())
        throw Error(fmt::format("training: model \"{}\" is neither a file nor in the models folder", name),
                    "see `ochre models` for the names");
    return found;
}

void requireTrainable(const models::DiffusionCheckpoint& c) {
    if (c.isInpaint())
        throw Error(c.subject + ": is an inpainting model",
                    "train on the model it was made from: the result works with both");
    if (c.family == DiffusionFamily::SdxlRefiner)
        throw Error(c.subject + ": is the SDXL refiner", "train on the base model of SDXL");
    if (!c.vae)
        throw Error(c.subject + ": holds no autoencoder, by which pictures become latents",
                    "choose a whole checkpoint");
}

bool isHalf(tensor::Dtype dtype) {
    return dtype == tensor::Dtype::F16 || dtype == tensor::Dtype::BF16;
}

/// Whether matrices and kernels wait as they are stored, of which layers make what they compute with at each use: copies of
/// all of them take twice the memory, but no time.
bool staysStored(const Settings& settings, const tensor::Weights& weights) {
    const std::string& asked = settings.text(kFrozen);
    return asked == kAutomatic ? models::weightBytes(weights) > tensor::availableMemory() / 4 : asked == kAsStored;
}

/// Numbers that gradients for one sample keep, about: some maps of each layer, and how much each token looks at each.
double keptValues(const UNet::Config& config, double pixels) {
    double values = 0;
    const auto add = [&](const models::UNetStage& stage) {
        const double heads = static_cast<double>(config.headsOf(stage.out));
        values += pixels * kResidualMaps * (stage.in + stage.out);
        values += pixels * stage.depth * (kTransformerMaps * stage.out + heads * (pixels + kPromptTokens));
    };
    for (const models::UNetStage& stage : config.inputs) {
        if (stage.resample) pixels /= 4;
        if (!stage.resample) add(stage);
    }
    const int width = config.inputs.back().out;
    add({.in = width, .out = width, .depth = config.middleDepth});
    for (const models::UNetStage& stage : config.outputs) {
        add(stage);
        if (stage.resample) pixels *= 4;
    }
    return values;
}

/// Grey as three channels; [N, 3, H, W] in 0…1.
nn::Tensor pixelsOf(const std::vector<Example>& examples, const std::string& dataset) {
    const nn::Tensor pictures = picturesOf(examples);
    if (pictures.size(2) % models::kLatentSide != 0 || pictures.size(3) % models::kLatentSide != 0)
        throw Error(fmt::format("data set \"{}\": has pictures of {}×{}", dataset, pictures.size(3), pictures.size(2)),
                    "a latent needs multiples of 8: set another side, or another data set");
    return pictures.expand({-1, 3, -1, -1}).add(1).mul(0.5);
}

} // namespace

BaseModel BaseModel::open(const Settings& settings) {
    BaseModel base;
    base.path = fileOf(settings.text("model"));
    base.model = models::DiffusionModel::open(base.path, kFloat32);
    requireTrainable(base.checkpoint());
    const tensor::Weights& stored = base.checkpoint().unet;
    const auto config = UNet::Config::fromWeights(stored);
    if (!config)
        throw broken(base.checkpoint().subject + ": its denoising network lacks layers or has them in other shapes",
                     "fetch the file again");
    base.config = *config;
    const tensor::Weights weights = config->diffusers ? models::inLdmNames(stored, models::diffusersToLdm(*config))
        : stored;
    base.config.diffusers = false;
    const at::ScalarType type = computeType(settings);
    base.stored = weights.placed({.floating = type});
    const bool asStored = staysStored(settings, base.stored);
    for (const auto& [name, shape] : base.config.expected()) {
        const bool keeps = asStored && shape.size() > 1 && isHalf(weights.dtype(name));
        const Tensor value = keeps ? weights.placed({.floating = tensor::scalarType(weights.dtype(name))}).tensor(name)
                                   : base.stored.tensor(name);
        base.network[name] = value.dim() == 4 ? nn::channelsLast(value) : value;
    }
    return base;
}

tensor::Weights BaseModel::weights() const {
    return tensor::learning() ? tensor::Weights::of(network, checkpoint().subject, stored.placement().floating) : stored;
}

void BaseModel::makeRoom() const {
    // For what is kept for gradients, and for the network that samples and figures are made with.
    models::Networks::shared().makeRoom(2 * models::weightBytes(checkpoint().unet));
}

bool BaseModel::recomputes(const Settings& settings, const std::function<void(const std::string&)>& say) const {
    const std::string& asked = settings.text("checkpointing");
    if (asked != kAutomatic) return asked == "on";
    const double side = this->side(settings) / static_cast<double>(models::kLatentSide);
    const double bytes = keptValues(config, side * side) * static_cast<double>(settings.integer("batch")) *
                         (stored.placement().floating == at::kFloat ? 4 : 2);
    if (bytes < static_cast<double>(tensor::availableMemory()) / 2) return false;
    say(fmt::format("checkpointing: gradients would keep some {:.1f} GB", bytes / 1e9));
    return true;
}

int BaseModel::side(const Settings& settings) const {
    if (const std::int64_t asked = settings.integer("side"); asked > 0) return static_cast<int>(asked);
    switch (checkpoint().family) {
    case DiffusionFamily::Starter:
        return 128;
    case DiffusionFamily::Sdxl:
        return 1024;
    default:
        return 512;
    }
}

nn::Tensor BaseModel::vectorOf(const nn::Tensor& states, const nn::Tensor& pooled, int side) const {
    if (checkpoint().vectorWidth == 0) return {};
    if (checkpoint().family == DiffusionFamily::Starter) return models::starterVector(states);
    const auto whole = static_cast<float>(side); // height, width, corner that was cut off, height and width wanted
    const std::vector<float> sizes{whole, whole, 0, 0, whole, whole};
    const nn::Tensor waves = nn::timestepEmbedding(nn::fromValues(sizes, {6}), kSizeWaves);
    return nn::cat({pooled.to(at::kFloat), waves.reshape({1, -1}).expand({pooled.size(0), -1})}, 1);
}

nn::Tensor BaseModel::decode(const nn::Tensor& latents) const {
    const auto autoencoder = models::Autoencoder::of(checkpoint(), model.identity);
    return autoencoder.decodePixels(autoencoder.scale.fromModel(latents), {.cancel = tensor::currentCancel()});
}

std::string BaseModel::hash() const {
    return fs::is_regular_file(path) ? sha256File(path.string()) : std::string();
}

LatentPictures LatentPictures::make(const Workplace& place, const Settings& settings, const BaseModel& base) {
    const std::string& name = settings.text("dataset");
    if (name.empty())
        throw Error("training: no pictures are set", "set dataset to a folder of pictures with captions in .txt files");
    const auto data = openDataset(name, base.side(settings), place.cancel, place.say);
    LatentPictures pictures;
    Hasher hasher;
    hasher.add(base.model.identity);
    for (std::size_t i = 0; i < data->size(); ++i) {
        place.cancel.check();
        const Example example = data->example(i, 0);
        hasher.add(example.width).add(example.height).bytes(example.pixels.data(), example.pixels.size());
        pictures.captions.push_back(example.caption);
    }
    const std::string identity = hasher.finish().hex();
    const fs::path file = place.folder / "latents.safetensors";
    const tensor::Placement half{.floating = at::kHalf};
    if (const auto kept = tensor::keptWeights(file, identity, half)) {
        pictures.latents = kept->tensor("latents");
        return pictures;
    }
    place.say(fmt::format("computing the latents of {} pictures", data->size()));
    const auto autoencoder = models::Autoencoder::of(base.checkpoint(), base.model.identity);
    std::vector<nn::Tensor> latents;
    for (std::size_t i = 0; i < data->size(); ++i) {
        const nn::Tensor z = autoencoder.encode(pixelsOf({data->example(i, 0)}, name), {.cancel = place.cancel});
        latents.push_back(autoencoder.scale.toModel(z).to(at::kHalf));
        place.progress.report(i + 1, data->size(), "latents");
    }
    tensor::saveWeights(file, {{"latents", nn::cat(latents, 0)}}, {{"identity", identity}});
    pictures.latents = tensor::Weights::open(file, half).tensor("latents");
    return pictures;
}

nn::Tensor LatentPictures::picked(const std::vector<std::int64_t>& indices) const {
    std::vector<nn::Tensor> parts;
    for (const std::int64_t index : indices) parts.push_back(latents.narrow(0, index, 1).to(at::kFloat));
    return nn::cat(parts, 0);
}

double LatentPictures::meanLoss(const Diffusing& diffusing, const UNet& network,
                                const std::function<Shown(const std::vector<std::size_t>&)>& shown) const {
    at::Generator generator = tensor::generator(1);
    double sum = 0;
    for (std::size_t batch = 0; batch < kMeasuredBatches; ++batch) {
        std::vector<std::int64_t> indices;
        for (std::size_t i = batch * kMeasuredBatch; i < (batch + 1) * kMeasuredBatch; ++i)
            indices.push_back(static_cast<std::int64_t>(i % captions.size()));
        const std::vector<std::size_t> texts(indices.begin(), indices.end());
        sum += diffusing.loss(network, picked(indices), shown(texts), generator).item<double>();
    }
    return sum / kMeasuredBatches;
}

std::string withoutEmphasis(const std::string& caption) {
    std::string text;
    for (const char c : caption) {
        if (c == '(' || c == ')') text += '\\';
        text += c;
    }
    return text;
}

nn::Tensor sampleNoise(const nn::Tensor& latents, std::int64_t count, std::uint64_t seed) {
    return models::sampling::startNoise({count, latents.size(1), latents.size(2), latents.size(3)}, seed);
}

SampleLook sampleLook(const Settings& settings) {
    return {.steps = static_cast<int>(settings.integer("sample_steps")), .cfg = settings.number("cfg")};
}

std::vector<graph::Parameter> baseParameters(const CommonDefaults& defaults) {
    using graph::ParameterKind;
    std::vector<graph::Parameter> parameters{
        {.id = "model", .label = "Model",
         .help = "The checkpoint that is learned for: a file, a folder of diffusers, or a name in the models folder.",
         .kind = ParameterKind::Text, .defaultValue = std::string()},
        {.id = "dataset", .label = "Pictures",
         .help = "A folder of pictures, each with its caption in a .txt file of the same name.",
         .kind = ParameterKind::Text, .defaultValue = std::string()},
        {.id = "side", .label = "Side", .help = "Of the squares that pictures are cut to; 0: what the model was made for.",
         .kind = ParameterKind::Int, .defaultValue = std::int64_t{0}, .min = 0, .max = 4096, .unit = "px"}};
    const auto common = commonParameters(defaults);
    parameters.insert(parameters.end(), common.begin(), common.end());
    parameters.push_back({.id = "min_snr", .label = "Min-SNR",
                          .help = "Up to which ratio of signal to noise cleaner pictures weigh more; 0: all errors weigh the same.",
                          .kind = ParameterKind::Float, .defaultValue = 5.0, .min = 0, .max = 100, .advanced = true});
    parameters.push_back({.id = kFrozen, .label = "The model's weights",
                          .help = "How the weights that stay as they are wait in memory: as they are stored, which is mostly float16 "
                                  "and takes half the room, or converted once, which saves time. The result is the same.",
                          .kind = ParameterKind::Choice, .defaultValue = std::string(kAutomatic),
                          .choices = {{kAutomatic, "As memory allows"}, {kAsStored, "As stored"}, {"converted", "Converted once"}},
                          .advanced = true});
    parameters.push_back(checkpointingParameter(true));
    parameters.push_back({.id = "samples", .label = "Samples",
                          .help = "How many pictures are drawn now and then; 0: none, which saves time with large models.",
                          .kind = ParameterKind::Int, .defaultValue = std::int64_t{4}, .min = 0, .max = 16,
                          .group = "Samples"});
    parameters.push_back({.id = "sample_prompt", .label = "Prompt", .help = "Of the samples; empty: the captions.",
                          .kind = ParameterKind::Text, .defaultValue = std::string(), .group = "Samples"});
    parameters.push_back({.id = "sample_steps", .label = "Sampling steps", .help = "Of the samples.",
                          .kind = ParameterKind::Int,
                          .defaultValue = std::int64_t{20}, .min = 1, .max = 1000, .group = "Samples"});
    parameters.push_back({.id = "cfg", .label = "Guidance", .help = "Of the samples.", .kind = ParameterKind::Float,
                          .defaultValue = 4.0, .min = 0, .max = 100, .group = "Samples"});
    return parameters;
}

} // namespace ochre::training
