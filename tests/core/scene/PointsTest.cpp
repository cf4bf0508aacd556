// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Points.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/scene/ColmapPoints.h"
#include "core/scene/SceneIo.h"
#include "core/scene/ZipArchive.h"
#include "tests/core/scene/Clouds.h"
#include "tests/core/scene/MakePly.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::asBytes;
using test::MakePly;
using test::put;
using Bytes = std::vector<std::byte>;

MakePly pointPly(const std::string& colorType) {
    MakePly ply;
    for (const char* n : {"x", "y", "z"}) ply.columns.push_back({"float", n});
    if (!colorType.empty())
        for (const char* n : {"red", "green", "blue"}) ply.columns.push_back({colorType, n});
    return ply;
}

/// Two points of points3D.bin, the second seen in two pictures.
Bytes colmapBin() {
    Bytes b;
    put(b, 0, std::uint64_t{2});
    for (const std::uint64_t track : {0, 2}) {
        put(b, b.size(), std::uint64_t{7});
        for (const double v : {1.0, 2.0, 3.0 + static_cast<double>(track)}) put(b, b.size(), v);
        for (const std::uint8_t v : {255, 0, 51}) put(b, b.size(), v);
        put(b, b.size(), 0.5);
        put(b, b.size(), track);
        b.resize(b.size() + 8 * track, std::byte{1});
    }
    return b;
}

const char* const kColmapText =
    "# 3D point list with one line of data per point:\n"
    "#   POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)\n"
    "7 1 2 3 255 0 51 0.5\n9 1 2 5 255 0 51 0.5 1 2 3 4\n";

void expectTwoPoints(const SplatCloud& cloud) {
    ASSERT_EQ(cloud.count(), 2u);
    const SplatData& d = cloud.data();
    EXPECT_EQ(d.positions, (std::vector<float>{1, 2, 3, 1, 2, 5}));
    EXPECT_NEAR(colorOf(d.sh0[0]), 1, 1e-6);
    EXPECT_NEAR(colorOf(d.sh0[5]), 0.2, 1e-6);
    EXPECT_NEAR(sigmoid(d.opacities[1]), 0.8, 1e-6);
    for (const float s : d.logScales) EXPECT_NEAR(std::exp(s), 2, 1e-5);
}

TEST(Points, AreAsLargeAsTheirThreeNeighboursAreFar) {
    PointCloud points;
    for (const float x : {0.0f, 1.0f, 3.0f, 7.0f, 100.0f})
        points.positions.insert(points.positions.end(), {x, 0, 0});
    points.colors.assign(15, 0.5f);
    const SplatCloud cloud = splatsFromPoints(points, "points");
    const double expected[] = {(1 + 3 + 7) / 3.0, (1 + 2 + 6) / 3.0, (2 + 3 + 4) / 3.0, (4 + 6 + 7) / 3.0,
                               (93 + 97 + 99) / 3.0};
    for (std::size_t i = 0; i < 5; ++i)
        EXPECT_NEAR(std::exp(cloud.data().logScales[3 * i + 1]), expected[i], 1e-4) << i;
    EXPECT_EQ(cloud.data().rotations[4], 1);
}

TEST(Points, OneOnTopOfAnotherAloneAndFarOnesStillHaveASize) {
    PointCloud points{std::vector<float>(3 * 50, 1.0f), std::vector<float>(3 * 50, 0.5f)};
    for (const float s : splatsFromPoints(points, "same").data().logScales) EXPECT_TRUE(std::isfinite(s));
    points = {{3e38f, -3e38f, 3e38f, -3e38f, 0, 0}, std::vector<float>(6, 0.5f)};
    for (const float s : splatsFromPoints(points, "far").data().logScales) EXPECT_TRUE(std::isfinite(s));
    points = {{1, 2, 3}, {0, 0, 0}};
    EXPECT_NEAR(splatsFromPoints(points, "one").data().logScales[0], std::log(0.01), 1e-5);
    EXPECT_EQ(splatsFromPoints({}, "none").count(), 0u);
    points.positions[1] = NAN;
    EXPECT_EQ(splatsFromPoints(points, "none").data().dropped, 1u);
    points.colors.pop_back();
    test::expectError([&] { splatsFromPoints(points, "odd"); }, "agree");
}

TEST(Points, APlyOfPointsIsReadWithAnyColours) {
    for (const auto& [type, full] : {std::pair{"uchar", 255.0}, {"float", 1.0}, {"", 0.0}}) {
        MakePly ply = pointPly(type);
        ply.fill(6);
        if (full > 0) ply.at(2, "green") = full;
        const SplatCloud cloud = decodeSplats(asBytes(ply.text()), "points.ply");
        ASSERT_EQ(cloud.count(), 6u);
        EXPECT_NEAR(colorOf(cloud.data().sh0[7]), full > 0 ? 1 : 0.5, 1e-6) << type;
    }
}

