// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/Bert.h"

#include <algorithm>
#include <string_view>

#include <gtest/gtest.h>

#include "core/models/Parity.h"
#include "core/tensor/Fill.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using tensor::Weights;

const std::string kCase = "tests/parity/bert/token_types_prefixed/weights.safetensors";

nn::Tensor whole(std::initializer_list<float> values, std::int64_t rows = 1) {
    const std::vector<float> all(values);
    return nn::fromValues(all, {rows, static_cast<std::int64_t>(all.size()) / rows}).to(at::kLong);
}

bool same(const nn::Tensor& a, const nn::Tensor& b) {
    return a.defined() && b.defined() && a.sizes() == b.sizes() && nn::maxAbsDifference(a, b) == 0;
}

/// The case's weights under other names, in other shapes, or without some; bytes are those of the file.
Weights changed(const std::function<bool(tensor::StoredTensor&)>& keep) {
    tensor::Checkpoint file = tensor::openCheckpoint(test::sourceFile(kCase)), copy;
    copy.subject = file.subject;
    copy.owners = file.owners;
    copy.files = file.files;
    for (tensor::StoredTensor& one : file.tensors)
        if (keep(one)) copy.tensors.push_back(one);
    copy.finish();
    return Weights::from(std::move(copy));
}

class BertCase : public ::testing::Test {
protected:
    Bert::Config config(const Weights& weights) {
        auto config = Bert::Config::fromWeights(weights).value();
        config.heads = 2;
        return config;
    }
    Weights m_weights = Weights::open(test::sourceFile(kCase));
    Bert m_model{m_weights, config(m_weights)};
};

TEST_F(BertCase, KnowsTheFileByItsKeys) {
    const auto& c = m_model.config();
    EXPECT_EQ(c.prefix, "bert.");
    EXPECT_FALSE(c.oldNorms);
    EXPECT_EQ(c.vocabulary, 90);
    EXPECT_EQ(c.positions, 64);
    EXPECT_EQ(c.types, 2);
    EXPECT_EQ(c.width, 32);
    EXPECT_EQ(c.layers, 2);
    EXPECT_EQ(c.inner, 128);
    EXPECT_TRUE(c.pooler);
    EXPECT_TRUE(m_weights.unused().empty());
    EXPECT_EQ(c.expected().size(), m_weights.names().size());
    EXPECT_EQ(recogniseArchitecture(test::sourceFile(kCase)), "bert");
    for (const char* other : {"srvggnetcompact/x2_prelu_batch2", "clip_text/ldm_keys_batch2"})
        EXPECT_FALSE(Bert::Config::fromWeights(
            Weights::open(test::sourceFile(std::string("tests/parity/") + other + "/weights.safetensors"))));
}

TEST_F(BertCase, HeadsOfPretrainingAreKnownToStandBeside) {
    for (const char* key :
         {"cls.predictions.bias", "embeddings.position_ids", "bert.embeddings.position_ids"})
        EXPECT_TRUE(Bert::Config::isBeside(key)) << key;
    EXPECT_FALSE(Bert::Config::isBeside("encoder.layer.9.output.dense.weight"));
}

TEST(Bert, HeadsAreThoseOfPublishedModelsOfThatWidth) {
    const std::pair<std::int64_t, int> widths[] = {{128, 2}, {256, 4},  {312, 12},  {384, 12},
                                                   {512, 8}, {768, 12}, {1024, 16}, {32, 1}};
    for (const auto& [width, heads] : widths) {
        Bert::Config shapes;
        shapes.width = static_cast<int>(width);
        shapes.layers = 1;
        tensor::Checkpoint table;
        for (const auto& [key, shape] : shapes.expected()) {
            table.tensors.emplace_back().name = key;
            table.tensors.back().shape = shape;
        }
        table.finish();
        EXPECT_EQ(Bert::Config::fromWeights(Weights::from(table)).value().heads, heads) << width;
    }
}

TEST_F(BertCase, RobertaIsNoBert) {
    EXPECT_FALSE(Bert::Config::fromWeights(changed([](tensor::StoredTensor& one) {
        if (one.name.find("token_type") != std::string::npos) one.shape[0] = 1;
        return true;
    })));
}

TEST_F(BertCase, AllSpellingsOfTheNamesGiveTheSame) {
    const nn::Tensor ids = whole({3, 1, 4, 1, 5}), expected = m_model.forward(ids);
    const Weights bare = m_weights.sub("bert.");
    EXPECT_EQ(config(bare).prefix, "");
    EXPECT_TRUE(same(Bert(bare, config(bare)).forward(ids), expected));
    const Weights old = changed([](tensor::StoredTensor& one) {
        for (const auto& [now, then] :
             {std::pair{"LayerNorm.weight", "LayerNorm.gamma"}, {"LayerNorm.bias", "LayerNorm.beta"}})
            if (one.name.ends_with(now))
                one.name.replace(one.name.size() - std::string_view(now).size(), std::string::npos, then);
        return true;
    });
    EXPECT_TRUE(config(old).oldNorms);
    EXPECT_TRUE(same(Bert(old, config(old)).forward(ids), expected));
    EXPECT_TRUE(old.unused().empty());
}

