// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/TextEncoder.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/models/diffusion/MakeCheckpoint.h"
#include "core/models/text/ClipText.h"
#include "core/models/text/PromptTokens.h"
#include "core/models/text/PromptWeights.h"
#include "tests/core/models/diffusion/SmallCheckpoint.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

double apart(const nn::Tensor& a, const nn::Tensor& b) {
    return nn::maxAbsDifference(a, b);
}

/// What the first encoder alone gives for a text of one chunk.
nn::Tensor statesOf(const TextEncoder& encoder, const std::string& text, int skip = 1, bool finalNorm = true,
                    int pad = ClipTokenizer::kPadClip) {
    nn::Tensor states;
    tensor::run({}, [&] {
        PromptTokensOptions options;
        options.pad = pad;
        const PromptTokens tokens = tokenizePrompt(ClipTokenizer::shared(), text, options);
        states =
            encoder.network1()->forward(idTensor(tokens), {.clipSkip = skip, .finalNorm = finalNorm}).states;
    });
    return states;
}

TEST(TextEncoder, GivesTheLastLayerOfSd1AndTheLastButOneOfSd2) {
    const TextEncoder sd1 = test::smallTextEncoder(), sd2 = test::smallTextEncoder("sd2-small");
    EXPECT_EQ(apart(sd1.encode("a cat").entries.front().states, statesOf(sd1, "a cat")), 0);
    EXPECT_EQ(apart(sd2.encode("a cat").entries.front().states, statesOf(sd2, "a cat", 2, true, 0)), 0);
    TextEncoder skipped = sd1;
    skipped.clipSkip = 2;
    EXPECT_EQ(apart(skipped.encode("a cat").entries.front().states, statesOf(sd1, "a cat", 2)), 0);
    EXPECT_EQ(sd1.encode("a cat").family, DiffusionFamily::Sd1);
    EXPECT_EQ(sd1.encode("a cat").text, "a cat");
}

TEST(TextEncoder, WeightsMoveAwayFromTheEmptyPrompt) {
    const TextEncoder encoder = test::smallTextEncoder();
    const nn::Tensor plain = statesOf(encoder, "a cat"), empty = statesOf(encoder, "");
    const nn::Tensor weighted = encoder.encode("a (cat:1.5)").entries.front().states;
    EXPECT_EQ(apart(weighted.narrow(1, 0, 2), plain.narrow(1, 0, 2)), 0) << "start and \"a\" weigh 1";
    const nn::Tensor cat = plain.narrow(1, 2, 1), none = empty.narrow(1, 2, 1);
    EXPECT_LT(apart(weighted.narrow(1, 2, 1), none.add(cat.sub(none), 1.5)), 1e-5);
    EncodeOptions a1111;
    a1111.style = PromptStyle::A1111;
    EXPECT_GT(apart(encoder.encode("a (cat:1.5)", a1111).entries.front().states, weighted), 1e-4);
}

TEST(TextEncoder, LongPromptsStandSideBySideInChunks) {
    std::string text;
    for (int i = 0; i < 80; ++i) text += "tree ";
    const TextEncoder encoder = test::smallTextEncoder();
    const nn::Tensor states = encoder.encode(text).entries.front().states;
    ASSERT_EQ(states.sizes(), at::IntArrayRef({1, 154, 64}));
    EXPECT_LT(apart(states.narrow(1, 77, 77), statesOf(encoder, "tree tree tree tree tree")), 1e-5);
}

TEST(TextEncoder, SdxlJoinsBothEncodersAndPoolsTheSecond) {
    const TextEncoder encoder = test::smallTextEncoder("sdxl-small");
    const ConditioningEntry both = encoder.encode("a cat").entries.front();
    ASSERT_EQ(both.states.sizes(), at::IntArrayRef({1, 77, 128}));
    ASSERT_EQ(both.pooled.sizes(), at::IntArrayRef({1, 64}));
    EXPECT_EQ(apart(both.states.narrow(2, 0, 64), statesOf(encoder, "a cat", 2, false)), 0);
    std::string text;
    for (int i = 0; i < 80; ++i) text += "tree ";
    const ConditioningEntry apartTexts = encoder.encode("a cat", text, {}, {}).entries.front();
    ASSERT_EQ(apartTexts.states.size(1), 154);
    EXPECT_LT(apart(apartTexts.states.narrow(1, 0, 77).narrow(2, 0, 64), both.states.narrow(2, 0, 64)), 1e-5);
    EXPECT_LT(apart(apartTexts.states.narrow(1, 77, 77).narrow(2, 0, 64), statesOf(encoder, "", 2, false)),
              1e-5);
    EXPECT_EQ(test::smallTextEncoder("sdxl-refiner-small").encode("a").entries.front().states.size(2), 64);
}

