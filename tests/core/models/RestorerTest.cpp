// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/Restorer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>

#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/Filter.h"
#include "core/image/ImageIo.h"
#include "core/tensor/ConvertWeights.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

std::filesystem::path compactWeights() {
    return test::sourceFile("tests/parity/srvggnetcompact/x2_prelu_batch2/weights.safetensors");
}

/// Smooth shapes with edges in every channel.
Image drawing(int width, int height, int channels) {
    Image image(width, height, channels);
    const auto values = image.edit();
    std::size_t i = 0;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < channels; ++c)
                values[i++] = 0.5f +
                              0.3f * std::sin(0.2f * static_cast<float>(x + c)) *
                                  std::cos(0.15f * static_cast<float>(y)) +
                              ((x / 9 + y / 7) % 2 ? 0.15f : 0.0f);
    return image;
}

/// Share of values that differ by more than 2/255.
double differing(const Image& a, const Image& b) {
    EXPECT_EQ(a.valueCount(), b.valueCount());
    std::size_t count = 0;
    for (std::size_t i = 0; i < a.valueCount(); ++i)
        count += std::abs(a.values()[i] - b.values()[i]) > 2.0f / 255.0f;
    return static_cast<double>(count) / static_cast<double>(a.valueCount());
}

TEST(Restorer, RecognisesByContentAndEnlargesEveryKindOfPicture) {
    const Restorer restorer = Restorer::open(compactWeights());
    EXPECT_EQ(restorer.architecture(), "srvggnetcompact");
    EXPECT_EQ(restorer.scale(), 2);
    EXPECT_TRUE(restorer.unusedKeys().empty());
    for (int channels = 1; channels <= 4; ++channels) {
        Image image = drawing(20, 13, channels);
        image.setMetadata("Title", "t");
        const Image big = restorer.restore(image);
        EXPECT_EQ(big.width(), 40);
        EXPECT_EQ(big.height(), 26);
        EXPECT_EQ(big.channels(), channels);
        EXPECT_EQ(big.metadata().at("Title"), "t");
        for (const float v : big.values()) ASSERT_TRUE(v >= 0 && v <= 1);
    }
}

TEST(Restorer, AnOpaqueAlphaStaysOpaqueAndColoursDoNotDependOnAlpha) {
    const Restorer restorer = Restorer::open(compactWeights());
    const Image rgb = drawing(16, 16, 3);
    Image rgba(16, 16, 4);
    const auto values = rgba.edit();
    for (std::size_t i = 0; i < rgb.pixelCount(); ++i) {
        for (std::size_t c = 0; c < 3; ++c) values[4 * i + c] = rgb.values()[3 * i + c];
        values[4 * i + 3] = 1.0f;
    }
    const Image a = restorer.restore(rgb), b = restorer.restore(rgba);
    for (std::size_t i = 0; i < a.pixelCount(); ++i) {
        for (std::size_t c = 0; c < 3; ++c) ASSERT_EQ(a.values()[3 * i + c], b.values()[4 * i + c]);
        ASSERT_EQ(b.values()[4 * i + 3], 1.0f);
    }
}

TEST(Restorer, TilesOfEverySizeLeaveNoSeams) {
    const Restorer restorer = Restorer::open(compactWeights());
    const Image image = drawing(75, 61, 3);
    RestoreReport whole;
    const Image reference = restorer.restore(image, {}, {}, {}, &whole);
    EXPECT_EQ(whole.tiles, 1);
    for (const int tile : {8, 16, 20, 32, 50}) {
        RestoreReport report;
        const Image tiled = restorer.restore(image, {.tile = tile}, {}, {}, &report);
        EXPECT_GT(report.tiles, 1);
        EXPECT_LE(differing(reference, tiled), 0.001) << "tile " << tile;
    }
}

TEST(Restorer, TheEdgeOfThePictureIsSeenMirrored) {
    const Restorer restorer = Restorer::open(compactWeights()); // sees a few pixels far
    constexpr int side = 40, around = 12;
    const Image image = drawing(side, side, 3);
    Image mirrored(side + 2 * around, side + 2 * around, 3);
    const auto values = mirrored.edit();
    const auto within = [](int i) { return i < 0 ? -i : i >= side ? 2 * side - 2 - i : i; };
    for (int y = 0; y < mirrored.height(); ++y)
        for (int x = 0; x < mirrored.width(); ++x)
            for (int c = 0; c < 3; ++c)
                values[static_cast<std::size_t>((y * mirrored.width() + x) * 3 + c)] =
                    image.values()[static_cast<std::size_t>((within(y - around) * side + within(x - around)) * 3 + c)];
    const Image a = restorer.restore(image), b = restorer.restore(mirrored);
    for (int y = 0; y < a.height(); ++y)
        for (int x = 0; x < 3 * a.width(); ++x)
            ASSERT_NEAR(a.values()[static_cast<std::size_t>(y * 3 * a.width() + x)],
                        b.values()[static_cast<std::size_t>((y + 2 * around) * 3 * b.width() + x + 6 * around)], 1e-4)
                << x / 3 << ", " << y;
    EXPECT_EQ(restorer.restore(drawing(3, 2, 3)).width(), 6); // where there is little to mirror
}

