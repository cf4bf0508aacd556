// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/RrdbNet.h"

#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

constexpr double kResidual = 0.2; // of dense blocks and of blocks of them
constexpr double kSlope = 0.2;    // of every leaky ReLU

struct Names {
    std::string first, bodyEnd, high, last;
    std::vector<std::string> up;
    const char* dense; ///< block, dense block 1…3, convolution 1…5

    std::string denseConv(int block, int dense123, int conv) const {
        return fmt::format(fmt::runtime(dense), block, dense123, conv);
    }
};

/// In the first release the position in the Sequential is the name: model.3, 6 for two upsamplings, then 8
/// and 10.
Names namesOf(const RrdbNet::Config& config) {
    if (!config.firstRelease)
        return {"conv_first",          "conv_body", "conv_hr", "conv_last", {"conv_up1", "conv_up2"},
                "body.{}.rdb{}.conv{}"};
    Names names{
        "model.0", fmt::format("model.1.sub.{}", config.blocks), {}, {}, {}, "model.1.sub.{}.RDB{}.conv{}.0"};
    int position = 3;
    for (int i = 0; i < config.upsamplings; ++i, position += 3)
        names.up.push_back(fmt::format("model.{}", position));
    names.high = fmt::format("model.{}", position - 1);
    names.last = fmt::format("model.{}", position + 1);
    return names;
}

bool is4d(const tensor::Weights& weights, const std::string& name) {
    return weights.has(name) && weights.shape(name).size() == 4;
}

} // namespace

std::optional<RrdbNet::Config> RrdbNet::Config::fromWeights(const tensor::Weights& weights) {
    Config config;
    config.firstRelease = is4d(weights, "model.0.weight") && weights.has("model.1.sub.0.RDB1.conv1.0.weight");
    if (!config.firstRelease &&
        !(is4d(weights, "conv_first.weight") && weights.has("body.0.rdb1.conv1.weight")))
        return std::nullopt;
    config.blocks = 0;
    Names names = namesOf(config);
    while (is4d(weights, names.denseConv(config.blocks, 1, 1) + ".weight")) ++config.blocks;
    if (config.firstRelease) {
        config.upsamplings = 0;
        while (config.upsamplings < 5 &&
               weights.has(fmt::format("model.{}.weight", 3 + 3 * config.upsamplings)))
            ++config.upsamplings;
    }
    names = namesOf(config);
    if (config.blocks == 0 || !is4d(weights, names.last + ".weight")) return std::nullopt;
    config.features = static_cast<int>(weights.size(names.first + ".weight", 0));
    config.growth = static_cast<int>(weights.size(names.denseConv(0, 1, 1) + ".weight", 0));
    config.outChannels = static_cast<int>(weights.size(names.last + ".weight", 0));
    const auto folded = weights.size(names.first + ".weight", 1);
    if (config.outChannels < 1) return std::nullopt;
    config.unshuffle = folded == 16 * config.outChannels ? 4 : folded == 4 * config.outChannels ? 2 : 1;
    config.inChannels = static_cast<int>(folded) / (config.unshuffle * config.unshuffle);
    return config;
}

std::map<std::string, tensor::Shape> RrdbNet::Config::expected() const {
    const Names names = namesOf(*this);
    std::map<std::string, tensor::Shape> keys;
    const auto conv = [&keys](const std::string& name, std::int64_t in, std::int64_t out) {
        keys[name + ".weight"] = {out, in, 3, 3};
        keys[name + ".bias"] = {out};
    };
    conv(names.first, std::int64_t{inChannels} * unshuffle * unshuffle, features);
    for (int block = 0; block < blocks; ++block)
        for (int dense = 1; dense <= 3; ++dense)
            for (int i = 1; i <= 5; ++i)
                conv(names.denseConv(block, dense, i), features + (i - 1) * growth,
                     i == 5 ? features : growth);
    conv(names.bodyEnd, features, features);
    for (const std::string& up : names.up) conv(up, features, features);
    conv(names.high, features, features);
    conv(names.last, features, outChannels);
    return keys;
}

RrdbNet::RrdbNet(const tensor::Weights& weights, const Config& config) : m_config(config) {
    const Names names = namesOf(config);
    const nn::Conv2dOptions plain, active{.activation = nn::Activation::leakyRelu(kSlope)};
    m_first = {weights, names.first, plain};
    for (int block = 0; block < config.blocks; ++block)
        for (int dense = 1; dense <= 3; ++dense) {
            DenseBlock& rdb = m_body.emplace_back();
            for (int i = 1; i <= 5; ++i)
                rdb.conv[i - 1] = {weights, names.denseConv(block, dense, i), i == 5 ? plain : active};
        }
    m_bodyEnd = {weights, names.bodyEnd, plain};
    for (const std::string& up : names.up) m_up.emplace_back(weights, up, active);
    m_high = {weights, names.high, active};
    m_last = {weights, names.last, plain};
}

/// `joined` [N, features + 4·growth, H, W] holds x in its first channels, where the convolutions add theirs behind it.
/// out [N, features, H, W] = base + scale · the last convolution.
void RrdbNet::runDense(const DenseBlock& block, const nn::Tensor& joined, const nn::Tensor& out,
                       const nn::Tensor& base, double scale) const {
    for (int i = 0; i < 4; ++i) {
        const int seen = m_config.features + i * m_config.growth;
        block.conv[i].into(nn::narrow(joined, 1, seen, m_config.growth), nn::narrow(joined, 1, 0, seen));
    }
    block.conv[4].addInto(out, base, scale, joined);
}

/// x [N, features, H, W] → the same, as a part of a wider picture.
nn::Tensor RrdbNet::runBody(const nn::Tensor& x) const {
    // Three dense blocks a round hand on from one to the next; none asks for memory of its own.
    nn::Tensor joined[3], parts[3];
    for (int i = 0; i < 3; ++i) {
        joined[i] = nn::emptyPicture(x, x.size(0), m_config.features + 4 * m_config.growth, x.size(2), x.size(3));
        parts[i] = nn::narrow(joined[i], 1, 0, m_config.features);
    }
    parts[0].copy_(x);
    for (std::size_t i = 0; i < m_body.size(); i += 3) {
        runDense(m_body[i], joined[0], parts[1], parts[0], kResidual);
        runDense(m_body[i + 1], joined[1], parts[2], parts[1], kResidual);
        nn::addScaled(parts[0], kResidual, parts[2]);
        runDense(m_body[i + 2], joined[2], parts[0], parts[0], kResidual * kResidual);
    }
    return parts[0];
}

nn::Tensor RrdbNet::forward(const nn::Tensor& image) const {
    nn::Tensor x = m_config.unshuffle > 1 ? nn::pixelUnshuffle(image, m_config.unshuffle) : image;
    const nn::Tensor shallow = m_first(nn::channelsLast(x)); // [N, features, H, W]
    x = nn::emptyPicture(shallow, shallow.size(0), m_config.features, shallow.size(2), shallow.size(3));
    m_bodyEnd.addInto(x, shallow, 1, runBody(shallow));
    for (const nn::Conv2d& up : m_up) x = up(nn::upsampleNearest(x, 2)); // [N, features, 2H, 2W] each
    x = m_high(x);
    return m_last(x); // [N, outChannels, H·scale, W·scale]
}

} // namespace ochre::models
