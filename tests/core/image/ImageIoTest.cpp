// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/image/Color.h"
#include "core/image/Compare.h"
#include "core/image/ImageIo.h"
#include "tests/core/image/Pictures.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using namespace test;

struct Exact {
    const char* file;
    int bits, channels;
};

class ExactFormats : public testing::TestWithParam<Exact> {};

TEST_P(ExactFormats, GiveBackEveryValueTheyCanHold) {
    const auto [file, bits, channels] = GetParam();
    const TemporaryFolder folder;
    const bool passed = rc::check([&, file = file, bits = bits, channels = channels] {
        const int width = *rc::gen::inRange(1, 40), height = *rc::gen::inRange(1, 40);
        Image image = noise(width, height, channels, bits == 8 ? 255 : 65535, *rc::gen::arbitrary<unsigned>());
        if (channels == 4) image.edit()[3] = 0; // WebP leaves out an alpha that is opaque throughout
        WriteOptions options;
        options.bitDepth = bits;
        options.quality = 100;
        writeImage(image, folder / file, options);
        const Image back = readImage(folder / file);
        RC_ASSERT(back.width() == width);
        RC_ASSERT(back.channels() == channels);
        RC_ASSERT(back.colorSpace() == ColorSpace::Srgb);
        RC_ASSERT(maxDifference(image, back) < 1e-7);
    });
    EXPECT_TRUE(passed);
}

INSTANTIATE_TEST_SUITE_P(All, ExactFormats,
                         testing::Values(Exact{"a.png", 8, 1}, Exact{"a.png", 8, 2}, Exact{"a.png", 8, 3},
                                         Exact{"a.png", 8, 4}, Exact{"a.png", 16, 1}, Exact{"a.png", 16, 3},
                                         Exact{"a.png", 16, 4}, Exact{"a.webp", 8, 3}, Exact{"a.webp", 8, 4},
                                         Exact{"a.tif", 8, 1}, Exact{"a.tif", 8, 3}, Exact{"a.tif", 8, 4},
                                         Exact{"a.tif", 16, 3}, Exact{"a.tif", 16, 4}, Exact{"a.bmp", 8, 3},
                                         Exact{"a.bmp", 8, 4}, Exact{"a.tga", 8, 1}, Exact{"a.tga", 8, 3},
                                         Exact{"a.tga", 8, 4}));

TEST(ImageIo, FloatFormatsKeepValuesBeyondOne) {
    const TemporaryFolder folder;
    Image image = ramp(33, 17, 3);
    image.setColorSpace(ColorSpace::Linear);
    for (float& v : image.edit()) v *= 40;
    WriteOptions full;
    full.bitDepth = 32;
    for (const char* file : {"a.exr", "a.tif"}) {
        writeImage(image, folder / file, full);
        const Image back = readImage(folder / file);
        EXPECT_EQ(back.colorSpace(), ColorSpace::Linear) << file;
        EXPECT_EQ(maxDifference(image, back), 0) << file;
    }
    writeImage(image, folder / "half.exr");
    EXPECT_EQ(probeImage(folder / "half.exr").bitDepth, 16);
    EXPECT_LT(maxDifference(image, readImage(folder / "half.exr")), 40.0 / 2048);
    writeImage(image, folder / "a.hdr");
    EXPECT_LT(maxDifference(image, readImage(folder / "a.hdr")), 40.0 / 128);
}

TEST(ImageIo, ExrAlphaIsAssociatedInTheFileAndStraightInMemory) {
    const TemporaryFolder folder;
    Image image(2, 1, 4, ColorSpace::Linear);
    const float values[] = {0.8f, 0.4f, 0.2f, 0.5f, 0.3f, 0.3f, 0.3f, 1.0f};
    std::copy(std::begin(values), std::end(values), image.edit().begin());
    WriteOptions options;
    options.bitDepth = 32;
    writeImage(image, folder / "a.exr", options);
    EXPECT_LT(maxDifference(image, readImage(folder / "a.exr")), 1e-6);
    ReadOptions raw;
    raw.allChannels = true;
    EXPECT_EQ(readImage(folder / "a.exr", raw).channels(), 4);
}

