// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/LearningLayers.h"

#include <algorithm>

#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/tensor/LearningConv.h"

namespace ochre::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::optional<Tensor> present(const Tensor& tensor) {
    return tensor.defined() ? std::optional(tensor) : std::nullopt;
}

bool isFrozen(const Tensor& weight, const Tensor& bias) {
    return !weight.requires_grad() && !(bias.defined() && bias.requires_grad());
}

/// x · weightᵀ + bias. The weight is brought to the type of x there and back, and only as it is kept in between.
struct FrozenLinear : torch::autograd::Function<FrozenLinear> {
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const std::optional<Tensor>& bias) {
        context->save_for_backward({weight});
        return at::linear(x, weight.to(x.scalar_type()), bias);
    }

    static variable_list backward(AutogradContext* context, const variable_list& outs) {
        const Tensor weight = context->get_saved_variables().front();
        return {outs.front().matmul(weight.to(outs.front().scalar_type())), Tensor(), Tensor()};
    }
};

struct Sides {
    std::vector<std::int64_t> stride, padding, dilation;
    std::int64_t groups = 1;
    bool winograd = false; ///< then of padding 1, and all else as it is by default
};

Tensor convolve(const Tensor& x, const Tensor& weight, const Tensor& bias, const Sides& sides) {
    if (sides.winograd) return winogradConvolved(x, weight, bias);
    return at::conv2d(x, weight, present(bias), sides.stride, sides.padding, sides.dilation, sides.groups);
}

/// A convolution, of which LibTorch's keeps x for a gradient of the weight that nobody asks for. The weight is treated as
/// FrozenLinear's.
struct FrozenConv : torch::autograd::Function<FrozenConv> {
    static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const std::optional<Tensor>& bias,
                          const Sides& sides) {
        context->save_for_backward({weight});
        context->saved_data["x"] = x.sizes().vec();
        context->saved_data["stride"] = sides.stride;
        context->saved_data["padding"] = sides.padding;
        context->saved_data["dilation"] = sides.dilation;
        context->saved_data["groups"] = sides.groups;
        context->saved_data["winograd"] = sides.winograd;
        return convolve(x, weight.to(x.scalar_type()), bias.value_or(Tensor()), sides);
    }

    static variable_list backward(AutogradContext* context, const variable_list& outs) {
        const Tensor out = channelsLast(outs.front()), weight = context->get_saved_variables().front().to(out.scalar_type());
        if (context->saved_data["winograd"].toBool()) return {winogradPictureGradient(out, weight), Tensor(), Tensor(), Tensor()};
        const auto saved = [&](const char* name) { return context->saved_data[name].toIntVector(); };
        const auto layout = out.options().memory_format(at::MemoryFormat::ChannelsLast);
        const Tensor x = at::empty(saved("x"), layout); // its shape alone is looked at
        const auto gradients = at::convolution_backward(out, x, weight, at::OptionalIntArrayRef(), saved("stride"),
                                                        saved("padding"), saved("dilation"), false,
                                                        std::vector<std::int64_t>{0, 0},
                                                        context->saved_data["groups"].toInt(), {true, false, false});
        return {std::get<0>(gradients), Tensor(), Tensor(), Tensor()};
    }
};

Tensor linearOf(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    // LibTorch's product keeps no x for weights that want no gradient, but a copy of the weight in another type.
    if (isFrozen(weight, bias) && weight.scalar_type() != x.scalar_type()) return FrozenLinear::apply(x, weight, present(bias));
    return at::linear(x, weight, present(bias));
}

/// In the type of x; a kernel of 1×1 as a matrix.
Tensor factor(const Tensor& matrix, const Tensor& x) {
    return matrix.flatten(1).to(x.scalar_type());
}

Tensor changeOf(const Tensor& x, const tensor::LowRank& change) {
    return at::linear(at::linear(x, factor(change.down, x)).mul(change.scale), factor(change.up, x));
}

bool isPlain(const LowRankPtr& change) {
    return change == nullptr;
}

} // namespace

Tensor learningLinear(const Tensor& x, const std::vector<Tensor>& weights, const std::vector<Tensor>& biases,
                      const std::vector<LowRankPtr>& changes) {
    const auto learns = [](const Tensor& weight) { return weight.requires_grad(); };
    const bool together = weights.size() > 1 && std::all_of(weights.begin(), weights.end(), learns) &&
                          std::all_of(changes.begin(), changes.end(), isPlain);
    if (together) return at::linear(x, at::cat(weights), biases.empty() ? std::nullopt : std::optional(at::cat(biases)));
    std::vector<Tensor> outs;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const Tensor out = linearOf(x, weights[i], biases.empty() ? Tensor() : biases[i]);
        const bool changed = i < changes.size() && changes[i];
        outs.push_back(changed ? out.add(changeOf(x, *changes[i])) : out);
    }
    return outs.size() == 1 ? outs.front() : at::cat(outs, -1);
}

Tensor learningConv(const Tensor& x, const Tensor& weight, const Tensor& bias, const LowRankPtr& change,
                    const Conv2dOptions& options, std::int64_t padVertical) {
    Sides sides{.stride = {options.stride, options.stride},
                .padding = {padVertical, options.padding},
                .dilation = {options.dilation, options.dilation},
                .groups = options.groups};
    const bool frozen = isFrozen(weight, bias), winograd = padVertical == options.padding && learnsByWinograd(x, weight, options);
    Tensor out;
    if (frozen) {
        sides.winograd = winograd;
        out = FrozenConv::apply(x, weight, present(bias), sides);
        sides.winograd = false; // the change's kernel is too narrow
    } else {
        out = winograd ? winogradLearning(x, weight, bias) : convolve(x, weight, bias, sides);
    }
    if (!change) return out;
    const Tensor low = convolve(x, change->down.to(x.scalar_type()), {}, sides).mul(change->scale); // [N, rank, H', W']
    const Tensor tokens = at::linear(low.permute({0, 2, 3, 1}), factor(change->up, x));             // [N, H', W', out]
    return out.add(tokens.permute({0, 3, 1, 2}));
}

} // namespace ochre::nn
