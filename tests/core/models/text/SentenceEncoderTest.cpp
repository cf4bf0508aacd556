// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/SentenceEncoder.h"

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/models/diffusion/MakeCheckpoint.h"
#include "core/tensor/Fill.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

double apart(const nn::Tensor& a, const nn::Tensor& b) {
    return a.sizes() == b.sizes() ? nn::maxAbsDifference(a, b) : 1e300;
}

nn::Tensor row(const nn::Tensor& x, std::int64_t index) {
    return x.narrow(0, index, 1);
}

double cosine(const nn::Tensor& sentences, std::int64_t a, std::int64_t b) {
    return row(sentences, a).mul(row(sentences, b)).sum().item<double>();
}

/// Letters and the same going on: 4 + 26 + 26 pieces. Weights are seeded random numbers.
class SmallEncoder : public ::testing::Test {
protected:
    static constexpr int kPieces = 56;
    SmallEncoder() {
        std::string vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n";
        for (const char* before : {"", "##"})
            for (char c = 'a'; c <= 'z'; ++c) vocabulary += before + std::string(1, c) + "\n";
        writeFileAtomic(vocabularyFile(), vocabulary);
        write(file());
    }
    static Bert::Config config() {
        Bert::Config config;
        config.vocabulary = kPieces;
        config.positions = 40;
        config.width = 128;
        config.layers = 2;
        config.inner = 256;
        return config;
    }
    static void write(const fs::path& path, const Bert::Config& shapes = config()) {
        makeCheckpoint(path, {{"", shapes.expected()}},
                       {.seed = 7, .dtype = tensor::Dtype::F32, .metadata = {}});
    }
    fs::path file() const { return m_folder / "small.safetensors"; }
    fs::path vocabularyFile() const { return m_folder / "vocab.txt"; }
    SentenceEncoder encoder() const { return SentenceEncoder::open(file(), vocabularyFile()); }
    test::TemporaryFolder m_folder;
};

TEST_F(SmallEncoder, PadsToTheLongestOrToWhatIsAsked) {
    const Texts texts{"abc", "", "hello world"};
    const SentenceEncoder small = encoder();
    const auto longest = small.encode(texts), fixed = small.encode(texts, {.tokens = 24});
    ASSERT_EQ(longest.states.sizes(), at::IntArrayRef({3, 12, 128}));
    ASSERT_EQ(fixed.states.sizes(), at::IntArrayRef({3, 24, 128}));
    ASSERT_EQ(fixed.mask.sizes(), at::IntArrayRef({3, 24}));
    ASSERT_EQ(fixed.sentences.sizes(), at::IntArrayRef({3, 128}));
    EXPECT_EQ(fixed.states.scalar_type(), at::kFloat);
    const std::int64_t lengths[] = {5, 2, 12};
    for (std::int64_t i = 0; i < 3; ++i) {
        EXPECT_EQ(row(fixed.mask, i).sum().item<std::int64_t>(), lengths[i]);
        EXPECT_EQ(row(fixed.mask, i).narrow(1, 0, lengths[i]).min().item<std::int64_t>(), 1);
        EXPECT_EQ(nn::maxAbs(row(fixed.states, i).narrow(1, lengths[i], 24 - lengths[i])), 0);
        EXPECT_NEAR(cosine(fixed.sentences, i, i), 1, 1e-5);
    }
    EXPECT_LT(apart(longest.states, fixed.states.narrow(1, 0, 12)), 1e-5);
    EXPECT_LT(apart(longest.sentences, fixed.sentences), 1e-5);
}

TEST_F(SmallEncoder, IsTheModelWithItsTokens) {
    const SentenceEncoder small = encoder();
    const std::vector<float> ids{2, 4, 31, 32, 3}; // [CLS] a ##b ##c [SEP]
    const nn::Tensor states = small.model().forward(nn::fromValues(ids, {1, 5}).to(at::kLong));
    const auto encoded = small.encode(Texts{"abc"});
    EXPECT_LT(apart(encoded.states, states), 1e-6);
    EXPECT_LT(apart(encoded.sentences, Bert::normalised(states.mean({1}))), 1e-6);
    EXPECT_EQ(small.width(), 128);
}

TEST_F(SmallEncoder, ATextIsTheSameInAnyCompany) {
    Texts texts;
    for (int i = 0; i < 70; ++i)
        texts.push_back(std::string(static_cast<std::size_t>(i % 20), static_cast<char>('a' + i % 26)));
    const SentenceEncoder small = encoder();
    const auto all = small.encode(texts, {.tokens = 24}), again = small.encode(texts, {.tokens = 24});
    EXPECT_EQ(apart(all.states, again.states), 0);
    EXPECT_EQ(apart(all.sentences, again.sentences), 0);
    for (const std::int64_t i : {0, 5, 31, 32, 69}) {
        const auto alone = small.encode(Texts{texts[static_cast<std::size_t>(i)]}, {.tokens = 24});
        EXPECT_LT(apart(alone.states, row(all.states, i)), 1e-5) << i;
        EXPECT_LT(apart(alone.sentences, row(all.sentences, i)), 1e-5) << i;
        EXPECT_EQ(apart(alone.mask, row(all.mask, i)), 0) << i;
    }
    EXPECT_GT(apart(row(all.sentences, 1), row(all.sentences, 2)), 1e-2);
}

