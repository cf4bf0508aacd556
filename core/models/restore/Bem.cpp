// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/Bem.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr int kDirections = 4; // rows, columns, and both backwards
constexpr int kStepChannels = 16; // the step of a scan is made of one number for as many channels
constexpr std::int64_t kTokens[] = {1};

std::string level(const char* kind, std::size_t index, int part) {
    return fmt::format("{}_layers.{}.{}", kind, index, part);
}

/// The view in which means have the names of plain weights.
tensor::Weights meansOf(const tensor::Weights& weights) {
    std::map<std::string, std::string> names;
    for (const std::string& name : weights.names())
        for (const char* part : {"weight", "bias"})
            if (const std::string mean = std::string(".mu_") + part; name.ends_with(mean))
                names[name.substr(0, name.size() - mean.size() + 1) + part] = name;
    return weights.renamed(std::move(names));
}

/// Tokens of a picture row by row, column by column, or one of both backwards; and those back in the order of rows.
nn::Tensor inDirection(const nn::Tensor& tokens, int direction, std::int64_t height, std::int64_t width) {
    nn::Tensor x = tokens;
    if (direction % 2 == 1) x = x.view({x.size(0), height, width, -1}).transpose(1, 2).flatten(1, 2);
    return direction >= 2 ? x.flip(kTokens) : x;
}

nn::Tensor fromDirection(const nn::Tensor& tokens, int direction, std::int64_t height, std::int64_t width) {
    const nn::Tensor x = direction >= 2 ? tokens.flip(kTokens) : tokens;
    return direction % 2 == 0 ? x : x.view({x.size(0), width, height, -1}).transpose(1, 2).flatten(1, 2);
}

std::int64_t stepNumbers(std::int64_t width) {
    return (width + kStepChannels - 1) / kStepChannels;
}

} // namespace

std::optional<Bem::Config> Bem::Config::fromWeights(const tensor::Weights& weights) {
    Config config;
    config.bayesian = weights.has("first_conv.mu_weight");
    const tensor::Weights means = config.bayesian ? meansOf(weights) : weights;
    const std::string first = "first_conv.weight", bottleneck = "subnets.0.bottleneck.blocks.0.";
    const std::string up = bottleneck + "mlp.project_in.weight", decay = bottleneck + "op.A_logs";
    const std::string reduce = "subnets.0." + level("encoder", 0, 1) + ".reduction.weight";
    for (const std::string& name : {first, std::string("proj.weight"), up, decay, reduce})
        if (!means.has(name)) return std::nullopt;
    if (means.shape(first).size() != 4 || means.shape(up).size() != 4 || means.shape(decay).size() != 2) return std::nullopt;
    const auto side = [&](const std::string& name, std::size_t dimension) {
        return static_cast<int>(means.size(name, dimension));
    };
    config.features = side(first, 0);
    config.inChannels = side(first, 1);
    config.outChannels = side("proj.weight", 0);
    config.state = side(decay, 1);
    config.ratio = side(up, 0) / (2 * std::max(1, side(up, 1)));
    const auto count = [&](const std::string& name) {
        int blocks = 0;
        while (means.has(fmt::format("{}.blocks.{}.norm.weight", name, blocks))) ++blocks;
        return blocks;
    };
    config.blocks.clear();
    for (std::size_t i = 0; const int blocks = count("subnets.0." + level("encoder", i, 0)); ++i)
        config.blocks.push_back(blocks);
    config.blocks.push_back(count("subnets.0.bottleneck"));
    config.stages = 0;
    while (means.has(fmt::format("subnets.{}.bottleneck.blocks.0.norm.weight", config.stages))) ++config.stages;
    return config;
}

bool Bem::Config::isBeside(const std::string& key) {
    return key.ends_with(".rho_weight") || key.ends_with(".rho_bias") || key == "mask_token";
}

