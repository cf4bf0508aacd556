// SPDX-License-Identifier: GPL-3.0-or-later
// Every node that runs a network on a picture, on pictures that nobody would give it: each works or says clearly why not.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/models/restore/Bem.h"
#include "core/nodes/ClipFiles.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "tests/core/models/RandomWeights.h"
#include "tests/core/models/vision/SmallSam2.h"
#include "tests/core/nodes/NodeBench.h"
#include "tests/support/Machine.h"
#include "tests/support/Support.h"

namespace ochre::nodes {
namespace {

struct Case {
    const char *node, *model;
    const char* output;
    bool asLarge = true; ///< the result has the picture's size
};

const Case kCases[]{{"restore.restore", "dncnn/gray_5_layers", "image"},
                    {"restore.restore", "swinir/denoise_gray_window7_range255", "image"},
                    {"restore.restore", "restormer/withbias", "image"},
                    {"restore.restore", "iat/lol", "image"},
                    {"restore.restore", "sci/with_calibration", "image"},
                    {"restore.upscale", "srvggnetcompact/x2_prelu_batch2", "image", false},
                    {"understand.detect", "yolox/depthwise", "image"},
                    {"understand.select", "sam/end_to_end", "mask"},
                    {"understand.select", "", "mask"},
                    {"understand.everything", "sam/end_to_end", "labels"},
                    {"understand.features", "dinov2/interpolated_registers", "image"}};

std::string weightsOf(const char* parityCase) {
    return *parityCase ? test::sourceFile(std::string("tests/parity/") + parityCase + "/weights.safetensors").string() : std::string();
}

NodeBench benchOf(const Case& c, const Image& image) {
    NodeBench bench(c.node);
    bench.set("model", weightsOf(c.model)).give("image", makeImageValue(image));
    if (std::string(c.node) == "understand.select") bench.set("points", std::string("0,0"));
    if (std::string(c.node) == "understand.everything") bench.set("points", std::int64_t{2}).set("score", 0.0).set("stability", 0.0);
    if (std::string(c.node) == "understand.features") bench.set("side", std::int64_t{56});
    return bench;
}

Image drawing(int width, int height, int channels) {
    Image image(width, height, channels);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.5f + 0.4f * std::sin(0.023f * static_cast<float>(i % 1201));
    return image;
}

class OddPictures : public ::testing::TestWithParam<Case> {
protected:
    void expectWorks(const Image& image, const char* what) {
        const graph::Value value = benchOf(GetParam(), image).run(GetParam().output);
        const Image& out = value.as<Image>();
        const int scale = GetParam().asLarge ? 1 : 2;
        EXPECT_EQ(out.width(), image.width() * scale) << what;
        EXPECT_EQ(out.height(), image.height() * scale) << what;
        for (const float v : out.values()) ASSERT_TRUE(std::isfinite(v)) << what;
    }
};

TEST_P(OddPictures, OnePixel) {
    for (const int channels : {1, 3, 4}) expectWorks(drawing(1, 1, channels), "1×1");
}

TEST_P(OddPictures, SevenPixelsWideAndFiveThousandHigh) {
    expectWorks(drawing(7, 5000, 1), "7×5000");
}

TEST_P(OddPictures, GreyOfSixteenBitsFromAFile) {
    const test::TemporaryFolder folder;
    Image grey = drawing(33, 21, 1);
    writeImage(grey, folder / "grey.png", {.bitDepth = 16});
    const Image read = readImage(folder / "grey.png");
    EXPECT_EQ(read.channels(), 1);
    expectWorks(read, "16-bit grey");
}

TEST_P(OddPictures, AlphaAndWhatIsClear) {
    Image image = drawing(40, 24, 4);
    for (std::size_t i = 3; i < image.valueCount(); i += 4) image.edit()[i] = i % 8 == 3 ? 0.0f : 0.5f;
    expectWorks(image, "alpha");
    Image twoChannels = drawing(19, 11, 2);
    expectWorks(twoChannels, "grey with alpha");
}

TEST_P(OddPictures, LightBeyondWhiteAndBelowBlack) {
    const test::TemporaryFolder folder;
    Image image = drawing(32, 24, 3);
    image.setColorSpace(ColorSpace::Linear);
    image.edit()[30] = 900;
    image.edit()[333] = -4;
    writeImage(image, folder / "light.exr", {.bitDepth = 32});
    expectWorks(readImage(folder / "light.exr"), "EXR beyond 0…1");
}

/// Those that repair say where they are; those that look take them for white or black.
TEST_P(OddPictures, InfinitiesAndWhatIsNoNumber) {
    for (const float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(), std::nanf("")}) {
        const test::TemporaryFolder folder;
        Image image = drawing(16, 12, 3);
        image.setColorSpace(ColorSpace::Linear);
        image.edit()[3 * (5 * 16 + 7)] = bad;
        writeImage(image, folder / "bad.exr", {.bitDepth = 32});
        const Image read = readImage(folder / "bad.exr");
        if (std::string(GetParam().node).starts_with("understand.")) {
            EXPECT_EQ(benchOf(GetParam(), read).run(GetParam().output).as<Image>().width(), 16);
            continue;
        }
        const std::string said = benchOf(GetParam(), read).fails().full();
        EXPECT_NE(said.find("(7, 5)"), std::string::npos) << said;
        EXPECT_NE(said.find("repair the picture first"), std::string::npos) << said;
    }
}

INSTANTIATE_TEST_SUITE_P(Networks, OddPictures, ::testing::ValuesIn(kCases));

std::vector<std::pair<std::string, Image>> oddPictures() {
    Image light = drawing(16, 12, 3), clear = drawing(40, 24, 4);
    light.setColorSpace(ColorSpace::Linear);
    light.edit()[30] = 900;
    light.edit()[31] = -4;
    light.edit()[60] = std::numeric_limits<float>::infinity();
    light.edit()[61] = -std::numeric_limits<float>::infinity();
    light.edit()[62] = std::nanf("");
    for (std::size_t i = 3; i < clear.valueCount(); i += 4) clear.edit()[i] = i % 8 == 3 ? 0.0f : 0.5f;
    return {{"one.png", drawing(1, 1, 3)}, {"tall.png", drawing(7, 5000, 1)}, {"grey.png", drawing(33, 21, 1)},
            {"clear.png", clear}, {"light.exr", light}};
}

TEST(OddFilms, AreFollowedWithAndWithoutANetwork) {
    const test::TemporaryFolder folder;
    const std::string sam2 = models::writeSmallSam2(folder / "sam2.safetensors");
    for (const auto& [name, image] : oddPictures()) {
        const std::filesystem::path film = folder / ("film of " + name);
        std::filesystem::create_directories(film);
        for (const char* frame : {"0 ", "1 "}) writeImage(image, film / (frame + name), {.bitDepth = name.ends_with("exr") ? 32 : 16});
        for (const std::string& model : {std::string(), sam2}) {
            const graph::Value value = NodeBench("understand.track").set("video", film.string()).set("model", model)
                                           .set("prompts", std::string("0: 0,0")).run("masks");
            const ClipPtr masks = value.as<ClipPtr>();
            ASSERT_EQ(masks->frames(), 2) << name;
            EXPECT_EQ(masks->frame(1).width(), image.width()) << name;
            EXPECT_EQ(masks->frame(1).height(), image.height()) << name;
        }
    }
}

TEST(OddFolders, EachPictureIsFoundAndMatched) {
    const test::TemporaryFolder folder;
    const test::Setting cache("OCHRE_CACHE_DIR", folder / "cache");
    std::filesystem::create_directories(folder / "pictures");
    const auto pictures = oddPictures();
    for (const auto& [name, image] : pictures) writeImage(image, folder / "pictures" / name, {.bitDepth = name.ends_with("exr") ? 32 : 16});
    writeFileAtomic(folder / "pictures" / "broken.png", "no picture");
    for (const auto& [name, image] : pictures) {
        const Image read = readImage(folder / "pictures" / name);
        const NodeBench search = NodeBench("understand.search").set("model", weightsOf("dinov2/interpolated_registers"))
                                     .set("folder", (folder / "pictures").string()).give("image", makeImageValue(read));
        EXPECT_EQ(search.run("count").as<std::int64_t>(), static_cast<std::int64_t>(pictures.size())) << name;
        EXPECT_EQ(search.run("best").as<Image>().width(), image.width()) << name;
        EXPECT_GE(NodeBench("understand.match").set("model", weightsOf("dinov2/interpolated_registers")).set("side", std::int64_t{56})
                      .give("image", makeImageValue(read)).give("other", makeImageValue(read)).run("count").as<std::int64_t>(), 1) << name;
    }
}

TEST(OddFilms, WrongFilesAreNamed) {
    const test::TemporaryFolder folder;
    writeFileAtomic(folder / "text.mp4", "no video");
    std::filesystem::create_directories(folder / "empty");
    std::filesystem::create_directories(folder / "mixed");
    writeImage(drawing(20, 20, 3), folder / "mixed/0.png");
    writeImage(drawing(24, 20, 3), folder / "mixed/1.png");
    const auto said = [&](const char* name) {
        return NodeBench("understand.track").set("video", folder / name).set("prompts", std::string("0: 3,3")).fails().full();
    };
    EXPECT_NE(said("text.mp4").find("text.mp4: is no video"), std::string::npos) << said("text.mp4");
    EXPECT_NE(said("nowhere.mp4").find("nowhere.mp4: is no file"), std::string::npos) << said("nowhere.mp4");
    EXPECT_NE(said("empty").find("no pictures in this folder"), std::string::npos) << said("empty");
    EXPECT_NE(said("mixed").find("frames of a video have one size"), std::string::npos) << said("mixed");
}

TEST(WrongModels, EachNodeSaysWhatTheFileIsInstead) {
    const Image image = drawing(16, 12, 3);
    const auto said = [&](const char* node, const char* parityCase) {
        return NodeBench(node).set("model", weightsOf(parityCase)).give("image", makeImageValue(image)).set("model", weightsOf(parityCase)).fails().full();
    };
    for (const char* node : {"restore.restore", "restore.upscale"})
        for (const char* other : {"painter/batch2_windows", "bem/bnn_mean", "diffretinex/ida_unet", "yolox/depthwise", "clip_text/hf"})
            if (std::filesystem::exists(weightsOf(other))) {
                EXPECT_NE(said(node, other).find("is not run on one picture"), std::string::npos) << node << " " << other << ": " << said(node, other);
            }
}

} // namespace
} // namespace ochre::nodes
