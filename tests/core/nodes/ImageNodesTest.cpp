// SPDX-License-Identifier: GPL-3.0-or-later
// Nodes of pictures that follow ComfyUI's.
#include <gtest/gtest.h>

#include "core/image/ImageIo.h"
#include "core/nodes/Make.h"
#include "tests/core/nodes/NodeBench.h"
#include "tests/support/Support.h"

namespace ochre::nodes {
namespace {

/// Red is the column and green the row, in 255ths.
Image places(int width, int height, int channels = 3) {
    Image image(width, height, channels);
    const auto values = image.edit();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            float* p = &values[static_cast<std::size_t>((y * width + x) * channels)];
            p[0] = static_cast<float>(x) / 255, p[1] = static_cast<float>(y) / 255;
            if (channels == 4) p[3] = x < width / 2 ? 0.25F : 1;
        }
    return image;
}

graph::Value picture(int width, int height) {
    return makeImageValue(places(width, height));
}

TEST(ImageNodes, ResizeCutsOffBothSidesAlike) {
    const auto bench = [](int width, int height) {
        return NodeBench("image.resize")
            .give("image", picture(40, 20))
            .set("width", std::int64_t{width})
            .set("height", std::int64_t{height})
            .set("filter", std::string("nearest"))
            .set("crop", std::string("center"));
    };
    const Image square = bench(20, 20).run("image").as<Image>(), tall = bench(5, 20).run("image").as<Image>();
    EXPECT_EQ(square.width(), 20);
    EXPECT_NEAR(square.pixel(0, 7)[0] * 255, 10, 1e-3) << "10 columns are gone on the left";
    EXPECT_NEAR(square.pixel(19, 7)[0] * 255, 29, 1e-3);
    EXPECT_NEAR(square.pixel(3, 7)[1] * 255, 7, 1e-3);
    EXPECT_NEAR(tall.pixel(0, 0)[0] * 255, 18, 1) << "of 17.5, the even number";
    const Image stretched = bench(20, 20).set("crop", std::string("none")).run("image").as<Image>();
    EXPECT_LT(stretched.pixel(0, 7)[0] * 255, 2);
}

TEST(ImageNodes, ScaleToPixelsKeepsTheProportions) {
    const auto sizeOf = [](double megapixels, int multiple) {
        const Image image = NodeBench("image.scale_to_pixels")
                                .give("image", picture(60, 30))
                                .set("megapixels", megapixels)
                                .set("multiple", std::int64_t{multiple})
                                .run("image")
                                .as<Image>();
        return std::pair(image.width(), image.height());
    };
    EXPECT_EQ(sizeOf(0.02, 1), std::pair(205, 102)); // √(20971.52 · 2) = 204.8
    EXPECT_EQ(sizeOf(0.02, 8), std::pair(208, 104));
}

TEST(ImageNodes, BatchPutsPicturesBehindEachOtherInOneSize) {
    const auto bench = [] {
        return NodeBench("image.batch").give("a", picture(12, 8)).give("b", picture(40, 20));
    };
    const auto both = bench().runList("images");
    ASSERT_EQ(both.size(), 2u);
    EXPECT_EQ(both[0].as<Image>().width(), 12);
    EXPECT_EQ(both[1].as<Image>().width(), 12);
    EXPECT_EQ(both[1].as<Image>().height(), 8);
    EXPECT_EQ(bench().set("fit", false).runList("images")[1].as<Image>().width(), 40);
}

TEST(ImageNodes, SizeSaysHowLargeAndHowMany) {
    const auto bench = [] { return NodeBench("image.size").give("image", picture(12, 8)); };
    EXPECT_EQ(bench().run("width").as<std::int64_t>(), 12);
    EXPECT_EQ(bench().run("height").as<std::int64_t>(), 8);
    EXPECT_EQ(bench().run("count").as<std::int64_t>(), 1);
}

TEST(ImageNodes, LoadMaskTakesOneChannel) {
    const test::TemporaryFolder folder;
    writeImage(places(10, 6, 4), folder / "clear.png");
    writeImage(places(10, 6, 3), folder / "solid.png");
    const auto mask = [&](const char* file, const char* channel) {
        return NodeBench("image.load_mask")
            .set("path", (folder / file).string())
            .set("channel", std::string(channel))
            .run("mask")
            .as<Image>();
    };
    EXPECT_NEAR(*mask("clear.png", "transparency").pixel(1, 2), 0.75, 0.01);
    EXPECT_EQ(*mask("clear.png", "transparency").pixel(8, 2), 0);
    EXPECT_EQ(*mask("solid.png", "transparency").pixel(1, 2), 0);
    EXPECT_NEAR(*mask("solid.png", "green").pixel(1, 4) * 255, 4, 1e-3);
    EXPECT_NE(NodeBench("image.load_mask").fails().full().find("no picture"), std::string::npos);
}

TEST(ImageNodes, FewColoursAreFew) {
    const Image image = NodeBench("image.quantize")
                            .give("image", picture(40, 20))
                            .set("colors", std::int64_t{1})
                            .set("dither", std::string("bayer_4"))
                            .run("image")
                            .as<Image>();
    EXPECT_EQ(image.pixel(0, 0)[0], image.pixel(39, 19)[0]);
}

} // namespace
} // namespace ochre::nodes
