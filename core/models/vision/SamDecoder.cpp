// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/SamDecoder.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/NetworkParts.h"

namespace ochre::models {
namespace {

constexpr double kPixelNorm = 1e-6; // epsilon of norms of maps; of tokens it is the usual 1e-5
constexpr int kHeadDepth = 3;
constexpr std::int64_t kAtOnce = 512; // pixels that are enlarged at a time
constexpr const char* kTransformer = "mask_decoder.transformer.";
constexpr const char* kMaskDown[] = {"prompt_encoder.mask_downscaling.0", "prompt_encoder.mask_downscaling.3",
                                     "prompt_encoder.mask_downscaling.6"};
constexpr const char* kMaskNorms[] = {"prompt_encoder.mask_downscaling.1", "prompt_encoder.mask_downscaling.4"};
constexpr const char* kUp[] = {"mask_decoder.output_upscaling.0", "mask_decoder.output_upscaling.3"};
constexpr const char* kUpNorm = "mask_decoder.output_upscaling.1";
constexpr const char* kKinds[] = {"not_a_point_embed", "point_embeddings.0", "point_embeddings.1", "point_embeddings.2",
                                  "point_embeddings.3"};

constexpr const char *kPresenceToken = "mask_decoder.obj_score_token.weight", *kPresence = "mask_decoder.pred_obj_score_head";
constexpr const char* kFine[] = {"mask_decoder.conv_s0", "mask_decoder.conv_s1"};
/// A mask is sure of its edge where at least this share of what is above −kEdge is above kEdge.
constexpr double kEdge = 0.05, kStable = 0.98;

using Keys = std::map<std::string, tensor::Shape>;

/// The name in the file of what the first SAM calls `name`.
std::string stored(std::string name, bool second) {
    if (!second) return name;
    for (const auto& [first, other] : {std::pair{".mlp.lin1.", ".mlp.layers.0."}, {".mlp.lin2.", ".mlp.layers.1."}})
        if (const std::size_t at = name.find(first); at != std::string::npos) name.replace(at, std::string(first).size(), other);
    return "sam_" + name;
}

std::string inLayer(int index, const char* part) {
    return fmt::format("{}layers.{}.{}", kTransformer, index, part);
}

std::string kernelName(int token) {
    return fmt::format("mask_decoder.output_hypernetworks_mlps.{}", token);
}

std::vector<nn::Linear> readMlp(const tensor::Weights& weights, const std::string& name) {
    std::vector<nn::Linear> layers;
    for (int i = 0; i < kHeadDepth; ++i) layers.emplace_back(weights, fmt::format("{}.layers.{}", name, i));
    return layers;
}

nn::Tensor runMlp(const std::vector<nn::Linear>& layers, nn::Tensor x) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
        x = layers[i](x);
        if (i + 1 < layers.size()) x = nn::relu(x);
    }
    return x;
}

/// [in, out, 2, 2] as a product that gives four pixels of `out` channels side by side.
nn::Linear readDoubling(const tensor::Weights& weights, const std::string& name) {
    const nn::Tensor kernel = weights.tensor(name + ".weight");
    return {kernel.permute({2, 3, 1, 0}).reshape({4 * kernel.size(1), kernel.size(0)}), weights.tensor(name + ".bias").repeat({4})};
}

/// What `part(from, count)` gives for some pixels at a time, joined: what lies between stays in the cache.
template <typename Part>
nn::Tensor inParts(const nn::Tensor& pixels, std::int64_t joined, const Part& part) {
    const std::int64_t total = pixels.size(1), step = std::max<std::int64_t>(1, kAtOnce / pixels.size(0));
    std::vector<nn::Tensor> parts;
    for (std::int64_t from = 0; from < total; from += step) parts.push_back(part(from, std::min(step, total - from)));
    return nn::cat(parts, joined);
}

void checkPrompt(const SamPrompt& prompt) {
    if (prompt.points.defined() != prompt.labels.defined())
        throw Error("SAM: points and labels go together");
    for (const nn::Tensor& part : {prompt.points, prompt.boxes, prompt.masks})
        if (part.defined() && !std::isfinite(nn::maxAbs(part)))
            throw Error("SAM: a prompt has a coordinate that is no number", "give points and boxes in pixels");
    if (prompt.labels.defined() && prompt.labels.numel() > 0 &&
        (prompt.labels.min().item<std::int64_t>() < -1 || prompt.labels.max().item<std::int64_t>() > 3))
        throw Error("SAM: labels are 1 (of the object), 0 (not of it), 2 and 3 (a box's corners) or -1 (no point)");
}

