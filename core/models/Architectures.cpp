// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/Architectures.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/diffusion/AutoencoderKl.h"
#include "core/models/diffusion/ControlNet.h"
#include "core/models/diffusion/UNet.h"
#include "core/models/language/Mamba.h"
#include "core/models/restore/Bem.h"
#include "core/models/restore/DnCnn.h"
#include "core/models/restore/Iat.h"
#include "core/models/restore/Painter.h"
#include "core/models/restore/Restormer.h"
#include "core/models/restore/Rfdn.h"
#include "core/models/restore/RrdbNet.h"
#include "core/models/restore/Sci.h"
#include "core/models/restore/SrvggNetCompact.h"
#include "core/models/restore/SwinIr.h"
#include "core/models/text/Bert.h"
#include "core/models/text/ClipText.h"

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

template <typename Model>
std::optional<std::map<std::string, tensor::Shape>> recogniseAs(const tensor::Weights& weights) {
    const auto config = Model::Config::fromWeights(weights);
    if (!config) return std::nullopt;
    return config->expected();
}

template <typename Model>
typename Model::Config configOf(const tensor::Weights& weights, const char* name) {
    const auto config = Model::Config::fromWeights(weights);
    if (!config) throw Error(weights.subject() + ": is no " + name, "choose the weights of that network");
    return *config;
}

const nn::Tensor& input(const Tensors& inputs, const char* name) {
    const auto it = inputs.find(name);
    if (it == inputs.end()) throw Error(fmt::format("case: has no input \"{}\"", name));
    return it->second;
}

nn::Tensor inputOrNone(const Tensors& inputs, const char* name) {
    const auto it = inputs.find(name);
    return it == inputs.end() ? nn::Tensor() : it->second;
}

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
    model.halfPays = false; // measured: 1.4 s in place of 0.9 for 128 × 128 pixels
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

/// Heads, activation and end token stand in the case under the names of its reference.
ClipText::Config clipTextConfig(const tensor::Weights& weights, const Json& parityCase) {
    auto config = configOf<ClipText>(weights, "CLIP text encoder");
    const Json stated = parityCase.value("config", Json::object());
    for (const char* name : {"num_attention_heads", "transformer_heads", "heads"})
        config.heads = stated.value(name, config.heads);
    config.epsilon = stated.value("layer_norm_eps", config.epsilon);
    const auto reference = parityCase.value("reference", std::string());
    const std::string activation =
        stated.value("hidden_act", std::string(reference.starts_with("openai/CLIP")              ? "quick_gelu"
                                               : reference.starts_with("mlfoundations/open_clip") ? "gelu"
                                                                                                  : ""));
    if (!activation.empty()) config.quickGelu = activation == "quick_gelu";
    // Configs of before transformers 4.30 have 2 here, which is no end token; the largest id was pooled then.
    const int end = stated.value("eos_token_id", 2);
    config.endToken = end == 2 ? -1 : end;
    return config;
}

Tensors runClipText(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
    const ClipText model(weights, clipTextConfig(weights, parityCase));
    const auto output = model.forward(input(inputs, "input_ids"),
                                      {.clipSkip = 2, .finalNorm = true, .pooled = true, .keepHidden = true});
    Tensors result{{"last_hidden_state", output.last},
                   {"penultimate_hidden_state_normed", output.states},
                   {"pooler_output", output.pooled}};
    for (std::size_t i = 0; i < output.hidden.size(); ++i)
        result.emplace("hidden_states." + std::to_string(i), output.hidden[i]);
    result.emplace("penultimate_hidden_state", output.hidden[output.hidden.size() - 2]);
    if (output.projected.defined()) result.emplace("text_embeds", output.projected);
    return result;
}

/// A case with many texts stores some of them: its notes say "rows [0, 4, 9]".
nn::Tensor rowsOf(const nn::Tensor& all, const Json& parityCase) {
    const auto notes = parityCase.value("notes", std::string());
    const std::size_t from = notes.find("rows ["), to = notes.find(']', from);
    if (from == std::string::npos || to == std::string::npos) return all;
    std::vector<nn::Tensor> rows;
    for (const Json& row : parseJson(notes.substr(from + 5, to - from - 4), "rows"))
        rows.push_back(all.narrow(0, row.get<std::int64_t>(), 1));
    return nn::cat(rows, 0);
}

Tensors runBert(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
    auto config = configOf<Bert>(weights, "BERT");
    const Json stated = parityCase.value("config", Json::object());
    config.heads = stated.value("num_attention_heads", config.heads);
    config.epsilon = stated.value("layer_norm_eps", config.epsilon);
    const Bert model(weights, config);
    const nn::Tensor mask = inputOrNone(inputs, "attention_mask");
    nn::Tensor states =
        model.forward(input(inputs, "input_ids"), mask, inputOrNone(inputs, "token_type_ids"));
    const nn::Tensor mean = Bert::meanPooled(states, mask);
    Tensors result{{"mean_pooled", mean}, {"sentence_embedding", Bert::normalised(mean)}};
    if (config.pooler) result.emplace("pooler_output", model.pooled(states));
    if (mask.defined()) states = states.mul(mask.unsqueeze(-1)); // what stands at padding is not compared
    result.emplace("last_hidden_state", states);
    result.emplace("last_hidden_state_rows", rowsOf(states, parityCase));
    return result;
}

