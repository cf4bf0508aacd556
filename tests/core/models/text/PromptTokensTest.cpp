// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/PromptTokens.h"

#include <gtest/gtest.h>

#include "core/models/text/PromptWeights.h"
#include "core/tensor/Attention.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

constexpr int kX = 343, kComma = 267; // "x", ","

std::string repeated(const char* word, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += std::string(i ? " " : "") + word;
    return text;
}

PromptTokens tokenize(const std::string& prompt, PromptTokensOptions options = {}) {
    const PromptTokens tokens = tokenizePrompt(ClipTokenizer::shared(), prompt, options);
    for (const PromptChunk& chunk : tokens.chunks) {
        EXPECT_EQ(chunk.ids.size(), 77u);
        EXPECT_EQ(chunk.weights.size(), 77u);
        EXPECT_EQ(chunk.ids.front(), ClipTokenizer::kStart);
        EXPECT_EQ(chunk.ids[static_cast<std::size_t>(chunk.end)], ClipTokenizer::kEnd);
    }
    return tokens;
}

const PromptTokensOptions kA1111{.style = PromptStyle::A1111};

TEST(PromptTokens, AnEmptyPromptIsOneChunk) {
    for (const PromptStyle style : {PromptStyle::Comfy, PromptStyle::A1111}) {
        const auto tokens = tokenize("  ", {.style = style, .pad = 0});
        ASSERT_EQ(tokens.chunks.size(), 1u);
        EXPECT_EQ(tokens.chunks[0].end, 1);
        EXPECT_EQ(tokens.chunks[0].ids.back(), 0);
        EXPECT_EQ(tokens.tokens, 0);
        EXPECT_FALSE(tokens.weighted());
    }
}

TEST(PromptTokens, WeightsStandAtTheirTokens) {
    const auto tokens = tokenize("a (red cat:1.5), x");
    const auto& chunk = tokens.chunks.at(0);
    EXPECT_EQ(ClipTokenizer::shared().decode(chunk.ids).substr(15, 14), "a red cat , x ");
    const std::vector<float> expected{1, 1, 1.5f, 1.5f, 1, 1, 1};
    EXPECT_EQ(std::vector<float>(chunk.weights.begin(), chunk.weights.begin() + 7), expected);
    EXPECT_TRUE(tokens.weighted());
    EXPECT_EQ(tokens.tokens, 5);
}

TEST(PromptTokens, ComfyKeepsShortPiecesTogether) {
    const auto tokens = tokenize(repeated("x", 73) + " (a b c:1.2)");
    ASSERT_EQ(tokens.chunks.size(), 2u);
    EXPECT_EQ(tokens.chunks[0].end, 74); // 73 and no more, though there is room for two
    EXPECT_EQ(tokens.chunks[1].end, 4);
    EXPECT_EQ(tokens.chunks[1].weights[1], 1.2f);
}

TEST(PromptTokens, ComfySplitsLongPieces) {
    const auto tokens = tokenize(repeated("x", 73) + " (" + repeated("a", 8) + ":1.2)");
    ASSERT_EQ(tokens.chunks.size(), 2u);
    EXPECT_EQ(tokens.chunks[0].end, 76);
    EXPECT_EQ(tokens.chunks[1].end, 7);
    const auto plain = tokenize(repeated("x", 151));
    ASSERT_EQ(plain.chunks.size(), 3u);
    EXPECT_EQ(plain.chunks[2].end, 2);
}

TEST(PromptTokens, APromptThatFitsExactlyIsOneChunk) {
    for (const PromptStyle style : {PromptStyle::Comfy, PromptStyle::A1111})
        EXPECT_EQ(tokenize(repeated("x", 75), {.style = style}).chunks.size(), 1u);
}

TEST(PromptTokens, A1111BreaksAfterANearComma) {
    const auto tokens = tokenize(repeated("x", 60) + ", " + repeated("x", 20), kA1111);
    ASSERT_EQ(tokens.chunks.size(), 2u);
    EXPECT_EQ(tokens.chunks[0].end, 62); // 60 and the comma
    EXPECT_EQ(tokens.chunks[0].ids[61], kComma);
    EXPECT_EQ(tokens.chunks[1].end, 21);
    const auto far = tokenize(repeated("x", 40) + ", " + repeated("x", 40), kA1111);
    EXPECT_EQ(far.chunks[0].end, 76);
    auto off = kA1111;
    off.commaBacktrack = 0;
    EXPECT_EQ(tokenize(repeated("x", 60) + ", " + repeated("x", 20), off).chunks[0].end, 76);
}

TEST(PromptTokens, A1111BreakBeginsAChunk) {
    const auto tokens = tokenize("x x BREAK (x:2)", kA1111);
    ASSERT_EQ(tokens.chunks.size(), 2u);
    EXPECT_EQ(tokens.chunks[0].end, 3);
    EXPECT_EQ(tokens.chunks[1].ids[1], kX);
    EXPECT_EQ(tokens.chunks[1].weights[1], 2);
    EXPECT_EQ(tokenize("x BREAK", kA1111).chunks.size(), 1u);
}

