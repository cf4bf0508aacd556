// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/ScaleNorm.h"

#include <algorithm>
#include <cmath>

#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Learning.h"

namespace ochre::nn {
namespace {

constexpr std::int64_t kGrain = 1 << 14; // values a thread
constexpr std::int64_t kLanes = 16;      // sums that run side by side, so that they fill a register
constexpr std::int64_t kLast[] = {-1};

/// Sum of f(value) over a row.
template <typename Function>
float sumOf(const float* row, std::int64_t width, const Function& f) {
    float sums[kLanes] = {};
    const std::int64_t whole = width / kLanes * kLanes;
    for (std::int64_t i = 0; i < whole; i += kLanes)
        for (std::int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += f(row[i + lane]);
    for (std::int64_t i = whole; i < width; ++i) sums[i - whole] += f(row[i]);
    float sum = 0;
    for (const float part : sums) sum += part;
    return sum;
}

void normalise(const float* row, const float* weight, std::int64_t width, float epsilon, float* out) {
    const auto count = static_cast<float>(width);
    const float mean = sumOf(row, width, [](float value) { return value; }) / count;
    const float variance = sumOf(row, width, [mean](float value) { return (value - mean) * (value - mean); }) / count;
    const float factor = 1.0f / std::sqrt(variance + epsilon);
    for (std::int64_t i = 0; i < width; ++i) out[i] = row[i] * factor * weight[i];
}

} // namespace

ScaleNorm::ScaleNorm(const Tensor& weight, double epsilon) : m_weight(weight.contiguous()), m_epsilon(epsilon) {}

Tensor ScaleNorm::operator()(const Tensor& x) const {
    const std::int64_t width = m_weight.numel();
    if (x.dim() == 0 || x.size(-1) != width)
        throw Error(fmt::format("scale norm: takes {} channels, was given {}", width, x.dim() > 0 ? x.size(-1) : 0));
    const bool plain = x.is_cpu() && x.scalar_type() == at::kFloat && m_weight.scalar_type() == at::kFloat;
    if (!plain || width == 0 || tensor::learning())
        return x.mul(x.var(kLast, false, true).add(m_epsilon).rsqrt()).mul(m_weight);
    const Tensor rows = x.contiguous();
    Tensor out = at::empty_like(rows);
    const float* from = rows.const_data_ptr<float>();
    const float* weight = m_weight.const_data_ptr<float>();
    float* to = out.mutable_data_ptr<float>();
    const auto epsilon = static_cast<float>(m_epsilon);
    at::parallel_for(0, rows.numel() / width, std::max<std::int64_t>(1, kGrain / width),
                     [&](std::int64_t begin, std::int64_t end) {
                         for (std::int64_t i = begin; i < end; ++i)
                             normalise(from + i * width, weight, width, epsilon, to + i * width);
                     });
    return out;
}

} // namespace ochre::nn
