// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Taesd.h"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

constexpr int kPoolGroups = 4;
constexpr double kLatentLimit = 3; // the decoder takes 3·tanh(z/3)

using Layer = Taesd::Layer;

bool is4d(const tensor::Weights& weights, const std::string& name) {
    return weights.has(name) && weights.shape(name).size() == 4;
}

/// Positions in the Sequential under `prefix` that hold weights.
std::set<int> positions(const tensor::Weights& weights, const std::string& prefix) {
    std::set<int> result;
    for (const std::string& name : weights.sub(prefix).names()) {
        int position = 0;
        const char* end = name.data() + name.size();
        const auto [rest, error] = std::from_chars(name.data(), end, position);
        if (error == std::errc() && rest != end && *rest == '.') result.insert(position);
    }
    return result;
}

/// The layers that lie under `prefix`; none where something there is not of this network. Layers without weights leave a
/// gap in the numbers: in the decoder a ReLU after the first layer and then upsamplings, in the encoder ReLUs.
std::vector<Layer> layersOf(const tensor::Weights& weights, const std::string& prefix) {
    std::vector<Layer> layers;
    const std::set<int> numbers = positions(weights, prefix);
    for (auto it = numbers.begin(); it != numbers.end(); ++it) {
        Layer layer;
        layer.name = prefix + std::to_string(*it);
        layer.block = is4d(weights, layer.name + ".conv.0.weight");
        const std::string first = layer.name + (layer.block ? ".conv.0.weight" : ".weight");
        if (!is4d(weights, first)) return {};
        layer.in = static_cast<int>(weights.size(first, 1));
        layer.out = static_cast<int>(weights.size(first, 0));
        layer.bias = weights.has(layer.name + ".bias");
        const bool last = std::next(it) == numbers.end();
        layer.relu = !layer.block && !last && !numbers.contains(*it + 1);
        if (is4d(weights, layer.name + ".pool.0.weight"))
            layer.pool = static_cast<int>(weights.size(layer.name + ".pool.0.weight", 0));
        layers.push_back(std::move(layer));
    }
    const auto isBlock = [](const Layer& layer) { return layer.block; };
    const bool whole = layers.size() > 2 && !layers.front().block && !layers.back().block &&
                       std::any_of(layers.begin(), layers.end(), isBlock);
    return whole ? layers : std::vector<Layer>();
}

/// In the middle of the network, convolutions without a bias change the size.
std::vector<Layer> asDecoder(std::vector<Layer> layers) {
    for (Layer& layer : layers) layer.upsample = !layer.block && !layer.bias;
    return layers;
}

/// So do, in the encoder, those before a ReLU.
std::vector<Layer> asEncoder(std::vector<Layer> layers) {
    for (Layer& layer : layers) layer.stride = !layer.block && (!layer.bias || layer.relu) ? 2 : 1;
    return layers;
}

void checkPicture(const nn::Tensor& x, int channels, int multiple, const char* what) {
    if (x.dim() != 4 || x.size(1) != channels)
        throw Error(fmt::format("tiny autoencoder: {} has shape {}, [N, {}, H, W] is needed", what,
                                tensor::describe(x.sizes().vec()), channels),
                    "use the tiny autoencoder that belongs to the model");
    if (x.size(0) < 1 || x.size(2) < 1 || x.size(3) < 1 || x.size(2) % multiple != 0 || x.size(3) % multiple != 0)
        throw Error(fmt::format("tiny autoencoder: {} of {}x{}, sides must be multiples of {}", what, x.size(3),
                                x.size(2), multiple),
                    "pad or crop it first");
}

} // namespace

std::optional<Taesd::Config> Taesd::Config::fromWeights(const tensor::Weights& weights) {
    Config config;
    for (const char* prefix : {"", "taesd_encoder.", "encoder.layers.", "encoder."})
        if (auto layers = layersOf(weights, prefix); !layers.empty() && layers.front().in == 3) {
            config.encoder = asEncoder(std::move(layers));
            break;
        }
    for (const char* prefix : {"", "taesd_decoder.", "decoder.layers.", "decoder."})
        if (auto layers = layersOf(weights, prefix); !layers.empty() && layers.back().out == 3) {
            config.decoder = asDecoder(std::move(layers));
            break;
        }
    if (config.encoder.empty() && config.decoder.empty()) return std::nullopt;
    config.latentChannels = config.decoder.empty() ? config.encoder.back().out : config.decoder.front().in;
    config.scale = 1;
    for (const Layer& layer : config.decoder.empty() ? config.encoder : config.decoder)
        config.scale *= layer.upsample ? 2 : layer.stride;
    return config;
}