TEST(PromptTokens, EmbeddingsStandAsRows) {
    PromptTokensOptions options;
    options.embeddingRows = [](const std::string& name) { return name == "cat" ? 3 : 0; };
    for (const PromptStyle style : {PromptStyle::Comfy, PromptStyle::A1111}) {
        options.style = style;
        const auto tokens = tokenize("x (embedding:cat:1.5), embedding:gone x embedding:cat", options);
        EXPECT_EQ(tokens.embeddings, std::vector<std::string>{"cat"});
        EXPECT_EQ(tokens.missing, std::vector<std::string>{"gone"});
        const auto& chunk = tokens.chunks.at(0);
        ASSERT_EQ(chunk.rows.size(), 6u);
        EXPECT_EQ(chunk.rows[2].position, 4);
        EXPECT_EQ(chunk.rows[2].row, 2);
        EXPECT_EQ(chunk.weights[2], 1.5f);
        EXPECT_EQ(chunk.ids[5], kComma);
        EXPECT_EQ(chunk.rows[3].position, 7);
        EXPECT_EQ(tokens.tokens, 9);
    }
}

TEST(PromptTokens, RowsOfAnEmbeddingStayTogether) {
    PromptTokensOptions options;
    options.embeddingRows = [](const std::string&) { return 4; };
    for (const PromptStyle style : {PromptStyle::Comfy, PromptStyle::A1111}) {
        options.style = style;
        const auto tokens = tokenize(repeated("x", 73) + " embedding:cat", options);
        ASSERT_EQ(tokens.chunks.size(), 2u);
        EXPECT_EQ(tokens.chunks[1].rows.size(), 4u);
    }
    options.embeddingRows = [](const std::string&) { return 200; };
    EXPECT_EQ(tokenize("embedding:long", options).chunks.size(), 3u);
}

TEST(PromptTokens, TensorsHoldTheChunks) {
    const auto tokens = tokenize(repeated("x", 80) + " (x:2)");
    const nn::Tensor ids = idTensor(tokens), weights = weightTensor(tokens), ends = endTensor(tokens);
    EXPECT_EQ(ids.sizes(), (std::vector<std::int64_t>{2, 77}));
    EXPECT_EQ(ids.select(0, 1).select(0, 0).item<std::int64_t>(), ClipTokenizer::kStart);
    EXPECT_EQ(weights.select(0, 1).select(0, 6).item<float>(), 2);
    EXPECT_EQ(ends.select(0, 1).item<std::int64_t>(), 7);
}

nn::Tensor counting(std::int64_t n, std::int64_t t, std::int64_t width, double offset) {
    return nn::range(0, n * t * width).to(at::kFloat).mul(0.1).add(offset).view({n, t, width});
}

TEST(PromptWeights, ComfyMovesAwayFromTheEmptyPrompt) {
    const nn::Tensor z = counting(2, 3, 4, 1), empty = counting(1, 3, 4, -2);
    const nn::Tensor w = nn::range(0, 6).to(at::kFloat).mul(0.5).view({2, 3}); // 0, 0.5, 1, …
    const nn::Tensor out = applyWeightsComfy(z, empty, w);
    EXPECT_LT(nn::maxAbsDifference(out.select(0, 0).select(0, 0), empty.select(0, 0).select(0, 0)), 1e-6);
    EXPECT_EQ(nn::maxAbsDifference(out.select(0, 0).select(0, 2), z.select(0, 0).select(0, 2)), 0);
    const nn::Tensor last = empty.select(0, 0).select(0, 2).add(
        z.select(0, 1).select(0, 2).sub(empty.select(0, 0).select(0, 2)).mul(2.5));
    EXPECT_LT(nn::maxAbsDifference(out.select(0, 1).select(0, 2), last), 1e-5);
}

TEST(PromptWeights, A1111KeepsTheMean) {
    const nn::Tensor z = counting(2, 3, 4, 1);
    const nn::Tensor w = nn::range(1, 6).to(at::kFloat).mul(0.5).view({2, 3});
    const nn::Tensor out = applyWeightsA1111(z, w);
    for (std::int64_t n = 0; n < 2; ++n)
        EXPECT_NEAR(out.select(0, n).mean().item<float>(), z.select(0, n).mean().item<float>(), 1e-4);
    const nn::Tensor ratio = out.div(z).select(0, 0); // w times one factor
    EXPECT_NEAR((ratio.select(0, 2).select(0, 0).item<float>()) /
                    ratio.select(0, 0).select(0, 0).item<float>(),
                3, 1e-4);
    const nn::Tensor zero = z.sub(z.mean());
    EXPECT_LE(nn::maxAbs(applyWeightsA1111(zero, w)),
              100 * 2.5 * nn::maxAbs(zero)); // a mean of 0 blows nothing up
}

} // namespace
} // namespace ochre::models
