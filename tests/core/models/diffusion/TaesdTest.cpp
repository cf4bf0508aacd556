// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Taesd.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/randn.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/image/Compare.h"
#include "core/image/ImageIo.h"
#include "core/models/diffusion/LatentPreview.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Runtime.h"
#include "tests/core/models/diffusion/RandomWeights.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using Keys = std::map<std::string, tensor::Shape>;

nn::Tensor noise(std::vector<std::int64_t> sides) {
    return at::randn(sides, tensor::generator(1), at::TensorOptions().dtype(at::kFloat));
}

void addConv(Keys& keys, const std::string& name, int in, int out, bool bias) {
    keys[name + ".weight"] = {out, in, 3, 3};
    if (bias) keys[name + ".bias"] = {out};
}

void addBlock(Keys& keys, const std::string& name, int in, int out) {
    for (const char* part : {".conv.0", ".conv.2", ".conv.4"})
        addConv(keys, name + part, part == std::string(".conv.0") ? in : out, out, true);
    if (in != out) keys[name + ".skip.weight"] = {out, in, 1, 1};
}

/// The published decoder with 8 channels; the first number is 1, or in diffusers 0.
Keys decoderKeys(int latentChannels, const std::string& prefix = "", int shift = 0) {
    Keys keys;
    const auto name = [&](int position) { return prefix + std::to_string(position - shift); };
    addConv(keys, name(1), latentChannels, 8, true);
    for (const int position : {3, 4, 5, 8, 9, 10, 13, 14, 15, 18}) addBlock(keys, name(position), 8, 8);
    for (const int position : {7, 12, 17}) addConv(keys, name(position), 8, 8, false);
    addConv(keys, name(19), 8, 3, true);
    return keys;
}

Keys encoderKeys(int latentChannels, const std::string& prefix = "") {
    Keys keys;
    const auto name = [&](int position) { return prefix + std::to_string(position); };
    addConv(keys, name(0), 3, 8, true);
    for (const int position : {1, 3, 4, 5, 7, 8, 9, 11, 12, 13}) addBlock(keys, name(position), 8, 8);
    for (const int position : {2, 6, 10}) addConv(keys, name(position), 8, 8, false);
    addConv(keys, name(14), 8, latentChannels, true);
    return keys;
}

Taesd make(const Keys& keys) {
    const tensor::Weights weights = test::randomWeights(keys);
    const auto config = Taesd::Config::fromWeights(weights);
    if (!config) throw Error("these weights are not recognised");
    EXPECT_EQ(config->expected(), keys);
    Taesd model(weights, *config);
    EXPECT_TRUE(weights.unused().empty());
    return model;
}

TEST(Taesd, HalvesAreRecognisedAloneAndTogether) {
    for (const int channels : {4, 16, 32}) {
        const Taesd encoder = make(encoderKeys(channels)), decoder = make(decoderKeys(channels));
        tensor::run({}, [&] {
            const nn::Tensor latent = encoder.encode(noise({1, 3, 24, 16}).mul(0.2).add(0.5));
            EXPECT_EQ(latent.sizes(), (std::vector<std::int64_t>{1, channels, 3, 2}));
            const nn::Tensor image = decoder.decode(latent);
            EXPECT_EQ(image.sizes(), (std::vector<std::int64_t>{1, 3, 24, 16}));
            EXPECT_GE(image.min().item<double>(), 0);
            EXPECT_LE(image.max().item<double>(), 1);
        });
    }
    Keys both = encoderKeys(4, "taesd_encoder.");
    both.merge(decoderKeys(4, "taesd_decoder."));
    const Taesd model = make(both);
    tensor::run({}, [&] { EXPECT_EQ(model.decode(model.encode(noise({1, 3, 8, 8}))).size(2), 8); });
}

