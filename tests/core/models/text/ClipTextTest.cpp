// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/ClipText.h"

#include <gtest/gtest.h>

#include "core/models/Parity.h"
#include "core/models/text/PromptWeights.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using tensor::Weights;

class ClipTextCase : public ::testing::Test {
protected:
    Weights whole(const char* name) {
        return Weights::open(
            test::sourceFile(std::string("tests/parity/clip_text/") + name + "/weights.safetensors"));
    }
    ClipText::Config config(const Weights& weights) {
        auto config = ClipText::Config::fromWeights(weights).value();
        config.heads = 4;
        return config;
    }
    /// A text of three tokens, padded.
    nn::Tensor ids() {
        const nn::Tensor ids = nn::range(0, 77).view({1, 77}).clone().fill_(0);
        const std::int64_t text[] = {98, 5, 17, 40, 99};
        std::copy(std::begin(text), std::end(text), ids.data_ptr<std::int64_t>());
        return ids;
    }
    Weights m_weights = whole("openclip_sd2_keys").sub("cond_stage_model.model.");
    ClipText m_model{m_weights, config(m_weights)};
};

bool same(const nn::Tensor& a, const nn::Tensor& b) {
    return a.defined() && b.defined() && a.sizes() == b.sizes() && nn::maxAbsDifference(a, b) == 0;
}

TEST_F(ClipTextCase, KnowsTheFileByItsKeys) {
    const auto& c = m_model.config();
    EXPECT_TRUE(c.fused);
    EXPECT_EQ(c.vocabulary, 100);
    EXPECT_EQ(c.positions, 77);
    EXPECT_EQ(c.width, 32);
    EXPECT_EQ(c.layers, 3);
    EXPECT_EQ(c.inner, 128);
    EXPECT_EQ(c.projection, 24);
    EXPECT_FALSE(c.projectionTransposed);
    for (const std::string& key : m_weights.unused()) EXPECT_TRUE(ClipText::Config::isBeside(key)) << key;
    EXPECT_FALSE(ClipText::Config::fromWeights(
        Weights::open(test::sourceFile("tests/parity/srvggnetcompact/x2_prelu_batch2/weights.safetensors"))));
}

TEST_F(ClipTextCase, EncodersAreFoundInWholeCheckpoints) {
    const auto sd1 = findClipTexts(whole("ldm_keys_batch2")), sd2 = findClipTexts(whole("openclip_sd2_keys"));
    ASSERT_EQ(sd1.size(), 1u);
    EXPECT_EQ(sd1[0].prefix(), "cond_stage_model.transformer.");
    EXPECT_EQ(ClipText::Config::fromWeights(sd1[0])->prefix, "text_model.");
    ASSERT_EQ(sd2.size(), 1u);
    EXPECT_EQ(sd2[0].prefix(), "cond_stage_model.model.");
}

TEST_F(ClipTextCase, ClipSkipIsAnEarlierHiddenState) {
    const auto all = m_model.forward(ids(), {.pooled = true, .keepHidden = true});
    ASSERT_EQ(all.hidden.size(), 4u);
    EXPECT_TRUE(same(all.states, all.last));
    for (int skip = 1; skip <= 4; ++skip) {
        const auto raw = m_model.forward(ids(), {.clipSkip = skip, .finalNorm = false});
        EXPECT_TRUE(same(raw.states, all.hidden[static_cast<std::size_t>(4 - skip)])) << skip;
        EXPECT_FALSE(raw.last.defined());
    }
    EXPECT_FALSE(same(m_model.forward(ids(), {.clipSkip = 2}).states, all.hidden[2])); // normed
    const auto sdxl = m_model.forward(ids(), {.clipSkip = 2, .finalNorm = false, .pooled = true});
    EXPECT_TRUE(same(sdxl.states, all.hidden[2]));
    EXPECT_TRUE(same(sdxl.projected, all.projected));
}