/// All keys, by the names of the first SAM.
Keys keysOf(const SamDecoder::Config& c) {
    Keys keys;
    const auto linear = [&](const std::string& name, int in, int out) {
        keys[name + ".weight"] = {out, in};
        keys[name + ".bias"] = {out};
    };
    const auto norm = [&](const std::string& name, int width) {
        for (const char* of : {".weight", ".bias"}) keys[name + of] = {width};
    };
    const auto kernel = [&](const std::string& name, tensor::Shape shape, int out) {
        keys[name + ".weight"] = std::move(shape);
        keys[name + ".bias"] = {out};
    };
    const auto attention = [&](const std::string& name, int within) {
        for (const char* part : {".q_proj", ".k_proj", ".v_proj"}) linear(name + part, c.channels, within);
        linear(name + ".out_proj", within, c.channels);
    };
    const auto mlp = [&](const std::string& name, int width, int out) {
        linear(name + ".layers.0", c.channels, width);
        linear(name + ".layers.1", width, width);
        linear(name + ".layers.2", width, out);
    };
    keys["prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"] = {2, c.channels / 2};
    for (const char* kind : kKinds) keys[fmt::format("prompt_encoder.{}.weight", kind)] = {1, c.channels};
    keys["prompt_encoder.no_mask_embed.weight"] = {1, c.channels};
    kernel(kMaskDown[0], {c.maskChannels / 4, 1, 2, 2}, c.maskChannels / 4);
    kernel(kMaskDown[1], {c.maskChannels, c.maskChannels / 4, 2, 2}, c.maskChannels);
    kernel(kMaskDown[2], {c.channels, c.maskChannels, 1, 1}, c.channels);
    norm(kMaskNorms[0], c.maskChannels / 4);
    norm(kMaskNorms[1], c.maskChannels);
    for (int i = 0; i < c.layers; ++i) {
        attention(inLayer(i, "self_attn"), c.channels);
        attention(inLayer(i, "cross_attn_token_to_image"), c.halfChannels);
        attention(inLayer(i, "cross_attn_image_to_token"), c.halfChannels);
        linear(inLayer(i, "mlp.lin1"), c.channels, c.inner);
        linear(inLayer(i, "mlp.lin2"), c.inner, c.channels);
        for (const char* one : {"norm1", "norm2", "norm3", "norm4"}) norm(inLayer(i, one), c.channels);
    }
    attention(std::string(kTransformer) + "final_attn_token_to_image", c.halfChannels);
    norm(std::string(kTransformer) + "norm_final_attn", c.channels);
    keys["mask_decoder.iou_token.weight"] = {1, c.channels};
    keys["mask_decoder.mask_tokens.weight"] = {c.maskTokens, c.channels};
    kernel(kUp[0], {c.channels, c.channels / 4, 2, 2}, c.channels / 4);
    kernel(kUp[1], {c.channels / 4, c.channels / 8, 2, 2}, c.channels / 8);
    norm(kUpNorm, c.channels / 4);
    for (int i = 0; i < c.maskTokens; ++i) mlp(kernelName(i), c.channels, c.channels / 8);
    mlp("mask_decoder.iou_prediction_head", c.headWidth, c.maskTokens);
    if (c.second) {
        keys[kPresenceToken] = {1, c.channels};
        mlp(kPresence, c.channels, 1);
        kernel(kFine[0], {c.channels / 8, c.channels, 1, 1}, c.channels / 8);
        kernel(kFine[1], {c.channels / 4, c.channels, 1, 1}, c.channels / 4);
    }
    return keys;
}

/// The file's tensors under those names.
tensor::Weights viewOf(const tensor::Weights& file, const SamDecoder::Config& config) {
    if (!config.second) return file;
    std::map<std::string, std::string> names;
    for (const auto& [key, shape] : keysOf(config)) names[key] = stored(key, true);
    return file.renamed(std::move(names));
}

} // namespace

