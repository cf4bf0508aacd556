// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Nn.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/add.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mkldnn_reorder_conv2d_weight.h>
#include <ATen/ops/pad.h>
#include <ATen/ops/pixel_shuffle.h>
#include <ATen/ops/pixel_unshuffle.h>
#include <ATen/ops/prelu.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/FixedConv.h"
#include "core/tensor/InPlace.h"
#include "core/tensor/Learning.h"
#include "core/tensor/LearningLayers.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/WinogradConv.h"

namespace ochre::nn {
namespace {

/// Floating-point operations of one stripe, a thread: 25 ms at the 60 GFLOP/s of a plain AVX2 core, under 100
/// ms at 15.
constexpr double kStripeWork = 1.5e9;
constexpr double kProductWork = 4 * kStripeWork; ///< of matrix products, which are faster

constexpr std::int64_t kUsualTokens = 1024; // rows that the weights of a Linear are packed for

using PointwiseConvolution = Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&,
                                    at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, std::int64_t,
                                    std::string_view, c10::List<std::optional<at::Scalar>>,
                                    std::optional<std::string_view>);

/// oneDNN's convolution with packed weights and a fused activation.
const c10::TypedOperatorHandle<PointwiseConvolution>& packedConvolution() {
    static const auto handle = c10::Dispatcher::singleton()
                                   .findSchemaOrThrow("mkldnn::_convolution_pointwise", "")
                                   .typed<PointwiseConvolution>();
    return handle;
}

/// oneDNN's matrix products with packed weights, alone and with something added.
using PackedLinear = Tensor(const Tensor&, const Tensor&, const std::optional<Tensor>&, std::string_view,
                            c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);
using AddingLinear = Tensor(const Tensor&, const Tensor&, const Tensor&, const std::optional<Tensor>&, std::string_view);
using PackLinear = Tensor(const Tensor&, std::optional<std::int64_t>);

template <typename Function>
c10::TypedOperatorHandle<Function> operatorNamed(const char* name, const char* overload = "") {
    return c10::Dispatcher::singleton().findSchemaOrThrow(name, overload).typed<Function>();
}

Tensor packLinear(const Tensor& weight) {
    static const auto pack = operatorNamed<PackLinear>("mkldnn::_reorder_linear_weight");
    return pack.call(weight.contiguous(), kUsualTokens);
}

/// Whether oneDNN multiplies faster than at::linear: in float32 that uses what is made for AVX2 on processors that are not
/// Intel's, and the weights may stay in the mapped file.
bool packsLinear(const Tensor& weight) {
    if (!weight.is_cpu() || weight.numel() == 0) return false;
    if (weight.scalar_type() == at::kBFloat16) return tensor::cpuFeatures().fastBfloat16();
    return weight.scalar_type() == at::kFloat && tensor::cpuFeatures().avx512 && !__builtin_cpu_is("intel");
}

/// Whether each pixel is seen once, so that a convolution is a matrix product with a patch a row. The layout of packed weights
/// doesn't depend on the picture's size then, as that of oneDNN's convolution does, which packs anew at each call of another.
bool isProduct(const Conv2dOptions& options, std::int64_t kernelHeight, std::int64_t kernelWidth, at::ScalarType type) {
    return kernelHeight == options.stride && kernelWidth == options.stride && options.padding == 0 && options.dilation == 1 &&
           options.groups == 1 && (type == at::kFloat || tensor::cpuFeatures().fastBfloat16());
}

/// [N, C, H, W], channels-last → [N, H/side, W/side, side·side·C]; what is left at the right and below is dropped.
Tensor patchesOf(const Tensor& x, std::int64_t side) {
    const std::int64_t down = x.size(2) / side, across = x.size(3) / side;
    const Tensor pixels = x.permute({0, 2, 3, 1}).narrow(1, 0, down * side).narrow(2, 0, across * side);
    return pixels.unflatten(1, {down, side}).unflatten(3, {across, side}).transpose(2, 3).flatten(3);
}

struct Fused {
    std::string_view name = "none";
    c10::List<std::optional<at::Scalar>> scalars;
    std::optional<std::string_view> algorithm;
};

Fused fuse(const Activation& activation) {
    Fused fused;
    switch (activation.kind) {
    case Activation::Kind::None:
        break;
    case Activation::Kind::Relu:
        fused.name = "relu";
        break;
    case Activation::Kind::LeakyRelu:
        fused.name = "leaky_relu";
        fused.scalars.push_back(at::Scalar(activation.slope));
        break;
    case Activation::Kind::Gelu:
    case Activation::Kind::GeluTanh:
        fused.name = "gelu";
        fused.algorithm = activation.kind == Activation::Kind::Gelu ? "none" : "tanh";
        break;
    case Activation::Kind::Silu:
        fused.name = "swish";
        break;
    }
    return fused;
}

void checkPicture(const Tensor& x, std::int64_t channels, const char* what) {
    if (x.dim() != 4 || x.size(1) != channels)
        throw Error(fmt::format("{}: takes pictures of {} channels, was given {} dimensions with {}", what,
                                channels, x.dim(), x.dim() > 1 ? x.size(1) : 0));
}

} // namespace

