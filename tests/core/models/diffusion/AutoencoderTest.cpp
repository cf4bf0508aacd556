// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Autoencoder.h"

#include <gtest/gtest.h>

#include "core/models/diffusion/FeatheredTiles.h"
#include "core/models/diffusion/Latent.h"
#include "core/models/diffusion/MakeCheckpoint.h"
#include "core/tensor/Convert.h"
#include "tests/core/models/diffusion/SmallCheckpoint.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

Image picture(int width, int height, int channels) {
    Image image(width, height, channels);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 37) % 256) / 255.0f;
    return image;
}

double apart(const nn::Tensor& a, const nn::Tensor& b) {
    return nn::maxAbsDifference(a, b);
}

TEST(Autoencoder, EncodesTheMeanAndDecodesTo01) {
    const Autoencoder autoencoder = test::smallAutoencoder();
    const Image image = picture(48, 32, 3);
    const nn::Tensor latent = autoencoder.encode(std::vector<Image>{image});
    ASSERT_EQ(latent.sizes(), at::IntArrayRef({1, 4, 4, 6}));
    nn::Tensor expected, pixels;
    tensor::run({}, [&] {
        expected =
            AutoencoderKl::mean(autoencoder.networkKl()->encode(tensor::toTensor(image).mul(2).sub(1)));
        pixels = autoencoder.networkKl()->decode(latent).add(1).div(2).clamp(0, 1);
    });
    EXPECT_EQ(apart(latent, expected), 0);
    const auto images = autoencoder.decode(latent);
    ASSERT_EQ(images.size(), 1u);
    EXPECT_EQ(images[0].width(), 48);
    EXPECT_EQ(images[0].height(), 32);
    EXPECT_EQ(apart(tensor::toTensor(images[0]), pixels), 0);
}

TEST(Autoencoder, CutsSidesAboutTheMiddleSpreadsGreyAndLeavesAlphaOut) {
    const Autoencoder autoencoder = test::smallAutoencoder();
    const Image odd = picture(53, 39, 3);
    const nn::Tensor cut = tensor::toTensor(odd, {0, 1, 2}, 2, 3, 48, 32);
    EXPECT_EQ(apart(autoencoder.encode(std::vector<Image>{odd}), autoencoder.encode(cut)), 0);
    const Image grey = picture(16, 16, 1);
    EXPECT_EQ(apart(pixelsOf({grey}), tensor::toTensor(grey, {0, 0, 0}, 0, 0, 16, 16)), 0);
    EXPECT_EQ(pixelsOf({picture(16, 16, 4)}).size(1), 3);
    test::expectError([&] { autoencoder.encode(std::vector<Image>{picture(7, 64, 3)}); },
                      "the picture is 7×64 px");
    test::expectError([&] { pixelsOf({picture(16, 16, 3), picture(16, 24, 3)}); }, "cannot be one batch");
}

TEST(Autoencoder, TilesOfAFunctionThatSeesOnePixelAreTheWhole) {
    const nn::Tensor x = test::noise({2, 4, 37, 61});
    const Piecewise enlarge = [](const nn::Tensor& t) { return nn::upsampleNearest(t, 8); };
    const Piecewise reduce = [](const nn::Tensor& t) {
        return nn::resizeNearest(t, t.size(2) / 8, t.size(3) / 8);
    };
    EXPECT_LT(apart(inTiles(x.narrow(0, 0, 1), {16, 24, 4}, 8, enlarge), enlarge(x.narrow(0, 0, 1))), 1e-5);
    int shares = 0;
    const nn::Tensor all =
        inThreeCuts(x, 16, 4, 8, enlarge, Progress([&](double, std::string_view) { ++shares; }));
    EXPECT_LT(apart(all, enlarge(x)), 1e-5);
    EXPECT_GT(shares, 2 * 3 * 4);
    const nn::Tensor large = nn::upsampleNearest(x, 8);
    EXPECT_LT(apart(inThreeCuts(large, 128, 32, 1.0 / 8, reduce), x), 1e-5);
    const Cancel cancel = Cancel::make();
    cancel.request();
    EXPECT_TRUE(test::expectError([&] { inThreeCuts(x, 16, 4, 8, enlarge, {}, cancel); }).cancelled());
}

TEST(Autoencoder, TiledPicturesHaveTheSizeOfWholeOnes) {
    const Autoencoder autoencoder = test::smallAutoencoder();
    AutoencodeOptions options;
    options.tile = 64;
    const nn::Tensor latent = autoencoder.encode(std::vector<Image>{picture(136, 96, 3)}, options);
    EXPECT_EQ(latent.sizes(), at::IntArrayRef({1, 4, 12, 17}));
    EXPECT_EQ(autoencoder.decodePixels(latent, options).sizes(), at::IntArrayRef({1, 3, 96, 136}));
    EXPECT_TRUE(std::isfinite(nn::maxAbs(latent)));
    options.tile = 60;
    test::expectError([&] { autoencoder.decodePixels(latent, options); }, "tile is 60 px");
}

TEST(Autoencoder, TellsFamilyAndScaleWhereTheFileShowsThem) {
    const Autoencoder whole = Autoencoder::open(test::smallCheckpoint("sdxl-small"), test::kFloat32);
    EXPECT_EQ(whole.family, DiffusionFamily::Sdxl);
    EXPECT_EQ(whole.scale.factor, 0.13025);
    const test::TemporaryFolder folder;
    AutoencoderKl::Config config;
    config.widths = {32, 32, 32, 32};
    config.stem = 32;
    makeCheckpoint(folder / "vae.safetensors", {{"", config.expected()}});
    EXPECT_FALSE(Autoencoder::open(folder / "vae.safetensors").family);
    config.latentChannels = config.zChannels = 16;
    config.momentChannels = 32;
    makeCheckpoint(folder / "sixteen.safetensors", {{"", config.expected()}});
    test::expectError([&] { Autoencoder::open(folder / "sixteen.safetensors"); }, "16 channels");
    test::expectError([] { Autoencoder::open(test::smallControlNet()); }, "a ControlNet, not an autoencoder");
}

TEST(Autoencoder, TheStarterModelsHasAsManyChannelsAsItWasTrainedWith) {
    const Autoencoder autoencoder = test::smallAutoencoder("starter-small");
    const nn::Tensor latent = autoencoder.encode(std::vector<Image>{picture(32, 48, 3)});
    EXPECT_EQ(latent.sizes(), (at::IntArrayRef{1, 8, 6, 4}));
    const std::vector<Image> back = autoencoder.decode(latent);
    ASSERT_EQ(back.size(), 1u);
    EXPECT_EQ(back[0].width(), 32);
    EXPECT_EQ(back[0].height(), 48);
}

} // namespace
} // namespace ochre::models