TEST(Restorer, SmallMemoryMakesSmallTiles) {
    const Restorer restorer = Restorer::open(compactWeights());
    RestoreReport report;
    restorer.restore(drawing(200, 200, 3), {.memory = std::uint64_t{4} << 20}, {}, {}, &report);
    EXPECT_GT(report.tiles, 1);
    EXPECT_LT(report.tile, 200);
}

#ifndef __SANITIZE_ADDRESS__ // which keeps memory of its own
/// Less memory for this process, for as long as it lives: what it may write to now, and so much more.
class ScarceMemory {
public:
    explicit ScarceMemory(std::uint64_t more) {
        std::uint64_t pages = 0;
        std::ifstream statm("/proc/self/statm");
        for (int field = 0; field < 6; ++field) statm >> pages; // the sixth: data and stack
        ::getrlimit(RLIMIT_DATA, &m_before);
        rlimit limit = m_before;
        limit.rlim_cur = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + more;
        ::setrlimit(RLIMIT_DATA, &limit);
    }
    ~ScarceMemory() { ::setrlimit(RLIMIT_DATA, &m_before); }
    ScarceMemory(const ScarceMemory&) = delete;
    ScarceMemory& operator=(const ScarceMemory&) = delete;

private:
    rlimit m_before{};
};

TEST(Restorer, MemoryThatRunsOutMakesTilesSmallerByItself) {
    const Restorer restorer = Restorer::open(compactWeights());
    const Image image = drawing(900, 800, 3), reference = restorer.restore(image, {.tile = 200, .dtype = "float32"});
    bool seen = false;
    for (std::uint64_t more = 48; more <= 320 && !seen; more = more * 5 / 4) { // what has been had once may be kept
        RestoreReport report;
        Image out;
        try {
            const ScarceMemory scarce(more << 20);
            out = restorer.restore(image, {.dtype = "float32", .memory = std::uint64_t{1} << 40}, {}, {}, &report);
        } catch (const Error& error) {
            EXPECT_NE(error.message().find("memory"), std::string::npos) << error.full();
            continue; // not even the result has room
        }
        seen = report.retries > 0;
        if (seen) {
            EXPECT_GT(report.tiles, 1);
        }
        EXPECT_LE(differing(reference, out), 0.001);
    }
    EXPECT_TRUE(seen);
}
#endif

TEST(Restorer, ReportsProgressAndStops) {
    const Restorer restorer = Restorer::open(compactWeights());
    std::vector<double> shares;
    const Progress progress([&](double share, std::string_view) { shares.push_back(share); });
    restorer.restore(drawing(64, 64, 3), {.tile = 16}, progress);
    EXPECT_GE(shares.size(), 16u);
    EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
    EXPECT_EQ(shares.back(), 1.0);
    const Cancel cancel = Cancel::make();
    const Progress stopping([&](double share, std::string_view) {
        if (share > 0.5) cancel.request();
    });
    EXPECT_TRUE(test::expectError([&] {
                    restorer.restore(drawing(64, 64, 3), {.tile = 16}, stopping, cancel);
                }).cancelled());
}

TEST(Restorer, SamePicturesComeOutEachTime) {
    const Restorer restorer = Restorer::open(compactWeights());
    const Image image = drawing(40, 30, 3);
    const Image a = restorer.restore(image), b = restorer.restore(image);
    EXPECT_TRUE(std::equal(a.values().begin(), a.values().end(), b.values().begin()));
}

TEST(Restorer, Bfloat16StaysNearFloat32) {
    const Restorer restorer = Restorer::open(compactWeights());
    const Image image = drawing(32, 32, 3);
    const Image full = restorer.restore(image, {.dtype = "float32"});
    RestoreReport report;
    const Image half = restorer.restore(image, {.dtype = "bfloat16"}, {}, {}, &report);
    EXPECT_EQ(report.dtype, "bfloat16");
    double mean = 0;
    for (std::size_t i = 0; i < full.valueCount(); ++i) mean += std::abs(full.values()[i] - half.values()[i]);
    EXPECT_LT(mean / static_cast<double>(full.valueCount()),
              0.02); // random weights: no trained network's error
    EXPECT_GT(mean, 0);
}