Conv2d::Conv2d(const Weights& weights, const std::string& name, const Conv2dOptions& options) {
    if (weights.shape(name + ".weight").size() != 4)
        throw Error(fmt::format("{}: tensor \"{}.weight\" is {}, a convolution needs 4 dimensions",
                                weights.subject(), weights.prefix() + name,
                                tensor::describe(weights.shape(name + ".weight"))));
    const bool learns = tensor::learning();
    *this = Conv2d((learns ? weights.unchanged() : weights).tensor(name + ".weight"),
                   weights.has(name + ".bias") ? weights.tensor(name + ".bias") : Tensor(), options);
    if (learns) m_change = weights.change(name + ".weight");
    if (m_change && options.groups != 1)
        throw Error(fmt::format("{}: \"{}\" is a convolution in groups, which takes no low-rank change", weights.subject(),
                                weights.prefix() + name));
}

Conv2d::Conv2d(const Tensor& weight, const Tensor& bias, const Conv2dOptions& options)
    : m_weight(weight), m_options(options) {
    if (bias.defined()) m_bias = bias.contiguous();
    m_out = m_weight.size(0);
    m_in = m_weight.size(1) * options.groups;
    m_kernelHeight = m_weight.size(2);
    m_kernelWidth = m_weight.size(3);
    m_pixelWork = 2.0 * static_cast<double>(m_weight.numel());
    if (m_options.padding < 0)
        m_options.padding = static_cast<int>(m_options.dilation * (m_kernelHeight - 1) / 2);
    if (tensor::learning()) return;
    if (auto fixed = FixedConv::make(m_weight, m_bias, m_options)) {
        m_fixed = std::make_shared<const FixedConv>(std::move(*fixed)); // m_weight as it is: small pictures alone need it
        return;
    }
    if (auto winograd = WinogradConv::make(m_weight, m_bias, m_options)) {
        m_winograd = std::make_shared<const WinogradConv>(std::move(*winograd));
        return;
    }
    m_weight = m_weight.contiguous(at::MemoryFormat::ChannelsLast);
    // Half and odd types go through the plain convolution, and so does bfloat16 where oneDNN has no kernels for it.
    const bool packs = m_weight.is_cpu() &&
                       (m_weight.scalar_type() == at::kFloat ||
                        (m_weight.scalar_type() == at::kBFloat16 && tensor::cpuFeatures().avx512));
    if (!packs || m_weight.numel() == 0) return;
    if (isProduct(m_options, m_kernelHeight, m_kernelWidth, m_weight.scalar_type())) {
        m_packed = packLinear(m_weight.permute({0, 2, 3, 1}).flatten(1));
        m_weight = Tensor();
        return;
    }
    m_packed = at::mkldnn_reorder_conv2d_weight(m_weight.to_mkldnn(), m_options.padding, m_options.stride,
                                                m_options.dilation, m_options.groups);
    m_weight = Tensor();
}

Conv2d Conv2d::prepared(Tensor& memory) const {
    Conv2d ready = *this;
    if (m_fixed) ready.m_fixed = std::make_shared<const FixedConv>(m_fixed->prepared(memory));
    if (m_winograd) ready.m_winograd = std::make_shared<const WinogradConv>(m_winograd->prepared(memory));
    return ready;
}

Tensor Conv2d::rows(const Tensor& x, const Tensor& room) const {
    checkPicture(x, m_in, "convolution");
    tensor::currentCancel().check();
    if (m_fixed && m_fixed->pays(x, 0)) return (*m_fixed)(x, 0, room);
    return m_winograd && m_winograd->pays(x, 0) ? (*m_winograd)(x, 0, room) : apply(x, 0);
}