std::optional<SamDecoder::Config> SamDecoder::Config::fromWeights(const tensor::Weights& weights) {
    const bool second = weights.has("sam_mask_decoder.iou_token.weight");
    const auto side = [&](const std::string& asked, std::size_t dimension) {
        const std::string name = stored(asked, second);
        return weights.has(name) && weights.shape(name).size() > dimension ? static_cast<int>(weights.size(name, dimension)) : 0;
    };
    Config config;
    config.second = second;
    config.channels = side("mask_decoder.iou_token.weight", 1);
    config.maskTokens = side("mask_decoder.mask_tokens.weight", 0);
    config.inner = side(inLayer(0, "mlp.lin1.weight"), 0);
    config.halfChannels = side(inLayer(0, "cross_attn_token_to_image.q_proj.weight"), 0);
    config.maskChannels = side("prompt_encoder.mask_downscaling.3.weight", 0);
    config.headWidth = side("mask_decoder.iou_prediction_head.layers.0.weight", 0);
    config.layers = 0;
    while (weights.has(stored(inLayer(config.layers, "norm1.weight"), second))) ++config.layers;
    for (const int value : {config.channels, config.maskTokens - 1, config.inner, config.maskChannels, config.headWidth,
                            config.layers})
        if (value < 1) return std::nullopt;
    if (config.halfChannels < config.heads || config.halfChannels % config.heads != 0 || config.channels % 8 != 0)
        return std::nullopt;
    return config;
}

std::map<std::string, tensor::Shape> SamDecoder::Config::expected() const {
    Keys keys;
    for (auto& [key, shape] : keysOf(*this)) keys[stored(key, second)] = shape;
    return keys;
}

SamDecoder::SamDecoder(const tensor::Weights& file, const Config& config) : m_config(config) {
    requireShapes(file, config.expected());
    const tensor::Weights weights = viewOf(file, config);
    m_frequencies = weights.tensor("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix");
    std::vector<nn::Tensor> kinds;
    for (const char* kind : kKinds) kinds.push_back(weights.tensor(fmt::format("prompt_encoder.{}.weight", kind)));
    m_kinds = nn::cat(kinds, 0);
    m_noMask = weights.tensor("prompt_encoder.no_mask_embed.weight").unsqueeze(0);
    for (int i = 0; i < 3; ++i) m_maskDown[i] = {weights, kMaskDown[i], {.stride = i < 2 ? 2 : 1, .padding = 0}};
    for (int i = 0; i < 2; ++i) m_maskNorms[i] = {weights, kMaskNorms[i], kPixelNorm};
    std::vector<nn::Tensor> tokens{weights.tensor("mask_decoder.iou_token.weight"),
                                   weights.tensor("mask_decoder.mask_tokens.weight")};
    if (config.second) {
        tokens.insert(tokens.begin(), weights.tensor(kPresenceToken));
        m_presence = readMlp(weights, kPresence);
        for (int i = 0; i < 2; ++i) m_fine[i] = {weights, kFine[i]};
    }
    m_outTokens = nn::cat(tokens, 0).unsqueeze(0);
    // Keys and queries see the positions, values do not.
    const auto meeting = [&](const std::string& to, const std::string& from) {
        const auto matrix = [&](const std::string& name) { return weights.tensor(name + ".weight"); };
        std::vector<nn::Tensor> shift{matrix(to + ".k_proj")}, bias{weights.tensor(to + ".k_proj.bias")};
        if (!from.empty()) {
            shift.push_back(matrix(from + ".q_proj"));
            bias.push_back(weights.tensor(from + ".q_proj.bias"));
        }
        return Meeting{.query = {weights, to + ".q_proj"},
                       .out = {weights, to + ".out_proj"},
                       .key = shift[0].view({config.heads, -1, config.channels}),
                       .value = matrix(to + ".v_proj").view({config.heads, -1, config.channels}),
                       .valueBias = weights.tensor(to + ".v_proj.bias"),
                       .shift = nn::Linear(nn::cat(shift, 0), nn::cat(bias, 0))};
    };
    for (int i = 0; i < config.layers; ++i) {
        Layer& layer = m_layers.emplace_back();
        const auto read = [&](const char* part) { return nn::Linear(weights, inLayer(i, part)); };
        const auto norm = [&](const char* part) { return nn::LayerNorm(weights, inLayer(i, part)); };
        layer = {.selfQuery = read("self_attn.q_proj"), .selfKey = read("self_attn.k_proj"),
                 .selfValue = read("self_attn.v_proj"), .selfOut = read("self_attn.out_proj"), .norm1 = norm("norm1"),
                 .meet = meeting(inLayer(i, "cross_attn_token_to_image"), inLayer(i, "cross_attn_image_to_token")),
                 .norm2 = norm("norm2"), .up = read("mlp.lin1"), .down = read("mlp.lin2"), .norm3 = norm("norm3"),
                 .fromKey = read("cross_attn_image_to_token.k_proj"), .fromValue = read("cross_attn_image_to_token.v_proj"),
                 .norm4 = norm("norm4")};
        const std::string from = inLayer(i, "cross_attn_image_to_token");
        if (i == 0) {
            const std::string to = inLayer(i, "cross_attn_token_to_image");
            m_firstKey = {weights.tensor(to + ".k_proj.weight"), {}};
            m_firstValue = {weights, to + ".v_proj"};
            m_firstAsk = {weights.tensor(from + ".q_proj.weight"), {}};
        }
        layer.ask = weights.tensor(from + ".q_proj.weight").view({config.heads, -1, config.channels});
        layer.answer = weights.tensor(from + ".out_proj.weight").view({config.channels, config.heads, -1}).permute({1, 2, 0});
        layer.answerBias = weights.tensor(from + ".out_proj.bias");
    }
    const std::string last = std::string(kTransformer) + "final_attn_token_to_image";
    m_last = meeting(last, {});
    m_lastNorm = {weights, std::string(kTransformer) + "norm_final_attn"};
    for (int i = 0; i < 2; ++i) m_up[i] = readDoubling(weights, kUp[i]);
    m_upNorm = {weights, kUpNorm, kPixelNorm};
    for (int i = 0; i < config.maskTokens; ++i) m_kernels.push_back(readMlp(weights, kernelName(i)));
    m_judge = readMlp(weights, "mask_decoder.iou_prediction_head");
}

