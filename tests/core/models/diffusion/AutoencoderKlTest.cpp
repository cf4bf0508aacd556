// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/AutoencoderKl.h"

#include <algorithm>

#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "core/models/Parity.h"
#include "core/tensor/Runtime.h"
#include "tests/core/models/diffusion/RandomWeights.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using Config = AutoencoderKl::Config;
using Layout = AutoencoderNames::Layout;

/// As Stable Diffusion's, with a quarter of the channels and a level less.
Config smallConfig() {
    Config config;
    config.stem = 32;
    config.widths = {32, 64, 64};
    config.resBlocks = 1;
    return config;
}

nn::Tensor noise(std::vector<std::int64_t> sides, std::uint64_t seed = 1) {
    return at::randn(sides, tensor::generator(seed), at::TensorOptions().dtype(at::kFloat));
}

/// Noise that changes slowly, as latents of pictures do.
nn::Tensor smoothLatent(std::int64_t height, std::int64_t width) {
    return nn::resizeBicubic(noise({1, 4, height / 4 + 1, width / 4 + 1}), height, width);
}

/// Share of values that differ by more than 2/255 of the picture's range, which is 2.
double differing(const nn::Tensor& a, const nn::Tensor& b) {
    return a.sub(b).abs().gt(2.0 * 2 / 255).to(at::kDouble).mean().item<double>();
}

class Autoencoder : public testing::Test {
protected:
    void SetUp() override { tensor::useThreads(); }
    static AutoencoderKl make(const Config& config, tensor::Placement placement = {}) {
        return {test::randomWeights(config.expected(), {}, placement), config};
    }
};

TEST_F(Autoencoder, SharedCasesAndKeysPass) {
    OCHRE_SHARED_OR_SKIP(cases, "parity");
    for (const char* path : {"autoencoder_kl", "keys/sd_vae.json", "keys/diffusers_vae.json"})
        for (const ParityResult& result : runParity(cases / path))
            EXPECT_EQ(result.verdict, ParityResult::Verdict::Pass) << result.line();
}

TEST_F(Autoencoder, ConfigComesBackFromItsOwnKeys) {
    for (const Layout layout : {Layout::LatentDiffusion, Layout::Diffusers, Layout::OldDiffusers})
        for (const char* prefix : {"", "first_stage_model.", "vae."})
            for (const auto& [encoder, decoder] : {std::pair{true, true}, {true, false}, {false, true}}) {
                Config config = smallConfig();
                config.names = {layout, prefix};
                config.encoder = encoder;
                config.decoder = decoder;
                config.quant = config.quant && encoder;
                config.postQuant = config.postQuant && decoder;
                config.attentionLevels = {2};
                config.linearAttention = layout != Layout::LatentDiffusion;
                const auto found = Config::fromWeights(test::randomWeights(config.expected()));
                ASSERT_TRUE(found) << prefix;
                EXPECT_EQ(found->expected(), config.expected());
                EXPECT_EQ(found->names.layout, layout);
            }
}

TEST_F(Autoencoder, SixteenChannelsWithoutQuantisationAreRecognised) {
    Config config = smallConfig();
    config.zChannels = config.latentChannels = 16;
    config.momentChannels = 32;
    config.quant = config.postQuant = false;
    const auto found = Config::fromWeights(test::randomWeights(config.expected()));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->latentChannels, 16);
    EXPECT_EQ(found->expected(), config.expected());
    const AutoencoderKl model = make(*found);
    tensor::run({}, [&] {
        EXPECT_EQ(model.encode(noise({1, 3, 16, 8})).sizes(), (std::vector<std::int64_t>{1, 32, 4, 2}));
        EXPECT_EQ(model.decode(noise({1, 16, 4, 2})).sizes(), (std::vector<std::int64_t>{1, 3, 16, 8}));
    });
}

TEST_F(Autoencoder, OtherNetworksAreLeftAlone) {
    EXPECT_FALSE(Config::fromWeights(test::randomWeights({{"conv_in.weight", {32, 3, 3, 3}}})));
    EXPECT_FALSE(Config::fromWeights(test::randomWeights({{"encoder.conv_in.weight", {32, 3, 3, 3}}})));
}

TEST_F(Autoencoder, EveryLayoutOfTheSameWeightsGivesTheSamePicture) {
    const Config config = smallConfig();
    const AutoencoderKl model = make(config);
    const nn::Tensor latent = noise({1, 4, 6, 5});
    for (const Layout layout : {Layout::Diffusers, Layout::OldDiffusers}) {
        const AutoencoderNames names{layout, "vae."};
        const auto weights = test::randomWeights(config.expected(), [&](const std::string& key) {
            return names.stored(key, static_cast<int>(config.widths.size()));
        });
        const auto other = Config::fromWeights(weights);
        ASSERT_TRUE(other);
        const AutoencoderKl same(weights, *other);
        tensor::run({}, [&] { EXPECT_EQ(nn::maxAbsDifference(model.decode(latent), same.decode(latent)), 0); });
        EXPECT_TRUE(weights.unused().empty());
    }
}