TEST(Restorer, ALastResizeFromTheFileIsApplied) {
    const test::TemporaryFolder folder;
    const auto path = folder / "half.safetensors";
    // The same tensors with one more line of metadata.
    std::string file = readTextFile(compactWeights(), 1 << 20);
    std::uint64_t length = 0;
    std::memcpy(&length, file.data(), 8);
    std::string header = file.substr(8, length);
    const std::size_t open = header.find('{');
    ASSERT_EQ(header.find("__metadata__"), std::string::npos);
    header.insert(open + 1, R"("__metadata__":{"output_scale":"0.5"},)");
    length = header.size();
    writeFileAtomic(path, std::string(reinterpret_cast<const char*>(&length), 8) + header +
                              file.substr(8 + static_cast<std::size_t>(length) - 38));
    const Restorer restorer = Restorer::open(path);
    EXPECT_EQ(restorer.scale(), 1);
    EXPECT_EQ(restorer.restore(drawing(20, 10, 3)).width(), 20);
}

TEST(Restorer, OtherWeightsAreAnErrorThatSaysSo) {
    const test::TemporaryFolder folder;
    const std::string header = R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
    const std::uint64_t length = header.size();
    writeFileAtomic(folder / "x.safetensors",
                    std::string(reinterpret_cast<const char*>(&length), 8) + header + "1");
    const Error error = test::expectError([&] { Restorer::open(folder / "x.safetensors"); },
                                          "no network that restores or enlarges pictures is known");
    EXPECT_EQ(error.kind(), ErrorKind::NotMine);
}

std::filesystem::path parityWeights(const char* folder) {
    return test::sourceFile("tests/parity/" + std::string(folder) + "/weights.safetensors");
}

float largestDifference(const Image& a, const Image& b) {
    EXPECT_EQ(a.valueCount(), b.valueCount());
    float largest = 0;
    for (std::size_t i = 0; i < a.valueCount(); ++i) largest = std::max(largest, std::abs(a.values()[i] - b.values()[i]));
    return largest;
}

class EveryNetwork : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryNetwork, RunsOnEveryShapeAndKindOfPicture) {
    const Restorer restorer = Restorer::open(parityWeights(GetParam()));
    EXPECT_TRUE(restorer.unusedKeys().empty());
    const int scale = restorer.scale();
    for (const auto& [width, height] : {std::pair(1, 1), {7, 90}, {33, 2}, {40, 31}})
        for (const int channels : {1, 3, 4}) {
            const Image out = restorer.restore(drawing(width, height, channels));
            EXPECT_EQ(out.width(), width * scale);
            EXPECT_EQ(out.height(), height * scale);
            EXPECT_EQ(out.channels(), channels);
            for (const float v : out.values()) ASSERT_TRUE(std::isfinite(v));
        }
}

INSTANTIATE_TEST_SUITE_P(Restorer, EveryNetwork,
                         ::testing::Values("dncnn/gray_5_layers", "iat/lol", "restormer/withbias", "rfdn/x4", "sci/with_calibration",
                                           "swinir/denoise_gray_window7_range255", "swinir/light_pixelshuffledirect_x3"));

/// Tiles that see all that a network looks at are no different from the whole picture.
TEST(Restorer, TilesOfNetworksThatSeeLittleAreExact) {
    for (const char* name : {"dncnn/gray_5_layers", "iat/lol", "sci/with_calibration"}) {
        const Restorer restorer = Restorer::open(parityWeights(name));
        const Image image = drawing(70, 53, 3);
        RestoreReport report;
        const Image tiled = restorer.restore(image, {.tile = 16, .dtype = "float32"}, {}, {}, &report);
        EXPECT_GT(report.tiles, 4) << name;
        EXPECT_LT(largestDifference(restorer.restore(image, {.dtype = "float32"}), tiled), 1e-4f) << name;
    }
}

TEST(Restorer, StrengthBlendsWithThePicture) {
    const Restorer restorer = Restorer::open(parityWeights("dncnn/gray_5_layers"));
    const Image image = drawing(24, 18, 3), all = restorer.restore(image);
    const Image half = strengthened(image, all, 0.5);
    EXPECT_GT(largestDifference(all, image), 0.01f);
    EXPECT_EQ(largestDifference(strengthened(image, all, 0), image), 0);
    EXPECT_EQ(largestDifference(strengthened(image, all, 1), all), 0);
    for (std::size_t i = 0; i < image.valueCount(); ++i)
        ASSERT_NEAR(half.values()[i], 0.5f * (all.values()[i] + image.values()[i]), 1e-6f);
    const Image larger = Restorer::open(compactWeights()).restore(image);
    EXPECT_EQ(largestDifference(strengthened(image, larger, 0), resize(image, 48, 36, ResizeFilter::Bicubic)), 0);
    for (const double wrong : {-0.1, 1.5, std::nan("")})
        test::expectError([&] { strengthened(image, all, wrong); }, "strength");
}

