// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Attention.h"

#include <cmath>

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/TokenOps.h"

namespace ochre::nn {
namespace {

/// [N, T, heads·D] → [N, heads, T, D], a view.
Tensor split(const Tensor& x, std::int64_t heads) {
    return x.view({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

/// As products of matrices, whose gradients are fast where those of the fused operator are not.
Tensor plainAttention(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t heads,
                      const AttentionOptions& options) {
    const double scale = options.scale > 0 ? options.scale : 1 / std::sqrt(static_cast<double>(q.size(2) / heads));
    Tensor products = at::matmul(split(q.mul(scale), heads), split(k, heads).transpose(2, 3)); // [N, heads, T, S]
    if (options.bias.defined()) products = products.add(options.bias.to(q.scalar_type()));
    if (options.causal) {
        const Tensor later = at::ones({q.size(1), k.size(1)}, q.options().dtype(at::kBool)).triu(1);
        products = products.masked_fill(later, -INFINITY);
    }
    return at::matmul(at::softmax(products, -1), split(v, heads)).transpose(1, 2).flatten(2);
}

} // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t heads,
                 const AttentionOptions& options) {
    tensor::currentCancel().check();
    if (q.dim() != 3 || k.dim() != 3 || heads < 1 || q.size(2) % heads != 0 || k.size(2) != q.size(2))
        throw Error(fmt::format("attention: widths {} and {} do not fit {} heads", q.size(-1), k.size(-1), heads));
    const bool half = q.scalar_type() == at::kBFloat16; // whose kernel takes a bias
    if (!options.causal && (half || !options.bias.defined())) {
        const double scale = options.scale > 0 ? options.scale : 1 / std::sqrt(static_cast<double>(q.size(2) / heads));
        TokenBias bias;
        if (options.bias.defined()) {
            bias.across = options.bias.to(at::kFloat).contiguous().expand({q.size(0), heads, q.size(1), k.size(1)});
            if (bias.across.stride(3) != 1) bias.across = bias.across.contiguous();
        }
        if (const Tensor out = fusedAttention(q, k, v, heads, scale, bias); out.defined()) return out;
    }
    if (tensor::learning()) return plainAttention(q, k, v, heads, options);
    const std::optional<Tensor> bias =
        options.bias.defined() ? std::optional(options.bias.to(q.scalar_type())) : std::nullopt;
    const std::optional<double> scale = options.scale > 0 ? std::optional(options.scale) : std::nullopt;
    const Tensor mixed = at::scaled_dot_product_attention(split(q, heads), split(k, heads), split(v, heads), bias, 0.0,
                                                          options.causal, scale);
    return mixed.transpose(1, 2).reshape({q.size(0), q.size(1), v.size(2)});
}

Embedding::Embedding(const Weights& weights, const std::string& name) : m_table(weights.tensor(name)) {
    if (m_table.dim() != 2)
        throw Error(fmt::format("{}: tensor \"{}\" is {}, a table needs 2 dimensions", weights.subject(),
                                weights.prefix() + name, tensor::describe(m_table.sizes().vec())));
}

Tensor Embedding::operator()(const Tensor& ids) const {
    return at::embedding(m_table, ids);
}

Tensor softmax(const Tensor& x, std::int64_t dimension) {
    return at::softmax(x, dimension, at::kFloat).to(x.scalar_type());
}

Tensor quickGelu(const Tensor& x) {
    const Tensor gate = at::sigmoid(x.mul(1.702));
    return tensor::learning() ? gate.mul(x) : gate.mul_(x);
}

Tensor range(std::int64_t first, std::int64_t count) {
    return at::arange(first, first + count, at::TensorOptions().dtype(at::kLong));
}

Tensor timestepEmbedding(const Tensor& steps, std::int64_t width, double period) {
    const std::int64_t half = width / 2;
    const Tensor frequencies =
        at::arange(half, steps.options().dtype(at::kFloat)).mul(-std::log(period) / static_cast<double>(half)).exp();
    const Tensor angles = steps.to(at::kFloat).unsqueeze(1).mul(frequencies.unsqueeze(0)); // [N, half]
    Tensor wave = at::cat({angles.cos(), angles.sin()}, 1);
    if (width % 2) wave = at::cat({wave, at::zeros({wave.size(0), 1}, wave.options())}, 1);
    return wave;
}

} // namespace ochre::nn