/// Places as shares 0…1 of the picture [..., 2] → [..., channels], by random frequencies (arXiv 2006.10739).
nn::Tensor SamDecoder::encode(const nn::Tensor& shares) const {
    const nn::Tensor angles = shares.mul(2).sub_(1).matmul(m_frequencies).mul_(2 * std::numbers::pi);
    return nn::cat({angles.sin(), angles.cos()}, -1);
}

nn::Tensor SamDecoder::gridPositions(std::int64_t height, std::int64_t width) const {
    const auto middles = [&](std::int64_t side) { return nn::range(0, side).to(m_frequencies.scalar_type()).add_(0.5).div_(side); };
    const nn::Tensor y = middles(height).unsqueeze(1).expand({height, width}), x = middles(width).expand({height, width});
    return encode(nn::cat({x.unsqueeze(-1), y.unsqueeze(-1)}, -1).view({1, height * width, 2}));
}

nn::Tensor SamDecoder::sparse(const SamPrompt& prompt, int pixelHeight, int pixelWidth) const {
    std::vector<nn::Tensor> places, labels;
    if (prompt.points.defined()) {
        places.push_back(prompt.points);
        labels.push_back(prompt.labels);
    }
    if (prompt.boxes.defined()) {
        places.push_back(prompt.boxes.view({-1, 2, 2}));
        labels.push_back(nn::range(2, 2).expand({prompt.boxes.size(0), 2}));
    } else if (prompt.points.defined()) {
        places.push_back(prompt.points.new_zeros({prompt.points.size(0), 1, 2}));
        labels.push_back(prompt.labels.new_full({prompt.labels.size(0), 1}, -1));
    }
    if (places.empty()) return m_noMask.narrow(1, 0, 0); // [1, 0, channels]
    const nn::Tensor all = nn::cat(places, 1).to(m_frequencies.scalar_type()), kinds = nn::cat(labels, 1);
    const nn::Tensor shares = all.add(0.5).div_(
        nn::cat({all.new_full({1}, pixelWidth), all.new_full({1}, pixelHeight)}, 0)); // [N, T, 2]
    const nn::Tensor isPoint = kinds.ge(0).to(all.scalar_type()).unsqueeze(-1);
    const nn::Tensor learned = m_kinds.index_select(0, kinds.flatten().add(1)).view({kinds.size(0), kinds.size(1), -1});
    return encode(shares).mul_(isPoint).add_(learned);
}