void Conv2d::addRows(const Tensor& x, Tensor& onto) const {
    checkPicture(x, m_in, "convolution");
    tensor::currentCancel().check();
    if (m_fixed && m_fixed->pays(x, 0)) {
        m_fixed->addTo(onto, x, 0);
    } else if (m_winograd && m_winograd->pays(x, 0)) {
        m_winograd->addInto(onto, onto, 1, x, 0);
    } else {
        onto.add_(apply(x, 0));
    }
}

void Conv2d::into(const Tensor& out, const Tensor& x) const {
    checkPicture(x, m_in, "convolution");
    tensor::currentCancel().check();
    const bool direct = m_winograd && m_winograd->pays(x, m_options.padding);
    const Tensor result = direct ? (*m_winograd)(x, m_options.padding, out) : (*this)(x);
    if (!result.is_same(out)) out.copy_(result);
}

void Conv2d::addInto(const Tensor& out, const Tensor& base, double scale, const Tensor& x) const {
    checkPicture(x, m_in, "convolution");
    tensor::currentCancel().check();
    Tensor to = out;
    if (m_winograd && m_winograd->pays(x, m_options.padding))
        m_winograd->addInto(out, base, scale, x, m_options.padding);
    else
        at::add_out(to, base, (*this)(x), scale);
}

std::int64_t Conv2d::outSide(std::int64_t side, std::int64_t kernel) const {
    return (side + 2 * m_options.padding - m_options.dilation * (kernel - 1) - 1) / m_options.stride + 1;
}

/// `padVertical` rows of zeros are added above and below.
Tensor Conv2d::apply(const Tensor& x, std::int64_t padVertical) const {
    const std::int64_t padding[] = {padVertical, m_options.padding},
                       stride[] = {m_options.stride, m_options.stride};
    const std::int64_t dilation[] = {m_options.dilation, m_options.dilation};
    const std::optional<Tensor> bias = m_bias.defined() ? std::optional(m_bias) : std::nullopt;
    if (!m_packed.defined())
        return activate(tensor::learning()
                            ? learningConv(x, m_weight, m_bias, m_change, m_options, padVertical)
                            : at::conv2d(x, m_weight, bias, stride, padding, dilation, m_options.groups),
                        m_options.activation);
    const Fused fused = fuse(m_options.activation);
    if (isProduct(m_options, m_kernelHeight, m_kernelWidth, m_packed.scalar_type())) {
        static const auto linear = operatorNamed<PackedLinear>("mkldnn::_linear_pointwise");
        const Tensor patches = patchesOf(x, m_options.stride).contiguous();
        return linear.call(patches, m_packed, bias, fused.name, fused.scalars, fused.algorithm).permute({0, 3, 1, 2});
    }
    return packedConvolution().call(x, m_packed, bias, padding, stride, dilation, m_options.groups,
                                    fused.name, fused.scalars, fused.algorithm);
}

Tensor Conv2d::striped(const Tensor& x, std::int64_t outHeight, std::int64_t stripe) const {
    Tensor out;
    const std::int64_t height = x.size(2), pad = m_options.padding,
                       reach = m_options.dilation * (m_kernelHeight - 1) + 1;
    for (std::int64_t n = 0; n < x.size(0); ++n) {
        const Tensor one = x.narrow(0, n, 1);
        for (std::int64_t y = 0; y < outHeight; y += stripe) {
            tensor::currentCancel().check();
            const std::int64_t rows = std::min(stripe, outHeight - y);
            const std::int64_t first = y * m_options.stride - pad,
                               last = (y + rows - 1) * m_options.stride - pad + reach;
            const std::int64_t from = std::max<std::int64_t>(first, 0), to = std::min(last, height);
            Tensor part = one.narrow(2, from, to - from);
            if (first < 0 || last > height)
                part = at::constant_pad_nd(part, {0, 0, from - first, last - to})
                           .contiguous(at::MemoryFormat::ChannelsLast);
            const Tensor result = apply(part, 0);
            if (!out.defined()) out = emptyPicture(result, x.size(0), m_out, outHeight, result.size(3));
            out.narrow(0, n, 1).narrow(2, y, rows).copy_(result);
        }
    }
    return out;
}

