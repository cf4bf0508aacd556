// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/language/TextClassifier.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/models/language/Mamba.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using Kind = TextClassifier::Kind;
using tensor::Weights;
using Tensors = std::map<std::string, at::Tensor>;

class EachKind : public ::testing::TestWithParam<Kind> {
protected:
    EachKind() {
        m_config = TextClassifier::Config::balanced(GetParam(), 11, 3, 8, 1, 6);
        at::Generator random = tensor::generator(7);
        for (const auto& [name, shape] : m_config.expected()) {
            m_tensors[name] = nn::randn(shape, random).mul(0.4);
            if (name.find("norm") != std::string::npos && name.ends_with(".weight")) m_tensors[name] = m_tensors[name].add(1);
        }
        m_ids = whole({3, 1, 4, 1, 5, 9, 2, 6, 5, 0, 0, 0}, 2);
        m_mask = whole({1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0}, 2);
        m_labels = whole({2, 0}, 2);
    }

    static nn::Tensor whole(const std::vector<float>& values, std::int64_t rows) {
        return nn::fromValues(values, {rows, static_cast<std::int64_t>(values.size()) / rows}).to(at::kLong);
    }
    TextClassifier network() const { return {Weights::of(m_tensors, "test"), m_config}; }
    at::Tensor loss(const Tensors& tensors) const {
        const TextClassifier network(Weights::of(tensors, "test"), m_config);
        return network.forward(m_ids, m_mask).log_softmax(1).gather(1, m_labels).mean().neg();
    }

    TextClassifier::Config m_config;
    Tensors m_tensors;
    nn::Tensor m_ids, m_mask, m_labels;
};

TEST_P(EachKind, GradientsAreThoseOfFiniteDifferences) {
    constexpr double kStep = 1e-5;
    at::Generator random = tensor::generator(8);
    tensor::learn({}, [&] {
        Tensors leaves;
        for (const auto& [name, tensor] : m_tensors) leaves[name] = tensor.to(at::kDouble).requires_grad_();
        loss(leaves).backward();
        for (const auto& [name, leaf] : leaves) {
            const at::Tensor direction = nn::randn(leaf.sizes(), random).to(at::kDouble);
            const auto lossAt = [&](double along) {
                Tensors moved;
                for (const auto& [other, tensor] : leaves) moved[other] = tensor.detach();
                moved[name] = moved[name].add(direction, along);
                return loss(moved).item<double>();
            };
            const double numeric = (lossAt(kStep) - lossAt(-kStep)) / (2 * kStep);
            ASSERT_TRUE(leaf.grad().defined()) << name;
            const double exact = leaf.grad().mul(direction).sum().item<double>();
            EXPECT_NEAR(exact, numeric, 1e-7 + 1e-5 * std::abs(numeric)) << name;
            EXPECT_GT(nn::maxAbs(leaf.grad()), 0) << name;
        }
    });
}

TEST_P(EachKind, LearningComputesWhatUseComputes) {
    nn::Tensor used, learned;
    tensor::run({}, [&] { used = network().forward(m_ids, m_mask).clone(); });
    tensor::learn({}, [&] { learned = network().forward(m_ids, m_mask); });
    EXPECT_LT(nn::maxAbsDifference(used, learned), 1e-5);
    EXPECT_EQ(used.size(1), 3);
}

TEST_P(EachKind, PaddingChangesNothing) {
    tensor::run({}, [&] {
        const nn::Tensor together = network().forward(m_ids, m_mask);
        const nn::Tensor alone = network().forward(m_ids.narrow(0, 1, 1).narrow(1, 0, 3));
        EXPECT_LT(nn::maxAbsDifference(together.narrow(0, 1, 1), alone), 1e-5);
    });
}

TEST_P(EachKind, IsKnownByItsKeys) {
    const auto config = TextClassifier::Config::fromWeights(Weights::of(m_tensors, "test"));
    ASSERT_TRUE(config);
    EXPECT_EQ(config->kind, GetParam());
    EXPECT_EQ(config->expected(), m_config.expected());
    EXPECT_FALSE(Mamba::Config::fromWeights(Weights::of(m_tensors, "test"))) << "is taken for the language model";
    EXPECT_EQ(textClassifierKind(nameOf(GetParam())), GetParam());
}

TEST_P(EachKind, HasAsManyWeightsAsTheTransformer) {
    const auto count = [](Kind kind) { return TextClassifier::Config::balanced(kind, 3000, 9, 96, 2, 64).weightCount(); };
    EXPECT_NEAR(static_cast<double>(count(GetParam())) / static_cast<double>(count(Kind::Transformer)), 1, 0.005);
}

TEST_P(EachKind, WrongIdsAndShapesAreNamed) {
    test::expectError([&] { network().forward(m_ids.add(5)); }, "id 14 is outside the table of 11");
    m_tensors["head.bias"] = m_tensors["head.bias"].narrow(0, 0, 2);
    test::expectError([&] { network(); }, "\"head.bias\" is [2], expected [3]");
}

INSTANTIATE_TEST_SUITE_P(TextClassifier, EachKind, ::testing::ValuesIn(textClassifierKinds()),
                         [](const auto& info) { return std::string(nameOf(info.param)); });

TEST(TextClassifier, OnlyTheTransformerHasAttentionMapsWhoseRowsSumToOne) {
    for (const Kind kind : textClassifierKinds()) {
        const auto config = TextClassifier::Config::balanced(kind, 11, 3, 8, 2, 6);
        at::Generator random = tensor::generator(9);
        Tensors tensors;
        for (const auto& [name, shape] : config.expected()) tensors[name] = nn::randn(shape, random);
        tensor::run({}, [&] {
            const TextClassifier network(Weights::of(tensors, "test"), config);
            const nn::Tensor ids = nn::range(0, 5).unsqueeze(0), mask = nn::range(0, 5).lt(4).to(at::kLong).unsqueeze(0);
            const auto maps = network.attentionMaps(ids, mask);
            ASSERT_EQ(maps.size(), kind == Kind::Transformer ? 2u : 0u);
            for (const nn::Tensor& map : maps) {
                EXPECT_EQ(map.sizes(), (at::IntArrayRef{1, TextClassifier::kHeads, 5, 5}));
                EXPECT_LT(nn::maxAbs(map.sum(3).sub(1)), 1e-5);
                EXPECT_EQ(nn::maxAbs(map.narrow(3, 4, 1)), 0) << "padding is looked at";
            }
        });
        if (kind != Kind::Transformer) continue;
        const TextClassifier network(Weights::of(tensors, "test"), config);
        test::expectError([&] { network.forward(nn::range(0, 7).unsqueeze(0)); }, "at most 6 tokens");
    }
}

TEST(TextClassifier, AnUnknownNameListsTheKinds) {
    EXPECT_NE(test::expectError([] { textClassifierKind("perceptron"); }, "perceptron").hint().find("mamba"), std::string::npos);
}

} // namespace
} // namespace ochre::models
