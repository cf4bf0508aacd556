// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/TextualInversion.h"

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "tests/core/tensor/CheckpointFiles.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

/// All of the same numbers, saved by PyTorch 2.13 in float16.
TextualInversion stored(const char* file) {
    return TextualInversion::open(test::sourceFile(std::string("tests/core/models/text/inversions/") + file));
}

TextualInversion safetensors(const std::string& header, std::size_t bytes) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "cat.safetensors", test::safetensorsFile(header, bytes));
    return TextualInversion::open(folder / "cat.safetensors");
}

TEST(TextualInversion, EveryLayoutOfPickledOnesReads) {
    for (const auto& [file, rows] :
         {std::pair{"a1111.pt", 2}, {"parameter_dict.pt", 2}, {"bare.pt", 2}, {"diffusers.bin", 1}}) {
        const TextualInversion inversion = stored(file);
        EXPECT_EQ(inversion.rows(), rows) << file;
        ASSERT_EQ(inversion.parts().size(), 1u) << file;
        EXPECT_EQ(inversion.parts()[0].encoder, "clip_l");
        const at::Tensor vectors = inversion.vectors(768);
        EXPECT_EQ(vectors.scalar_type(), at::kFloat);
        EXPECT_NEAR(vectors.select(0, 0).select(0, 1).item<float>(), 0.3958f, 1e-4) << file;
    }
    EXPECT_EQ(stored("a1111.pt").name(), "a1111");
}

TEST(TextualInversion, SafetensorsOfEveryLayoutRead) {
    const auto plain =
        safetensors(R"({"emb_params":{"dtype":"F16","shape":[3,1024],"data_offsets":[0,6144]}})", 6144);
    EXPECT_EQ(plain.rows(), 3);
    EXPECT_EQ(plain.name(), "cat");
    EXPECT_EQ(plain.parts()[0].encoder, "clip_h");
    EXPECT_TRUE(plain.fits(1024));
    EXPECT_FALSE(plain.fits(768));
    const auto xl = safetensors(R"({"clip_g":{"dtype":"F16","shape":[2,1280],"data_offsets":[0,5120]},)"
                                R"("clip_l":{"dtype":"F16","shape":[2,768],"data_offsets":[5120,8192]}})",
                                8192);
    EXPECT_EQ(xl.vectors(768).size(1), 768);
    EXPECT_EQ(xl.vectors(1280).size(0), 2);
    const auto diffusers =
        safetensors(R"({"<cat>":{"dtype":"F32","shape":[768],"data_offsets":[0,3072]}})", 3072);
    EXPECT_EQ(diffusers.vectors(768).sizes(), (std::vector<std::int64_t>{1, 768}));
}

TEST(TextualInversion, AnotherModelsWidthIsAnErrorThatSaysBoth) {
    const Error error = test::expectError([] { stored("a1111.pt").vectors(1024); }, "has rows of 768");
    EXPECT_NE(error.message().find("takes 1024"), std::string::npos);
}

TEST(TextualInversion, OtherFilesAreNotMistakenForOne) {
    for (
        const char* header :
        {R"({"a":{"dtype":"F16","shape":[2,4],"data_offsets":[0,16]},"b":{"dtype":"F16","shape":[2],"data_offsets":[16,20]}})",
         R"({"a":{"dtype":"I32","shape":[5],"data_offsets":[0,20]}})",
         R"({"a":{"dtype":"F32","shape":[5,1],"data_offsets":[0,20]}})",
         R"({"a":{"dtype":"F32","shape":[0,768],"data_offsets":[0,0]},"b":{"dtype":"U8","shape":[20],"data_offsets":[0,20]}})"}) {
        const Error error = test::expectError([&] { safetensors(header, 20); }, "cat.safetensors");
        EXPECT_EQ(error.kind(), ErrorKind::NotMine) << header << error.full();
    }
    EXPECT_EQ(test::expectError([] {
                  TextualInversion::open(
                      test::sourceFile("tests/parity/srvggnetcompact/x2_prelu_batch2/weights.safetensors"));
              }).kind(),
              ErrorKind::NotMine);
}

} // namespace
} // namespace ochre::models
