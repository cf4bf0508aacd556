// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/Yolox.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/NetworkParts.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Vision.h"

namespace ochre::models {
namespace {

constexpr double kEpsilon = 1e-3; // of batch norms
constexpr double kSlope = 0.1;    // of Darknet-53's leaky ReLU
constexpr int kLevels = 3;
constexpr std::array<int, kLevels> kStrides{8, 16, 32};
constexpr std::array<int, 4> kDarknetDepths{2, 8, 8, 4};

using Unit = Yolox::Unit;

/// All units of a network, collected in the order of its layers.
class Units {
public:
    explicit Units(const Yolox::Config& config) : m_config(config) {}

    void plain(const std::string& name, int in, int out, int kernel = 1, int stride = 1) {
        m_units.push_back({name, in, out, kernel, stride, false});
    }
    /// One that is depthwise where the network is.
    void wide(const std::string& name, int in, int out, int stride = 1) {
        m_units.push_back({name, in, out, 3, stride, m_config.depthwise});
    }
    void csp(const std::string& name, int in, int out, int count) {
        plain(name + ".conv1", in, out / 2);
        plain(name + ".conv2", in, out / 2);
        plain(name + ".conv3", out, out);
        for (int i = 0; i < count; ++i) {
            plain(fmt::format("{}.m.{}.conv1", name, i), out / 2, out / 2);
            wide(fmt::format("{}.m.{}.conv2", name, i), out / 2, out / 2);
        }
    }
    void pooled(const std::string& name, int in, int out) {
        plain(name + ".conv1", in, in / 2);
        plain(name + ".conv2", in * 2, out);
    }
    void residuals(const std::string& name, int first, int width, int count) {
        for (int i = first; i < first + count; ++i) {
            plain(fmt::format("{}.{}.layer1", name, i), width, width / 2);
            plain(fmt::format("{}.{}.layer2", name, i), width / 2, width, 3);
        }
    }
    /// Convolutions of 1×1 and 3×3 by turns.
    void turns(const std::string& name, int in, int narrow, int count) {
        for (int i = 0; i < count; ++i) {
            plain(fmt::format("{}.{}", name, i), i == 0 ? in : i % 2 ? narrow : narrow * 2, i % 2 ? narrow * 2 : narrow,
                  i % 2 ? 3 : 1);
        }
    }
    std::vector<Unit> take() { return std::move(m_units); }

private:
    const Yolox::Config& m_config;
    std::vector<Unit> m_units;
};

void addCspDarknet(Units& units, const Yolox::Config& c) {
    const int w = c.width, n = c.depth;
    units.plain("backbone.backbone.stem.conv", 12, w, 3);
    for (int i = 0; i < 4; ++i) {
        const std::string name = fmt::format("backbone.backbone.dark{}", i + 2);
        const int out = w << (i + 1);
        units.wide(name + ".0", out / 2, out, 2);
        if (i == 3) units.pooled(name + ".1", out, out);
        units.csp(name + (i == 3 ? ".2" : ".1"), out, out, i == 1 || i == 2 ? 3 * n : n);
    }
    units.plain("backbone.lateral_conv0", 16 * w, 8 * w);
    units.csp("backbone.C3_p4", 16 * w, 8 * w, n);
    units.plain("backbone.reduce_conv1", 8 * w, 4 * w);
    units.csp("backbone.C3_p3", 8 * w, 4 * w, n);
    units.wide("backbone.bu_conv2", 4 * w, 4 * w, 2);
    units.csp("backbone.C3_n3", 8 * w, 8 * w, n);
    units.wide("backbone.bu_conv1", 8 * w, 8 * w, 2);
    units.csp("backbone.C3_n4", 16 * w, 16 * w, n);
}

void addDarknet(Units& units, const Yolox::Config& c) {
    const int w = c.width;
    units.plain("backbone.backbone.stem.0", 3, w, 3);
    units.plain("backbone.backbone.stem.1", w, 2 * w, 3, 2);
    units.residuals("backbone.backbone.stem", 2, 2 * w, 1);
    for (int i = 0; i < 4; ++i) {
        const std::string name = fmt::format("backbone.backbone.dark{}", i + 2);
        const int out = w << (i + 2);
        units.plain(name + ".0", out / 2, out, 3, 2);
        units.residuals(name, 1, out, kDarknetDepths[static_cast<std::size_t>(i)]);
    }
    const std::string last = "backbone.backbone.dark5.";
    units.plain(last + "5", 32 * w, 16 * w);
    units.plain(last + "6", 16 * w, 32 * w, 3);
    units.pooled(last + "7", 32 * w, 16 * w);
    units.plain(last + "8", 16 * w, 32 * w, 3);
    units.plain(last + "9", 32 * w, 16 * w);
    units.plain("backbone.out1_cbl", 16 * w, 8 * w);
    units.turns("backbone.out1", 24 * w, 8 * w, 5);
    units.plain("backbone.out2_cbl", 8 * w, 4 * w);
    units.turns("backbone.out2", 12 * w, 4 * w, 5);
}

std::vector<Unit> unitsOf(const Yolox::Config& c) {
    Units units(c);
    if (c.darknet)
        addDarknet(units, c);
    else
        addCspDarknet(units, c);
    for (int level = 0; level < kLevels; ++level) {
        units.plain(fmt::format("head.stems.{}", level), (4 * c.width) << level, c.headWidth);
        for (const char* branch : {"cls", "reg"})
            for (int i = 0; i < 2; ++i)
                units.wide(fmt::format("head.{}_convs.{}.{}", branch, level, i), c.headWidth, c.headWidth);
    }
    return units.take();
}

/// Where the published name of a layer's convolution and norm begins.
std::string part(const Unit& unit, const char* which) {
    return unit.depthwise ? unit.name + "." + which : unit.name;
}

bool isKernel(const tensor::Weights& weights, const std::string& name) {
    return weights.has(name) && weights.shape(name).size() == 4;
}

/// Every second pixel of every second row, four times, as channels: [N, 3, H, W] → [N, 12, H/2, W/2]. By the sequence
/// top left, bottom left, top right, bottom right.
nn::Tensor focus(const nn::Tensor& image) {
    const auto pick = [&](int y, int x) { return image.slice(2, y, std::nullopt, 2).slice(3, x, std::nullopt, 2); };
    return nn::cat({pick(0, 0), pick(1, 0), pick(0, 1), pick(1, 1)});
}

} // namespace

std::optional<Yolox::Config> Yolox::Config::fromWeights(const tensor::Weights& weights) {
    const std::string csp = "backbone.backbone.stem.conv.conv.weight", darknet = "backbone.backbone.stem.0.conv.weight";
    Config config;
    config.darknet = isKernel(weights, darknet);
    if (!(config.darknet || isKernel(weights, csp)) || !isKernel(weights, "head.cls_preds.0.weight") ||
        !isKernel(weights, "head.stems.0.conv.weight"))
        return std::nullopt;
    config.width = static_cast<int>(weights.size(config.darknet ? darknet : csp, 0));
    config.depthwise = weights.has("backbone.backbone.dark2.0.dconv.conv.weight");
    config.depth = 0;
    while (weights.has(fmt::format("backbone.backbone.dark2.1.m.{}.conv1.conv.weight", config.depth))) ++config.depth;
    config.headWidth = static_cast<int>(weights.size("head.stems.0.conv.weight", 0));
    config.classes = static_cast<int>(weights.size("head.cls_preds.0.weight", 0));
    return config;
}

std::map<std::string, tensor::Shape> Yolox::Config::expected() const {
    std::map<std::string, tensor::Shape> keys;
    const auto conv = [&](const std::string& name, int in, int out, int kernel) {
        keys[name + ".conv.weight"] = {out, in, kernel, kernel};
        for (const char* of : {"weight", "bias", "running_mean", "running_var"}) keys[name + ".bn." + of] = {out};
    };
    for (const Unit& unit : unitsOf(*this)) {
        if (unit.depthwise) conv(part(unit, "dconv"), 1, unit.in, unit.kernel);
        conv(part(unit, "pconv"), unit.in, unit.out, unit.depthwise ? 1 : unit.kernel);
    }
    for (int level = 0; level < kLevels; ++level)
        for (const auto& [what, count] : {std::pair{"cls", classes}, {"reg", 4}, {"obj", 1}}) {
            keys[fmt::format("head.{}_preds.{}.weight", what, level)] = {count, headWidth, 1, 1};
            keys[fmt::format("head.{}_preds.{}.bias", what, level)] = {count};
        }
    return keys;
}

Yolox::Yolox(const tensor::Weights& weights, const Config& config) : m_config(config) {
    requireShapes(weights, config.expected());
    const nn::Activation activation = config.darknet ? nn::Activation::leakyRelu(kSlope) : nn::Activation::silu();
    for (const Unit& unit : unitsOf(config)) {
        const auto conv = [&](const char* which, int stride, int groups) {
            const std::string name = part(unit, which);
            return nn::foldedConv(weights, name + ".conv", name + ".bn", kEpsilon,
                                  {.stride = stride, .groups = groups, .activation = activation, .lean = true});
        };
        std::vector<nn::Conv2d>& layers = m_units[unit.name];
        if (unit.depthwise) layers.push_back(conv("dconv", unit.stride, unit.in));
        layers.push_back(conv("pconv", unit.depthwise ? 1 : unit.stride, 1));
    }
    for (int level = 0; level < kLevels; ++level) {
        const auto fetch = [&](const char* what, const char* of) {
            return weights.tensor(fmt::format("head.{}_preds.{}.{}", what, level, of));
        };
        const auto box = [&](const char* of) { return nn::cat({fetch("reg", of), fetch("obj", of)}, 0); };
        m_heads.push_back({{fetch("cls", "weight"), fetch("cls", "bias")}, {box("weight"), box("bias")}});
    }
}

nn::Tensor Yolox::run(const std::string& name, const nn::Tensor& x) const {
    nn::Tensor y = x;
    for (const nn::Conv2d& layer : m_units.at(name)) y = layer(y);
    return y;
}

nn::Tensor Yolox::runAll(const std::string& name, int count, nn::Tensor x) const {
    for (int i = 0; i < count; ++i) x = run(fmt::format("{}.{}", name, i), x);
    return x;
}

nn::Tensor Yolox::csp(const std::string& name, const nn::Tensor& x, int count, bool shortcut) const {
    nn::Tensor y = run(name + ".conv1", x);
    for (int i = 0; i < count; ++i) {
        const std::string unit = fmt::format("{}.m.{}", name, i);
        nn::Tensor z = run(unit + ".conv2", run(unit + ".conv1", y));
        y = shortcut ? nn::addInPlace(z, y) : z;
    }
    const nn::Tensor both = nn::cat({y, run(name + ".conv2", x)});
    y = nn::Tensor();
    return run(name + ".conv3", both);
}

nn::Tensor Yolox::residuals(const std::string& name, int first, int count, nn::Tensor x) const {
    for (int i = first; i < first + count; ++i) {
        const std::string unit = fmt::format("{}.{}", name, i);
        nn::Tensor y = run(unit + ".layer2", run(unit + ".layer1", x));
        x = nn::addInPlace(y, x);
    }
    return x;
}

/// Spatial pyramid pooling: the largest of 5×5, 9×9 and 13×13 pixels, each from the one before.
nn::Tensor Yolox::pooled(const std::string& name, const nn::Tensor& x) const {
    std::vector<nn::Tensor> maps{run(name + ".conv1", x)};
    for (int i = 0; i < 3; ++i) maps.push_back(nn::maxPool(maps.back(), 5, 1, 2));
    return run(name + ".conv2", nn::cat(maps));
}

std::vector<nn::Tensor> Yolox::cspPyramid(nn::Tensor x) const {
    const std::string trunk = "backbone.backbone.", neck = "backbone.";
    const int n = m_config.depth;
    x = focus(x); // large maps are let go as soon as the next is there
    x = run(trunk + "stem.conv", x); // [N, w, H/2, W/2]
    x = run(trunk + "dark2.0", x);
    x = csp(trunk + "dark2.1", x, n, true);
    const nn::Tensor fine = csp(trunk + "dark3.1", run(trunk + "dark3.0", x), 3 * n, true);    // [N, 4w, H/8, W/8]
    const nn::Tensor mid = csp(trunk + "dark4.1", run(trunk + "dark4.0", fine), 3 * n, true);  // [N, 8w, H/16, W/16]
    x = pooled(trunk + "dark5.1", run(trunk + "dark5.0", mid));
    x = csp(trunk + "dark5.2", x, n, false); // [N, 16w, H/32, W/32]
    const nn::Tensor coarseIn = run(neck + "lateral_conv0", x);
    x = csp(neck + "C3_p4", nn::cat({nn::upsampleNearest(coarseIn, 2), mid}), n, false);
    const nn::Tensor midIn = run(neck + "reduce_conv1", x);
    const nn::Tensor out0 = csp(neck + "C3_p3", nn::cat({nn::upsampleNearest(midIn, 2), fine}), n, false);
    const nn::Tensor out1 = csp(neck + "C3_n3", nn::cat({run(neck + "bu_conv2", out0), midIn}), n, false);
    const nn::Tensor out2 = csp(neck + "C3_n4", nn::cat({run(neck + "bu_conv1", out1), coarseIn}), n, false);
    return {out0, out1, out2};
}

std::vector<nn::Tensor> Yolox::darknetPyramid(nn::Tensor x) const {
    const std::string trunk = "backbone.backbone.", neck = "backbone.";
    x = runAll(trunk + "stem", 2, std::move(x));
    x = residuals(trunk + "stem", 2, 1, x);
    std::vector<nn::Tensor> maps;
    for (std::size_t i = 0; i < kDarknetDepths.size(); ++i) {
        const std::string stage = fmt::format("{}dark{}", trunk, i + 2);
        x = residuals(stage, 1, kDarknetDepths[i], run(stage + ".0", x));
        maps.push_back(x); // [N, 4w·2^i, H/2^(i+2), …]
    }
    const std::string last = trunk + "dark5.";
    x = pooled(last + "7", run(last + "6", run(last + "5", x)));
    const nn::Tensor out2 = run(last + "9", run(last + "8", x));
    x = nn::upsampleNearest(run(neck + "out1_cbl", out2), 2);
    const nn::Tensor out1 = runAll(neck + "out1", 5, nn::cat({x, maps[2]}));
    x = nn::upsampleNearest(run(neck + "out2_cbl", out1), 2);
    return {runAll(neck + "out2", 5, nn::cat({x, maps[1]})), out1, out2};
}

/// [N, C, h, w] → [N, h·w, 5 + classes].
nn::Tensor Yolox::head(std::size_t level, const nn::Tensor& features) const {
    const nn::Tensor x = run(fmt::format("head.stems.{}", level), features);
    const auto branch = [&](const char* which) { return runAll(fmt::format("head.{}_convs.{}", which, level), 2, x); };
    nn::Tensor box = m_heads[level].box(branch("reg"));
    box.narrow(1, 4, 1).sigmoid_();
    return nn::cat({box, m_heads[level].classes(branch("cls")).sigmoid_()}).flatten(2).transpose(1, 2);
}

Yolox::Output Yolox::forward(const nn::Tensor& image) const {
    if (image.dim() != 4 || image.size(1) != 3 || image.size(2) % kStrides.back() || image.size(3) % kStrides.back() ||
        image.numel() == 0)
        throw Error(fmt::format("YOLOX: pictures are [N, 3, H, W] with sides that are multiples of 32, not {}",
                                tensor::describe(image.sizes().vec())));
    nn::Tensor picture = nn::channelsLast(image);
    Output output;
    output.pyramid = m_config.darknet ? darknetPyramid(std::move(picture)) : cspPyramid(std::move(picture));
    std::vector<nn::Tensor> levels;
    for (std::size_t i = 0; i < output.pyramid.size(); ++i) levels.push_back(head(i, output.pyramid[i]));
    output.raw = nn::cat(levels, 1);
    return output;
}

nn::Tensor Yolox::decode(const nn::Tensor& raw, std::int64_t height, std::int64_t width) {
    nn::Tensor decoded = raw.clone();
    std::int64_t first = 0;
    for (const int stride : kStrides) {
        const std::int64_t rows = height / stride, columns = width / stride, count = rows * columns;
        const nn::Tensor places = nn::range(0, count);
        const nn::Tensor box = decoded.narrow(1, first, count);
        box.select(2, 0).add_(places.remainder(columns)).mul_(stride);
        box.select(2, 1).add_(places.div(columns, "floor")).mul_(stride);
        box.narrow(2, 2, 2).exp_().mul_(stride);
        first += count;
    }
    return decoded;
}

} // namespace ochre::models