KeyShapes Bem::Config::expected() const {
    KeyShapes keys;
    const auto layer = [&](const std::string& name, const tensor::Shape& shape, bool bias) {
        const std::string part = bayesian ? ".mu_" : ".";
        keys[name + part + "weight"] = shape;
        if (bias) keys[name + part + "bias"] = {shape[0]};
    };
    const auto blocksOf = [&](const std::string& name, int count, std::int64_t w) {
        const std::int64_t numbers = stepNumbers(w), hidden = 2 * ratio * w;
        for (int i = 0; i < count; ++i) {
            const std::string block = fmt::format("{}.blocks.{}.", name, i), op = block + "op.";
            for (const std::string& norm : {block + "norm", block + "norm2", op + "out_norm"})
                addLayerKeys(keys, norm, {w});
            keys[op + "A_logs"] = {kDirections * w, state};
            keys[op + "Ds"] = {kDirections * w};
            keys[op + "dt_projs_bias"] = {kDirections, w};
            keys[op + "dt_projs_weight"] = {kDirections, w, numbers};
            keys[op + "x_proj_weight"] = {kDirections, numbers + 2 * state, w};
            layer(op + "in_proj", {w, w}, false);
            layer(op + "conv2d", {w, 1, 3, 3}, false);
            layer(op + "out_proj", {w, w}, false);
            layer(block + "mlp.project_in", {hidden, w, 1, 1}, true);
            layer(block + "mlp.dwconv", {hidden, 1, 3, 3}, true);
            layer(block + "mlp.project_out", {w, hidden / 2, 1, 1}, true);
        }
    };
    layer("first_conv", {features, inChannels, 3, 3}, true);
    layer("proj", {outChannels, features, 3, 3}, true);
    const std::size_t levels = blocks.size() - 1;
    for (int s = 0; s < stages; ++s) {
        const std::string stage = fmt::format("subnets.{}.", s);
        blocksOf(stage + "bottleneck", blocks.back(), std::int64_t{features} << levels);
        for (std::size_t i = 0; i < levels; ++i) {
            const std::int64_t w = std::int64_t{features} << i;
            blocksOf(stage + level("encoder", i, 0), blocks[i], w);
            addLayerKeys(keys, stage + level("encoder", i, 1) + ".norm", {4 * w});
            layer(stage + level("encoder", i, 1) + ".reduction", {2 * w, 4 * w, 1, 1}, false);
            const std::size_t back = levels - 1 - i;
            const std::string up = stage + level("decoder", back, 0);
            layer(up + ".conv", {w, 2 * w, 1, 1}, false);
            layer(up + ".up_p.0", {4 * w, 2 * w, 1, 1}, false);
            layer(up + ".up_p.3", {w, w, 1, 1}, false);
            layer(up + ".up_b.0", {2 * w, 2 * w, 1, 1}, true);
            layer(up + ".up_b.3", {w, 2 * w, 1, 1}, false);
            for (const char* slope : {".up_p.1.weight", ".up_b.1.weight"}) keys[up + slope] = {1};
            layer(stage + level("decoder", back, 1), {w, 2 * w, 1, 1}, false);
            blocksOf(stage + level("decoder", back, 2), blocks[i], w);
        }
    }
    return keys;
}

Bem::Level Bem::readLevel(const tensor::Weights& weights, const std::string& name, int count, std::int64_t width) const {
    Level blocks;
    const nn::Conv2dOptions eachChannel{.groups = static_cast<int>(width)},
        eachHidden{.groups = static_cast<int>(2 * m_config.ratio * width)};
    for (int i = 0; i < count; ++i) {
        const tensor::Weights w = weights.sub(fmt::format("{}.blocks.{}.", name, i)), op = w.sub("op.");
        std::vector<Direction> directions;
        for (int k = 0; k < kDirections; ++k)
            directions.push_back({.project = {op.tensor("x_proj_weight").select(0, k), nn::Tensor()},
                                  .step = {op.tensor("dt_projs_weight").select(0, k),
                                           op.tensor("dt_projs_bias").select(0, k)},
                                  .a = nn::narrow(op.tensor("A_logs"), 0, k * width, width).exp().neg(),
                                  .d = nn::narrow(op.tensor("Ds"), 0, k * width, width)});
        blocks.push_back({.norm1 = {w, "norm"},
                          .in = {op, "in_proj"},
                          .around = {op, "conv2d", eachChannel},
                          .directions = std::move(directions),
                          .scanned = {op, "out_norm"},
                          .out = {op, "out_proj"},
                          .norm2 = {w, "norm2"},
                          .up = {w, "mlp.project_in"},
                          .gate = {w, "mlp.dwconv", eachHidden},
                          .down = {w, "mlp.project_out"}});
    }
    return blocks;
}

