// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/Architectures.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/diffusion/AutoencoderKl.h"
#include "core/models/diffusion/ControlNet.h"
#include "core/models/diffusion/UNet.h"
#include "core/models/field/NerfScene.h"
#include "core/models/language/Mamba.h"
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
#include "core/models/text/Bert.h"
#include "core/models/text/ClipText.h"
#include "core/models/vision/Detr.h"
#include "core/models/vision/DinoV2.h"
#include "core/models/vision/Sam.h"
#include "core/models/vision/Sam2.h"
#include "core/models/vision/Sam2Video.h"
#include "core/models/vision/Yolox.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Vision.h"

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

/// The rays of a case through the network, with the samples that importance sampling would add.
Tensors renderNerf(const Nerf& model, const Json& parityCase, const Tensors& inputs) {
    const nn::Tensor &origins = input(inputs, "rays_o"), &z = input(inputs, "z_vals");
    const std::int64_t rays = z.size(0), samples = z.size(1), more = parityCase.at("outputs").at("z_samples").at(1).get<std::int64_t>();
    const std::vector<float> o = nn::toValues(origins), d = nn::toValues(input(inputs, "rays_d")), at = nn::toValues(z);
    std::vector<float> points, directions, color, depth, disparity, opacity, weights(at.size()),
        importance(static_cast<std::size_t>(rays * more));
    std::vector<Ray> all;
    for (std::size_t r = 0; r < static_cast<std::size_t>(rays); ++r)
        all.push_back({{o[3 * r], o[3 * r + 1], o[3 * r + 2]}, {d[3 * r], d[3 * r + 1], d[3 * r + 2]}});
    for (std::size_t i = 0; i < at.size(); ++i) {
        const Ray& ray = all[i / static_cast<std::size_t>(samples)];
        for (const float v : ray.at(at[i])) points.push_back(v);
        for (const float v : ray.direction) directions.push_back(v / ray.length());
    }
    const nn::Tensor raw = model.forward(nn::fromValues(points, {rays * samples, 3}), nn::fromValues(directions, {rays * samples, 3}));
    const std::vector<float> values = nn::toValues(raw);
    const bool white = parityCase.at("config").value("white_bkgd", false);
    for (std::size_t r = 0; r < all.size(); ++r) {
        const auto count = static_cast<std::size_t>(samples);
        const auto zOfRay = std::span(at).subspan(r * count, count);
        const auto share = std::span(weights).subspan(r * count, count);
        const RayResult result = composite(std::span(values).subspan(4 * r * count, 4 * count), zOfRay, all[r].length(), share);
        for (const float v : result.color) color.push_back(v + (white ? 1 - result.opacity : 0));
        depth.push_back(result.depth);
        disparity.push_back(result.disparity());
        opacity.push_back(result.opacity);
        placeImportance(zOfRay, share, std::span(importance).subspan(r * static_cast<std::size_t>(more), static_cast<std::size_t>(more)));
    }
    return {{"raw", raw.view({rays, samples, 4})},
            {"rgb", nn::fromValues(color, {rays, 3})},
            {"depth", nn::fromValues(depth, {rays})},
            {"disp", nn::fromValues(disparity, {rays})},
            {"acc", nn::fromValues(opacity, {rays})},
            {"weights", nn::fromValues(weights, {rays, samples})},
            {"z_samples", nn::fromValues(importance, {rays, more})}};
}

Tensors runNerf(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
    const Nerf model(weights, configOf<Nerf>(weights, "NeRF"));
    if (parityCase.value("entry", std::string()) == "render") return renderNerf(model, parityCase, inputs);
    return {{"raw", model.forward(input(inputs, "points"), inputOrNone(inputs, "viewdirs"))}};
}

Tensors runYolox(const tensor::Weights& weights, const Json&, const Tensors& inputs) {
    const nn::Tensor image = input(inputs, "image");
    const Yolox::Output output = Yolox(weights, configOf<Yolox>(weights, "YOLOX")).forward(image);
    Tensors result{{"raw", output.raw}, {"decoded", Yolox::decode(output.raw, image.size(2), image.size(3))}};
    for (std::size_t i = 0; i < output.pyramid.size(); ++i) result[fmt::format("fpn.{}", i)] = output.pyramid[i];
    return result;
}

