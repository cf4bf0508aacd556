// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/DiffusionCheckpoint.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/models/Architectures.h"
#include "core/models/diffusion/AdapterNames.h"

namespace ochre::models {
namespace {

namespace fs = std::filesystem;
using tensor::Weights;

constexpr double kSdLatentScale = 0.18215, kSdxlLatentScale = 0.13025;
constexpr std::int64_t kStarterContext = 384; // of the small model that looks at MiniLM's states
constexpr double kLeastSpreadOfV = 0.09; // of output_blocks.11.1.transformer_blocks.0.norm1.bias
constexpr std::uint64_t kLongestConfig = 1 << 20;

bool any(const Weights& view, const std::string& prefix) {
    const auto& index = *view.checkpoint().index;
    const std::string whole = view.prefix() + prefix;
    const auto it = index.lower_bound(whole);
    return it != index.end() && it->first.starts_with(whole);
}

bool anyContains(const Weights& view, const std::string& part) {
    const auto names = view.names();
    return std::any_of(names.begin(), names.end(),
                       [&part](const std::string& name) { return name.find(part) != std::string::npos; });
}

bool isControlNet(const Weights& view) {
    return any(view, "control_model.") || any(view, "input_hint_block.") || any(view, "zero_convs.") ||
           any(view, "controlnet_cond_embedding.") || any(view, "controlnet_down_blocks.");
}

/// A denoising network that looks at text, right at the beginning of the view.
bool isUnet(const Weights& view) {
    const bool ldm = view.has("input_blocks.0.0.weight") && any(view, "output_blocks.");
    const bool diffusers = view.has("down_blocks.0.resnets.0.conv1.weight") && any(view, "up_blocks.");
    return (ldm || diffusers) && !isControlNet(view) && anyContains(view, ".attn2.to_k.weight");
}

std::optional<Weights> part(const Weights& file, std::initializer_list<const char*> prefixes) {
    for (const char* prefix : prefixes)
        if (any(file, prefix)) return file.sub(prefix).finiteOnly();
    return std::nullopt;
}

std::int64_t sideOr(const Weights& weights, std::initializer_list<const char*> names, std::size_t side,
                    std::int64_t otherwise) {
    for (const char* name : names)
        if (weights.has(name)) return weights.size(name, side);
    return otherwise;
}

struct UnetFacts {
    std::int64_t context = 0, levels = 1;
    bool linear = false; ///< proj_in is a matrix, not a 1×1 convolution
};

UnetFacts factsOf(const Weights& unet) {
    UnetFacts facts;
    for (const std::string& name : unet.names()) {
        if (facts.context == 0 && name.ends_with(".attn2.to_k.weight")) facts.context = unet.size(name, 1);
        if (name.ends_with(".proj_in.weight")) facts.linear = unet.shape(name).size() == 2;
    }
    for (const UnetBlock& block : unetBlocks(unet, unetLayout(unet)))
        facts.levels += block.kind == UnetBlock::Kind::Sampler && block.ldm.starts_with("input_blocks");
    return facts;
}

[[noreturn]] void refuseUnet(const DiffusionCheckpoint& c, const std::string& what) {
    throw Error(fmt::format("{}: is {}, which Ochre cannot run yet", c.subject, what),
                "choose Stable Diffusion 1, 2, XL, the XL refiner, or an inpainting model of these");
}

/// Published text widths decide; models of other widths (small ones, for tests) are told by their build.
DiffusionFamily familyOf(const DiffusionCheckpoint& c, const UnetFacts& facts) {
    if (facts.context == kStarterContext && facts.linear) return DiffusionFamily::Starter;
    if (c.vectorWidth > 0) {
        if (facts.context == 2048) return DiffusionFamily::Sdxl;
        if (facts.context == 1280) return DiffusionFamily::SdxlRefiner;
        if (facts.context == 1024) refuseUnet(c, "Stable Diffusion 2 unCLIP");
        return facts.levels >= 4 ? DiffusionFamily::SdxlRefiner : DiffusionFamily::Sdxl;
    }
    if (facts.context == 768) return DiffusionFamily::Sd1;
    if (facts.context == 1024) return DiffusionFamily::Sd2;
    return facts.linear ? DiffusionFamily::Sd2 : DiffusionFamily::Sd1;
}

void describeUnet(DiffusionCheckpoint& c) {
    const UnetFacts facts = factsOf(c.unet);
    c.diffusers = unetLayout(c.unet).diffusers;
    c.contextWidth = static_cast<int>(facts.context);
    c.inChannels = static_cast<int>(sideOr(c.unet, {"input_blocks.0.0.weight", "conv_in.weight"}, 1, 0));
    c.vectorWidth =
        static_cast<int>(sideOr(c.unet, {"label_emb.0.0.weight", "add_embedding.linear_1.weight"}, 1, 0));
    c.family = familyOf(c, facts);
    const bool large = c.family == DiffusionFamily::Sdxl || c.family == DiffusionFamily::SdxlRefiner;
    c.latentScale = c.family == DiffusionFamily::Starter ? 1 : large ? kSdxlLatentScale : kSdLatentScale;
    if (c.family == DiffusionFamily::Starter) return; // takes latents of any number of channels
    switch (c.inChannels) {
    case 4:
    case 9:
        break;
    case 5:
        refuseUnet(c, "a depth-to-picture model (5 input channels)");
    case 7:
        refuseUnet(c, "the Stable Diffusion x4 upscaler (7 input channels)");
    case 8:
        refuseUnet(c, "a model that edits pictures by instruction (8 input channels)");
    default:
        refuseUnet(c, fmt::format("a denoising network of {} input channels", c.inChannels));
    }
}

std::optional<Prediction> predictionFromName(const std::string& text) {
    if (text == "epsilon" || text == "eps") return Prediction::Epsilon;
    if (text == "v" || text == "v_prediction" || text == "v-prediction" || text == "velocity")
        return Prediction::V;
    return std::nullopt;
}

bool spreadsLikeV(const Weights& unet) {
    for (const char* block : {"output_blocks.11.1", "up_blocks.3.attentions.2"}) {
        const std::string key = std::string(block) + ".transformer_blocks.0.norm1.bias";
        if (!unet.has(key)) continue;
        const auto values = tensor::toFloats(*unet.checkpoint().find(unet.prefix() + key));
        double sum = 0, squares = 0;
        for (const float v : values) sum += v, squares += double{v} * v;
        const double count = std::max<double>(1, static_cast<double>(values.size()));
        return std::sqrt(std::max(0.0, squares / count - sum / count * (sum / count))) > kLeastSpreadOfV;
    }
    return false;
}

/// `root`: the view in which marker keys would stand.
void decidePrediction(DiffusionCheckpoint& c, const Weights& root, const DiffusionOptions& options) {
    const auto decide = [&c](Prediction prediction, const char* from) {
        c.prediction = prediction;
        c.predictionFrom = from;
    };
    if (root.has("ztsnr")) c.zeroTerminalSnr = true;
    const auto& metadata = root.checkpoint().metadata;
    if (const auto it = metadata.find("ochre.latent_colors"); it != metadata.end()) c.latentColors = it->second;
    if (options.prediction) return decide(*options.prediction, "asked for");
    if (const auto it = metadata.find("modelspec.prediction_type"); it != metadata.end())
        if (const auto known = predictionFromName(it->second)) return decide(*known, "metadata");
    if (root.has("v_pred")) return decide(Prediction::V, "keys");
    if ((root.has("edm_mean") && root.has("edm_std")) || root.has("edm_vpred.sigma_max"))
        refuseUnet(c, "a model of the EDM family (Playground 2.5 and the like)");
    if (c.family == DiffusionFamily::Sd2 && !c.isInpaint() && spreadsLikeV(c.unet))
        return decide(Prediction::V, "weights");
    decide(Prediction::Epsilon, "usual");
}

void listMissing(DiffusionCheckpoint& c) {
    if (!c.vae) c.missing.push_back("autoencoder");
    const bool ownText = c.family != DiffusionFamily::SdxlRefiner && c.family != DiffusionFamily::Starter;
    if (!c.text1 && ownText) c.missing.push_back("text encoder");
    const bool two = c.family == DiffusionFamily::Sdxl || c.family == DiffusionFamily::SdxlRefiner;
    if (!c.text2 && two)
        c.missing.push_back(c.family == DiffusionFamily::Sdxl ? "second text encoder" : "text encoder");
}

void findText(DiffusionCheckpoint& c, const Weights& root) {
    const bool refiner = c.family == DiffusionFamily::SdxlRefiner;
    c.text1 = part(root, {"cond_stage_model.transformer.", "cond_stage_model.model.",
                          "conditioner.embedders.0.transformer."});
    c.text2 = part(root, {"conditioner.embedders.1.model.", "conditioner.embedders.1.transformer."});
    const auto open = part(root, {"conditioner.embedders.0.model."}); // the refiner's, or SD 2's in SGM names
    if (open) (refiner ? c.text2 : c.text1) = open;
}

Json readConfig(const fs::path& path) {
    if (!fs::exists(path)) return Json::object();
    return parseJson(readTextFile(path, kLongestConfig), path.string());
}

/// The weights in a folder of diffusers: safetensors before .bin, full precision before half, shards last.
std::optional<fs::path> weightsIn(const fs::path& folder) {
    for (const char* stem : {"diffusion_pytorch_model", "model", "pytorch_model"})
        for (const char* end : {".safetensors", ".fp16.safetensors", ".safetensors.index.json",
                                ".safetensors.index.fp16.json", ".fp16.safetensors.index.json"})
            if (fs::exists(folder / (std::string(stem) + end))) return folder / (std::string(stem) + end);
    for (const char* stem : {"diffusion_pytorch_model", "pytorch_model", "model"})
        for (const char* end : {".bin", ".fp16.bin"})
            if (fs::exists(folder / (std::string(stem) + end))) return folder / (std::string(stem) + end);
    return std::nullopt;
}

std::optional<Weights> openPart(const fs::path& folder, const tensor::Placement& placement) {
    const auto file = weightsIn(folder);
    if (!file) return std::nullopt;
    return Weights::open(*file, placement).finiteOnly();
}

DiffusionCheckpoint openFolder(const fs::path& folder, const DiffusionOptions& options) {
    DiffusionCheckpoint c;
    c.subject = folder.string();
    const auto unet = openPart(folder / "unet", options.placement);
    if (!unet || !isUnet(*unet)) {
        const Json index = readConfig(folder / "model_index.json");
        const std::string pipeline =
            index.is_object() ? index.value("_class_name", std::string()) : std::string();
        throw Error(fmt::format("{}: {}", c.subject,
                                unet               ? "the weights in unet/ are no Stable Diffusion network"
                                : pipeline.empty() ? "is no folder of diffusers: it has no weights in unet/"
                                                   : "is a " + pipeline + " without weights in unet/"),
                    "choose a folder with model_index.json and unet/ of Stable Diffusion 1, 2 or XL");
    }
    c.unet = *unet;
    describeUnet(c);
    c.vae = openPart(folder / "vae", options.placement);
    c.text1 = openPart(folder / "text_encoder", options.placement);
    c.text2 = openPart(folder / "text_encoder_2", options.placement);
    const Json vae = readConfig(folder / "vae" / "config.json");
    if (vae.contains("scaling_factor") && vae["scaling_factor"].is_number())
        c.latentScale = vae["scaling_factor"].get<double>();
    DiffusionOptions decided = options;
    const Json scheduler = readConfig(folder / "scheduler" / "scheduler_config.json");
    std::optional<Prediction> said;
    if (scheduler.contains("prediction_type") && scheduler["prediction_type"].is_string())
        said = predictionFromName(scheduler["prediction_type"].get<std::string>());
    if (!decided.prediction) decided.prediction = said;
    decidePrediction(c, c.unet, decided);
    if (!options.prediction && said) c.predictionFrom = "scheduler_config.json";
    c.zeroTerminalSnr |=
        scheduler.contains("rescale_betas_zero_snr") && scheduler["rescale_betas_zero_snr"] == true;
    listMissing(c);
    return c;
}

} // namespace

const char* name(DiffusionFamily family) {
    constexpr const char* kNames[] = {"sd1", "sd2", "sdxl", "sdxl-refiner", "starter"};
    return kNames[static_cast<int>(family)];
}

const char* title(DiffusionFamily family) {
    constexpr const char* kTitles[] = {"Stable Diffusion 1", "Stable Diffusion 2", "SDXL",
                                       "the SDXL refiner", "Ochre's starter model"};
    return kTitles[static_cast<int>(family)];
}

const char* name(Prediction prediction) {
    return prediction == Prediction::V ? "v" : "eps";
}

DiffusionCheckpoint DiffusionCheckpoint::with(const AdaptedParts& parts) const {
    DiffusionCheckpoint other = *this;
    if (parts.unet) other.unet = *parts.unet;
    other.text1 = parts.text1;
    other.text2 = parts.text2;
    return other;
}

WeightsKind kindOfWeights(const Weights& weights) {
    if (isAdapter(weights))
        return {"a LoRA or LyCORIS file",
                "load a checkpoint and put this on top of it, where a LoRA is asked for"};
    for (const Weights& view : weights.unwrapped()) {
        if (isControlNet(view))
            return {"a ControlNet", "load a checkpoint, and this where a ControlNet is asked for"};
        if (any(view, "emb_params") || any(view, "string_to_param") || any(view, "clip_g") ||
            any(view, "clip_l"))
            if (view.names().size() <= 16)
                return {"a text embedding", "put it into the folder of embeddings and name it in the prompt"};
        if (any(view, "first_stage_model.") || view.has("decoder.conv_in.weight") ||
            view.has("encoder.conv_in.weight"))
            return {"an autoencoder (VAE)", "load a checkpoint, and this where an autoencoder is asked for"};
        if (anyContains(view, "double_blocks."))
            return {"a FLUX model", "choose Stable Diffusion 1, 2 or XL"};
        if (anyContains(view, "joint_blocks.") || any(view, "transformer_blocks."))
            return {"a Stable Diffusion 3 or other transformer model", "choose Stable Diffusion 1, 2 or XL"};
        if (anyContains(view, "encoder.layers.0.self_attn.q_proj.weight") ||
            anyContains(view, "transformer.resblocks.0.attn.in_proj_weight"))
            return {"a text encoder", "load a checkpoint, and this where a text encoder is asked for"};
    }
    Weights found;
    const Architecture* architecture = recognise(weights, found);
    if (!architecture) return {};
    if (architecture->picture)
        return {fmt::format("a network of pictures ({})", architecture->name),
                "use it where a model that enlarges or restores pictures is asked for"};
    return {fmt::format("a network of the kind {}", architecture->name),
            "choose a Stable Diffusion checkpoint"};
}

DiffusionCheckpoint DiffusionCheckpoint::from(const Weights& file, const DiffusionOptions& options) {
    DiffusionCheckpoint c;
    c.subject = file.subject();
    const auto views = file.unwrapped();
    const auto finish = [&](const Weights& root) {
        describeUnet(c);
        c.vae = part(root, {"first_stage_model."});
        findText(c, root);
        decidePrediction(c, root, options);
        listMissing(c);
        return c;
    };
    // Whole checkpoints before lone networks: "model." is a wrapper of the latter, too.
    for (const char* prefix : {"model.diffusion_model.", "diffusion_model.", "unet.", ""})
        for (const Weights& view : views) {
            if (!isUnet(view.sub(prefix))) continue;
            c.unet = view.sub(prefix).finiteOnly();
            return finish(view);
        }
    const WeightsKind kind = kindOfWeights(file);
    if (!kind.what.empty())
        throw Error(fmt::format("{}: is {}, not a checkpoint", c.subject, kind.what), kind.hint,
                    ErrorKind::NotMine);
    const auto names = file.names();
    throw Error(fmt::format("{}: no Stable Diffusion is known with these {} tensors (\"{}\", …)", c.subject,
                            names.size(), names.empty() ? "" : names.front()),
                "choose a checkpoint of Stable Diffusion 1, 2 or XL", ErrorKind::NotMine);
}

DiffusionCheckpoint DiffusionCheckpoint::open(const fs::path& path, const DiffusionOptions& options) {
    if (fs::is_directory(path)) return openFolder(path, options);
    if (path.filename() == "model_index.json") return openFolder(path.parent_path(), options);
    return from(Weights::open(path, options.placement), options);
}

} // namespace ochre::models
