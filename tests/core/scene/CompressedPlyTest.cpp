// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/CompressedPly.h"

#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/scene/SceneIo.h"
#include "tests/core/scene/Clouds.h"
#include "tests/core/scene/MakePly.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::asBytes;

struct Packed {
    std::uint32_t position, rotation, scale, color;
};

/// A file of our own making: every chunk spans positions −1…3, log-scales −8…0 and colours 0.25…0.75.
struct Source {
    std::vector<Packed> splats;
    bool colors = true;
    int shBytes = 0; ///< of one splat; values 0, 1, 2, …
    std::size_t chunks = 0;

    std::string text() const {
        const std::size_t chunkCount = chunks ? chunks : (splats.size() + 255) / 256;
        std::string out =
            "ply\nformat binary_little_endian 1.0\nelement chunk " + std::to_string(chunkCount) + "\n";
        const auto floats = [&out](std::initializer_list<const char*> names) {
            for (const char* n : names) out += std::string("property float ") + n + "\n";
        };
        floats({"min_x", "min_y", "min_z", "max_x", "max_y", "max_z", "min_scale_x", "min_scale_y",
                "min_scale_z", "max_scale_x", "max_scale_y", "max_scale_z"});
        if (colors) floats({"min_r", "min_g", "min_b", "max_r", "max_g", "max_b"});
        out += "element vertex " + std::to_string(splats.size()) + "\n";
        for (const char* n : {"position", "rotation", "scale", "color"})
            out += std::string("property uint packed_") + n + "\n";
        if (shBytes) {
            out += "element sh " + std::to_string(splats.size()) + "\n";
            for (int k = 0; k < shBytes; ++k) out += "property uchar f_rest_" + std::to_string(k) + "\n";
        }
        out += "end_header\n";
        for (std::size_t c = 0; c < chunkCount; ++c) {
            std::vector<float> row{-1, -1, -1, 3, 3, 3, -8, -8, -8, 0, 0, 0};
            if (colors) row.insert(row.end(), {0.25f, 0.25f, 0.25f, 0.75f, 0.75f, 0.75f});
            out.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(float));
        }
        out.append(reinterpret_cast<const char*>(splats.data()), splats.size() * sizeof(Packed));
        for (std::size_t i = 0; i < splats.size(); ++i)
            for (int k = 0; k < shBytes; ++k) out += static_cast<char>(k * 255 / std::max(1, shBytes - 1));
        return out;
    }
};

SplatCloud read(const std::string& text) {
    return decodeSplats(asBytes(text), "scene.compressed.ply");
}

double color(const SplatCloud& cloud, std::size_t i, std::size_t k) {
    return 0.5 + 0.28209479177387814 * cloud.data().sh0[3 * i + k];
}

TEST(CompressedPly, FieldsAreTakenFromTheirBits) {
    // x full, y half of 1023, z 0; rotation: x is the largest, w 0, y top of its range, z 0; r full, g 0, b
    // 51, a 128
    const std::uint32_t position = 2047u << 21 | 511u << 11,
                        rotation = 1u << 30 | 512u << 20 | 767u << 10 | 512u;
    const SplatCloud cloud =
        read(Source{{{position, rotation, 1024u, 255u << 24 | 0u << 16 | 51u << 8 | 128u}}}.text());
    ASSERT_EQ(cloud.count(), 1u);
    const SplatData& d = cloud.data();
    EXPECT_FLOAT_EQ(d.positions[0], 3);
    EXPECT_NEAR(d.positions[1], -1 + 4 * 511.0 / 1023, 1e-6);
    EXPECT_FLOAT_EQ(d.positions[2], -1);
    EXPECT_FLOAT_EQ(d.logScales[0], -8);
    EXPECT_NEAR(d.logScales[2], -8 + 8 * 1024.0 / 2047, 1e-6);
    const double y = (767.0 / 1023 - 0.5) * std::numbers::sqrt2,
                 small = (512.0 / 1023 - 0.5) * std::numbers::sqrt2;
    EXPECT_NEAR(d.rotations[0], small, 1e-6);
    EXPECT_NEAR(d.rotations[1], std::sqrt(1 - y * y - 2 * small * small), 1e-6);
    EXPECT_NEAR(d.rotations[2], y, 1e-6);
    EXPECT_NEAR(color(cloud, 0, 0), 0.75, 1e-6);
    EXPECT_NEAR(color(cloud, 0, 1), 0.25, 1e-6);
    EXPECT_NEAR(color(cloud, 0, 2), 0.25 + 0.5 * 51 / 255, 1e-6);
    EXPECT_NEAR(1 / (1 + std::exp(-double{d.opacities[0]})), 128.0 / 255, 1e-6);
}

TEST(CompressedPly, WithoutColourRangesColoursAreDirect) {
    Source source{{{0, 3u << 30, 0, 102u << 24 | 255u}}};
    source.colors = false;
    const SplatCloud cloud = read(source.text());
    EXPECT_NEAR(color(cloud, 0, 0), 0.4, 1e-6);
    EXPECT_NEAR(color(cloud, 0, 1), 0, 1e-6);
    EXPECT_EQ(1 / (1 + std::exp(-double{cloud.data().opacities[0]})), 1.0);
}

TEST(CompressedPly, TheLastChunkIsShort) {
    Source source{std::vector<Packed>(300, Packed{0, 0, 0, 200})};
    EXPECT_EQ(read(source.text()).count(), 300u);
    source.chunks = 1;
    test::expectError([&] { read(source.text()); }, "1 chunks for 300 splats");
    source.chunks = 3;
    test::expectError([&] { read(source.text()); }, "3 chunks for 300 splats");
}

