// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/SelectiveScan.h"

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
#include "core/tensor/ScanKernel.h"

namespace ochre::nn {
namespace {

constexpr double kPieceWork = 1e8; // numbers of states between two looks at Cancel, a thread

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

/// For other types and devices: operations on whole tensors, but for one multiplication and addition a token.
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

/// The block's channels of one text; `state` has room for S·kBlock floats.
void scanBlock(const scan::Plain& in, std::int64_t text, std::int64_t block, float* state, float* out) {
    using scan::kBlock, scan::kLanes;
    using Lanes = Vector<kLanes>::Type;
    const std::int64_t first = text * in.tokens * in.channels + block * kBlock, selected = text * in.tokens * in.states;
    const float *u = in.u.const_data_ptr<float>() + first, *delta = in.delta.const_data_ptr<float>() + first;
    const float *b = in.b.const_data_ptr<float>() + selected, *c = in.c.const_data_ptr<float>() + selected;
    const float *decay = in.decayOf(block), *skip = in.skip.data() + block * kBlock;
    const std::int64_t width = in.width(block), states = in.states;
    std::array<float, kBlock> sum{};
    std::fill_n(state, states * kBlock, 0.0f);
    for (std::int64_t t = 0; t < in.tokens; ++t, b += states, c += states) {
        const auto signals = scan::blockOf(u + t * in.channels, width), steps = scan::blockOf(delta + t * in.channels, width);
        for (std::int64_t lane = 0; lane < kBlock; lane += kLanes) {
            const Lanes signal = load<kLanes>(signals.data() + lane), step = load<kLanes>(steps.data() + lane), enter = signal * step;
            Lanes read = signal * load<kLanes>(skip + lane);
            for (std::int64_t s = 0; s < states; ++s) {
                float* h = state + s * kBlock + lane;
                const Lanes next = exp2<kLanes>(step * load<kLanes>(decay + s * kBlock + lane)) * load<kLanes>(h) + enter * b[s];
                store<kLanes>(h, next);
                read += next * c[s];
            }
            store<kLanes>(sum.data() + lane, read);
        }
        std::copy_n(sum.begin(), width, out + first + t * in.channels);
    }
}

} // namespace

Tensor scan::forward(const Plain& in) {
    Tensor out = at::empty({in.batch, in.tokens, in.channels}, in.u.options());
    float* data = out.mutable_data_ptr<float>();
    const double work = static_cast<double>(in.tokens * in.states * kBlock);
    const auto piece = std::max<std::int64_t>(1, static_cast<std::int64_t>(kPieceWork / work)) * at::get_num_threads();
    const std::int64_t tasks = in.batch * in.blocks;
    for (std::int64_t from = 0; from < tasks; from += piece) {
        tensor::currentCancel().check();
        at::parallel_for(from, std::min(from + piece, tasks), 1, [&](std::int64_t begin, std::int64_t end) {
            std::vector<float> state(static_cast<std::size_t>(in.states * kBlock));
            for (std::int64_t task = begin; task < end; ++task) scanBlock(in, task / in.blocks, task % in.blocks, state.data(), data);
        });
    }
    return out;
}

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
    if (!fast) return plainScan(input);
    return tensor::learning() ? scan::differentiable(input) : scan::forward(scan::Plain(input));
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