TEST_F(BertCase, PaddingIsSeenByNobody) {
    const nn::Tensor alone = m_model.forward(whole({3, 1, 4}));
    const nn::Tensor mask = whole({1, 1, 1, 0, 0, 1, 1, 1, 1, 1}, 2);
    const nn::Tensor two = m_model.forward(whole({3, 1, 4, 80, 81, 9, 2, 6, 5, 3}, 2), mask);
    EXPECT_LT(nn::maxAbsDifference(two.narrow(0, 0, 1).narrow(1, 0, 3), alone), 1e-5);
    const nn::Tensor means = Bert::meanPooled(two, mask);
    EXPECT_LT(nn::maxAbsDifference(means.narrow(0, 0, 1), Bert::meanPooled(alone, {})), 1e-5);
    EXPECT_LT(nn::maxAbsDifference(m_model.pooled(two).narrow(0, 0, 1), m_model.pooled(alone)), 1e-5);
    EXPECT_GT(nn::maxAbsDifference(m_model.forward(whole({3, 1, 4, 80, 81})).narrow(1, 0, 3), alone), 1e-2)
        << "without a mask it is seen";
}

TEST_F(BertCase, ATextOfPaddingAloneIsNoNaN) {
    const nn::Tensor mask = whole({0, 0, 0});
    const nn::Tensor states = m_model.forward(whole({3, 1, 4}), mask);
    EXPECT_TRUE(std::isfinite(nn::maxAbs(states)));
    EXPECT_EQ(nn::maxAbs(Bert::normalised(Bert::meanPooled(states, mask))), 0);
}

TEST_F(BertCase, TypesCountAndAreZeroWhereNotGiven) {
    const nn::Tensor ids = whole({3, 1, 4, 1});
    EXPECT_TRUE(same(m_model.forward(ids), m_model.forward(ids, {}, whole({0, 0, 0, 0}))));
    EXPECT_GT(nn::maxAbsDifference(m_model.forward(ids), m_model.forward(ids, {}, whole({0, 0, 1, 1}))),
              1e-2);
}

TEST(Bert, NormalisedRowsHaveLengthOne) {
    const std::vector<float> values{3, 4, 0, 0, -5, 12};
    const auto rows = nn::toValues(Bert::normalised(nn::fromValues(values, {3, 2})));
    const float expected[] = {0.6f, 0.8f, 0, 0, -5.0f / 13, 12.0f / 13};
    for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_NEAR(rows[i], expected[i], 1e-6);
}

TEST_F(BertCase, WrongInputsAreErrors) {
    test::expectError([&] { m_model.forward(whole({90})); }, "token id 90");
    test::expectError([&] { m_model.forward(whole({-1})); }, "token id -1");
    test::expectError([&] { m_model.forward(whole({1}).to(at::kFloat)); }, "int64");
    test::expectError([&] { m_model.forward(whole({1}).narrow(1, 0, 0)); }, "at least one");
    test::expectError([&] { m_model.forward(whole({1}).repeat({1, 65})); }, "at most 64 tokens");
    test::expectError([&] { m_model.forward(whole({1, 2}), whole({1})); }, "masks of [1, 1]");
    test::expectError([&] { m_model.forward(whole({1, 2}), {}, whole({0, 2})); }, "type 2");
    auto odd = config(m_weights);
    odd.heads = 5;
    test::expectError([&] { Bert(m_weights, odd); }, "5 equal heads");
}

TEST_F(BertCase, DamagedFilesAreNamedWithTheirKey) {
    const Weights missing =
        changed([](tensor::StoredTensor& one) { return !one.name.ends_with("1.output.dense.bias"); });
    test::expectError([&] { Bert(missing, config(missing)); }, "bert.encoder.layer.1.output.dense.bias");
    const Weights bent = changed([](tensor::StoredTensor& one) {
        if (one.name.ends_with("position_embeddings.weight")) std::swap(one.shape[0], one.shape[1]);
        return true;
    });
    test::expectError([&] { Bert(bent, config(bent)); },
                      "position_embeddings.weight\" is [32, 64], expected [32, 32]");
}

TEST_F(BertCase, FilesWithoutPoolerDoWithout) {
    const Weights without =
        changed([](tensor::StoredTensor& one) { return one.name.find("pooler") == std::string::npos; });
    const Bert model(without, config(without));
    EXPECT_FALSE(model.config().pooler);
    const nn::Tensor ids = whole({3, 1, 4});
    EXPECT_TRUE(same(model.forward(ids), m_model.forward(ids)));
    test::expectError([&] { model.pooled(model.forward(ids)); }, "no pooler");
}

} // namespace
} // namespace ochre::models