TEST(CompressedPly, HarmonicsAreDecodedAndReordered) {
    for (const int degree : {1, 2, 3}) {
        const int rest = (degree + 1) * (degree + 1) - 1;
        Source source{{{0, 0, 0, 0}, {0, 0, 0, 0}}};
        source.shBytes = 3 * rest;
        const SplatCloud cloud = read(source.text());
        ASSERT_EQ(cloud.shDegree(), degree);
        for (int channel = 0; channel < 3; ++channel)
            for (int k = 0; k < rest; ++k) {
                const int byte = (channel * rest + k) * 255 / (3 * rest - 1);
                const double n = byte == 0 ? 0 : byte == 255 ? 1 : (byte + 0.5) / 256;
                EXPECT_NEAR(cloud.data().shRest[static_cast<std::size_t>((rest + k) * 3 + channel)],
                            (n - 0.5) * 8, 1e-5);
            }
    }
    Source odd{{{0, 0, 0, 0}}};
    odd.shBytes = 10;
    test::expectError([&] { read(odd.text()); }, "10 properties");
}

TEST(CompressedPly, EveryTruncationIsAnError) {
    Source source{{{1, 2, 3, 4}, {5, 6, 7, 8}}};
    source.shBytes = 9;
    const std::string text = source.text();
    for (std::size_t length = 0; length < text.size(); ++length)
        test::expectError([&] { read(text.substr(0, length)); });
    EXPECT_EQ(read(text).count(), 2u);
}

TEST(CompressedPly, RangesThatAreNoNumbersAreRefused) {
    std::string text = Source{{{1, 2, 3, 4}}}.text();
    const float nan = std::nanf("");
    std::memcpy(text.data() + text.find("end_header\n") + 11, &nan, sizeof nan);
    test::expectError([&] { read(text); }, "chunk");
    std::string missing = Source{{{1, 2, 3, 4}}}.text();
    missing.replace(missing.find("packed_scale"), 12, "packed_scalf");
    test::expectError([&] { read(missing); }, "packed_scale");
}

TEST(CompressedPly, SurvivesWritingWithinTheStepsOfItsChunks) {
    const test::TemporaryFolder folder;
    for (int degree = 0; degree <= 3; ++degree) {
        const SplatCloud cloud = test::makeCloud(700, degree);
        writeSplats(cloud, folder / "a.compressed.ply");
        const SplatCloud copy = readSplats(folder / "a.compressed.ply");
        ASSERT_EQ(copy.count(), 700u);
        ASSERT_EQ(copy.shDegree(), degree);
        const test::Differences d = test::compare(test::inMortonOrder(cloud), copy);
        EXPECT_LE(d.position, 6 * 0.5 / 1023 + 1e-6);
        EXPECT_LE(d.logScale, 6 * 0.5 / 1023 + 1e-6);
        EXPECT_LE(d.rotation, 2e-6);
        EXPECT_LE(d.color, 0.5 / 255 + 1e-6);
        EXPECT_LE(d.opacity, 0.5 / 255 + 1e-6);
        EXPECT_LE(std::max(d.sh1, d.shRest), 1 / 64.0 + 1e-6);
    }
}

TEST(CompressedPly, FlatAndEqualSplatsAndTheFlagSurvive) {
    const test::TemporaryFolder folder;
    SplatData data = test::makeCloud(2, 0).data();
    std::copy_n(data.positions.begin(), 3, data.positions.begin() + 3);
    data.logScales[0] = -INFINITY;
    data.opacities[0] = INFINITY;
    data.antialiased = true;
    writeSplats(SplatCloud(data, "a"), folder / "a.compressed.ply");
    const SplatCloud copy = readSplats(folder / "a.compressed.ply");
    EXPECT_EQ(copy.data().positions, data.positions);
    EXPECT_EQ(copy.data().logScales[0], -20);
    EXPECT_EQ(copy.data().opacities[0], INFINITY);
    EXPECT_TRUE(copy.data().antialiased);
    writeSplats(SplatCloud(SplatData(), "none"), folder / "a.compressed.ply");
    EXPECT_EQ(readSplats(folder / "a.compressed.ply").count(), 0u);
}

TEST(CompressedPly, ARealCaptureIsReadWhole) {
    OCHRE_SHARED_OR_SKIP(path, "data/splats/biker.compressed.ply");
    const SplatCloud cloud = readSplats(path);
    EXPECT_EQ(cloud.count(), 152746u);
    EXPECT_EQ(cloud.shDegree(), 0);
    EXPECT_EQ(cloud.data().dropped, 0u);
    const Bounds b = cloud.bounds();
    const Focus f = cloud.focus();
    for (std::size_t k = 0; k < 3; ++k) {
        EXPECT_LT(b.min[k], f.center[k]);
        EXPECT_GT(b.max[k], f.center[k]);
    }
    for (std::size_t i = 0; i < cloud.count(); i += 1000) {
        const float* q = &cloud.data().rotations[4 * i];
        EXPECT_NEAR(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3], 1, 1e-5);
    }
    const test::TemporaryFolder folder;
    writePly(cloud, folder / "biker.ply");
    EXPECT_EQ(readSplats(folder / "biker.ply").hash(), cloud.hash());
}

} // namespace
} // namespace ochre