TEST_F(Autoencoder, StripesOfEveryHeightLeaveNoSeams) {
    const AutoencoderKl model = make(smallConfig());
    tensor::run({}, [&] {
        const nn::Tensor latent = smoothLatent(30, 21), image = noise({1, 3, 92, 76});
        const nn::Tensor whole = model.decode(latent, {.rows = 4096}), moments = model.encode(image, {.rows = 4096});
        for (const int rows : {4, 8, 12, 32, 64}) {
            EXPECT_LT(nn::maxAbsDifference(model.decode(latent, {.rows = rows}), whole), 1e-4) << rows;
            EXPECT_LT(nn::maxAbsDifference(model.encode(image, {.rows = rows}), moments), 1e-4) << rows;
        }
    });
}

TEST_F(Autoencoder, HalfStorageStaysNearExact) {
    const AutoencoderKl model = make(smallConfig());
    tensor::run({}, [&] {
        const nn::Tensor latent = smoothLatent(32, 40);
        const nn::Tensor exact = model.decode(latent, {.storage = MapStorage::Exact, .rows = 16});
        const nn::Tensor half = model.decode(latent, {.storage = MapStorage::Half, .rows = 16});
        EXPECT_GT(nn::maxAbsDifference(exact, half), 0);
        EXPECT_LE(differing(exact, half), 0.001);
    });
}

TEST_F(Autoencoder, Bfloat16StaysNearFloat32) {
    const AutoencoderKl single = make(smallConfig());
    const AutoencoderKl half = make(smallConfig(), {.floating = at::kBFloat16});
    tensor::run({}, [&] {
        const nn::Tensor latent = smoothLatent(12, 10), a = single.decode(latent), b = half.decode(latent);
        EXPECT_EQ(b.scalar_type(), at::kFloat);
        EXPECT_LT(nn::meanAbsDifference(a, b), 0.02 * nn::maxAbs(a));
    });
}

TEST_F(Autoencoder, PicturesOfABatchDoNotMix) {
    const AutoencoderKl model = make(smallConfig());
    tensor::run({}, [&] {
        const nn::Tensor latents = noise({3, 4, 5, 7}), all = model.decode(latents);
        for (std::int64_t n = 0; n < 3; ++n)
            EXPECT_EQ(nn::maxAbsDifference(all.narrow(0, n, 1), model.decode(latents.narrow(0, n, 1))), 0);
    });
}

TEST_F(Autoencoder, OneLatentPixelIsEnough) {
    const AutoencoderKl model = make(smallConfig());
    tensor::run({}, [&] {
        EXPECT_EQ(model.decode(noise({1, 4, 1, 1})).sizes(), (std::vector<std::int64_t>{1, 3, 4, 4}));
        EXPECT_EQ(model.encode(noise({1, 3, 4, 4})).sizes(), (std::vector<std::int64_t>{1, 8, 1, 1}));
    });
}

TEST_F(Autoencoder, WrongShapesAreErrorsThatSayWhatIsNeeded) {
    const AutoencoderKl model = make(smallConfig());
    tensor::run({}, [&] {
        test::expectError([&] { model.decode(noise({1, 16, 8, 8})); },
                          "a latent has shape [1, 16, 8, 8], [N, 4, H, W] is needed");
        test::expectError([&] { model.encode(noise({1, 4, 8, 8})); }, "[N, 3, H, W] is needed");
        test::expectError([&] { model.encode(noise({1, 3, 8, 10})); },
                          "a picture of 10x8, sides must be multiples of 4");
        test::expectError([&] { model.decode(noise({4, 8, 8})); }, "[4, 8, 8]");
    });
    Config half = smallConfig();
    half.decoder = half.postQuant = false;
    const AutoencoderKl encoder = make(half);
    tensor::run({}, [&] { test::expectError([&] { encoder.decode(noise({1, 4, 8, 8})); }, "has no decoder"); });
}

