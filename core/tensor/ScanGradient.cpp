// SPDX-License-Identifier: GPL-3.0-or-later
// The gradient of the selective scan: states are computed once more, block by block of channels, and then gone through from
// the last token to the first.
#include <ATen/Parallel.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/tensor/ScanKernel.h"

namespace ochre::nn::scan {
namespace {

constexpr float kLn2 = 0.69314718056f;
using Lanes = Vector<kLanes>::Type;

/// Where gradients go. Those of what all texts share have a row a text, so that sums do not depend on threads.
struct Gradients {
    explicit Gradients(const Plain& in)
        : u(at::zeros(in.u.sizes(), in.u.options())), delta(at::zeros(in.u.sizes(), in.u.options())),
          b(at::zeros(in.b.sizes(), in.u.options())), c(at::zeros(in.b.sizes(), in.u.options())),
          a(at::zeros({in.batch, in.channels, in.states}, in.u.options())), d(at::zeros({in.batch, in.channels}, in.u.options())) {}
    Tensor u, delta, b, c, a, d;
};

/// One block of channels of one text.
class BlockGradient {
public:
    BlockGradient(const Plain& in, const float* out, Gradients& gradients)
        : m_in(in), m_out(out), m_gradients(gradients), m_size(static_cast<std::size_t>(in.states * kBlock)),
          m_keeps(static_cast<std::size_t>(in.tokens) * m_size), m_states(static_cast<std::size_t>(in.tokens + 1) * m_size),
          m_carry(m_size), m_decay(m_size) {}

    void run(std::int64_t text, std::int64_t block) {
        m_first = text * m_in.tokens * m_in.channels + block * kBlock;
        m_selected = text * m_in.tokens * m_in.states;
        m_width = m_in.width(block);
        m_decays = m_in.decayOf(block);
        states();
        std::fill(m_carry.begin(), m_carry.end(), 0.0f);
        std::fill(m_decay.begin(), m_decay.end(), 0.0f);
        m_skips = {};
        for (std::int64_t t = m_in.tokens - 1; t >= 0; --t) back(t, block);
        float* a = m_gradients.a.mutable_data_ptr<float>() + (text * m_in.channels + block * kBlock) * m_in.states;
        for (std::int64_t i = 0; i < m_width; ++i)
            for (std::int64_t s = 0; s < m_in.states; ++s) a[i * m_in.states + s] = m_decay[static_cast<std::size_t>(s * kBlock + i)];
        std::copy_n(m_skips.begin(), m_width, m_gradients.d.mutable_data_ptr<float>() + text * m_in.channels + block * kBlock);
    }

private:
    std::array<float, kBlock> row(const float* values, std::int64_t t) const { return blockOf(values + m_first + t * m_in.channels, m_width); }

    /// exp(Δ·A) and h of all tokens; a row of zeros stands before the first.
    void states() {
        const float* b = m_in.b.const_data_ptr<float>() + m_selected;
        for (std::int64_t t = 0; t < m_in.tokens; ++t, b += m_in.states) {
            const auto signals = row(m_in.u.const_data_ptr<float>(), t), steps = row(m_in.delta.const_data_ptr<float>(), t);
            float *keeps = m_keeps.data() + static_cast<std::size_t>(t) * m_size, *before = m_states.data() + static_cast<std::size_t>(t) * m_size;
            for (std::int64_t s = 0; s < m_in.states; ++s)
                for (std::int64_t lane = s * kBlock, i = 0; i < kBlock; lane += kLanes, i += kLanes) {
                    const Lanes step = load<kLanes>(steps.data() + i), keep = exp2<kLanes>(step * load<kLanes>(m_decays + lane));
                    store<kLanes>(keeps + lane, keep);
                    store<kLanes>(before + m_size + lane, keep * load<kLanes>(before + lane) + step * load<kLanes>(signals.data() + i) * b[s]);
                }
        }
    }

