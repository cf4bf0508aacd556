// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/TokenOps.h"

#include <algorithm>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "core/tensor/HalfAttention.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/Tokens.h"

namespace ochre::nn {
namespace {

constexpr std::int64_t kLeastQueries = 320, kWidestHead = 256; // with fewer, packing the keys is not made up for
constexpr std::int64_t kLeastHalfQueries = 32, kWidestHalfHead = 512;
constexpr double kPieceWork = 1.5e9; // multiplications and additions between two looks at Cancel, a thread
constexpr std::int64_t kGateGrain = 1 << 14;

const tokens::Backend* backend() {
    const tensor::CpuFeatures& cpu = tensor::cpuFeatures();
    return cpu.avx512 ? &tokens::kAvx512 : cpu.avx2 ? &tokens::kAvx2 : nullptr;
}

/// Heads side by side in the last dimension, channels next to each other.
template <typename Value>
struct Heads {
    const Value* data;
    std::int64_t batchStride, rowStride, width;

    Heads(const Tensor& x, std::int64_t heads)
        : data(static_cast<const Value*>(x.const_data_ptr())), batchStride(x.stride(0)), rowStride(x.stride(1)),
          width(x.size(2) / heads) {}
    const Value* at(std::int64_t batch, std::int64_t head, std::int64_t row) const {
        return data + batch * batchStride + row * rowStride + head * width;
    }
};

bool suits(const Tensor& x, at::ScalarType type) {
    return x.is_cpu() && x.scalar_type() == type && x.stride(2) == 1;
}

/// What is done a head and a block of queries: attend(head, first query) for all, with a look at Cancel in between.
template <typename Attend>
void eachBlock(std::int64_t heads, std::int64_t queries, std::int64_t block, double queryWork, const Attend& attend) {
    const std::int64_t blocks = (queries + block - 1) / block, tasks = heads * blocks;
    const double taskWork = queryWork * static_cast<double>(block);
    const auto piece = std::max<std::int64_t>(1, static_cast<std::int64_t>(kPieceWork / taskWork)) * at::get_num_threads();
    for (std::int64_t from = 0; from < tasks; from += piece) {
        tensor::currentCancel().check();
        at::parallel_for(from, std::min(from + piece, tasks), 1, [&](std::int64_t begin, std::int64_t end) {
            attend(begin, end, blocks);
        });
    }
}

/// Of a head's queries from `row` on.
half::Bias biasOf(const TokenBias& bias, std::int64_t batch, std::int64_t head, std::int64_t row) {
    if (!bias.across.defined()) return {};
    const auto at = [&](const Tensor& x) {
        return x.const_data_ptr<float>() + batch * x.stride(0) + head * x.stride(1) + row * x.stride(2);
    };
    const bool twoParts = bias.down.defined();
    return {twoParts ? at(bias.down) : nullptr, at(bias.across), twoParts ? bias.down.stride(2) : 0, bias.across.stride(2),
            bias.across.size(3)};
}

/// fusedAttention of bfloat16.
Tensor halfAttention(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t heads, double scale,
                     const TokenBias& bias) {
    const std::int64_t batch = q.size(0), queries = q.size(1), keys = k.size(1), width = q.size(2) / heads;
    if (!tensor::cpuFeatures().avx512Bf16 || !suits(k, at::kBFloat16) || !suits(v, at::kBFloat16) ||
        v.sizes() != k.sizes() || k.size(0) != batch || queries < kLeastHalfQueries || keys == 0 || width == 0 ||
        width % 2 != 0 || width > kWidestHalfHead)
        return {};
    const Heads<std::uint16_t> query(q, heads), key(k, heads), value(v, heads);
    const std::int64_t packedSize = half::packedSize(keys, width);
    const Tensor packed = at::empty({batch * heads, packedSize}, q.options());
    auto* packedData = static_cast<std::uint16_t*>(packed.mutable_data_ptr());
    at::parallel_for(0, batch * heads, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
            half::pack({key.at(i / heads, i % heads, 0), key.rowStride},
                       {value.at(i / heads, i % heads, 0), value.rowStride}, keys, width, packedData + i * packedSize);
    });
    Tensor out = at::empty({batch, queries, heads * width}, q.options());
    auto* outData = static_cast<std::uint16_t*>(out.mutable_data_ptr());
    const double queryWork = 2.0 * static_cast<double>(keys * width); // twice as fast as float32
    eachBlock(batch * heads, queries, half::kQueries, queryWork, [&](std::int64_t begin, std::int64_t end, std::int64_t blocks) {
        std::vector<float> scratch(static_cast<std::size_t>(half::scratchBytes(width) / 4));
        for (std::int64_t task = begin; task < end; ++task) {
            const std::int64_t one = task / blocks, row = task % blocks * half::kQueries;
            half::attend({query.at(one / heads, one % heads, row), query.rowStride},
                         std::min<std::int64_t>(half::kQueries, queries - row), packedData + one * packedSize, keys, width,
                         static_cast<float>(scale), biasOf(bias, one / heads, one % heads, row), scratch.data(),
                         outData + (one / heads * queries + row) * heads * width + one % heads * width, heads * width);
        }
    });
    return out;
}

} // namespace