Bem::Stage Bem::readStage(const tensor::Weights& weights) const {
    Stage stage;
    const std::size_t levels = m_config.blocks.size() - 1;
    const auto widthOf = [&](std::size_t index) { return std::int64_t{m_config.features} << index; };
    for (std::size_t i = 0; i < levels; ++i) {
        stage.encoders.push_back(readLevel(weights, level("encoder", i, 0), m_config.blocks[i], widthOf(i)));
        const std::string down = level("encoder", i, 1), up = level("decoder", i, 0);
        stage.downs.push_back({.norm = {weights, down + ".norm"}, .reduce = {weights, down + ".reduction"}});
        stage.ups.push_back({.shuffleIn = {weights, up + ".up_p.0"},
                             .shuffleOut = {weights, up + ".up_p.3"},
                             .smoothIn = {weights, up + ".up_b.0"},
                             .smoothOut = {weights, up + ".up_b.3"},
                             .join = {weights, up + ".conv"},
                             .shuffleSlope = {weights, up + ".up_p.1"},
                             .smoothSlope = {weights, up + ".up_b.1"},
                             .fuse = {weights, level("decoder", i, 1)}});
        const std::size_t same = levels - 1 - i; // the level on the way down that it comes back to
        stage.decoders.push_back(readLevel(weights, level("decoder", i, 2), m_config.blocks[same], widthOf(same)));
    }
    stage.bottleneck = readLevel(weights, "bottleneck", m_config.blocks.back(), widthOf(levels));
    return stage;
}

Bem::Bem(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected());
    const tensor::Weights means = config.bayesian ? meansOf(weights) : weights;
    m_first = {means, "first_conv"};
    m_last = {means, "proj"};
    for (int i = 0; i < config.stages; ++i) m_stages.push_back(readStage(means.sub(fmt::format("subnets.{}.", i))));
}

tensor::Weights Bem::drawn(const tensor::Weights& weights, std::uint64_t seed) {
    at::Generator generator = tensor::generator(seed);
    std::vector<std::string> names = weights.names();
    std::sort(names.begin(), names.end()); // the same draws however the file is sorted
    std::map<std::string, nn::Tensor> sample;
    const std::string mean = ".mu_", spread = ".rho_";
    for (const std::string& name : names) {
        const std::size_t at = name.rfind(mean);
        if (at == std::string::npos) {
            if (!Config::isBeside(name)) sample.emplace(name, weights.tensor(name));
            continue;
        }
        const std::string layer = name.substr(0, at), part = name.substr(at + mean.size());
        const nn::Tensor middle = weights.tensor(name), width = nn::softplus(weights.tensor(layer + spread + part));
        sample.emplace(layer + "." + part, middle.add(width.mul(nn::randn(middle.sizes(), generator))));
    }
    return tensor::Weights::of(std::move(sample), weights.subject());
}