/// Heads as the references name them: their number, their width, or diffusers' number under the name of a width.
void readHeads(const Json& parityCase, UNetTrunk::Config& config) {
    const Json options = parityCase.value("config", Json::object());
    const Json heads = options.value("num_attention_heads", options.value("attention_head_dim", Json()));
    if (heads.is_array()) {
        config.headWidth = config.channels / heads.at(0).get<int>();
    } else if (heads.is_number()) {
        config.heads = heads.get<int>();
        config.headWidth = 0;
    } else if (const int width = options.value("num_head_channels", -1); width > 0) {
        config.headWidth = width;
    } else if (options.contains("num_heads")) {
        config.heads = options["num_heads"].get<int>();
        config.headWidth = 0;
    }
}

Tensors runUNet(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs,
                const UNetMaps* control = nullptr) {
    auto config = configOf<UNet>(weights, "denoising UNet");
    readHeads(parityCase, config);
    const UNet model(weights, config);
    return {{"out", model.forward(input(inputs, "x"), input(inputs, "timesteps"), input(inputs, "context"),
                                  inputOrNone(inputs, "y"), control)}};
}

/// A case that says "UNet with control, strength 0.7" has both networks in one file.
Tensors runControlNet(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
    auto config = configOf<ControlNet>(weights, "ControlNet");
    readHeads(parityCase, config);
    const ControlNet model(weights, config);
    const UNetMaps maps = model.forward(input(inputs, "x"), model.prepareHint(input(inputs, "hint")),
                                        input(inputs, "timesteps"), model.prepareContext(input(inputs, "context")),
                                        inputOrNone(inputs, "y"));
    const auto entry = parityCase.value("entry", std::string("forward"));
    if (entry.starts_with("UNet")) {
        const std::size_t strength = entry.find("strength ");
        UNetMaps scaled;
        addControl(scaled, maps, strength == std::string::npos ? 1.0 : std::stod(entry.substr(strength + 9)));
        return runUNet(weights.sub("model.diffusion_model."), parityCase, inputs, &scaled);
    }
    Tensors outputs;
    for (std::size_t i = 0; i < maps.skips.size(); ++i) outputs[fmt::format("control.{}", i)] = maps.skips[i];
    outputs[fmt::format("control.{}", maps.skips.size())] = maps.middle;
    return outputs;
}

Tensors runAutoencoder(const tensor::Weights& weights, const Json&, const Tensors& inputs) {
    const AutoencoderKl model(weights, configOf<AutoencoderKl>(weights, "AutoencoderKL"));
    Tensors outputs;
    if (const auto image = inputs.find("image"); image != inputs.end()) {
        outputs["moments"] = model.encode(image->second);
        if (model.config().decoder)
            outputs["reconstruction_of_mode"] = model.decode(AutoencoderKl::mean(outputs["moments"]));
    }
    if (const auto latent = inputs.find("latent"); latent != inputs.end())
        outputs["decoded"] = model.decode(latent->second);
    return outputs;
}

Tensors runMamba(const tensor::Weights& weights, const Json&, const Tensors& inputs) {
    return {{"logits", Mamba(weights, configOf<Mamba>(weights, "Mamba")).forward(input(inputs, "tokens"))}};
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

const std::vector<Architecture>& architectures() {
    // RRDBNet first: its body.N.rdbM names are the more particular ones.
    static const std::vector<Architecture> all{
        pictureArchitecture<RrdbNet>("rrdbnet", rrdb),
        pictureArchitecture<SrvggNetCompact>("srvggnetcompact", compact),
        pictureArchitecture<SwinIr>("swinir", swinIr, SwinIr::Config::isBeside),
        pictureArchitecture<Restormer>("restormer", restormer),
        pictureArchitecture<DnCnn>("dncnn", dnCnn),
        pictureArchitecture<Rfdn>("rfdn", rfdn),
        pictureArchitecture<Sci>("sci", sci, Sci::Config::isBeside),
        pictureArchitecture<Iat>("iat", iat),
        {"bem", recogniseAs<Bem>, runBem, {}, Bem::Config::isBeside},
        {"painter", recogniseAs<Painter>, runPainter, {}, {}},
        {"clip_text", recogniseAs<ClipText>, runClipText, {}, ClipText::Config::isBeside},
        {"bert", recogniseAs<Bert>, runBert, {}, Bert::Config::isBeside},
        {"controlnet", recogniseAs<ControlNet>, runControlNet, {}, {}},
        {"unet", recogniseAs<UNet>,
         [](const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
             return runUNet(weights, parityCase, inputs);
         },
         {},
         {}},
        {"autoencoder_kl", recogniseAs<AutoencoderKl>, runAutoencoder, {}, {}},
        {"mamba", recogniseAs<Mamba>, runMamba, {}, {}},
    };
    return all;
}

const Architecture* findArchitecture(const std::string& name) {
    for (const Architecture& architecture : architectures())
        if (architecture.name == name) return &architecture;
    return nullptr;
}

const Architecture* recognise(const tensor::Weights& weights, tensor::Weights& found) {
    for (const tensor::Weights& view : weights.unwrapped())
        for (const Architecture& architecture : architectures())
            if (architecture.recognise(view)) {
                found = view;
                return &architecture;
            }
    return nullptr;
}

} // namespace ochre::models