Tensor fusedAttention(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t heads, double scale,
                      const TokenBias& bias) {
    if (tensor::learning()) return {};
    if (suits(q, at::kBFloat16)) return halfAttention(q, k, v, heads, scale, bias);
    if (bias.across.defined()) return {};
    const tokens::Backend* kernel = backend();
    const std::int64_t batch = q.size(0), queries = q.size(1), keys = k.size(1), width = q.size(2) / heads;
    if (!kernel || !suits(q, at::kFloat) || !suits(k, at::kFloat) || !suits(v, at::kFloat) || v.sizes() != k.sizes() || k.size(0) != batch ||
        queries < kLeastQueries || keys == 0 || width == 0 || width > kWidestHead)
        return {};
    const Heads<float> query(q, heads), key(k, heads), value(v, heads);
    const std::int64_t packedSize = tokens::packedSize(*kernel, keys, width);
    const Tensor packed = at::empty({batch * heads, packedSize}, q.options());
    float* packedData = packed.mutable_data_ptr<float>();
    at::parallel_for(0, batch * heads, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i)
            kernel->pack(key.at(i / heads, i % heads, 0), key.rowStride, value.at(i / heads, i % heads, 0),
                         value.rowStride, keys, width, packedData + i * packedSize);
    });
    Tensor out = at::empty({batch, queries, heads * width}, q.options());
    float* outData = out.mutable_data_ptr<float>();
    const double queryWork = 4.0 * static_cast<double>(keys * width);
    eachBlock(batch * heads, queries, tokens::kQueries, queryWork, [&](std::int64_t begin, std::int64_t end, std::int64_t blocks) {
        std::vector<float> scratch(static_cast<std::size_t>(tokens::scratchSize(*kernel, width)));
        for (std::int64_t task = begin; task < end; ++task) {
            const std::int64_t one = task / blocks, row = task % blocks * tokens::kQueries;
            kernel->attend(query.at(one / heads, one % heads, row), query.rowStride,
                           std::min<std::int64_t>(tokens::kQueries, queries - row), packedData + one * packedSize, keys,
                           width, static_cast<float>(scale), scratch.data(),
                           outData + (one / heads * queries + row) * heads * width + one % heads * width, heads * width);
        }
    });
    return out;
}

Tensor gatedGelu(const Tensor& x) {
    const std::int64_t width = x.size(-1) / 2;
    const tokens::Backend* kernel = backend();
    const bool half = x.scalar_type() == at::kBFloat16;
    if (tensor::learning()) return gelu(x.narrow(-1, width, width)).mul(x.narrow(-1, 0, width));
    if (!kernel || !x.is_cpu() || !x.is_contiguous() || width == 0 || !(half || x.scalar_type() == at::kFloat))
        return gelu(x.narrow(-1, width, width)).mul_(x.narrow(-1, 0, width));
    tensor::Shape shape = x.sizes().vec();
    shape.back() = width;
    Tensor out = at::empty(shape, x.options());
    const std::int64_t grain = std::max<std::int64_t>(1, kGateGrain / width);
    at::parallel_for(0, out.numel() / width, grain, [&](std::int64_t begin, std::int64_t end) {
        if (half)
            kernel->gatedGeluHalf(static_cast<const unsigned short*>(x.const_data_ptr()) + 2 * begin * width,
                                  end - begin, width,
                                  static_cast<unsigned short*>(out.mutable_data_ptr()) + begin * width);
        else
            kernel->gatedGelu(x.const_data_ptr<float>() + 2 * begin * width, end - begin, width,
                              out.mutable_data_ptr<float>() + begin * width);
    });
    return out;
}

} // namespace ochre::nn
