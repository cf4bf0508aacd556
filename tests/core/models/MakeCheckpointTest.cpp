// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/MakeCheckpoint.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "core/base/Hash.h"
#include "core/models/diffusion/DiffusionCheckpoint.h"
#include "tests/core/models/DiffusionKeys.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

namespace fs = std::filesystem;
using tensor::Dtype;

std::vector<float> valuesOf(const fs::path& path, const std::string& key) {
    const tensor::Checkpoint file = tensor::openCheckpoint(path);
    return tensor::toFloats(*file.find(key));
}

std::vector<CheckpointPart> tinySd1() {
    return {{"model.diffusion_model.", test::unetKeys(test::sd1(32, 64))},
            {"first_stage_model.", test::smallVaeKeys()},
            {"cond_stage_model.transformer.", test::textKeys(64, 2)}};
}

class MakeCheckpoint : public ::testing::Test {
protected:
    fs::path path(const std::string& name = "a.safetensors") const { return m_folder / name; }
    test::TemporaryFolder m_folder;
};

TEST_F(MakeCheckpoint, WritesWhatIsKnownAsACheckpoint) {
    const std::uint64_t bytes = makeCheckpoint(path(), tinySd1());
    EXPECT_GT(fs::file_size(path()), bytes);
    const DiffusionCheckpoint c = DiffusionCheckpoint::open(path());
    EXPECT_EQ(c.family, DiffusionFamily::Sd1);
    EXPECT_EQ(c.prediction, Prediction::Epsilon);
    EXPECT_TRUE(c.missing.empty());
    for (const auto& [key, shape] : test::unetKeys(test::sd1(32, 64))) ASSERT_EQ(c.unet.shape(key), shape);
}

TEST_F(MakeCheckpoint, ValuesKeepSignalsAtTheirSize) {
    for (const Dtype dtype : {Dtype::F16, Dtype::BF16, Dtype::F32}) {
        makeCheckpoint(path(),
                       {{"",
                         {{"conv.weight", {256, 64, 3, 3}},
                          {"small.weight", {64, 25}},
                          {"norm.weight", {32}},
                          {"norm.bias", {32}},
                          {"token_embedding.weight", {1000, 64}},
                          {"logit_scale", {}},
                          {"position_ids", {1, 77}}}}},
                       {.dtype = dtype});
        const auto check = [&](const std::string& key, double deviation, double within) {
            double sum = 0, squares = 0;
            const auto values = valuesOf(path(), key);
            for (const float v : values) sum += v, squares += double{v} * v;
            const double count = static_cast<double>(values.size());
            EXPECT_NEAR(sum / count, 0, deviation * within) << key;
            EXPECT_NEAR(std::sqrt(squares / count), deviation, deviation * within) << key;
        };
        check("conv.weight", 1 / 24.0, 0.02);
        check("small.weight", 0.2, 0.08);
        check("token_embedding.weight", 0.02, 0.02);
        EXPECT_EQ(valuesOf(path(), "norm.weight"), std::vector<float>(32, 1.0f));
        EXPECT_EQ(valuesOf(path(), "norm.bias"), std::vector<float>(32, 0.0f));
        EXPECT_NEAR(valuesOf(path(), "logit_scale").at(0), 2.66, 0.02);
        EXPECT_EQ(valuesOf(path(), "position_ids").at(76), 76.0f);
        EXPECT_EQ(tensor::openCheckpoint(path()).find("position_ids")->dtype, Dtype::I64);
        EXPECT_EQ(tensor::openCheckpoint(path()).find("conv.weight")->dtype, dtype);
    }
}

TEST_F(MakeCheckpoint, ValuesAreNormalAndNotRepeated) {
    makeCheckpoint(path(), {{"", {{"w.weight", {400000, 1}}, {"v.weight", {400000, 1}}}}},
                   {.dtype = Dtype::F32});
    const auto w = valuesOf(path(), "w.weight"), v = valuesOf(path(), "v.weight");
    int within1 = 0, within2 = 0;
    double product = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
        within1 += std::fabs(w[i]) < 1;
        within2 += std::fabs(w[i]) < 2;
        product += double{w[i]} * v[i];
    }
    EXPECT_NEAR(within1 / 4e5, 0.6827, 0.004);
    EXPECT_NEAR(within2 / 4e5, 0.9545, 0.003);
    EXPECT_NEAR(product / 4e5, 0, 0.01);
}

TEST_F(MakeCheckpoint, TheSeedDecidesAndNothingElseInTheFile) {
    makeCheckpoint(path("a.safetensors"), tinySd1(), {.seed = 1});
    makeCheckpoint(path("b.safetensors"), tinySd1(), {.seed = 1});
    makeCheckpoint(path("c.safetensors"), tinySd1(), {.seed = 2});
    makeCheckpoint(path("d.safetensors"), {tinySd1()[0]}, {.seed = 1});
    EXPECT_EQ(sha256File(path("a.safetensors")), sha256File(path("b.safetensors")));
    const std::string key = "model.diffusion_model.out.2.weight";
    EXPECT_NE(valuesOf(path("a.safetensors"), key), valuesOf(path("c.safetensors"), key));
    EXPECT_EQ(valuesOf(path("a.safetensors"), key), valuesOf(path("d.safetensors"), key));
}

TEST_F(MakeCheckpoint, LargeTensorsLieSoThatTheyAreMappedAndNotCopied) {
    makeCheckpoint(path(), tinySd1());
    const auto weights = tensor::Weights::open(path(), {.floating = at::kHalf});
    for (const tensor::StoredTensor& stored : weights.checkpoint().tensors) {
        if (stored.bytes.size() % 64 != 0) continue;
        ASSERT_EQ(weights.tensor(stored.name).const_data_ptr(), static_cast<const void*>(stored.bytes.data()))
            << stored.name;
    }
}

TEST_F(MakeCheckpoint, StoppingLeavesNothingBehind) {
    const Cancel cancel = Cancel::make();
    const Progress stop([&](double share, std::string_view) {
        EXPECT_LE(share, 1);
        cancel.request();
    });
    const Error error = test::expectError([&] { makeCheckpoint(path(), tinySd1(), {}, stop, cancel); });
    EXPECT_TRUE(error.cancelled());
    EXPECT_TRUE(fs::is_empty(m_folder.path()));
}

TEST_F(MakeCheckpoint, KeysTwiceAndTypesThatAreNotWrittenAreErrors) {
    const CheckpointPart part{"", {{"w", {2}}}};
    test::expectError([&] { makeCheckpoint(path(), {part, part}); }, "\"w\" of shape [2] is named twice");
    test::expectError([&] { makeCheckpoint(path(), {part}, {.dtype = Dtype::I8}); }, "cannot be made of I8");
}

} // namespace
} // namespace ochre::models