nn::Tensor SamDecoder::dense(const SamPrompt& prompt) const {
    if (!prompt.masks.defined()) return m_noMask;
    nn::Tensor x = prompt.masks;
    for (int i = 0; i < 2; ++i) // norms go over the channels of a pixel, which lie side by side
        x = nn::gelu(m_maskNorms[i](m_maskDown[i](x).permute({0, 2, 3, 1}))).permute({0, 3, 1, 2});
    return m_maskDown[2](x).flatten(2).transpose(1, 2);
}

std::vector<nn::Tensor> SamDecoder::fineFeatures(const nn::Tensor& finest, const nn::Tensor& finer) const {
    return {m_fine[1](finer), m_fine[0](finest)};
}

SamDecoder::Picture SamDecoder::prepare(const nn::Tensor& features, int pixelHeight, int pixelWidth,
                                        const std::vector<nn::Tensor>& fine) const {
    if (features.dim() != 4 || features.size(0) != 1 || features.size(1) != m_config.channels || features.numel() == 0)
        throw Error(fmt::format("SAM: features of a picture are [1, {}, h, w], not {}", m_config.channels,
                                tensor::describe(features.sizes().vec())));
    if (fine.size() != (m_config.second ? 2 : 0)) throw Error("SAM: fine features are what SAM 2's decoder needs, and no other");
    Picture picture{.height = features.size(2), .width = features.size(3), .pixelHeight = pixelHeight, .pixelWidth = pixelWidth};
    picture.positions = gridPositions(picture.height, picture.width);
    picture.features = nn::channelsLast(features).permute({0, 2, 3, 1}).flatten(1, 2);
    picture.unmasked = picture.features.add(m_noMask);
    for (const Layer& layer : m_layers) picture.shifts.push_back(layer.meet.shift(picture.positions));
    picture.shifts.push_back(m_last.shift(picture.positions));
    if (m_config.second) {
        const std::int64_t h = picture.height, w = picture.width;
        picture.fine = {fine[0].view({1, -1, h, 2, w, 2}).permute({0, 2, 4, 3, 5, 1}).reshape({1, h * w * 4, -1}),
                        fine[1].view({1, -1, h, 2, 2, w, 2, 2}).permute({0, 2, 5, 3, 6, 4, 7, 1}).reshape({1, h * w * 16, -1})};
    }
    const std::int64_t half = m_config.halfChannels;
    picture.firstKeys = m_firstKey(picture.unmasked).add_(picture.shifts.front().narrow(2, 0, half));
    picture.firstValues = m_firstValue(picture.unmasked);
    picture.firstAsked = m_firstAsk(picture.unmasked).add_(picture.shifts.front().narrow(2, half, half));
    return picture;
}

nn::Tensor SamDecoder::selfAttend(const Layer& layer, const nn::Tensor& queries, const nn::Tensor& tokens, bool first) const {
    const nn::Tensor placed = first ? queries : queries.add(tokens);
    nn::Tensor out = layer.selfOut(nn::attention(layer.selfQuery(placed), layer.selfKey(placed), layer.selfValue(queries),
                                                 m_config.heads));
    return layer.norm1(first ? out : out.add_(queries));
}