    void back(std::int64_t t, std::int64_t block) {
        const auto signals = row(m_in.u.const_data_ptr<float>(), t), steps = row(m_in.delta.const_data_ptr<float>(), t), outs = row(m_out, t);
        const float *b = m_in.b.const_data_ptr<float>() + m_selected + t * m_in.states, *c = m_in.c.const_data_ptr<float>() + m_selected + t * m_in.states;
        float *toB = m_gradients.b.mutable_data_ptr<float>() + m_selected + t * m_in.states, *toC = m_gradients.c.mutable_data_ptr<float>() + m_selected + t * m_in.states;
        const float *keeps = m_keeps.data() + static_cast<std::size_t>(t) * m_size, *before = m_states.data() + static_cast<std::size_t>(t) * m_size;
        std::array<float, kBlock> entered{}, faded{}; // sums over states: of g·B, of g·exp(Δ·A)·h·A·log2(e)
        for (std::int64_t s = 0; s < m_in.states; ++s) {
            Lanes read{}, put{};
            for (std::int64_t lane = s * kBlock, i = 0; i < kBlock; lane += kLanes, i += kLanes) {
                const Lanes out = load<kLanes>(outs.data() + i), step = load<kLanes>(steps.data() + i);
                const Lanes g = out * c[s] + load<kLanes>(m_carry.data() + lane), kept = g * load<kLanes>(keeps + lane); // of h
                const Lanes fading = kept * load<kLanes>(before + lane);
                read += out * load<kLanes>(before + m_size + lane);
                put += g * step * load<kLanes>(signals.data() + i);
                store<kLanes>(entered.data() + i, load<kLanes>(entered.data() + i) + g * b[s]);
                store<kLanes>(faded.data() + i, load<kLanes>(faded.data() + i) + fading * load<kLanes>(m_decays + lane));
                store<kLanes>(m_decay.data() + lane, load<kLanes>(m_decay.data() + lane) + fading * step);
                store<kLanes>(m_carry.data() + lane, kept);
            }
            toB[s] += sum<kLanes>(put);
            toC[s] += sum<kLanes>(read);
        }
        float *toU = m_gradients.u.mutable_data_ptr<float>() + m_first + t * m_in.channels, *toDelta = m_gradients.delta.mutable_data_ptr<float>() + m_first + t * m_in.channels;
        for (std::size_t i = 0; i < static_cast<std::size_t>(m_width); ++i) {
            toU[i] = steps[i] * entered[i] + outs[i] * m_in.skip[static_cast<std::size_t>(block * kBlock) + i];
            toDelta[i] = kLn2 * faded[i] + signals[i] * entered[i];
            m_skips[i] += outs[i] * signals[i];
        }
    }

    const Plain& m_in;
    const float* m_out; ///< gradient of the result
    Gradients& m_gradients;
    std::size_t m_size;                             ///< of the states of a token
    std::vector<float> m_keeps, m_states, m_carry, m_decay;
    std::array<float, kBlock> m_skips{};
    std::int64_t m_first = 0, m_selected = 0, m_width = 0;
    const float* m_decays = nullptr;
};

struct ScanFunction : torch::autograd::Function<ScanFunction> {
    static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& u, const Tensor& delta, const Tensor& a, const Tensor& b,
                          const Tensor& c, const Tensor& d) {
        context->save_for_backward({u, delta, a, b, c, d});
        return scan::forward(Plain({u, delta, a, b, c, d}));
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, const torch::autograd::variable_list& outs) {
        const auto saved = context->get_saved_variables();
        const Plain in({saved[0], saved[1], saved[2], saved[3], saved[4], saved[5]});
        const Tensor out = outs[0].contiguous();
        Gradients gradients(in);
        at::parallel_for(0, in.batch, 1, [&](std::int64_t begin, std::int64_t end) {
            BlockGradient one(in, out.const_data_ptr<float>(), gradients);
            for (std::int64_t text = begin; text < end; ++text)
                for (std::int64_t block = 0; block < in.blocks; ++block) one.run(text, block);
        });
        return {gradients.u, gradients.delta, gradients.a.sum({0}), gradients.b, gradients.c, gradients.d.sum({0})};
    }
};

} // namespace

Tensor differentiable(const ScanInput& in) {
    return ScanFunction::apply(in.u, in.delta, in.a, in.b, in.c, in.d);
}

} // namespace ochre::nn::scan