TEST(TextEncoder, A1111sSchedulesAndPartsBecomeEntries) {
    EncodeOptions options;
    options.style = PromptStyle::A1111;
    options.steps = 20;
    const TextEncoder encoder = test::smallTextEncoder();
    const auto entries = encoder.encode("a [cat:dog:5] AND a wall :0.5", options).entries;
    ASSERT_EQ(entries.size(), 4u);
    EXPECT_EQ(entries[0].stepEnd, 0.25);
    EXPECT_EQ(entries[2].stepStart, 0.25);
    EXPECT_EQ(entries[3].stepEnd, 1);
    EXPECT_EQ(entries[1].strength, 1);
    EXPECT_EQ(entries[1].partWeight, 0.5);
    EXPECT_EQ(entries[1].parts, 2);
    EXPECT_EQ(encoder.encode("at 10:30", options).entries.front().parts, 1);
    EXPECT_LT(apart(entries[0].states, statesOf(encoder, "a cat")), 1e-5);
    EXPECT_LT(apart(entries[2].states, statesOf(encoder, "a dog")), 1e-5);
    options.style = PromptStyle::Comfy;
    EXPECT_EQ(encoder.encode("a [cat:dog:5] AND a wall", options).entries.size(), 1u);
}

TEST(TextEncoder, EmbeddingsStandInThePromptAndThoseThatAreMissingAreTold) {
    const test::TemporaryFolder folder;
    makeCheckpoint(folder / "style.safetensors", {{"", {{"emb_params", {2, 64}}}}},
                   {.dtype = tensor::Dtype::F32});
    makeCheckpoint(folder / "wide.safetensors", {{"", {{"emb_params", {1, 768}}}}},
                   {.dtype = tensor::Dtype::F32});
    EncodeOptions options;
    options.findEmbedding = [&](const std::string& name) {
        const auto path = folder / (name + ".safetensors");
        return std::filesystem::exists(path) ? path : std::filesystem::path();
    };
    std::vector<std::string> missing;
    options.missing = &missing;
    const TextEncoder encoder = test::smallTextEncoder();
    const nn::Tensor with = encoder.encode("a embedding:style cat", options).entries.front().states;
    EXPECT_TRUE(missing.empty());
    EXPECT_GT(apart(with, statesOf(encoder, "a cat")), 1e-3);
    const nn::Tensor without = encoder.encode("a embedding:nothing cat", options).entries.front().states;
    EXPECT_EQ(missing, std::vector<std::string>{"nothing"});
    EXPECT_LT(apart(without, statesOf(encoder, "a cat")), 1e-5);
    test::expectError([&] { encoder.encode("embedding:wide", options); },
                      "has rows of 768, this text encoder takes 64");
}

TEST(TextEncoder, PromptsWithoutAnEndAreAnErrorThatSaysHowLongTheyMayBe) {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += "tree ";
    const Error error =
        test::expectError([&] { test::smallTextEncoder().encode(text); }, "prompt: it has 10000 tokens");
    EXPECT_NE(error.hint().find("4800"), std::string::npos);
    EXPECT_TRUE(test::expectError([&] {
                    const Cancel cancel = Cancel::make();
                    cancel.request();
                    test::smallTextEncoder().encode("a", {}, cancel);
                }).cancelled());
}

TEST(TextEncoder, FilesOfTheirOwnAreToldApartByWidth) {
    const test::TemporaryFolder folder;
    ClipText::Config small, large;
    small.prefix = "text_model.";
    small.layers = 1;
    large.fused = true;
    large.width = 1280;
    large.inner = 64;
    large.layers = 1;
    makeCheckpoint(folder / "l.safetensors", {{"", small.expected()}});
    makeCheckpoint(folder / "g.safetensors", {{"", large.expected()}});
    const TextEncoder both =
        TextEncoder::open(folder / "g.safetensors", folder / "l.safetensors", test::kFloat32);
    EXPECT_EQ(both.family, DiffusionFamily::Sdxl);
    EXPECT_EQ(both.network1()->config().width, 768);
    EXPECT_EQ(TextEncoder::open(folder / "l.safetensors").family, DiffusionFamily::Sd1);
    const Error error = test::expectError([] { TextEncoder::open(test::smallControlNet()); },
                                          "a ControlNet, not a text encoder");
    EXPECT_FALSE(error.hint().empty());
}

} // namespace
} // namespace ochre::models