/// What a few tokens see of the pixels [1 or N, h·w, channels]. Matrices that stand on either side of the attention are
/// multiplied with the tokens in place of the many more pixels: q·(Wk x) = (q Wk)·x, and what is seen of x becomes values
/// afterwards. `shift` [1, h·w, halfChannels] is what positions add to the keys.
nn::Tensor SamDecoder::meet(const Meeting& with, const nn::Tensor& tokens, const nn::Tensor& pixels, const nn::Tensor& shift) const {
    const std::int64_t batch = tokens.size(0), count = tokens.size(1), width = m_config.halfChannels / m_config.heads;
    const auto split = [&](const nn::Tensor& x) { return x.unflatten(2, {m_config.heads, width}).transpose(1, 2); };
    const nn::Tensor asked = split(with.query(tokens)).mul(1 / std::sqrt(static_cast<double>(width))); // [N, heads, T, D]
    nn::Tensor products = asked.matmul(split(shift).transpose(2, 3));                                  // [N, heads, T, h·w]
    products.add_(asked.matmul(with.key).flatten(1, 2).matmul(pixels.transpose(1, 2)).view(products.sizes()));
    const nn::Tensor shares = nn::softmax(products, 3).flatten(1, 2);
    const nn::Tensor seen = shares.matmul(pixels).view({batch, m_config.heads, count, -1}).matmul(with.value.transpose(1, 2));
    return with.out(seen.transpose(1, 2).flatten(2).add_(with.valueBias));
}

/// What each pixel sees of a few tokens, in the same way: the values come out as they are added. `asked` [1 or N, h·w,
/// halfChannels] is all of the queries or, with `pixels`, what is added to theirs.
nn::Tensor SamDecoder::toldPixels(const Layer& layer, const nn::Tensor& asked, const nn::Tensor& pixels, const nn::Tensor& key,
                                  const nn::Tensor& value) const {
    const std::int64_t batch = key.size(0), count = key.size(1), width = m_config.halfChannels / m_config.heads;
    const auto split = [&](const nn::Tensor& x) { return x.unflatten(2, {m_config.heads, width}).transpose(1, 2); };
    const nn::Tensor keys = split(key).mul(1 / std::sqrt(static_cast<double>(width))); // [N, heads, T, D]
    nn::Tensor products = keys.matmul(split(asked).transpose(2, 3));                   // [N, heads, T, h·w]
    if (pixels.defined())
        products.add_(keys.matmul(layer.ask).flatten(1, 2).matmul(pixels.transpose(1, 2)).view(products.sizes()));
    const nn::Tensor shares = nn::softmax(products, 2).view({batch, m_config.heads * count, -1});
    const nn::Tensor answers = split(value).matmul(layer.answer).flatten(1, 2); // [N, heads·T, channels]
    return shares.transpose(1, 2).matmul(answers).add_(layer.answerBias);
}

/// [N, count, channels] from pixel `from` on → [N, count·16, channels/8]: each pixel's sixteen, two doublings in turn.
nn::Tensor SamDecoder::upscaled(const nn::Tensor& pixels, const Picture& picture, std::int64_t from) const {
    const std::int64_t batch = pixels.size(0), count = pixels.size(1), channels = m_config.channels;
    nn::Tensor x = m_up[0](pixels).view({batch, count * 4, channels / 4});
    if (m_config.second) x.add_(picture.fine[0].narrow(1, from * 4, count * 4));
    x = m_up[1](nn::gelu(m_upNorm(x))).view({batch, count * 16, channels / 8});
    if (m_config.second) x.add_(picture.fine[1].narrow(1, from * 16, count * 16));
    return nn::gelu(x);
}


/// Of all masks, the first or, where that is unsure of its edge, the best of the others.
void SamDecoder::keepStable(Output& all) {
    const nn::Tensor single = all.masks.narrow(1, 0, 1).flatten(2); // [N, 1, pixels]
    const nn::Tensor sure = single.gt(kEdge).sum({2}).to(at::kFloat), possible = single.gt(-kEdge).sum({2}).to(at::kFloat);
    const nn::Tensor stable = sure.ge(possible.mul(kStable)); // [N, 1]; true where both are empty
    const nn::Tensor best = all.scores.narrow(1, 1, all.scores.size(1) - 1).argmax(1, true).add(1); // [N, 1]
    const nn::Tensor chosen = best.masked_fill(stable, 0);
    all.scores = all.scores.gather(1, chosen);
    all.masks = all.masks.gather(1, chosen.view({-1, 1, 1, 1}).expand({-1, 1, all.masks.size(2), all.masks.size(3)}));
}