TEST(Taesd, NumbersOfDiffusersAreTheSameNetwork) {
    const Taesd published = make(decoderKeys(4));
    // The same values under the other names: keys sort alike only with a prefix, so they are made from one list.
    const auto weights = test::randomWeights(decoderKeys(4), [](const std::string& key) {
        const std::size_t dot = key.find('.');
        return fmt::format("decoder.layers.{}{}", std::stoi(key) - 1, key.substr(dot));
    });
    const auto config = Taesd::Config::fromWeights(weights);
    ASSERT_TRUE(config);
    EXPECT_EQ(config->expected(), decoderKeys(4, "decoder.layers.", 1));
    const Taesd diffusers(weights, *config);
    tensor::run({}, [&] {
        const nn::Tensor latent = noise({1, 4, 3, 5});
        EXPECT_EQ(nn::maxAbsDifference(published.decode(latent), diffusers.decode(latent)), 0);
    });
}

TEST(Taesd, NetworksOfAThirtySecondOfTheSideAreRead) {
    Keys encoder;
    addConv(encoder, "0", 3, 8, true);
    addConv(encoder, "2", 8, 16, true);
    for (const int position : {4, 6, 7, 8, 10, 11, 12, 14, 15, 16}) addBlock(encoder, std::to_string(position), 16, 16);
    for (const int position : {5, 9, 13}) addConv(encoder, std::to_string(position), 16, 16, false);
    addConv(encoder, "17", 16, 32, true);
    const Taesd model = make(encoder);
    EXPECT_EQ(model.config().scale, 32);
    tensor::run({}, [&] {
        EXPECT_EQ(model.encode(noise({1, 3, 64, 32})).sizes(), (std::vector<std::int64_t>{1, 32, 2, 1}));
    });
}

TEST(Taesd, NormalisedBranchesOfTheFirstBlocksAreUsed) {
    Keys keys = decoderKeys(32);
    const Taesd plain = make(keys);
    for (const char* block : {"3", "4", "5"}) {
        const std::string name = std::string(block) + ".pool.";
        keys[name + "0.weight"] = {32, 8, 1, 1};
        keys[name + "1.weight"] = keys[name + "1.bias"] = {32};
        keys[name + "3.weight"] = {8, 32, 1, 1};
    }
    const Taesd pooled = make(keys);
    tensor::run({}, [&] {
        const nn::Tensor latent = noise({1, 32, 4, 4});
        EXPECT_EQ(pooled.decode(latent).size(2), 32);
        EXPECT_GT(nn::maxAbsDifference(plain.decode(latent), pooled.decode(latent)), 0);
    });
}

TEST(Taesd, FirstLayersAreThoseThatArePublished) {
    // clamp, convolution, ReLU, convolution: small enough to write out.
    Keys keys;
    addConv(keys, "1", 4, 8, true);
    addBlock(keys, "3", 8, 8);
    addConv(keys, "4", 8, 3, true);
    const tensor::Weights weights = test::randomWeights(keys);
    const Taesd model(weights, *Taesd::Config::fromWeights(weights));
    tensor::run({}, [&] {
        const auto conv = [&](const std::string& name, const nn::Tensor& x) {
            return at::conv2d(x, weights.tensor(name + ".weight"), weights.tensor(name + ".bias"), 1, 1);
        };
        const nn::Tensor latent = noise({1, 4, 5, 6}).mul(4);
        const nn::Tensor x = conv("1", latent.div(3).tanh().mul(3)).relu();
        const nn::Tensor inner = conv("3.conv.4", conv("3.conv.2", conv("3.conv.0", x).relu()).relu());
        const nn::Tensor out = conv("4", inner.add(x).relu()).clamp(0, 1);
        EXPECT_LT(nn::maxAbsDifference(model.decode(latent), out), 1e-5);
    });
}

TEST(Taesd, WrongShapesAndMissingHalvesAreErrors) {
    const Taesd encoder = make(encoderKeys(4)), decoder = make(decoderKeys(16));
    tensor::run({}, [&] {
        test::expectError([&] { encoder.encode(noise({1, 3, 12, 16})); }, "16x12, sides must be multiples of 8");
        test::expectError([&] { decoder.decode(noise({1, 4, 2, 2})); }, "[N, 16, H, W] is needed");
        test::expectError([&] { encoder.decode(noise({1, 4, 2, 2})); }, "has no decoder");
        test::expectError([&] { decoder.encode(noise({1, 3, 8, 8})); }, "has no encoder");
    });
}

