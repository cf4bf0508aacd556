// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Recompute.h"

#include <gtest/gtest.h>

#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Nn.h"
#include "core/tensor/Runtime.h"
#include "tests/support/Support.h"

namespace ochre::nn {
namespace {

/// Three blocks x + silu(x · W)·s, the first of whose inputs wants no gradient; x is read again at the end.
class Blocks {
public:
    Blocks() {
        at::Generator random = tensor::generator(5);
        for (int i = 0; i < 3; ++i) m_weights.push_back(randn({24, 24}, random).mul(0.3).requires_grad_());
        m_scale = randn({24}, random).requires_grad_();
        m_x = randn({50, 24}, random);
    }

    struct Result {
        std::vector<Tensor> all; ///< the loss, and the gradients
        int calls = 0;
    };
    Result run(bool recompute) {
        Result result;
        tensor::learn({}, [&] {
            const Recomputing recomputing(recompute);
            Tensor x = m_x, first;
            for (const Tensor& weight : m_weights) {
                x = block({x, m_scale}, [&, weight](const std::vector<Tensor>& in) {
                    ++result.calls;
                    return in[0].add(silu(in[0].matmul(weight)).mul(in[1]));
                });
                if (!first.defined()) first = x;
            }
            const Tensor loss = x.mul(first).square().mean();
            loss.backward();
            result.all.push_back(loss.detach());
            for (Tensor* leaf : {&m_weights[0], &m_weights[1], &m_weights[2], &m_scale}) {
                result.all.push_back(leaf->grad().clone());
                leaf->mutable_grad().reset();
            }
        });
        return result;
    }

private:
    std::vector<Tensor> m_weights;
    Tensor m_scale, m_x;
};

TEST(Recompute, GradientsAreTheSameBitForBit) {
    Blocks blocks;
    const auto kept = blocks.run(false), recomputed = blocks.run(true);
    EXPECT_EQ(kept.calls, 3);
    EXPECT_EQ(recomputed.calls, 6);
    for (std::size_t i = 0; i < kept.all.size(); ++i) {
        EXPECT_GT(maxAbs(kept.all[i]), 0) << i;
        EXPECT_TRUE(recomputed.all[i].equal(kept.all[i])) << i;
    }
}

TEST(Recompute, NotLearningABlockIsComputedOnce) {
    tensor::run({}, [] {
        const Recomputing recomputing(true);
        int calls = 0;
        const Tensor x = zeros({2});
        const Tensor out = block({x}, [&](const std::vector<Tensor>& in) {
            ++calls;
            return in.front();
        });
        EXPECT_EQ(calls, 1);
        EXPECT_TRUE(out.is_same(x));
    });
}

TEST(Recompute, EndsWithItsScope) {
    int calls = 0;
    tensor::learn({}, [&] {
        const Tensor x = zeros({2}).requires_grad_();
        const auto once = [&] {
            block({x}, [&](const std::vector<Tensor>& in) {
                ++calls;
                return in.front().mul(2);
            }).sum().backward();
        };
        {
            const Recomputing outer(true);
            const Recomputing inner(false);
            once();
        }
        EXPECT_EQ(calls, 1);
        once();
        EXPECT_EQ(calls, 2);
    });
}

TEST(Recompute, AStopWhileItIsComputedAgainComesOutAsAStop) {
    const Cancel cancel = Cancel::make();
    const auto body = [&] {
        tensor::learn(cancel, [&] {
            const Recomputing recomputing(true);
            const Tensor x = zeros({2}).requires_grad_();
            const Tensor out = block({x}, [](const std::vector<Tensor>& in) {
                tensor::currentCancel().check();
                return in.front().mul(2);
            });
            cancel.request();
            out.sum().backward();
        });
    };
    try {
        body();
        ADD_FAILURE() << "went on";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
    }
}

} // namespace
} // namespace ochre::nn