TEST_F(Autoencoder, ReportsItsWorkToTheEnd) {
    const AutoencoderKl model = make(smallConfig());
    std::vector<double> shares;
    const Progress progress([&](double share, std::string_view) { shares.push_back(share); });
    tensor::run({}, [&] {
        for (const bool decodes : {true, false}) {
            shares.clear();
            decodes ? model.decode(noise({2, 4, 16, 16}), {.rows = 8, .progress = progress})
                    : model.encode(noise({2, 3, 64, 64}), {.rows = 8, .progress = progress});
            EXPECT_GT(shares.size(), 50u);
            EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
            EXPECT_NEAR(shares.back(), 1.0, 1e-6);
        }
    });
}

TEST_F(Autoencoder, StopsBetweenStripesOfALayer) {
    const AutoencoderKl model = make(smallConfig());
    const Cancel cancel = Cancel::make();
    int reports = 0;
    const Progress progress([&](double share, std::string_view) {
        ++reports;
        if (share > 0.9) cancel.request();
    });
    const Error error = test::expectError([&] {
        tensor::run(cancel, [&] { model.decode(noise({1, 4, 16, 16}), {.rows = 4, .progress = progress}); });
    });
    EXPECT_TRUE(error.cancelled());
    const int stopped = reports;
    tensor::run({}, [&] { model.decode(noise({1, 4, 16, 16}), {.rows = 4, .progress = progress}); });
    EXPECT_LT(stopped, reports - stopped);
}

TEST_F(Autoencoder, SamplesAreMeanAndDeviation) {
    tensor::run({}, [&] {
        const nn::Tensor moments = noise({1, 8, 2, 2}), none = noise({1, 4, 2, 2}).mul_(0);
        EXPECT_EQ(nn::maxAbsDifference(AutoencoderKl::sample(moments, none), moments.narrow(1, 0, 4)), 0);
        const nn::Tensor drawn = AutoencoderKl::sample(moments, none.add(1)).sub(AutoencoderKl::mean(moments));
        EXPECT_LT(nn::maxAbsDifference(drawn.log().mul(2), moments.narrow(1, 4, 4)), 1e-5);
        test::expectError([&] { AutoencoderKl::sample(moments, noise({1, 8, 2, 2})); }, "noise has shape [1, 8, 2, 2]");
    });
}

TEST_F(Autoencoder, LatentScalesGoThereAndBack) {
    const nn::Tensor z = noise({1, 16, 2, 2});
    for (const LatentScale& scale : {kSdLatents, kSdxlLatents, kSd3Latents, kFluxLatents})
        EXPECT_LT(nn::maxAbsDifference(scale.fromModel(scale.toModel(z)), z), 1e-5);
    EXPECT_NEAR(kFluxLatents.toModel(z.mul(0)).max().item<double>(), -0.1159 * 0.3611, 1e-6);
}

TEST(StripedMap, GivesRowsAcrossStripesAndZerosOutside) {
    tensor::run({}, [] {
        const nn::Tensor whole = nn::channelsLast(noise({1, 5, 9, 3}));
        for (const MapStorage storage : {MapStorage::Exact, MapStorage::Half}) {
            StripedMap map(5, 9, 3, storage);
            map.append(whole.narrow(2, 0, 4));
            map.append(whole.narrow(2, 4, 4));
            map.append(whole.narrow(2, 8, 1));
            const double tolerance = storage == MapStorage::Exact ? 0 : 2e-3;
            EXPECT_LE(nn::maxAbsDifference(map.rows(3, 6), whole.narrow(2, 3, 6)), tolerance);
            const nn::Tensor edge = map.rows(-1, 3);
            EXPECT_EQ(nn::maxAbs(edge.narrow(2, 0, 1)), 0);
            EXPECT_LE(nn::maxAbsDifference(edge.narrow(2, 1, 2), whole.narrow(2, 0, 2)), tolerance);
            EXPECT_EQ(nn::maxAbs(map.rows(7, 4).narrow(2, 2, 2)), 0);
            test::expectError([&] { map.append(whole.narrow(2, 0, 1)); }, "is no stripe of it after row 9");
            map.dropBefore(7);
            EXPECT_LE(nn::maxAbsDifference(map.rows(4, 5), whole.narrow(2, 4, 5)), tolerance);
            test::expectError([&] { map.rows(3, 3); }, "of the 3 from 3 on only 2 are there");
        }
    });
}

TEST(StripedMap, HalfStorageHoldsLargeAndSmallValues) {
    tensor::run({}, [] {
        const nn::Tensor whole = nn::channelsLast(noise({1, 4, 4, 4}));
        for (const double size : {1e-2, 1.0, 3e5}) {
            StripedMap map(whole.mul(size), MapStorage::Half);
            EXPECT_LE(nn::maxAbsDifference(map.rows(0, 4), whole.mul(size)), 2e-3 * size);
        }
    });
}

} // namespace
} // namespace ochre::models