Tensors runDetr(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
    auto config = configOf<Detr>(weights, "DETR");
    const Json stated = parityCase.value("config", Json::object());
    config.heads = stated.value("nheads", config.heads);
    config.dilated = stated.value("dilation", false);
    const Detr::Output output = Detr(weights, config).forward(input(inputs, "images"), inputOrNone(inputs, "mask"));
    return {{"pred_logits", output.logits}, {"pred_boxes", output.boxes}};
}

Tensors runDinoV2(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
    auto config = configOf<DinoV2>(weights, "DINOv2");
    config.heads = parityCase.value("config", Json::object()).value("num_heads", config.heads);
    const DinoV2::Output output = DinoV2(weights, config).forward(input(inputs, "image"));
    return {{"x_norm_clstoken", output.whole},
            {"x_norm_patchtokens", output.patches},
            {"x_norm_regtokens", output.registers},
            {"x_prenorm", output.unnormed}};
}

/// The prompts of a case on a picture's features, and what the decoder makes of them on its way.
Tensors runSamDecoder(const SamDecoder& model, const Json& stated, const Tensors& inputs, const nn::Tensor& features,
                      int height, int width, const std::vector<nn::Tensor>& fine = {}) {
    const SamPrompt prompt{.points = inputOrNone(inputs, "point_coords"),
                           .labels = inputOrNone(inputs, "point_labels"),
                           .boxes = inputOrNone(inputs, "boxes"),
                           .masks = inputOrNone(inputs, "mask_inputs")};
    const SamDecoder::Picture picture = model.prepare(features, height, width, fine);
    const SamDecoder::Output output = model.decode(picture, prompt, stated.value("multimask_output", true));
    const auto map = [&](const nn::Tensor& tokens, std::int64_t batch) {
        return tokens.expand({batch, picture.height * picture.width, -1})
            .transpose(1, 2)
            .unflatten(2, {picture.height, picture.width});
    };
    return {{"sparse_prompt_embeddings", model.sparse(prompt, height, width)},
            {"dense_prompt_embeddings", map(model.dense(prompt), output.masks.size(0))},
            {"image_pe", map(picture.positions, 1)},
            {"low_res_masks", output.masks},
            {"iou_predictions", output.scores},
            {"sam_tokens", output.tokens},
            {"object_score_logits", output.there}};
}

Tensors runSam(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
    const Sam model(weights, configOf<Sam>(weights, "SAM"));
    const Json stated = parityCase.value("config", Json::object());
    if (const auto features = inputs.find("image_embeddings"); features != inputs.end()) {
        const Json side = stated.at("input_image_size");
        return runSamDecoder(model.decoder(), stated, inputs, features->second, side.at(0), side.at(1));
    }
    const nn::Tensor& image = input(inputs, "image");
    if (!model.config().decoder) return {{"image_embeddings", model.encode(image)}};
    const int side = stated.at("image_encoder").at("img_size");
    const nn::Tensor features = model.encode(Sam::prepare(image, side));
    Tensors result = runSamDecoder(model.decoder(), stated, inputs, features, side, side);
    result["image_embeddings"] = features;
    if (stated.contains("original_size"))
        result["mask_logits"] = Sam::finish(result["low_res_masks"], side, image.size(2), image.size(3),
                                            stated["original_size"].at(0).get<int>(), stated["original_size"].at(1).get<int>());
    return result;
}

/// SAM and MobileSAM are one class; a decoder alone counts as SAM's.
template <bool mobile>
std::optional<std::map<std::string, tensor::Shape>> recogniseSam(const tensor::Weights& weights) {
    const auto config = Sam::Config::fromWeights(weights);
    if (!config || config->tiny.has_value() != mobile) return std::nullopt;
    return config->expected();
}

/// Positions of a pyramid's levels stand in the cases, as what follows from their sizes.
nn::Tensor sinesFor(const nn::Tensor& map) {
    const std::int64_t h = map.size(2), w = map.size(3);
    return nn::sinePositions(nn::range(1, 1).expand({1, h, w}), map.size(1)).transpose(1, 2).unflatten(2, {h, w});
}

Tensors runSam2Memory(const tensor::Weights& weights, const Sam2::Config& config, const Json& stated, const Tensors& inputs) {
    if (config.attention) {
        const auto rows = [&](const char* name) { return input(inputs, name).transpose(0, 1); };
        const nn::Tensor out = Sam2MemoryAttention(weights, *config.attention)
                                   .forward(rows("curr"), rows("curr_pos"), rows("memory"), rows("memory_pos"),
                                            stated.value("num_obj_ptr_tokens", 0));
        return {{"out", out.transpose(0, 1)}};
    }
    const Sam2MemoryEncoder model(weights, *config.memory);
    const nn::Tensor features = model.forward(input(inputs, "pix_feat"), input(inputs, "masks"));
    return {{"vision_features", features}, {"vision_pos_enc", sinesFor(features)}};
}

