// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/LatentFile.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/tensor/Safetensors.h"
#include "tests/core/models/diffusion/Wave.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

/// A safetensors with one tensor of float32, and the mark of the version if asked for.
void writeFile(const std::filesystem::path& path, const std::string& name, const tensor::Shape& shape,
               std::vector<float> values, bool version) {
    std::vector<tensor::TensorToWrite> tensors;
    tensors.push_back({name, tensor::Dtype::F32, shape,
                       [values](const auto& sink) { sink(std::as_bytes(std::span<const float>(values))); }});
    if (version) tensors.push_back({"latent_format_version_0", tensor::Dtype::F32, {0}, [](const auto&) {}});
    tensor::writeSafetensors(path, std::move(tensors), {});
}

TEST(LatentFile, ComesBackToTheLastBit) {
    const test::TemporaryFolder folder;
    LatentBatch latent;
    latent.samples = wave({2, 4, 3, 5}).mul(7.3);
    latent.parameters = "a cat\nSteps: 20";
    saveLatent(folder / "a.latent", latent, {{"prompt", "{}"}});
    const LatentBatch back = loadLatent(folder / "a.latent");
    EXPECT_EQ(back.samples.sizes(), latent.samples.sizes());
    EXPECT_EQ(nn::maxAbsDifference(back.samples, latent.samples), 0);
    EXPECT_EQ(back.parameters, latent.parameters) << "that it was generated stays known";
    const tensor::Checkpoint file = tensor::openCheckpoint(folder / "a.latent");
    EXPECT_EQ(file.metadata.at("prompt"), "{}");
    EXPECT_EQ(file.find("latent_format_version_0")->shape, tensor::Shape{0}) << "as ComfyUI writes it";
    EXPECT_EQ(file.tensors.size(), 2u);
}

TEST(LatentFile, OldFilesAreScaled) {
    const test::TemporaryFolder folder;
    writeFile(folder / "old.latent", "latent_tensor", {1, 4, 1, 1}, {0.18215f, 0, 1, -1}, false);
    writeFile(folder / "new.latent", "latent_tensor", {1, 4, 1, 1}, {0.18215f, 0, 1, -1}, true);
    EXPECT_NEAR(nn::toValues(loadLatent(folder / "old.latent").samples)[0], 1, 1e-6);
    EXPECT_NEAR(nn::toValues(loadLatent(folder / "old.latent").samples)[2], 1 / 0.18215, 1e-5);
    EXPECT_EQ(nn::toValues(loadLatent(folder / "new.latent").samples)[0], 0.18215f);
}

TEST(LatentFile, SaysWhatIsWrongWithOthers) {
    const test::TemporaryFolder folder;
    const auto load = [&](const char* name) { return [&folder, name] { loadLatent(folder / name); }; };
    writeFile(folder / "weights.safetensors", "weight", {1, 4, 1, 1}, {1, 2, 3, 4}, true);
    EXPECT_EQ(test::expectError(load("weights.safetensors"), "no latent").kind(), ErrorKind::NotMine);
    writeFile(folder / "video.latent", "latent_tensor", {1, 128, 1, 1}, std::vector<float>(128, 0.0f), true);
    EXPECT_EQ(test::expectError(load("video.latent"), "[1, 128, 1, 1]").kind(), ErrorKind::Broken);
    writeFile(folder / "flat.latent", "latent_tensor", {4, 4}, std::vector<float>(16, 0.0f), true);
    EXPECT_EQ(test::expectError(load("flat.latent"), "[4, 4]").kind(), ErrorKind::Broken);
    writeFile(folder / "none.latent", "latent_tensor", {0, 4, 2, 2}, {}, true);
    EXPECT_EQ(test::expectError(load("none.latent"), "[0, 4, 2, 2]").kind(), ErrorKind::Broken);
    writeFile(folder / "nan.latent", "latent_tensor", {1, 4, 1, 1}, {1, NAN, 0, 0}, true);
    EXPECT_EQ(test::expectError(load("nan.latent"), "latent_tensor").kind(), ErrorKind::Broken);
    std::vector<tensor::TensorToWrite> whole;
    whole.push_back({"latent_tensor", tensor::Dtype::I32, {1, 4, 1, 1}, [](const auto& sink) {
                         const std::vector<std::int32_t> zeros(4);
                         sink(std::as_bytes(std::span<const std::int32_t>(zeros)));
                     }});
    tensor::writeSafetensors(folder / "whole.latent", std::move(whole), {});
    EXPECT_EQ(test::expectError(load("whole.latent"), "I32").kind(), ErrorKind::Broken);
}

TEST(LatentFile, CutOffAndEmptyFilesAreErrors) {
    const test::TemporaryFolder folder;
    LatentBatch latent;
    latent.samples = wave({1, 4, 3, 5});
    saveLatent(folder / "a.latent", latent);
    const std::vector<std::byte> bytes = readFile(folder / "a.latent", 1 << 20);
    for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{40}, bytes.size() - 4}) {
        writeFileAtomic(folder / "cut.latent", std::span(bytes).first(size));
        test::expectError([&] { loadLatent(folder / "cut.latent"); });
    }
    test::expectError([&] { loadLatent(folder / "not there.latent"); }, "not there");
    latent.samples = wave({1, 8, 3, 5}); // of the starter model
    saveLatent(folder / "eight.latent", latent);
    EXPECT_EQ(nn::maxAbsDifference(loadLatent(folder / "eight.latent").samples, latent.samples), 0);
    latent.samples = wave({3, 3, 5});
    test::expectError([&] { saveLatent(folder / "b.latent", latent); });
    EXPECT_FALSE(std::filesystem::exists(folder / "b.latent"));
}

} // namespace
} // namespace ochre::models