std::map<std::string, tensor::Shape> Taesd::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const auto conv = [&keys](const std::string& name, int in, int out, int kernel, bool bias) {
        keys[name + ".weight"] = {out, in, kernel, kernel};
        if (bias) keys[name + ".bias"] = {out};
    };
    for (const std::vector<Layer>* half : {&encoder, &decoder})
        for (const Layer& layer : *half) {
            if (!layer.block) {
                conv(layer.name, layer.in, layer.out, 3, layer.bias);
                continue;
            }
            for (const int i : {0, 2, 4})
                conv(fmt::format("{}.conv.{}", layer.name, i), i == 0 ? layer.in : layer.out, layer.out, 3, true);
            if (layer.in != layer.out) conv(layer.name + ".skip", layer.in, layer.out, 1, false);
            if (layer.pool == 0) continue;
            conv(layer.name + ".pool.0", layer.in, layer.pool, 1, false);
            keys[layer.name + ".pool.1.weight"] = keys[layer.name + ".pool.1.bias"] = {layer.pool};
            conv(layer.name + ".pool.3", layer.pool, layer.in, 1, false);
        }
    return keys;
}

Taesd::Taesd(const tensor::Weights& weights, const Config& config)
    : m_config(config), m_type(weights.placement().floating), m_encoder(build(weights, config.encoder)),
      m_decoder(build(weights, config.decoder)) {}

std::vector<Taesd::Step> Taesd::build(const tensor::Weights& weights, const std::vector<Layer>& layers) {
    std::vector<Step> steps;
    const nn::Conv2dOptions plain, active{.activation = nn::Activation::relu()};
    for (const Layer& layer : layers) {
        Step& step = steps.emplace_back();
        step.layer = layer;
        if (layer.upsample) {
            step.up = {weights, layer.name};
        } else if (!layer.block) {
            nn::Conv2dOptions options = layer.relu ? active : plain;
            options.stride = layer.stride;
            step.conv[0] = {weights, layer.name, options};
        } else {
            for (int i = 0; i < 3; ++i)
                step.conv[i] = {weights, fmt::format("{}.conv.{}", layer.name, 2 * i), i < 2 ? active : plain};
            if (layer.in != layer.out) step.skip = {weights, layer.name + ".skip"};
            if (layer.pool == 0) continue;
            step.poolIn = {weights, layer.name + ".pool.0"};
            step.poolNorm = {weights, layer.name + ".pool.1", kPoolGroups};
            step.poolOut = {weights, layer.name + ".pool.3"};
        }
    }
    return steps;
}

nn::Tensor Taesd::Step::operator()(const nn::Tensor& x) const {
    if (layer.upsample) return up(x); // [N, out, 2H, 2W]
    if (!layer.block) return conv[0](x); // [N, out, H/stride, W/stride]
    nn::Tensor in = x;
    if (layer.pool > 0) {
        in = poolOut(poolNorm(poolIn(x), nn::Activation::relu()));
        nn::addInPlace(in, x);
    }
    nn::Tensor out = conv[2](conv[1](conv[0](in))); // [N, out, H, W]
    return nn::addInPlace(out, layer.in == layer.out ? in : skip(in)).relu_();
}

nn::Tensor Taesd::run(const std::vector<Step>& steps, const nn::Tensor& x) {
    nn::Tensor map = nn::channelsLast(x);
    for (const Step& step : steps) map = step(map);
    return map;
}

nn::Tensor Taesd::encode(const nn::Tensor& image) const {
    if (m_encoder.empty())
        throw Error("tiny autoencoder: has no encoder", "choose the file of the encoder, or one that has both halves");
    checkPicture(image, 3, m_config.scale, "a picture");
    return run(m_encoder, image.to(m_type)).to(at::kFloat);
}

nn::Tensor Taesd::decode(const nn::Tensor& latent) const {
    if (m_decoder.empty())
        throw Error("tiny autoencoder: has no decoder", "choose the file of the decoder, or one that has both halves");
    checkPicture(latent, m_config.latentChannels, 1, "a latent");
    const nn::Tensor limited = latent.to(m_type).div(kLatentLimit).tanh_().mul_(kLatentLimit);
    return run(m_decoder, limited).to(at::kFloat).clamp_(0, 1);
}

} // namespace ochre::models