TEST(Restorer, AlphaIsKeptWhereThePictureKeepsItsSize) {
    const Restorer restorer = Restorer::open(parityWeights("iat/lol")); // would brighten it
    const Image image = drawing(20, 16, 4), out = restorer.restore(image);
    for (std::size_t i = 3; i < image.valueCount(); i += 4) ASSERT_EQ(out.values()[i], image.values()[i]);
}

TEST(Restorer, ValuesAboveWhiteAndBelowBlackSurvive) {
    Image image = drawing(24, 20, 3);
    Image lamp = image;
    const std::size_t bright = 3 * (10 * 24 + 12), dark = 3 * (4 * 24 + 4);
    image.edit()[bright] = 1;
    image.edit()[dark] = 0;
    lamp.edit()[bright] = 9;
    lamp.edit()[dark] = -2;
    for (Image* picture : {&image, &lamp}) picture->setColorSpace(ColorSpace::Raw);
    const Restorer brightener = Restorer::open(parityWeights("sci/with_calibration"));
    const Image plain = brightener.restore(image), out = brightener.restore(lamp);
    EXPECT_NEAR(out.values()[bright] - plain.values()[bright], 8, 1e-5);
    EXPECT_NEAR(out.values()[dark] - plain.values()[dark], -2, 1e-5);
    EXPECT_EQ(out.values()[bright + 3], plain.values()[bright + 3]) << "the pixels beside it see white";
    const Image big = Restorer::open(compactWeights()).restore(lamp);
    EXPECT_GT(*std::max_element(big.values().begin(), big.values().end()), 4);
    lamp.setColorSpace(ColorSpace::Linear);
    const Image same = strengthened(lamp, Restorer::open(parityWeights("dncnn/gray_5_layers")).restore(lamp), 0);
    EXPECT_NEAR(same.values()[bright], 9, 1e-4);
    EXPECT_NEAR(same.values()[dark], -2, 1e-4);
}

/// Noise leaves 0…1, and networks that learned to remove it are shown it so.
TEST(Restorer, DenoisersSeeNoiseBelowBlack) {
    const Restorer denoiser = Restorer::open(parityWeights("dncnn/gray_5_layers"));
    Image noisy(16, 16, 1, ColorSpace::Raw), clipped = noisy;
    noisy.edit()[8 * 16 + 8] = -0.3f;
    const float beside = denoiser.restore(noisy).values()[8 * 16 + 9] - denoiser.restore(clipped).values()[8 * 16 + 9];
    EXPECT_GT(std::abs(beside), 1e-3f);
}

TEST(Restorer, NoNumbersAreAnErrorThatNamesThePixel) {
    Image image = drawing(9, 8, 3);
    image.edit()[3 * (5 * 9 + 7) + 1] = std::nanf("");
    test::expectError([&] { Restorer::open(compactWeights()).restore(image); }, "the pixel at (7, 5) is nan");
}

TEST(Restorer, TwoViewsInOneAreRefused) {
    OCHRE_SHARED_OR_SKIP(weights, "parity/restormer/dualpixel/weights.safetensors");
    test::expectError([&] { Restorer::open(weights); }, "wants two views");
}

/// Trained weights, where set-up has fetched them: the default overlap is enough for each.
TEST(Restorer, TrainedNetworksLeaveNoSeams) {
    OCHRE_SHARED_OR_SKIP(picture, "data/pictures/coffee.png");
    const auto model = test::modelFile("realesr-animevideov3-x4.safetensors");
    OCHRE_SHARED_OR_SKIP(shared, "data/models/sr/realesr-animevideov3-x4.safetensors");
    const Restorer restorer = Restorer::open(model.value_or(shared));
    const Image whole = readImage(picture);
    Image crop(120, 100, 3);
    const auto values = crop.edit();
    for (int y = 0; y < 100; ++y)
        for (int x = 0; x < 120; ++x)
            for (int c = 0; c < 3; ++c)
                values[static_cast<std::size_t>((y * 120 + x) * 3 + c)] = whole.pixel(x + 200, y + 120)[c];
    const Image reference = restorer.restore(crop);
    for (const int tile : {16, 24, 40, 64})
        EXPECT_LE(differing(reference, restorer.restore(crop, {.tile = tile})), 0.001) << "tile " << tile;
}

} // namespace
} // namespace ochre::models