/// x [N, C, H, W] → tokens [N, H·W, C]: the sum of what scans in all directions read.
nn::Tensor Bem::scan(const Block& block, const nn::Tensor& x) const {
    const std::int64_t height = x.size(2), width = x.size(3), numbers = stepNumbers(x.size(1)), state = m_config.state;
    const nn::Tensor tokens = tokensOf(x);
    nn::Tensor sum;
    for (int k = 0; k < kDirections; ++k) {
        const Direction& direction = block.directions[static_cast<std::size_t>(k)];
        const nn::Tensor u = inDirection(tokens, k, height, width).contiguous();
        const nn::Tensor seen = direction.project(u); // [N, H·W, numbers + 2·state]
        const nn::Tensor y = fromDirection(
            nn::selectiveScan({.u = u,
                               .delta = nn::softplus(direction.step(nn::narrow(seen, 2, 0, numbers))),
                               .a = direction.a,
                               .b = nn::narrow(seen, 2, numbers, state).contiguous(),
                               .c = nn::narrow(seen, 2, numbers + state, state).contiguous(),
                               .d = direction.d}),
            k, height, width);
        sum = sum.defined() ? sum.add(y) : y;
    }
    return sum;
}

/// x [N, C, H, W] → the same.
nn::Tensor Bem::run(const Level& blocks, const nn::Tensor& x) const {
    const std::int64_t height = x.size(2), width = x.size(3);
    nn::Tensor tokens = tokensOf(x); // [N, H·W, C]
    for (const Block& block : blocks) {
        const nn::Tensor inside = nn::silu(block.around(pictureOf(block.in(block.norm1(tokens)), height, width)));
        tokens = tokens.add(block.out(block.scanned(scan(block, inside))));
        const nn::Tensor wide = tokensOf(block.gate(pictureOf(block.up(block.norm2(tokens)), height, width)));
        const std::int64_t half = wide.size(2) / 2;
        tokens = tokens.add(block.down(nn::gelu(nn::narrow(wide, 2, 0, half)).mul(nn::narrow(wide, 2, half, half))));
    }
    return pictureOf(tokens, height, width);
}

nn::Tensor Bem::run(const Stage& stage, const nn::Tensor& x) const {
    std::vector<nn::Tensor> skips;
    nn::Tensor y = x;
    for (std::size_t i = 0; i < stage.encoders.size(); ++i) {
        y = run(stage.encoders[i], y);
        skips.push_back(y);
        // [N, C, H, W] → [N, 4·C, H/2, W/2]: upper left, lower left, upper right, lower right pixels of each square
        const nn::Tensor rows = y.view({y.size(0), y.size(1), y.size(2) / 2, 2, y.size(3) / 2, 2}); // of y, dx
        const nn::Tensor folded =
            rows.permute({0, 5, 3, 1, 2, 4}).reshape({y.size(0), 4 * y.size(1), y.size(2) / 2, y.size(3) / 2});
        y = pictureOf(stage.downs[i].reduce(stage.downs[i].norm(tokensOf(folded))), folded.size(2), folded.size(3));
    }
    y = run(stage.bottleneck, y);
    for (std::size_t i = 0; i < stage.decoders.size(); ++i) {
        const Up& up = stage.ups[i];
        const nn::Tensor shuffled = up.shuffleOut(nn::pixelShuffle(up.shuffleSlope(up.shuffleIn(y)), 2));
        const nn::Tensor smooth =
            up.smoothOut(nn::resizeBilinear(up.smoothSlope(up.smoothIn(y)), 2 * y.size(2), 2 * y.size(3)));
        y = up.fuse(nn::cat({up.join(nn::cat({shuffled, smooth})), skips[skips.size() - 1 - i]}));
        y = run(stage.decoders[i], y);
    }
    return x.add(y);
}

std::vector<nn::Tensor> Bem::forward(const nn::Tensor& image) const {
    const int multiple = m_config.multiple();
    if (image.size(2) % multiple != 0 || image.size(3) % multiple != 0)
        throw Error(fmt::format("BEM: sides of {} and {} are no multiples of {}", image.size(3), image.size(2),
                                multiple));
    std::vector<nn::Tensor> results;
    nn::Tensor x = m_first(nn::channelsLast(image)); // [N, features, H, W]
    for (const Stage& stage : m_stages) {
        x = run(stage, x);
        results.push_back(m_last(x));
    }
    return results;
}

} // namespace ochre::models