/// Prompts stand as points.N and labels.N, or mask.N, of frame N. From the first on to the end, then back to the start.
Tensors runSam2Track(const tensor::Weights& weights, Sam2::Config config, const Json& stated, const Tensors& inputs) {
    config.encoder->heads = stated.value("num_heads", config.encoder->heads);
    config.encoder->windows = stated.value("window_spec", config.encoder->windows);
    config.encoder->wholeBlocks = stated.value("global_att_blocks", config.encoder->wholeBlocks);
    const Sam2Video network(weights, config);
    const nn::Tensor frames = input(inputs, "frames");
    const auto count = static_cast<int>(frames.size(0));
    const auto image = [&](int index) { return frames.narrow(0, index, 1); };
    Sam2Track track(network, count);
    int first = count;
    for (int i = 0; i < count; ++i) {
        const std::string number = fmt::format(".{}", i);
        if (inputs.contains("mask" + number)) track.take(i, image(i), input(inputs, ("mask" + number).c_str()));
        if (inputs.contains("points" + number))
            track.ask(i, image(i), {.points = input(inputs, ("points" + number).c_str()), .labels = input(inputs, ("labels" + number).c_str())});
        if (track.isAsked(i)) first = std::min(first, i);
    }
    std::vector<nn::Tensor> masks(static_cast<std::size_t>(count)), there(masks), pointers(masks);
    const auto step = [&](int index, bool backward) {
        const Sam2Video::Answer& answer = track.step(index, image(index), backward);
        const auto at = static_cast<std::size_t>(index);
        masks[at] = answer.mask;
        there[at] = answer.there;
        pointers[at] = answer.pointer;
    };
    for (int i = first; i < count; ++i) step(i, false);
    for (int i = first; i-- > 0;) step(i, true);
    return {{"masks", nn::cat(masks, 0)}, {"object_scores", nn::cat(there, 0)}, {"pointers", nn::cat(pointers, 0)}};
}

/// The cases are of one part each, or of the whole.
Tensors runSam2(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
    const auto config = configOf<Sam2>(weights, "SAM 2");
    const Json stated = parityCase.value("config", Json::object());
    if (config.whole()) return runSam2Track(weights, config, stated, inputs);
    if (config.decoder) {
        const SamDecoder model(weights, *config.decoder);
        const Json side = stated.at("input_image_size");
        return runSamDecoder(model, stated, inputs, input(inputs, "image_embeddings"), side.at(0), side.at(1),
                             {input(inputs, "high_res_1"), input(inputs, "high_res_0")});
    }
    if (!config.encoder) return runSam2Memory(weights, config, stated, inputs);
    Sam2ImageEncoder::Config encoder = *config.encoder;
    const Json trunk = stated.value("trunk", Json::object());
    encoder.heads = trunk.value("num_heads", encoder.heads);
    encoder.windows = trunk.value("window_spec", encoder.windows);
    encoder.wholeBlocks = trunk.value("global_att_blocks", encoder.wholeBlocks);
    const auto pyramid = Sam2ImageEncoder(weights, encoder).forward(input(inputs, "image"));
    Tensors result;
    for (std::size_t i = 0; i < pyramid.size(); ++i) {
        result[fmt::format("backbone_fpn.{}", i)] = pyramid[i];
        result[fmt::format("vision_pos_enc.{}", i)] = sinesFor(pyramid[i]);
    }
    return result;
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
        {"diffretinex", recogniseDiffRetinex, runDiffRetinex, {}, RetinexDiffusion::Config::isBeside},
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
        {"nerf", NerfScene::expected, runNerf, {}, Nerf::Config::isBeside},
        {"yolox", recogniseAs<Yolox>, runYolox, {}, [](const std::string& key) { return key.ends_with(".num_batches_tracked"); }},
        {"detr", recogniseAs<Detr>, runDetr, {}, {}},
        {"sam", recogniseSam<false>, runSam, {}, {}},
        {"mobile_sam", recogniseSam<true>, runSam, {}, Sam::Config::isBeside},
        {"sam2", recogniseAs<Sam2>, runSam2, {}, [](const std::string& key) { return key == "no_mem_pos_enc"; }},
        {"dinov2", recogniseAs<DinoV2>, runDinoV2, {}, DinoV2::Config::isBeside},
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
