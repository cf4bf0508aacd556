// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/SelectiveScan.h"

#include <algorithm>
#include <array>

#include <ATen/Parallel.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/Vector.h"

namespace ochre::nn {
namespace {

constexpr int kLanes = 4;              // floats of a register that every processor has
constexpr std::int64_t kBlock = 16;    // channels that are scanned together: a line of the cache
constexpr double kLog2E = 1.4426950408889634;
constexpr double kPieceWork = 1e8; // numbers of states between two looks at Cancel, a thread

using Lanes = Vector<kLanes>::Type;

void check(const ScanInput& in) {
    const bool ranks = in.u.dim() == 3 && in.a.dim() == 2 && in.b.dim() == 3;
    const std::int64_t states = ranks ? in.a.size(1) : 0;
    if (ranks && in.delta.sizes() == in.u.sizes() && in.a.size(0) == in.u.size(2) && in.b.sizes() == in.c.sizes() &&
        in.b.size(0) == in.u.size(0) && in.b.size(1) == in.u.size(1) && in.b.size(2) == states && states > 0 &&
        in.d.numel() == in.u.size(2) && in.u.numel() > 0)
        return;
    throw Error(fmt::format("selective scan: u {}, delta {}, a {}, b {}, c {}, d {} do not fit",
                            tensor::describe(in.u.sizes().vec()), tensor::describe(in.delta.sizes().vec()),
                            tensor::describe(in.a.sizes().vec()), tensor::describe(in.b.sizes().vec()),
                            tensor::describe(in.c.sizes().vec()), tensor::describe(in.d.sizes().vec())));
}

/// In operations on whole tensors, but for one multiplication and addition a token.
Tensor plainScan(const ScanInput& in) {
    const Tensor step = in.delta.transpose(0, 1).unsqueeze(-1);                                          // [T, N, C, 1]
    const Tensor keep = step.mul(in.a).exp();                                                            // [T, N, C, S]
    const Tensor enter = step.mul(in.u.transpose(0, 1).unsqueeze(-1)).mul(in.b.transpose(0, 1).unsqueeze(2));
    const std::vector<Tensor> keeps = keep.unbind(0), enters = enter.unbind(0);
    std::vector<Tensor> states{enters[0]};
    for (std::size_t t = 1; t < enters.size(); ++t)
        states.push_back(at::addcmul(enters[t], keeps[t], states.back()));
    const Tensor read = at::matmul(at::stack(states, 1), in.c.unsqueeze(-1)).squeeze(-1); // [N, T, C]
    return read.add(in.u.mul(in.d));
}

/// One block of channels of one text, on plain memory. Rows of u, delta and y are `stride` apart.
struct Block {
    const float *u, *delta, *b, *c;
    const float* decay; ///< [S][kBlock]: A · log2(e)
    float* y;
    std::int64_t tokens, states, stride, channels; ///< of the block, at most kBlock
};

void scanBlock(const Block& block, const float* skip, float* state) {
    std::array<float, kBlock> u{}, delta{}, sum{};
    std::fill_n(state, block.states * kBlock, 0.0f);
    for (std::int64_t t = 0; t < block.tokens; ++t) {
        std::copy_n(block.u + t * block.stride, block.channels, u.begin());
        std::copy_n(block.delta + t * block.stride, block.channels, delta.begin());
        const float *b = block.b + t * block.states, *c = block.c + t * block.states;
        for (std::int64_t lane = 0; lane < kBlock; lane += kLanes) {
            const Lanes signal = load<kLanes>(&u[static_cast<std::size_t>(lane)]), step = load<kLanes>(&delta[static_cast<std::size_t>(lane)]);
            const Lanes enter = signal * step;
            Lanes read = signal * load<kLanes>(skip + lane);
            for (std::int64_t s = 0; s < block.states; ++s) {
                float* h = state + s * kBlock + lane;
                const Lanes next = exp2<kLanes>(step * load<kLanes>(block.decay + s * kBlock + lane)) * load<kLanes>(h) + enter * b[s];
                store<kLanes>(h, next);
                read += next * c[s];
            }
            store<kLanes>(&sum[static_cast<std::size_t>(lane)], read);
        }
        std::copy_n(sum.begin(), block.channels, block.y + t * block.stride);
    }
}

Tensor fastScan(const ScanInput& in) {
    const std::int64_t batch = in.u.size(0), tokens = in.u.size(1), channels = in.u.size(2), states = in.a.size(1);
    const std::int64_t blocks = (channels + kBlock - 1) / kBlock, tasks = batch * blocks;
    const Tensor u = in.u.contiguous(), delta = in.delta.contiguous(), b = in.b.contiguous(), c = in.c.contiguous();
    const Tensor a = in.a.contiguous(), d = in.d.contiguous();
    const float *uData = u.const_data_ptr<float>(), *deltaData = delta.const_data_ptr<float>();
    const float *bData = b.const_data_ptr<float>(), *cData = c.const_data_ptr<float>();
    const float *aData = a.const_data_ptr<float>(), *dData = d.const_data_ptr<float>();
    Tensor out = at::empty({batch, tokens, channels}, u.options());
    float* outData = out.mutable_data_ptr<float>();
    std::vector<float> decay(static_cast<std::size_t>(blocks * states * kBlock)), skip(static_cast<std::size_t>(blocks * kBlock));
    for (std::int64_t i = 0; i < channels; ++i) {
        skip[static_cast<std::size_t>(i)] = dData[i];
        for (std::int64_t s = 0; s < states; ++s)
            decay[static_cast<std::size_t>((i / kBlock * states + s) * kBlock + i % kBlock)] =
                static_cast<float>(kLog2E * static_cast<double>(aData[i * states + s]));
    }
    const auto scan = [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> state(static_cast<std::size_t>(states * kBlock));
        for (std::int64_t task = begin; task < end; ++task) {
            const std::int64_t text = task / blocks, block = task % blocks, first = block * kBlock;
            const std::int64_t at = text * tokens * channels + first, selected = text * tokens * states;
            scanBlock({uData + at, deltaData + at, bData + selected, cData + selected, decay.data() + block * states * kBlock,
                       outData + at, tokens, states, channels, std::min(kBlock, channels - first)},
                      skip.data() + first, state.data());
        }
    };
    const double work = static_cast<double>(tokens * states * kBlock);
    const auto piece = std::max<std::int64_t>(1, static_cast<std::int64_t>(kPieceWork / work)) * at::get_num_threads();
    for (std::int64_t from = 0; from < tasks; from += piece) {
        tensor::currentCancel().check();
        at::parallel_for(from, std::min(from + piece, tasks), 1, scan);
    }
    return out;
}

} // namespace

Tensor selectiveScan(const ScanInput& input) {
    tensor::currentCancel().check();
    check(input);
    const at::ScalarType type = input.u.scalar_type();
    if (type == at::kBFloat16 || type == at::kHalf)
        return selectiveScan({input.u.to(at::kFloat), input.delta.to(at::kFloat), input.a.to(at::kFloat), input.b.to(at::kFloat),
                              input.c.to(at::kFloat), input.d.to(at::kFloat)})
            .to(type);
    const auto plain = [&](const Tensor& x) { return x.is_cpu() && x.scalar_type() == at::kFloat; };
    const bool fast = plain(input.u) && plain(input.delta) && plain(input.a) && plain(input.b) && plain(input.c) && plain(input.d);
    return fast && !tensor::learning() ? fastScan(input) : plainScan(input);
}

Tensor causalConv(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    tensor::currentCancel().check();
    if (x.dim() != 3 || weight.dim() != 2 || weight.size(0) != x.size(2))
        throw Error(fmt::format("causal convolution: x {} does not fit weights {}", tensor::describe(x.sizes().vec()),
                                tensor::describe(weight.sizes().vec())));
    const std::int64_t kernel = weight.size(1), tokens = x.size(1);
    const Tensor padded = at::constant_pad_nd(x, {0, 0, kernel - 1, 0});
    Tensor out = x.mul(weight.select(1, kernel - 1));
    if (bias.defined()) out = out.add(bias);
    for (std::int64_t k = 0; k + 1 < kernel; ++k)
        out = at::addcmul(out, padded.narrow(1, k, tokens), weight.select(1, k));
    return out;
}

Tensor softplus(const Tensor& x) {
    return at::softplus(x);
}

} // namespace ochre::nn