SamDecoder::Output SamDecoder::decode(const Picture& picture, const SamPrompt& prompt, bool three) const {
    checkPrompt(prompt);
    if (prompt.masks.defined() && (prompt.masks.dim() != 4 || prompt.masks.size(1) != 1 ||
                                   prompt.masks.size(2) != 4 * picture.height || prompt.masks.size(3) != 4 * picture.width))
        throw Error(fmt::format("SAM: mask prompts are [N, 1, {}, {}], not {}", 4 * picture.height, 4 * picture.width,
                                tensor::describe(prompt.masks.sizes().vec())));
    const nn::Tensor sparseTokens = sparse(prompt, picture.pixelHeight, picture.pixelWidth);
    const std::int64_t batch = std::max(sparseTokens.size(0), prompt.masks.defined() ? prompt.masks.size(0) : 1);
    const auto repeated = [&](const nn::Tensor& x) { return x.expand({batch, -1, -1}); };
    const nn::Tensor tokens = nn::cat({repeated(m_outTokens), repeated(sparseTokens)}, 1); // [N, T, channels]
    const bool masked = prompt.masks.defined();
    const std::int64_t half = m_config.halfChannels;
    nn::Tensor queries = tokens;
    nn::Tensor pixels = masked ? picture.features.add(dense(prompt)) : picture.unmasked; // [N or 1, h·w, channels]
    for (std::size_t i = 0; i < m_layers.size(); ++i) {
        const Layer& layer = m_layers[i];
        const bool known = i == 0 && !masked;
        queries = selfAttend(layer, queries, tokens, i == 0);
        const nn::Tensor placed = queries.add(tokens);
        const nn::Tensor met = known ? layer.meet.out(nn::attention(layer.meet.query(placed), repeated(picture.firstKeys),
                                                                    repeated(picture.firstValues), m_config.heads))
                                     : meet(layer.meet, placed, pixels, picture.shifts[i].narrow(2, 0, half));
        queries = layer.norm2(met.add(queries));
        queries = layer.norm3(layer.down(nn::relu(layer.up(queries))).add_(queries));
        const nn::Tensor asked = known ? picture.firstAsked : picture.shifts[i].narrow(2, half, half);
        const nn::Tensor key = layer.fromKey(queries.add(tokens)), value = layer.fromValue(queries);
        pixels = inParts(pixels.expand({batch, -1, -1}), 1, [&](std::int64_t from, std::int64_t count) {
            const nn::Tensor part = pixels.narrow(1, from, count);
            return layer.norm4(toldPixels(layer, asked.narrow(1, from, count), known ? nn::Tensor() : part, key, value).add_(part));
        });
    }
    queries = m_lastNorm(meet(m_last, queries.add(tokens), pixels, picture.shifts.back()).add_(queries));

    const int front = m_config.second ? 1 : 0;                          // tokens before that of the scores
    const int first = three ? 1 : 0, end = three || m_config.second ? m_config.maskTokens : 1; // masks that are computed
    std::vector<nn::Tensor> kernels;
    for (int i = first; i < end; ++i)
        kernels.push_back(runMlp(m_kernels[static_cast<std::size_t>(i)], queries.narrow(1, front + 1 + i, 1)));
    const nn::Tensor all = nn::cat(kernels, 1); // [N, masks, channels/8]
    const nn::Tensor flat = inParts(pixels, 2, [&](std::int64_t from, std::int64_t part) { // [N, masks, h·w·16]
        return all.matmul(upscaled(pixels.narrow(1, from, part), picture, from).transpose(1, 2));
    });
    const std::int64_t h = picture.height, w = picture.width, count = flat.size(1);
    const nn::Tensor quarters = flat.view({batch, count, h, w, 2, 2, 2, 2}); // pixel, then its halves down and across, twice
    Output output{
        .masks = quarters.permute({0, 1, 2, 4, 6, 3, 5, 7}).reshape({batch, count, 4 * h, 4 * w}),
        .scores = runMlp(m_judge, queries.select(1, front)).narrow(1, first, count),
        .tokens = queries.narrow(1, front + 1 + first, three ? m_config.maskTokens - 1 : 1)};
    if (!m_config.second) return output;
    output.scores = output.scores.sigmoid();
    output.there = runMlp(m_presence, queries.select(1, 0)); // [N, 1]
    if (!three) keepStable(output);
    return output;
}

} // namespace ochre::models