TEST(ImageIo, LossyFormatsStayClose) {
    const TemporaryFolder folder;
    const Image image = ramp(64, 48, 3);
    for (const char* file : {"a.jpg", "a.webp"}) {
        writeImage(image, folder / file);
        EXPECT_GT(psnr(image, readImage(folder / file)), 35) << file;
    }
    writeImage(ramp(64, 48, 1), folder / "grey.jpg");
    EXPECT_EQ(readImage(folder / "grey.jpg").channels(), 1);
}

TEST(ImageIo, TextAndSourceTypeComeBackFromEveryFormatThatHoldsThem) {
    const TemporaryFolder folder;
    const std::string graph = "{\"nodes\": [\"é <&> \\\"quoted\\\"\",\n 1, 100%]}";
    for (const char* file : {"a.png", "a.jpg", "a.webp", "a.tif", "a.exr", "a.hdr"}) {
        WriteOptions options;
        options.text = {{"ochre:graph", graph}, {"parameters", "a cat\nSteps: 20"}};
        options.source = DigitalSourceType::TrainedAlgorithmicMedia;
        writeImage(ramp(16, 16, 3), folder / file, options);
        const Image back = readImage(folder / file);
        const ImageInfo info = probeImage(folder / file);
        EXPECT_EQ(info.metadata, back.metadata()) << file;
        ASSERT_TRUE(back.metadata().contains("ochre:graph")) << file;
        EXPECT_EQ(back.metadata().at("ochre:graph"), graph) << file;
        EXPECT_EQ(back.metadata().at("parameters"), "a cat\nSteps: 20") << file;
        EXPECT_EQ(digitalSourceTypeOf(back), DigitalSourceType::TrainedAlgorithmicMedia) << file;
        // Written again, everything is still there, once.
        writeImage(back, folder / file);
        EXPECT_EQ(readImage(folder / file).metadata().at("ochre:graph"), graph) << file;
    }
}

TEST(ImageIo, LongTextGoesIntoJpegsExtendedXmp) {
    const TemporaryFolder folder;
    WriteOptions options;
    for (int i = 0; i < 40000; ++i) options.text["ochre:graph"] += "node " + std::to_string(i) + ";";
    options.source = DigitalSourceType::AlgorithmicallyEnhanced;
    writeImage(ramp(16, 16, 3), folder / "a.jpg", options);
    Image back = readImage(folder / "a.jpg");
    EXPECT_EQ(back.metadata().at("ochre:graph"), options.text["ochre:graph"]);
    EXPECT_EQ(digitalSourceTypeOf(back), DigitalSourceType::AlgorithmicallyEnhanced);
    writeImage(back, folder / "b.jpg");
    EXPECT_EQ(readImage(folder / "b.jpg").metadata().at("ochre:graph"), options.text["ochre:graph"]);
    options.text["ochre:graph"].assign(17 << 20, 'x');
    expectError([&] { writeImage(back, folder / "b.jpg", options); }, "b.jpg");
}

TEST(ImageIo, ExifAndIptcTravelBetweenFormats) {
    const TemporaryFolder folder;
    Image image = ramp(16, 16, 3);
    const std::map<std::string, std::string> all = {{"Exif:Make", "Ochre"},
                                                    {"Exif:ExposureTime", "1/200"},
                                                    {"Exif:PhotographicSensitivity", "400"},
                                                    {"Exif:ExposureBiasValue", "-1/3"},
                                                    {"Exif:GPSLatitude", "48/1 12/1 3000/100"},
                                                    {"Exif:GPSLatitudeRef", "N"},
                                                    {"Exif:UserComment", "größer"}};
    image.setMetadata(all);
    for (const char* file : {"a.png", "a.jpg", "a.webp"}) {
        writeImage(image, folder / file);
        const Image back = readImage(folder / file);
        for (const auto& [key, value] : all) {
            ASSERT_TRUE(back.metadata().contains(key)) << file << " " << key;
            EXPECT_EQ(back.metadata().at(key), value) << file << " " << key;
        }
    }
    image.setMetadata("IPTC:Caption", "Ein Bild über Bäume");
    image.setMetadata("IPTC:Keywords", "one; two");
    writeImage(image, folder / "a.jpg");
    EXPECT_EQ(readImage(folder / "a.jpg").metadata().at("IPTC:Caption"), "Ein Bild über Bäume");
    EXPECT_EQ(readImage(folder / "a.jpg").metadata().at("IPTC:Keywords"), "one; two");
    writeImage(image, folder / "a.tif");
    EXPECT_EQ(readImage(folder / "a.tif").metadata().at("Exif:Make"), "Ochre");
}

