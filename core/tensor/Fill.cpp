// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Fill.h"

#include <algorithm>

#include <ATen/ops/empty.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::nn {

Tensor randn(at::IntArrayRef shape, at::Generator& generator) {
    return at::randn(shape, generator, at::TensorOptions().dtype(at::kFloat));
}

Tensor zeros(at::IntArrayRef shape, at::ScalarType type) {
    return at::zeros(shape, at::TensorOptions().dtype(type));
}

Tensor linspace(double start, double end, std::int64_t count) {
    return at::linspace(start, end, count, at::TensorOptions().dtype(at::kFloat));
}

Tensor fromValues(std::span<const float> values, at::IntArrayRef shape) {
    Tensor tensor = at::empty(shape, at::TensorOptions().dtype(at::kFloat));
    if (tensor.numel() != static_cast<std::int64_t>(values.size()))
        throw Error(fmt::format("tensor: {} values for a shape of {}", values.size(), tensor.numel()));
    std::copy(values.begin(), values.end(), tensor.mutable_data_ptr<float>());
    return tensor;
}

std::vector<float> toValues(const Tensor& tensor) {
    const Tensor flat = tensor.to(at::kCPU, at::kFloat).contiguous();
    const float* data = flat.const_data_ptr<float>();
    return {data, data + flat.numel()};
}

} // namespace ochre::nn