TEST(Taesd, OtherNetworksAreLeftAlone) {
    EXPECT_FALSE(Taesd::Config::fromWeights(test::randomWeights({{"0.weight", {8, 3, 3, 3}}, {"2.weight", {8}}})));
    EXPECT_FALSE(Taesd::Config::fromWeights(
        test::randomWeights({{"body.0.weight", {8, 3, 3, 3}}, {"body.1.weight", {8}}, {"body.2.weight", {3, 8, 3, 3}}})));
}

/// Trained weights: what its author publishes is 22.2 to 28.4 dB on these four.
TEST(Taesd, PhotographsComeBackAsPublished) {
    OCHRE_SHARED_OR_SKIP(encoderFile, "data/models/taesd/taesd_encoder.safetensors");
    OCHRE_SHARED_OR_SKIP(decoderFile, "data/models/taesd/taesd_decoder.safetensors");
    OCHRE_SHARED_OR_SKIP(pictures, "data/pictures/kodak");
    tensor::useThreads();
    const auto open = [](const std::filesystem::path& path) {
        const tensor::Weights weights = tensor::Weights::open(path);
        return Taesd(weights, Taesd::Config::fromWeights(weights).value());
    };
    const Taesd encoder = open(encoderFile), decoder = open(decoderFile);
    double lowest = 100, highest = 0;
    for (const char* name : {"kodim01.png", "kodim02.png", "kodim03.png", "kodim04.png"}) {
        const Image image = readImage(pictures / name);
        Image back;
        tensor::run({}, [&] { back = previewLatent(encoder.encode(tensor::toTensor(image)), decoder); });
        const double decibels = psnr(image, back);
        RecordProperty(name, fmt::format("{:.2f} dB", decibels));
        lowest = std::min(lowest, decibels);
        highest = std::max(highest, decibels);
    }
    EXPECT_NEAR(lowest, 22.2, 0.1);
    EXPECT_NEAR(highest, 28.4, 0.1);
}

TEST(LatentPreview, ColoursAreTheMatrix) {
    tensor::run({}, [] {
        nn::Tensor latent = noise({1, 4, 2, 3}).mul_(0);
        latent.select(1, 1).fill_(1);
        const Image sd = previewLatent(latent, LatentColors::sd()), sdxl = previewLatent(latent[0], LatentColors::sdxl());
        EXPECT_EQ(sd.width(), 3);
        EXPECT_EQ(sd.height(), 2);
        EXPECT_NEAR(sd.pixel(2, 1)[1], 0.5 + 0.5 * 0.4974, 1e-6);
        EXPECT_NEAR(sdxl.pixel(0, 0)[0], 0.5 + 0.5 * (0.1084 - 0.2533), 1e-6);
        EXPECT_EQ(previewLatent(latent.mul(1e3), LatentColors::sd()).pixel(0, 0)[0], 1.0f);
    });
}

TEST(LatentPreview, PixelsKeepTheirPlaces) {
    tensor::run({}, [] {
        const nn::Tensor latent = noise({1, 4, 3, 5}).mul_(0.3);
        const Image image = previewLatent(latent, LatentColors::sd());
        double red = 0;
        for (int c = 0; c < 4; ++c)
            red += latent[0][c][2][4].item<double>() * LatentColors::sd().channels[static_cast<std::size_t>(c)][0];
        EXPECT_NEAR(image.pixel(4, 2)[0], std::clamp(0.5 + 0.5 * red, 0.0, 1.0), 1e-6);
    });
}

TEST(LatentPreview, OtherChannelCountsAreErrors) {
    tensor::run({}, [] {
        test::expectError([] { previewLatent(noise({1, 16, 2, 2}), LatentColors::sd()); },
                          "latent of 16 channels, colours are known for 4");
        test::expectError([] { previewLatent(noise({2, 4, 2, 2}), LatentColors::sd()); }, "[2, 4, 2, 2]");
    });
}

} // namespace
} // namespace ochre::models