/// With the last layer's weights missing from the run, only what needs it fails: proven by a cancel between
/// the layers.
TEST_F(ClipTextCase, LayersThatAreNotNeededAreNotComputed) {
    EXPECT_TRUE(same(m_model.forward(ids(), {.clipSkip = 4, .finalNorm = false}).states,
                     m_model.embed(ids()).add(m_weights.tensor("positional_embedding"))));
    const Cancel cancel = Cancel::make();
    cancel.request();
    EXPECT_NO_THROW(tensor::run(cancel, [&] { m_model.forward(ids(), {.clipSkip = 4}); }));
    EXPECT_TRUE(test::expectError([&] {
                    tensor::run(cancel, [&] { m_model.forward(ids(), {.clipSkip = 3}); });
                }).cancelled());
}

TEST_F(ClipTextCase, PaddingBehindTheEndChangesNothingBeforeIt) {
    nn::Tensor padded = ids().clone();
    padded.narrow(1, 5, 72).fill_(3);
    const auto a = m_model.forward(ids(), {.pooled = true}), b = m_model.forward(padded, {.pooled = true});
    EXPECT_LT(nn::maxAbsDifference(a.states.narrow(1, 0, 5), b.states.narrow(1, 0, 5)), 1e-5);
    EXPECT_LT(nn::maxAbsDifference(a.projected, b.projected), 1e-5);
    EXPECT_GT(nn::maxAbsDifference(a.states, b.states), 1e-2);
}

TEST_F(ClipTextCase, TheEndIsTheLargestIdOrTheStatedOne) {
    EXPECT_EQ(m_model.endPositions(ids()).item<std::int64_t>(), 4);
    auto stated = config(m_weights);
    stated.endToken = 17;
    EXPECT_EQ(ClipText(m_weights, stated).endPositions(ids()).item<std::int64_t>(), 2);
    stated.endToken = 77; // stands nowhere
    EXPECT_EQ(ClipText(m_weights, stated).endPositions(ids()).item<std::int64_t>(), 0);
}

TEST_F(ClipTextCase, RowsInPlaceOfIdsGiveTheSame) {
    const auto fromIds = m_model.forward(ids(), {.pooled = true});
    const auto fromRows =
        m_model.forward(m_model.embed(ids()), m_model.endPositions(ids()), {.pooled = true});
    EXPECT_TRUE(same(fromIds.states, fromRows.states));
    EXPECT_TRUE(same(fromIds.projected, fromRows.projected));
}

TEST_F(ClipTextCase, AnInversionOfATokensOwnRowIsThatToken) {
    PromptTokens tokens;
    PromptChunk& chunk = tokens.chunks.emplace_back();
    const nn::Tensor text = ids();
    chunk.ids.assign(text.data_ptr<std::int64_t>(), text.data_ptr<std::int64_t>() + 77);
    chunk.end = 4;
    chunk.ids[2] = 0;
    chunk.rows = {{2, 0, 1}};
    tokens.embeddings = {"cat"};
    const nn::Tensor table = m_weights.tensor("token_embedding.weight");
    const nn::Tensor rows = nn::cat({table.narrow(0, 3, 1), table.narrow(0, 17, 1)}, 0);
    const nn::Tensor embedded = placeEmbeddings(m_model.embed(idTensor(tokens)), tokens, std::vector{rows});
    EXPECT_TRUE(same(m_model.forward(embedded, endTensor(tokens), {}).states, m_model.forward(ids()).states));
    test::expectError([&] { placeEmbeddings(embedded, tokens, std::vector{rows.narrow(1, 0, 16)}); }, "cat");
    test::expectError([&] { placeEmbeddings(embedded, tokens, {}); }, "1 textual inversions");
}

TEST_F(ClipTextCase, WrongInputsAreErrors) {
    test::expectError([&] { m_model.forward(ids().clone().fill_(100)); }, "token id 100");
    test::expectError([&] { m_model.forward(ids().clone().fill_(-1)); }, "token id -1");
    test::expectError([&] { m_model.forward(ids().repeat({1, 2})); }, "at most 77 tokens");
    test::expectError([&] { m_model.forward(ids().to(at::kFloat)); }, "int64");
    test::expectError([&] { m_model.forward(ids(), {.clipSkip = 5}); }, "clip skip 5");
    test::expectError([&] { m_model.forward(ids(), {.clipSkip = 0}); }, "clip skip 0");
    auto odd = config(m_weights);
    odd.heads = 5;
    test::expectError([&] { ClipText(m_weights, odd); }, "5 equal heads");
}

} // namespace
} // namespace ochre::models
