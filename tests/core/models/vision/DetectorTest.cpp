// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/Detector.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/image/ImageIo.h"
#include "core/models/vision/CocoNames.h"
#include "core/models/vision/Detr.h"
#include "core/models/vision/Yolox.h"
#include "core/tensor/Fill.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {
namespace fs = std::filesystem;

fs::path weightsOf(const char* parityCase) {
    return test::sourceFile(std::string("tests/parity/") + parityCase + "/weights.safetensors");
}

Image grey(int width, int height, int channels = 3) {
    Image image(width, height, channels);
    std::ranges::fill(image.edit(), 0.5f);
    return image;
}

TEST(Detector, NanoFindsDogBicycleAndCar) {
    OCHRE_SHARED_OR_SKIP(weights, "data/models/yolox/yolox_nano_bnfolded.safetensors");
    OCHRE_SHARED_OR_SKIP(picture, "data/pictures/dog.jpg");
    const Detector detector = Detector::open(weights);
    EXPECT_EQ(detector.architecture(), "yolox");
    const Image image = readImage(picture);
    const Detections found = detector.detect(image);
    const auto boxOf = [&](const std::string& label) {
        const auto it = std::ranges::find(found, label, &Detection::label);
        EXPECT_NE(it, found.end()) << label;
        return it == found.end() ? Detection() : *it;
    };
    // As shares of the picture, by eye: the dog sits at the lower left, the bicycle stands behind it, the car is at the
    // upper right.
    const auto near = [&](const Detection& box, double left, double top, double right, double bottom) {
        EXPECT_NEAR(static_cast<double>(box.left) / image.width(), left, 0.1) << box.label;
        EXPECT_NEAR(static_cast<double>(box.top) / image.height(), top, 0.1) << box.label;
        EXPECT_NEAR(static_cast<double>(box.right) / image.width(), right, 0.1) << box.label;
        EXPECT_NEAR(static_cast<double>(box.bottom) / image.height(), bottom, 0.1) << box.label;
    };
    near(boxOf("dog"), 0.17, 0.38, 0.41, 0.94);
    near(boxOf("bicycle"), 0.16, 0.22, 0.74, 0.73);
    near(boxOf("car"), 0.61, 0.13, 0.90, 0.30);
    for (std::size_t i = 1; i < found.size(); ++i) EXPECT_GE(found[i - 1].score, found[i].score);
    for (const Detection& box : detector.detect(image, {.threshold = 0.6f})) EXPECT_GE(box.score, 0.6f);
    EXPECT_GE(detector.detect(image, {.threshold = 0.05f}).size(), found.size());
}

TEST(Detector, TakesPicturesOfEveryKindAndSize) {
    for (const char* one : {"yolox/depthwise", "detr/dc5"}) {
        const Detector detector = Detector::open(weightsOf(one));
        for (const int channels : {1, 2, 3, 4})
            for (const Detection& box : detector.detect(grey(61, 40, channels), {.threshold = 0.01f})) {
                EXPECT_TRUE(box.left >= 0 && box.top >= 0 && box.right <= 61 && box.bottom <= 40) << one;
                EXPECT_LT(box.left, box.right);
                EXPECT_TRUE(box.label.starts_with("class ")) << "it has other classes than COCO";
            }
        EXPECT_NO_THROW(detector.detect(grey(1, 1)));
        EXPECT_EQ(detector.detect(grey(61, 40), {.threshold = 0.3f}), detector.detect(grey(61, 40), {.threshold = 0.3f}));
        test::expectError([&] { detector.detect({}); }, "no picture");
    }
}

TEST(Detector, NumbersThatAreNoneInAPictureAreZero) {
    const Detector detector = Detector::open(weightsOf("yolox/depthwise"));
    Image bad = grey(32, 32), zero = bad;
    bad.edit()[100] = std::numeric_limits<float>::quiet_NaN();
    zero.edit()[100] = 0;
    EXPECT_EQ(detector.detect(bad, {.threshold = 0.01f}), detector.detect(zero, {.threshold = 0.01f}));
}

TEST(Detector, DetrAndYoloxAreToldApartAndOthersAreNamed) {
    EXPECT_EQ(Detector::open(weightsOf("detr/dc5")).architecture(), "detr");
    test::expectError([] { Detector::open(weightsOf("rrdbnet/x4_first_release_keys")); }, "no network that finds objects");
    test::expectError([] { Detector::open("/nowhere.safetensors"); }, "nowhere.safetensors");
}

TEST(Detector, DilationComesFromTheNameOfTheFile) {
    const test::TemporaryFolder folder;
    fs::copy_file(weightsOf("detr/dc5"), folder / "detr-r50.safetensors");
    fs::copy_file(weightsOf("detr/dc5"), folder / "detr-r50-DC5.safetensors");
    Image image = grey(64, 64);
    for (std::size_t i = 0; i < image.valueCount(); ++i) image.edit()[i] = static_cast<float>(i * 37 % 101) / 101;
    const DetectOptions all{.threshold = 0.001f};
    EXPECT_NE(Detector::open(folder / "detr-r50.safetensors").detect(image, all),
              Detector::open(folder / "detr-r50-DC5.safetensors").detect(image, all));
}

TEST(Yolox, AWeightOfAnotherShapeAndAnOddPictureAreErrors) {
    const auto weights = tensor::Weights::open(weightsOf("yolox/depthwise"));
    auto config = Yolox::Config::fromWeights(weights).value();
    const Yolox model(weights, config);
    test::expectError([&] { model.forward(nn::zeros({1, 3, 64, 50})); }, "multiples of 32");
    test::expectError([&] { model.forward(nn::zeros({3, 64, 64})); }, "multiples of 32");
    config.classes = 7;
    test::expectError([&] { Yolox(weights, config); }, "expected");
}

TEST(Detr, OddTensorsAreErrors) {
    const auto weights = tensor::Weights::open(weightsOf("detr/dc5"));
    const Detr model(weights, Detr::Config::fromWeights(weights).value());
    test::expectError([&] { model.forward(nn::zeros({1, 1, 64, 64})); }, "[N, 3, H, W]");
    test::expectError([&] { model.forward(nn::zeros({1, 3, 64, 64}), nn::zeros({1, 32, 64})); }, "padding");
}

TEST(CocoNames, BothNumberingsAgree) {
    EXPECT_EQ(cocoName(0, CocoNumbers::Dense), "person");
    EXPECT_EQ(cocoName(1, CocoNumbers::Gapped), "person");
    EXPECT_EQ(cocoName(16, CocoNumbers::Dense), "dog");
    EXPECT_EQ(cocoName(18, CocoNumbers::Gapped), "dog");
    EXPECT_EQ(cocoName(79, CocoNumbers::Dense), "toothbrush");
    EXPECT_EQ(cocoName(90, CocoNumbers::Gapped), "toothbrush");
    EXPECT_EQ(cocoName(12, CocoNumbers::Gapped), "class 12") << "a gap";
    EXPECT_EQ(cocoName(80, CocoNumbers::Dense), "class 80");
    EXPECT_EQ(cocoName(-1, CocoNumbers::Dense), "class -1");
}

} // namespace
} // namespace ochre::models
