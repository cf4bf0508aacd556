// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/LearningConv.h"

#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/tensor/Runtime.h"
#include "core/tensor/WinogradConv.h"

namespace ochre::nn {
namespace {

constexpr std::int64_t kLeastTiles = 64; // of 4×4 pixels: below, transforming the kernels is most of the work

struct WinogradFunction : torch::autograd::Function<WinogradFunction> {
    static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias) {
        context->save_for_backward({x, weight});
        return winogradConvolved(x, weight, bias);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   const torch::autograd::variable_list& outs) {
        const auto saved = context->get_saved_variables();
        const Tensor worth = channelsLast(outs[0]);
        Tensor x, weight, bias;
        if (context->needs_input_grad(0)) x = winogradPictureGradient(worth, saved[1]);
        if (context->needs_input_grad(1)) weight = WinogradConv::kernelGradient(saved[0], worth);
        if (context->needs_input_grad(2)) bias = worth.sum({0, 2, 3});
        return {x, weight, bias};
    }
};

} // namespace

bool learnsByWinograd(const Tensor& x, const Tensor& weight, const Conv2dOptions& options) {
    constexpr std::int64_t channels = WinogradConv::kGradientChannels;
    const bool suits = x.is_cpu() && x.scalar_type() == at::kFloat && weight.is_floating_point() && weight.size(2) == 3 &&
                       weight.size(3) == 3 && options.stride == 1 && options.padding == 1 && options.dilation == 1 &&
                       options.groups == 1 && weight.size(0) % channels == 0 && weight.size(1) % channels == 0;
    return suits && tensor::cpuFeatures().avx2 && x.size(0) * (x.size(2) / 4) * (x.size(3) / 4) >= kLeastTiles;
}

Tensor winogradConvolved(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    return (*WinogradConv::make(weight, bias, {.padding = 1}))(x, 1);
}

Tensor winogradPictureGradient(const Tensor& worth, const Tensor& weight) {
    return winogradConvolved(worth, weight.flip({2, 3}).transpose(0, 1), {});
}

Tensor winogradLearning(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    return WinogradFunction::apply(x, weight, bias.defined() ? bias : at::zeros({weight.size(0)}, x.options()));
}

} // namespace ochre::nn