Tensor Conv2d::operator()(const Tensor& x) const {
    checkPicture(x, m_in, "convolution");
    tensor::currentCancel().check();
    const Tensor picture = x.contiguous(at::MemoryFormat::ChannelsLast);
    if (tensor::learning()) return apply(picture, m_options.padding);
    const std::int64_t height = outSide(picture.size(2), m_kernelHeight),
                       width = outSide(picture.size(3), m_kernelWidth);
    if (height <= 0 || width <= 0)
        throw Error(fmt::format("convolution: a picture of {}x{} is smaller than the kernel", picture.size(3),
                                picture.size(2)));
    if (m_fixed && m_fixed->pays(picture, m_options.padding)) return (*m_fixed)(picture, m_options.padding);
    if (m_winograd && m_winograd->pays(picture, m_options.padding)) return (*m_winograd)(picture, m_options.padding);
    const double rowWork = static_cast<double>(width) * m_pixelWork;
    const bool product = m_packed.defined() && isProduct(m_options, m_kernelHeight, m_kernelWidth, m_packed.scalar_type());
    const double budget = (product ? kProductWork : kStripeWork) * at::get_num_threads();
    if (!picture.is_cpu() || rowWork * static_cast<double>(height * picture.size(0)) <= budget)
        return apply(picture, m_options.padding);
    const auto stripe = std::max<std::int64_t>(1, static_cast<std::int64_t>(budget / rowWork));
    return stripe >= height && picture.size(0) == 1 ? apply(picture, m_options.padding)
                                                    : striped(picture, height, stripe);
}

Linear::Linear(const Weights& weights, const std::string& name) : Linear(joined(weights, {name})) {}

Linear::Linear(Tensor weight, Tensor bias) : m_weight(std::move(weight)), m_bias(std::move(bias)) {
    if (tensor::learning()) {
        m_parts = {m_weight};
        if (m_bias.defined()) m_biasParts = {m_bias};
        return;
    }
    if (!packsLinear(m_weight)) return;
    m_packed = packLinear(m_weight);
    m_weight = Tensor();
}

Linear Linear::joined(const Weights& weights, const std::vector<std::string>& names) {
    std::vector<Tensor> rows, biases;
    const bool learns = tensor::learning();
    const Weights& fetched = learns ? weights.unchanged() : weights;
    for (const std::string& name : names) {
        rows.push_back(fetched.tensor(name + ".weight").flatten(1));
        if (weights.has(name + ".bias")) biases.push_back(weights.tensor(name + ".bias"));
    }
    if (!biases.empty() && biases.size() != rows.size())
        throw Error(fmt::format("{}: of \"{}\" and the layers beside it only some have a bias", weights.subject(),
                                weights.prefix() + names.front()));
    if (learns) {
        Linear layer;
        layer.m_parts = std::move(rows);
        layer.m_biasParts = std::move(biases);
        for (const std::string& name : names) layer.m_changes.push_back(weights.change(name + ".weight"));
        return layer;
    }
    if (rows.size() == 1) return {rows.front(), biases.empty() ? Tensor() : biases.front()};
    return {at::cat(rows), biases.empty() ? Tensor() : at::cat(biases)};
}

/// With weights as they were given.
Tensor Linear::multiply(const Tensor& x) const {
    if (!m_parts.empty()) return learningLinear(x, m_parts, m_biasParts, m_changes);
    return at::linear(x, m_weight, m_bias.defined() ? std::optional(m_bias) : std::nullopt);
}

Tensor Linear::operator()(const Tensor& x) const {
    tensor::currentCancel().check();
    if (!m_packed.defined()) return multiply(x);
    const std::optional<Tensor> bias = m_bias.defined() ? std::optional(m_bias) : std::nullopt;
    static const auto linear = operatorNamed<PackedLinear>("mkldnn::_linear_pointwise");
    return linear.call(x.contiguous(), m_packed, bias, "none", c10::List<std::optional<at::Scalar>>(), std::nullopt);
}

void Linear::addTo(Tensor& onto, const Tensor& x) const {
    if (!m_packed.defined()) {
        addInPlace(onto, (*this)(x));
        return;
    }
    tensor::currentCancel().check();
    static const auto linear = operatorNamed<AddingLinear>("mkldnn::_linear_pointwise", "binary");
    onto = linear.call(x.contiguous(), onto.contiguous(), m_packed,
                       m_bias.defined() ? std::optional(m_bias) : std::nullopt, "add");
}

Prelu::Prelu(const Weights& weights, const std::string& name)
    : m_slope(weights.tensor(name + ".weight").contiguous()) {}

Tensor Prelu::operator()(const Tensor& x) const {
    return at::prelu(x, m_slope);
}

