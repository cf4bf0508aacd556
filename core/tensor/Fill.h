// SPDX-License-Identifier: GPL-3.0-or-later
// Tensors filled by a rule: random numbers, even spacing, given values. All are float32 on the CPU, and equal
// PyTorch's to the last bit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

namespace ochre::nn {

using at::Tensor;

/// Normal numbers of mean 0 and variance 1, as torch.randn(shape, generator=…) draws them; the generator
/// moves on. Numbers depend on the whole shape: two draws of one picture are not one draw of two.
Tensor randn(at::IntArrayRef shape, at::Generator& generator);

Tensor zeros(at::IntArrayRef shape, at::ScalarType type = at::kFloat);
Tensor linspace(double start, double end, std::int64_t count); ///< [count], both ends included

/// A copy of `values` (row by row) as a tensor of `shape`; the counts must agree, else Error.
Tensor fromValues(std::span<const float> values, at::IntArrayRef shape);

/// The values of any floating-point tensor, row by row.
std::vector<float> toValues(const Tensor& tensor);

} // namespace ochre::nn