TEST(Points, TheVerticesOfAMeshAreTakenAndItsFacesAreNot) {
    for (const char* format : {"ascii", "binary_little_endian"}) {
        MakePly ply = pointPly("uchar");
        ply.format = format;
        std::string text = ply.fill(3).text();
        text.insert(text.find("end_header"), "element face 1\nproperty list uchar int vertex_indices\n");
        text += format[0] == 'a' ? "3 0 1 2\n" : std::string("\3\0\0\0\0\1\0\0\0\2\0\0\0", 13);
        EXPECT_EQ(decodeSplats(asBytes(text), "mesh.ply").count(), 3u);
    }
}

TEST(ColmapPoints, BothKindsAreRead) {
    expectTwoPoints(decodeSplats(colmapBin(), "points3D.bin"));
    expectTwoPoints(decodeSplats(colmapBin(), "cloud"));
    expectTwoPoints(decodeSplats(asBytes(kColmapText), "points3D.txt"));
    expectTwoPoints(decodeSplats(asBytes(kColmapText), "cloud"));
}

TEST(ColmapPoints, EveryTruncationIsAnError) {
    const Bytes whole = colmapBin();
    for (std::size_t length = 0; length < whole.size(); ++length)
        test::expectError([&] { readColmapPointsBin(std::span(whole).first(length), "points3D.bin"); },
                          "points3D.bin");
    Bytes more = whole;
    more.push_back(std::byte{0});
    EXPECT_EQ(test::expectError([&] { readColmapPointsBin(more, "cloud"); }).kind(), ErrorKind::NotMine);
    const std::string text(kColmapText);
    for (std::size_t length = text.find("7 1") + 1; length < text.find(" 0.5"); ++length)
        test::expectError([&] { readColmapPointsText(asBytes(text.substr(0, length)), "points3D.txt"); },
                          "line 3");
}

TEST(ColmapPoints, HostileCountsAndColoursAreRefused) {
    for (const std::uint64_t count : {std::uint64_t{9}, std::uint64_t{1} << 32, ~std::uint64_t{0}}) {
        Bytes b = colmapBin();
        put(b, 0, count);
        test::expectError([&] { readColmapPointsBin(b, "points3D.bin"); });
        b = colmapBin();
        put(b, 8 + 43, count);
        test::expectError([&] { readColmapPointsBin(b, "points3D.bin"); }, "pictures");
    }
    test::expectError([] { readColmapPointsText(asBytes("1 1 2 3 256 0 0 1\n"), "points3D.txt"); }, "256");
    EXPECT_EQ(decodeSplats(asBytes("1 1e300 2 3 1 0 0 1\n2 nan 2 3 1 0 0 1\n3 1 2 3 1 0 0 1\n"), "points3D.txt").count(), 1u);
}

/// The values of a NumPy array inside an .npz.
template <typename T>
std::vector<float> numpyValues(const ZipArchive& zip, const std::string& name, float scale) {
    const Bytes npy = zip.read(name, 1u << 30);
    const std::size_t start = 10 + loadAs<std::uint16_t>(&npy[8]);
    std::vector<float> values((npy.size() - start) / sizeof(T));
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = scale * static_cast<float>(loadAs<T>(&npy[start + i * sizeof(T)]));
    return values;
}

TEST(Points, ACloudOfARealScene) {
    OCHRE_SHARED_OR_SKIP(path, "data/splats/test_garden.npz");
    const MappedFile file(path);
    const ZipArchive zip(file.bytes(), "test_garden.npz");
    const PointCloud points{numpyValues<float>(zip, "means3d.npy", 1),
                            numpyValues<std::uint8_t>(zip, "colors.npy", 1 / 255.0f)};
    const SplatCloud cloud = splatsFromPoints(points, "garden");
    ASSERT_EQ(cloud.count(), 138766u);
    for (const std::size_t i : {std::size_t{0}, std::size_t{1000}, cloud.count() - 1}) {
        std::vector<double> distances;
        for (std::size_t j = 0; j < cloud.count(); ++j) {
            double square = 0;
            for (std::size_t k = 0; k < 3; ++k) {
                const double d = double{points.positions[3 * i + k]} - points.positions[3 * j + k];
                square += d * d;
            }
            if (j != i) distances.push_back(std::sqrt(square));
        }
        std::nth_element(distances.begin(), distances.begin() + 2, distances.end());
        const double mean = (distances[0] + distances[1] + distances[2]) / 3;
        EXPECT_NEAR(std::exp(cloud.data().logScales[3 * i]), mean, 1e-4 * mean + 1e-7);
    }
}

} // namespace
} // namespace ochre
