// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes that run networks, on small seeded checkpoints.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "core/image/ImageIo.h"
#include "core/models/diffusion/Inpaint.h"
#include "core/nodes/DiffusionValues.h"
#include "tests/core/models/diffusion/SmallCheckpoint.h"
#include "tests/core/models/diffusion/Wave.h"
#include "tests/core/nodes/NodeBench.h"
#include "tests/support/Support.h"

namespace ochre::nodes {
namespace {

using models::Conditioning;
using models::LatentBatch;

Image drawing(int width, int height, int channels = 3) {
    Image image(width, height, channels);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = 0.5f + 0.4f * std::sin(0.1f * static_cast<float>(i));
    return image;
}

/// 1 in the left half.
Image halfMask(int width, int height) {
    Image mask(width, height, 1, ColorSpace::Raw);
    const auto values = mask.edit();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width / 2; ++x) values[static_cast<std::size_t>(y * width + x)] = 1;
    return mask;
}

bool contains(const Error& error, const std::string& part) {
    return error.full().find(part) != std::string::npos;
}

TEST(GenerateNodes, EncodeInpaintHidesWhatIsUnderTheMask) {
    const auto encode = [](const Image& image) {
        return NodeBench("latent.encode_inpaint")
            .give("image", makeImageValue(image))
            .give("autoencoder", makeAutoencoderValue(test::smallAutoencoder()))
            .give("mask", makeMaskValue(halfMask(8, 8)));
    };
    Image image = drawing(64, 48);
    const LatentBatch latent = encode(image).run("latent").as<LatentBatch>();
    EXPECT_EQ(latent.samples.sizes(), at::IntArrayRef({1, 4, 6, 8}));
    EXPECT_EQ(latent.noiseMask.sizes(), at::IntArrayRef({1, 1, 48, 64}));
    const auto mask = [](const LatentBatch& l, int x) { return l.noiseMask[0][0][20][x].item<float>(); };
    EXPECT_EQ(mask(latent, 34), 1) << "grown by 6, of which two lie on the right";
    EXPECT_EQ(mask(latent, 35), 0);
    EXPECT_EQ(mask(encode(image).set("grow", std::int64_t{0}).run("latent").as<LatentBatch>(), 32), 0);

    const auto values = image.edit();
    for (int y = 0; y < 48; ++y) std::fill_n(&values[static_cast<std::size_t>(y * 64 * 3)], 3 * 24, 0.0f);
    const LatentBatch other = encode(image).run("latent").as<LatentBatch>();
    EXPECT_EQ(nn::maxAbsDifference(other.samples, latent.samples), 0) << "what is hidden has no effect";
}

TEST(GenerateNodes, InpaintConditioningCarriesThePicture) {
    const Image image = drawing(64, 64);
    const auto bench = [&] {
        return NodeBench("generate.inpaint_conditioning")
            .give("positive", makeConditioningValue(test::prompt("a cat")))
            .give("negative", makeConditioningValue(test::prompt("")))
            .give("autoencoder", makeAutoencoderValue(test::smallAutoencoder()))
            .give("image", makeImageValue(image))
            .give("mask", makeMaskValue(halfMask(64, 64)));
    };
    const models::Autoencoder autoencoder = test::smallAutoencoder();
    const models::InpaintPicture picture =
        models::inpaintPicture(models::pixelsOf({image}), maskTensor(halfMask(64, 64)));
    for (const char* side : {"positive", "negative"}) {
        const Conditioning shown = bench().run(side).as<Conditioning>();
        ASSERT_TRUE(shown.entries[0].inpaint) << side;
        EXPECT_EQ(nn::maxAbsDifference(shown.entries[0].inpaint->latent, autoencoder.encode(picture.hidden)),
                  0);
        EXPECT_EQ(nn::maxAbsDifference(shown.entries[0].inpaint->mask, picture.mask), 0);
    }
    const LatentBatch latent = bench().run("latent").as<LatentBatch>();
    EXPECT_EQ(nn::maxAbsDifference(latent.samples, autoencoder.encode({image})), 0);
    EXPECT_TRUE(latent.noiseMask.defined());
    EXPECT_FALSE(bench().set("noise_mask", false).run("latent").as<LatentBatch>().noiseMask.defined());
}

TEST(GenerateNodes, SdxlPromptsHaveTwoTextsAndSizes) {
    const auto bench = [] {
        return NodeBench("generate.prompt_sdxl")
            .give("text_encoder", makeTextEncoderValue(test::smallTextEncoder("sdxl-small")));
    };
    const Conditioning same = bench()
                                  .set("text_g", std::string("a cat"))
                                  .set("text_l", std::string("a cat"))
                                  .set("width", std::int64_t{2048})
                                  .set("crop_y", std::int64_t{8})
                                  .run("conditioning")
                                  .as<Conditioning>();
    const Conditioning plain = test::prompt("a cat", "sdxl-small");
    EXPECT_EQ(nn::maxAbsDifference(same.entries[0].states, plain.entries[0].states), 0);
    EXPECT_EQ(nn::maxAbsDifference(same.entries[0].pooled, plain.entries[0].pooled), 0);
    models::SdxlSizes sizes;
    sizes.width = 2048;
    sizes.cropY = 8;
    EXPECT_EQ(same.entries[0].sizes, sizes);
    EXPECT_EQ(same.text, "a cat");
    const Conditioning two = bench()
                                 .set("text_g", std::string("a cat"))
                                 .set("text_l", std::string("a drawing"))
                                 .run("conditioning")
                                 .as<Conditioning>();
    EXPECT_GT(nn::maxAbsDifference(two.entries[0].states, plain.entries[0].states), 0.01);
    EXPECT_EQ(nn::maxAbsDifference(two.entries[0].pooled, plain.entries[0].pooled), 0)
        << "that of the larger encoder";
    EXPECT_TRUE(contains(bench().set("text_l", std::string("<lora:fur:1>")).fails(), "\"fur\""));
}

TEST(GenerateNodes, RefinerPromptsHaveAScore) {
    const auto bench = [] {
        return NodeBench("generate.prompt_refiner")
            .give("text_encoder", makeTextEncoderValue(test::smallTextEncoder("sdxl-refiner-small")))
            .set("text", std::string("a cat"));
    };
    const Conditioning refined = bench().set("aesthetic_score", 2.5).run("conditioning").as<Conditioning>();
    ASSERT_TRUE(refined.entries[0].sizes);
    EXPECT_EQ(refined.entries[0].sizes->aestheticScore, 2.5);
    EXPECT_EQ(refined.entries[0].sizes->height, 1024);
    EXPECT_TRUE(contains(bench().set("text", std::string("a <lora:fur:1>")).fails(), "\"fur\""));
}

/// A node's defaults with one text of its own.
class Texts : public graph::ParameterView {
public:
    Texts(const graph::NodeDeclaration& declaration, const std::string& parameter, std::string text) {
        for (const graph::Parameter& p : declaration.parameters()) m_values[p.id] = p.defaultValue;
        m_values[parameter] = std::move(text);
    }
    const graph::ParameterValue& value(const std::string& id) const override { return m_values.at(id); }

private:
    std::map<std::string, graph::ParameterValue> m_values;
};

TEST(GenerateNodes, TheKeyOfAPromptHasTheEmbeddingsThatItNames) {
    const test::TemporaryFolder folder;
    ::setenv("OCHRE_MODELS_DIR", folder.path().c_str(), 1);
    const auto file = folder / "embeddings/style.safetensors";
    std::filesystem::create_directories(file.parent_path());
    const auto write = [&](const char* text) { std::ofstream(file) << text; };
    const std::pair<const char*, const char*> nodes[] = {{"generate.prompt", "text"},
                                                         {"generate.prompt_sdxl", "text_g"},
                                                         {"generate.prompt_sdxl", "text_l"},
                                                         {"generate.prompt_refiner", "text"}};
    for (const auto& [type, parameter] : nodes) {
        const graph::NodeDeclaration& declaration = allNodes().runnable(type);
        ASSERT_TRUE(declaration.hasFingerprint()) << type;
        const auto key = [&](const char* text) {
            return declaration.fingerprintFunction()(Texts(declaration, parameter, text));
        };
        write("one");
        const Hash128 named = key("a cat, embedding:style"), plain = key("a cat");
        EXPECT_NE(named, plain) << type;
        write("another");
        EXPECT_NE(key("a cat, embedding:style"), named) << type;
        EXPECT_EQ(key("a cat"), plain) << type;
    }
    ::unsetenv("OCHRE_MODELS_DIR");
}

TEST(GenerateNodes, ATextEncoderOfAnotherFamilyIsRefused) {
    const graph::Value encoder = makeTextEncoderValue(test::smallTextEncoder());
    EXPECT_TRUE(contains(NodeBench("generate.prompt_sdxl").give("text_encoder", encoder).fails(), "sdxl"));
    EXPECT_TRUE(
        contains(NodeBench("generate.prompt_refiner").give("text_encoder", encoder).fails(), "sdxl-refiner"));
}

NodeBench upscaling(const Image& image) {
    return NodeBench("generate.upscale_tiled")
        .give("image", makeImageValue(image))
        .give("model", makeModelValue(test::smallModel()))
        .give("positive", makeConditioningValue(test::prompt("a cat")))
        .give("autoencoder", makeAutoencoderValue(test::smallAutoencoder()))
        .set("tile", std::int64_t{128})
        .set("overlap", std::int64_t{16})
        .set("steps", std::int64_t{3});
}

double difference(const Image& a, const Image& b) {
    double most = 0;
    EXPECT_EQ(a.valueCount(), b.valueCount());
    for (std::size_t i = 0; i < a.valueCount(); ++i)
        most = std::max(most, static_cast<double>(std::abs(a.values()[i] - b.values()[i])));
    return most;
}

TEST(GenerateNodes, UpscaleGivesTheSizeAndKeepsTheAlpha) {
    Image image = drawing(75, 33, 4);
    image.setMetadata("Title", "t");
    const Image large = upscaling(image).set("denoise", 0.5).run("image").as<Image>();
    EXPECT_EQ(large.width(), 150);
    EXPECT_EQ(large.height(), 66);
    EXPECT_EQ(large.channels(), 4);
    EXPECT_EQ(large.metadata().at("Title"), "t");
    EXPECT_NE(large.metadata().at("parameters").find("Denoising strength: 0.5"), std::string::npos);
    EXPECT_EQ(digitalSourceTypeOf(large), DigitalSourceType::CompositeWithTrainedAlgorithmicMedia);
    for (const float v : large.values()) ASSERT_TRUE(v >= 0 && v <= 1);
    EXPECT_EQ(difference(upscaling(image).set("denoise", 0.5).run("image").as<Image>(), large), 0)
        << "a seed is a picture";
    EXPECT_GT(
        difference(upscaling(image).set("denoise", 0.5).set("seed", std::int64_t{9}).run("image").as<Image>(),
                   large),
        1e-3);
}

TEST(GenerateNodes, UpscaleWithATileControlNet) {
    const Image image = drawing(96, 40);
    const graph::Value net =
        makeControlNetValue(models::ControlNetModel::open(test::smallControlNet(), test::kFloat32));
    const auto bench = [&] { return upscaling(image).set("denoise", 0.5); };
    const Image plain = bench().run("image").as<Image>(),
                steered = bench().give("controlnet", net).run("image").as<Image>();
    EXPECT_EQ(steered.width(), 192);
    EXPECT_GT(difference(plain, steered), 1e-3);
}

TEST(GenerateNodes, UpscaleWithoutDenoiseIsTheAutoencoderAlone) {
    const Image image = drawing(64, 64);
    const Image same = upscaling(image).set("scale", 1.0).set("denoise", 0.0).run("image").as<Image>();
    const models::Autoencoder autoencoder = test::smallAutoencoder();
    EXPECT_LT(difference(same, autoencoder.decode(autoencoder.encode({image}))[0]), 1e-6);
    EXPECT_TRUE(contains(upscaling(image).set("overlap", std::int64_t{100}).fails(), "overlap of 100"));
}

} // namespace
} // namespace ochre::nodes