TEST_F(SmallEncoder, LongTextsAreCut) {
    const SentenceEncoder small = encoder();
    const auto cut = small.encode(Texts{"abcdefgh"}, {.tokens = 5}),
               whole = small.encode(Texts{"abc"}, {.tokens = 5});
    EXPECT_EQ(cut.states.size(1), 5);
    EXPECT_EQ(apart(cut.states, whole.states), 0);
    EXPECT_EQ(small.encode(Texts{std::string(90, 'a')}).states.size(1), 40)
        << "the model has no more positions";
}

TEST_F(SmallEncoder, NoTextsGiveNoRows) {
    const auto none = encoder().encode(Texts{}, {.tokens = 24});
    EXPECT_EQ(none.states.sizes(), at::IntArrayRef({0, 24, 128}));
    EXPECT_EQ(none.sentences.sizes(), at::IntArrayRef({0, 128}));
}

TEST_F(SmallEncoder, WhatDoesNotFitIsAnError) {
    const SentenceEncoder small = encoder();
    test::expectError([&] { small.encode(Texts{"a"}, {.tokens = 1}); }, "1 tokens");
    test::expectError([&] { small.encode(Texts{"a"}, {.tokens = 41}); }, "2...40");
    test::expectError([&] { SentenceEncoder::open(file()); }, "vocabulary of its own, 56 pieces");
    test::expectError([&] { SentenceEncoder::open(m_folder / "none.safetensors"); }, "none.safetensors");
    Bert::Config fewer = config();
    fewer.vocabulary = 50;
    write(m_folder / "fewer.safetensors", fewer);
    test::expectError([&] { SentenceEncoder::open(m_folder / "fewer.safetensors", vocabularyFile()); },
                      "has 50 pieces");
    const Cancel cancel = Cancel::make();
    cancel.request();
    EXPECT_TRUE(test::expectError([&] { small.encode(Texts{"a"}, {}, cancel); }).cancelled());
}

TEST(SentenceEncoder, AnotherNetworkIsToldApart) {
    const Error error = test::expectError(
        [] {
            SentenceEncoder::open(
                test::sourceFile("tests/parity/clip_text/ldm_keys_batch2/weights.safetensors"));
        },
        "is no BERT text encoder");
    EXPECT_EQ(error.kind(), ErrorKind::NotMine);
}

/// The published encoder, which set-up puts into the models folder.
class MiniLm : public ::testing::Test {
protected:
    void SetUp() override {
        const auto file = test::modelFile("text_encoders/all-minilm-l6-v2.safetensors");
        if (!file) GTEST_SKIP() << "needs text_encoders/all-minilm-l6-v2.safetensors in the models folder";
        m_encoder.emplace(SentenceEncoder::open(*file));
    }
    std::optional<SentenceEncoder> m_encoder;
};

TEST_F(MiniLm, WhatMeansTheSameIsNear) {
    const auto encoded = m_encoder->encode(Texts{"The cat sat on the mat.", "A feline was resting on a rug.",
                                                 "Interest rates rose again in March."},
                                           {.tokens = 24});
    ASSERT_EQ(encoded.states.sizes(), at::IntArrayRef({3, 24, 384}));
    EXPECT_GT(cosine(encoded.sentences, 0, 1), 0.5);
    EXPECT_LT(cosine(encoded.sentences, 0, 2), 0.2);
}

TEST_F(MiniLm, SentencesGiveTheReferencesVectors) {
    OCHRE_SHARED_OR_SKIP(folder, "parity/bert/all_minilm_l6_v2_real");
    const Json parityCase = parseJson(readTextFile(folder / "case.json", 1 << 20), "case.json");
    const auto encoded = m_encoder->encode(parityCase.at("sentences").get<Texts>());
    const tensor::Weights inputs = tensor::Weights::open(folder / "inputs.safetensors");
    const tensor::Weights outputs = tensor::Weights::open(folder / "outputs.safetensors");
    EXPECT_EQ(apart(encoded.mask, inputs.tensor("attention_mask")), 0);
    EXPECT_LT(apart(encoded.sentences, outputs.tensor("sentence_embedding")), 1e-4);
    const nn::Tensor rows =
        nn::cat({row(encoded.states, 0), row(encoded.states, 4), row(encoded.states, 9)}, 0);
    EXPECT_LT(apart(rows, outputs.tensor("last_hidden_state_rows")), 6e-4);
}

} // namespace
} // namespace ochre::models
