// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/ArchitectureParts.h"

#include <algorithm>

#include <fmt/format.h>

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

} // namespace

std::vector<Architecture> visionArchitectures() {
    return {
        {"yolox", recogniseAs<Yolox>, runYolox, {}, [](const std::string& key) { return key.ends_with(".num_batches_tracked"); }},
        {"detr", recogniseAs<Detr>, runDetr, {}, {}},
        {"sam", recogniseSam<false>, runSam, {}, {}},
        {"mobile_sam", recogniseSam<true>, runSam, {}, Sam::Config::isBeside},
        {"sam2", recogniseAs<Sam2>, runSam2, {}, [](const std::string& key) { return key == "no_mem_pos_enc"; }},
        {"dinov2", recogniseAs<DinoV2>, runDinoV2, {}, DinoV2::Config::isBeside},
    };
}

} // namespace ochre::models
