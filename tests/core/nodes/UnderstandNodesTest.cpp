// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes that understand pictures: what they put out, and what they say where something is missing.
#include <algorithm>

#include <gtest/gtest.h>

#include "core/graph/Types.h"
#include "core/image/Color.h"
#include "core/image/ImageIo.h"
#include "core/models/vision/Detector.h"
#include "core/models/vision/FeatureExtractor.h"
#include "core/models/vision/GrabCut.h"
#include "core/models/vision/Segmenter.h"
#include "core/models/vision/VideoTracker.h"
#include "core/nodes/ClipFiles.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"
#include "tests/core/models/vision/SmallSam2.h"
#include "tests/core/nodes/NodeBench.h"
#include "tests/support/Machine.h"
#include "tests/support/MovingObject.h"
#include "tests/support/Support.h"

namespace ochre::nodes {
namespace {

std::string weightsOf(const char* parityCase) {
    return test::sourceFile(std::string("tests/parity/") + parityCase + "/weights.safetensors").string();
}

Image drawing(int width, int height) {
    Image image(width, height, 3);
    const auto values = image.edit();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i * 31 % 97) / 97;
    return image;
}

const Detections kBoxes{{2, 3, 20, 15, 0.75f, 16, "dog"}, {20, 10, 30, 25, 0.5f, 1, "bicycle"}};

NodeBench on(const char* type, const std::string& model, const Image& image) {
    return NodeBench(type).set("model", model).give("image", makeImageValue(image));
}

bool same(const Image& a, const Image& b) {
    return a.width() == b.width() && std::ranges::equal(a.values(), b.values());
}

TEST(UnderstandNodes, DetectGivesWhatTheDetectorFindsAndShowsIt) {
    const Image image = drawing(64, 48);
    const Detections expected = models::Detector::open(weightsOf("yolox/depthwise")).detect(image, {.threshold = 0.05f});
    ASSERT_FALSE(expected.empty()) << "the case is of no use";
    const NodeBench node = on("understand.detect", weightsOf("yolox/depthwise"), image).set("threshold", 0.05);
    EXPECT_EQ(node.run("boxes").as<Detections>(), expected);
    EXPECT_EQ(node.run("count").as<std::int64_t>(), static_cast<std::int64_t>(expected.size()));
    EXPECT_TRUE(same(node.run("image").as<Image>(), drawDetections(image, expected)));
}

TEST(UnderstandNodes, BoxesGoToDiskAndBecomeText) {
    const graph::TypeRegistry& types = graph::TypeRegistry::shared();
    const graph::Value value = makeDetectionsValue(kBoxes);
    const graph::TypeInfo* info = types.find(types::kDetections);
    ASSERT_TRUE(info && info->write && info->read);
    EXPECT_EQ(info->read(info->write(value)).as<Detections>(), kBoxes);
    test::expectError([&] { info->read({}); }, "stored boxes");
    const auto text = types.convert(value, graph::types::kText).as<std::string>();
    EXPECT_EQ(detectionsFromJson(Json::parse(text)), kBoxes);
}

TEST(UnderstandNodes, AMaskFromBoxesTakesAClass) {
    const auto mask = [](const char* label) {
        return NodeBench("mask.from_boxes")
            .give("image", makeImageValue(drawing(40, 30)))
            .give("boxes", makeDetectionsValue(kBoxes))
            .set("label", std::string(label))
            .run("mask")
            .as<Image>();
    };
    EXPECT_TRUE(same(mask("dog"), maskOfDetections({kBoxes[0]}, 40, 30)));
    EXPECT_TRUE(same(mask(""), maskOfDetections(kBoxes, 40, 30)));
    EXPECT_EQ(std::ranges::max(mask("cat").values()), 0);
}

TEST(UnderstandNodes, SelectAsksOnceForItsPointsAndOnceForEachBox) {
    const Image image = drawing(40, 30);
    const auto segmenter = models::Segmenter::open(weightsOf("sam/end_to_end"));
    const auto select = [&] { return on("understand.select", weightsOf("sam/end_to_end"), image); };
    const auto point = segmenter.segment(image, {.points = {{12, 9}}}, true);
    EXPECT_TRUE(same(select().set("points", std::string("12,9")).run("mask").as<Image>(), point[0].mask));
    EXPECT_NEAR(select().set("points", std::string("12,9")).run("score").as<double>(), static_cast<double>(point[0].score), 1e-6);
    EXPECT_TRUE(same(select().set("points", std::string("12,9")).set("answer", std::string("third")).run("mask").as<Image>(),
                     point[2].mask));
    Image both = segmenter.segment(image, {.points = {{12, 9}, {20, 20, false}}}, false)[0].mask;
    EXPECT_TRUE(same(select().set("points", std::string("12,9 20,20,0")).run("mask").as<Image>(), both));
    Image boxes(40, 30, 1, ColorSpace::Raw);
    for (const Detection& box : kBoxes) {
        const Image one =
            segmenter.segment(image, {.box = models::SegmentBox{box.left, box.top, box.right, box.bottom}}, false)[0].mask;
        std::ranges::transform(boxes.edit(), one.values(), boxes.edit().begin(), [](float a, float b) { return std::max(a, b); });
    }
    EXPECT_TRUE(same(select().give("boxes", makeDetectionsValue(kBoxes)).run("mask").as<Image>(), boxes));
    EXPECT_EQ(std::ranges::max(select().give("boxes", makeDetectionsValue({})).run("mask").as<Image>().values()), 0)
        << "a detector that found nothing selects nothing";
}

TEST(UnderstandNodes, SelectWithoutAModelCutsByColoursAndEdges) {
    const Image image = drawing(40, 30);
    const Image expected = models::grabCut(image, {.points = {{12, 9}}, .box = models::SegmentBox{4, 4, 30, 20}});
    const NodeBench node = on("understand.select", "", image).set("points", std::string("12,9")).set("box", std::string("4,4,30,20"));
    EXPECT_TRUE(same(node.run("mask").as<Image>(), expected));
    EXPECT_TRUE(same(NodeBench(node).set("invert", true).run("mask").as<Image>(), invert(expected)));
    EXPECT_EQ(node.run("score").as<double>(), 1);
}

TEST(UnderstandNodes, WithoutAPointAndABoxNothingIsSelected) {
    const Image image = drawing(40, 30);
    for (const std::string& model : {std::string(), weightsOf("sam/end_to_end")}) {
        const NodeBench node = on("understand.select", model, image);
        EXPECT_EQ(std::ranges::max(node.run("mask").as<Image>().values()), 0);
        EXPECT_EQ(std::ranges::min(NodeBench(node).set("invert", true).run("mask").as<Image>().values()), 1);
    }
}

TEST(UnderstandNodes, FeaturesAreThoseOfTheNetwork) {
    const Image image = drawing(50, 40);
    const std::string file = weightsOf("dinov2/interpolated_registers");
    EXPECT_TRUE(same(on("understand.features", file, image).set("side", std::int64_t{70}).run("image").as<Image>(),
                     models::FeatureExtractor::open(file).picture(image, 70)));
}

TEST(UnderstandNodes, TrackGivesAMaskForEachFrame) {
    const test::MovingObject film{.width = 96, .height = 64, .frames = 5};
    const test::TemporaryFolder folder;
    std::filesystem::create_directories(folder / "film");
    for (int i = 0; i < film.frames; ++i) writeImage(film.frame(i), folder / "film" / (std::to_string(i) + ".png"));
    const auto track = [&] { return NodeBench("understand.track").set("video", (folder / "film").string()); };
    char text[64];
    std::snprintf(text, sizeof text, "2: %.1f,%.1f", film.middleX(2), film.middleY(2));
    const auto masksOf = [](const NodeBench& node) { return node.run("masks").as<ClipPtr>(); };
    const ClipPtr both = masksOf(track().set("prompts", std::string(text)));
    ASSERT_EQ(both->frames(), 5);
    for (int i = 0; i < 5; ++i) EXPECT_GT(test::intersectionOverUnion(both->frame(i), film.truth(i)), 0.85) << i;
    const ClipPtr back = masksOf(track().set("prompts", std::string(text)).set("direction", std::string("backward")));
    EXPECT_EQ(std::ranges::max(back->frame(4).values()), 0);
    EXPECT_TRUE(same(back->frame(0), both->frame(0)));
    const ClipPtr given = masksOf(track().give("mask", makeMaskValue(film.truth(1))).set("mask_frame", std::int64_t{1}));
    EXPECT_TRUE(same(given->frame(1), film.truth(1)));
    EXPECT_NE(NodeBench("understand.track").fails().message().find("no video is chosen"), std::string::npos);
    EXPECT_NE(track().fails().message().find("what is to be followed"), std::string::npos);
    EXPECT_NE(track().set("prompts", std::string("9: 1,1")).fails().message().find("no frame 9"), std::string::npos);
    EXPECT_NE(track().set("prompts", std::string(text)).set("model", weightsOf("sam/end_to_end")).fails().message().find("follows objects"),
              std::string::npos);
    const std::string model = models::writeSmallSam2(folder / "sam2.safetensors");
    EXPECT_EQ(masksOf(track().set("prompts", std::string(text)).set("model", model))->frames(), 5);
    EXPECT_TRUE(same(NodeBench("video.frame").give("video", makeClipValue(both)).set("frame", std::int64_t{3}).run("image").as<Image>(),
                     both->frame(3)));
    EXPECT_NE(NodeBench("video.frame").give("video", makeClipValue(both)).set("frame", std::int64_t{5}).fails().message().find("no frame 5"),
              std::string::npos);
}

TEST(UnderstandNodes, FindSimilarComparesAFolderAndRemembersIt) {
    const test::TemporaryFolder folder;
    const test::Setting cache("OCHRE_CACHE_DIR", folder.path() / "cache");
    std::filesystem::create_directories(folder.path() / "pictures");
    for (int i = 0; i < 4; ++i) {
        Image picture(40 + 10 * i, 50, 3);
        for (std::size_t p = 0; p < picture.valueCount(); ++p)
            picture.edit()[p] = static_cast<float>((p * static_cast<std::size_t>(7 + 13 * i)) % 97) / 97;
        writeImage(picture, folder.path() / "pictures" / (std::to_string(i) + ".png"));
    }
    const Image wanted = readImage(folder.path() / "pictures/2.png");
    const auto search = [&] {
        return on("understand.search", weightsOf("dinov2/interpolated_registers"), wanted)
            .set("folder", (folder.path() / "pictures").string())
            .set("top", std::int64_t{3});
    };
    const Json list = Json::parse(search().run("list").as<std::string>());
    ASSERT_EQ(list.size(), 3u);
    EXPECT_TRUE(list[0].at("path").get<std::string>().ends_with("2.png"));
    EXPECT_NEAR(list[0].at("likeness").get<double>(), 1, 1e-4);
    EXPECT_LT(list[1].at("likeness").get<double>(), 0.9999);
    EXPECT_TRUE(same(search().run("best").as<Image>(), wanted));
    EXPECT_EQ(search().run("count").as<std::int64_t>(), 4);
    EXPECT_GT(search().run("image").as<Image>().width(), 400);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path() / "cache/pictures"), {}), 1) << "one index";
    EXPECT_NE(on("understand.search", "", wanted).set("folder", std::string("/tmp")).fails().message().find("no DINOv2 weights"), std::string::npos);
    EXPECT_NE(on("understand.search", weightsOf("dinov2/interpolated_registers"), wanted).fails().message().find("no folder"), std::string::npos);
}