Tensor activate(const Tensor& x, const Activation& activation) {
    switch (activation.kind) {
    case Activation::Kind::None:
        return x;
    case Activation::Kind::Relu:
        return nn::relu(x);
    case Activation::Kind::LeakyRelu:
        return nn::leakyRelu(x, activation.slope);
    case Activation::Kind::Gelu:
        return nn::gelu(x);
    case Activation::Kind::GeluTanh:
        return nn::geluTanh(x);
    case Activation::Kind::Silu:
        return nn::silu(x);
    }
    return x;
}

void activateInPlace(Tensor& x, const Activation& activation) {
    switch (activation.kind) {
    case Activation::Kind::None:
        break;
    case Activation::Kind::Relu:
        at::relu_(x);
        break;
    case Activation::Kind::LeakyRelu:
        at::leaky_relu_(x, activation.slope);
        break;
    case Activation::Kind::Gelu:
        at::gelu_(x, "none");
        break;
    case Activation::Kind::GeluTanh:
        at::gelu_(x, "tanh");
        break;
    case Activation::Kind::Silu:
        at::silu_(x);
        break;
    }
}

Tensor relu(const Tensor& x) {
    return at::relu(x);
}

Tensor leakyRelu(const Tensor& x, double slope) {
    return at::leaky_relu(x, slope);
}

Tensor gelu(const Tensor& x) {
    return at::gelu(x, "none");
}

Tensor geluTanh(const Tensor& x) {
    return at::gelu(x, "tanh");
}

Tensor silu(const Tensor& x) {
    return at::silu(x);
}

Tensor add(const Tensor& a, const Tensor& b) {
    return at::add(a, b);
}

Tensor& addInPlace(Tensor& a, const Tensor& b) {
    return tensor::learning() ? a = at::add(a, b) : a.add_(b);
}

void addScaled(const Tensor& a, double scale, const Tensor& b) {
    a.add_(b, scale);
}

Tensor cat(const std::vector<Tensor>& parts, std::int64_t dimension) {
    return at::cat(parts, dimension);
}

Tensor pixelShuffle(const Tensor& x, int factor) {
    return at::pixel_shuffle(x, factor);
}

Tensor pixelUnshuffle(const Tensor& x, int factor) {
    return at::pixel_unshuffle(x, factor);
}

Tensor upsampleNearest(const Tensor& x, int factor) {
    return at::upsample_nearest2d(x, {x.size(2) * factor, x.size(3) * factor});
}

Tensor resizeNearest(const Tensor& x, std::int64_t height, std::int64_t width) {
    return at::upsample_nearest2d(x, {height, width});
}

Tensor resizeBilinear(const Tensor& x, std::int64_t height, std::int64_t width, bool alignCorners) {
    return at::upsample_bilinear2d(x, {height, width}, alignCorners);
}

Tensor resizeBicubic(const Tensor& x, std::int64_t height, std::int64_t width, bool alignCorners) {
    return at::upsample_bicubic2d(x, {height, width}, alignCorners);
}

Tensor pad(const Tensor& x, std::int64_t left, std::int64_t right, std::int64_t top, std::int64_t bottom,
           Padding kind) {
    const char* mode = kind == Padding::Zero      ? "constant"
                       : kind == Padding::Reflect ? "reflect"
                                                  : "replicate";
    return at::pad(x, {left, right, top, bottom}, mode);
}

Tensor emptyPicture(const Tensor& like, std::int64_t batch, std::int64_t channels, std::int64_t height,
                    std::int64_t width) {
    return at::empty({batch, channels, height, width},
                     like.options().memory_format(at::MemoryFormat::ChannelsLast));
}

Tensor emptyValues(std::int64_t count, const at::TensorOptions& options) {
    return at::empty({count}, options.memory_format(std::nullopt));
}

Tensor channelsLast(const Tensor& x) {
    return x.contiguous(at::MemoryFormat::ChannelsLast);
}

Tensor narrow(const Tensor& x, std::int64_t dimension, std::int64_t start, std::int64_t length) {
    return x.narrow(dimension, start, length);
}

double maxAbs(const Tensor& x) {
    return x.numel() == 0 ? 0.0 : x.to(at::kDouble).abs().max().item<double>();
}

double maxAbsDifference(const Tensor& a, const Tensor& b) {
    return maxAbs(a.to(at::kDouble).sub(b.to(at::kDouble)));
}

double meanAbsDifference(const Tensor& a, const Tensor& b) {
    return a.numel() == 0 ? 0.0 : a.to(at::kDouble).sub(b.to(at::kDouble)).abs().mean().item<double>();
}

} // namespace ochre::nn