TEST(ImageIo, ColourSpaceIsWrittenAndKnownAgain) {
    const TemporaryFolder folder;
    Image image = noise(8, 8, 3);
    for (const char* file : {"a.png", "a.tif", "a.webp"})
        for (const ColorSpace space :
             {ColorSpace::Srgb, ColorSpace::Linear, ColorSpace::Rec709, ColorSpace::Raw}) {
            image.setColorSpace(space);
            WriteOptions options;
            options.quality = 100;
            options.colorSpace = space;
            writeImage(image, folder / file, options);
            const Image back = readImage(folder / file);
            EXPECT_EQ(back.colorSpace(), space) << file << " " << name(space);
            EXPECT_LT(maxDifference(image, back), 1e-6) << file << " " << name(space);
            EXPECT_EQ(probeImage(folder / file).colorSpace, space) << file;
        }
    // Without being asked to, integer files hold sRGB.
    image.setColorSpace(ColorSpace::Linear);
    writeImage(image, folder / "b.png");
    EXPECT_EQ(readImage(folder / "b.png").colorSpace(), ColorSpace::Srgb);
    EXPECT_LT(maxDifference(toColorSpace(image, ColorSpace::Srgb), readImage(folder / "b.png")),
              0.5001 / 255);
    ReadOptions options;
    options.colorSpace = ColorSpace::Raw;
    EXPECT_EQ(readImage(folder / "b.png", options).colorSpace(), ColorSpace::Raw);
}

TEST(ImageIo, ProbeAgreesWithRead) {
    const TemporaryFolder folder;
    for (const std::string& extension : everyExtension()) {
        const auto path = folder / ("a." + extension);
        writeImage(ramp(21, 13, 3), path);
        const ImageInfo info = probeImage(path);
        const Image image = readImage(path);
        EXPECT_EQ(info.format, imageFormatFromPath(path));
        EXPECT_EQ(info.width, image.width());
        EXPECT_EQ(info.height, image.height());
        EXPECT_EQ(info.channels, image.channels()) << extension;
        EXPECT_EQ(info.colorSpace, image.colorSpace()) << extension;
    }
}

TEST(ImageIo, ThumbnailsFitAndKeepTheShape) {
    const TemporaryFolder folder;
    for (const std::string& extension : everyExtension()) {
        const auto path = folder / ("a." + extension);
        writeImage(ramp(400, 200, 3), path);
        const Image small = readThumbnail(path, 64);
        EXPECT_EQ(small.width(), 64) << extension;
        EXPECT_EQ(small.height(), 32) << extension;
        EXPECT_EQ(small.colorSpace(), ColorSpace::Srgb) << extension;
        EXPECT_NEAR(small.pixel(63, 16)[0], 0.66f, 0.03f) << extension;
    }
}

TEST(ImageIo, AFailedWriteLeavesTheOldFile) {
    const TemporaryFolder folder;
    writeImage(ramp(4, 4, 3), folder / "a.png");
    const auto before = bytesOf(folder / "a.png");
    WriteOptions options;
    options.bitDepth = 32;
    expectError([&] { writeImage(ramp(4, 4, 3), folder / "a.png", options); }, "a.png");
    expectError([&] { writeImage(Image(4, 4, 5), folder / "a.png"); }, "a.png");
    EXPECT_EQ(bytesOf(folder / "a.png"), before);
    expectError([&] { writeImage(ramp(4, 4, 3), folder / "none" / "a.exr"); }, "a.exr");
    expectError([&] { writeImage(ramp(4, 4, 3), folder / "a.xyz"); }, "a.xyz");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(ImageIo, JpegWithoutAlphaIsLaidOverWhite) {
    const TemporaryFolder folder;
    Image image(16, 16, 4);
    writeImage(image, folder / "a.jpg");
    EXPECT_NEAR(readImage(folder / "a.jpg").pixel(8, 8)[0], 1, 0.01);
}

TEST(ImageIo, StopsWhenAsked) {
    const TemporaryFolder folder;
    const Cancel cancel = Cancel::make();
    cancel.request();
    for (const std::string& extension : everyExtension()) {
        writeImage(ramp(64, 64, 3), folder / ("a." + extension));
        EXPECT_TRUE(expectError([&] { readImage(folder / ("a." + extension), {}, cancel); }).cancelled())
            << extension;
    }
}

} // namespace
} // namespace ochre