TEST(UnderstandNodes, PlacesMatchThemselves) {
    const Image image = drawing(60, 50);
    const NodeBench match = NodeBench("understand.match")
                                .set("model", weightsOf("dinov2/interpolated_registers"))
                                .set("side", std::int64_t{84})
                                .give("image", makeImageValue(image))
                                .give("other", makeImageValue(image));
    const Json list = Json::parse(match.run("list").as<std::string>());
    ASSERT_GT(list.size(), 15u);
    for (const Json& pair : list) {
        EXPECT_EQ(pair.at("from"), pair.at("to"));
        EXPECT_NEAR(pair.at("likeness").get<double>(), 1, 1e-4);
    }
    EXPECT_EQ(match.run("image").as<Image>().width(), 120);
}

TEST(UnderstandNodes, EverythingGivesLabelsBoxesAndTheirList) {
    const NodeBench node = on("understand.everything", weightsOf("sam/end_to_end"), drawing(40, 30))
                               .set("points", std::int64_t{4}).set("score", 0.0).set("stability", 0.0);
    const Json list = Json::parse(node.run("list").as<std::string>());
    EXPECT_EQ(node.run("count").as<std::int64_t>(), static_cast<std::int64_t>(list.size()));
    EXPECT_EQ(node.run("boxes").as<Detections>().size(), list.size());
    EXPECT_EQ(node.run("labels").as<Image>().channels(), 1);
    EXPECT_EQ(node.run("image").as<Image>().width(), 40);
}

TEST(UnderstandNodes, WhatIsMissingIsSaid) {
    const auto says = [](const NodeBench& node, const char* part) {
        EXPECT_NE(node.fails().message().find(part), std::string::npos) << node.fails().message();
    };
    const Image image = drawing(40, 30);
    for (const char* type : {"understand.detect", "understand.select", "understand.features"}) {
        if (std::string(type) != "understand.select") says(on(type, "", image), "no model is chosen");
        says(on(type, "nowhere", image), "\"nowhere\" is not there");
        says(on(type, weightsOf("rrdbnet/x4_first_release_keys"), image), "no network");
    }
    const NodeBench select = on("understand.select", weightsOf("sam/end_to_end"), image);
    says(NodeBench(select).set("points", std::string("12;9")), "is no point");
    says(NodeBench(select).set("box", std::string("1,2,3")), "is no box");
    says(NodeBench(select).set("points", std::string("120,9")), "outside the picture");
}

} // namespace
} // namespace ochre::nodes
