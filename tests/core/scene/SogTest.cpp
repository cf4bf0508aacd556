// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Sog.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "core/scene/KMeans.h"
#include "core/scene/SceneIo.h"
#include "core/scene/Texture.h"
#include "core/scene/ZipArchive.h"
#include "tests/core/scene/Clouds.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::Differences;
using Bytes = std::vector<std::byte>;

Bytes asBytes(const std::string& text) {
    const auto* p = reinterpret_cast<const std::byte*>(text.data());
    return {p, p + text.size()};
}

/// The entries of a scene that writeSog made, to be changed by tests.
struct Unpacked {
    Json meta;
    std::map<std::string, Bytes> files;

    explicit Unpacked(const SplatCloud& cloud) {
        const test::TemporaryFolder folder;
        writeSog(cloud, folder / "scene.sog");
        const Bytes bytes = test::bytesOf(folder / "scene.sog");
        const ZipArchive zip(bytes, "scene.sog");
        const Bytes text = zip.read("meta.json", 1u << 30);
        meta = parseJson({reinterpret_cast<const char*>(text.data()), text.size()}, "meta.json");
        for (const char* key : {"means", "scales", "quats", "sh0", "shN"})
            if (meta.contains(key))
                for (const Json& name : meta[key]["files"]) files[name] = zip.read(name, 1u << 30);
    }
    SplatCloud read() const {
        return readSog(
            meta, [this](const std::string& name) { return files.at(name); }, "scene.sog");
    }
};

Texture texture(std::size_t width, std::size_t height, std::uint8_t value = 0) {
    return {width, height, std::vector<std::uint8_t>(4 * width * height, value)};
}

TEST(Texture, EveryByteComesBackEvenUnderClearAlpha) {
    Texture t = texture(20, 12);
    for (std::size_t i = 0; i < t.rgba.size(); ++i) t.rgba[i] = static_cast<std::uint8_t>(i * 37 + i / 7);
    for (std::size_t i = 0; i < t.count(); i += 3) t.texel(i)[3] = 0;
    const Bytes webp = writeTexture(t);
    EXPECT_EQ(readTexture(webp, "t.webp", 240, 240).rgba, t.rgba);
    test::expectError([&] { readTexture(webp, "t.webp", 241, 1000); }, "20×12");
    test::expectError([&] { readTexture(webp, "t.webp", 0, 239); }, "20×12");
    for (std::size_t length = 0; length + 1 < webp.size(); ++length) // the last byte may only fill up
        test::expectError([&] { readTexture(std::span(webp).first(length), "t.webp", 0, 1000); }, "t.webp");
    test::expectError([] { writeTexture(texture(16384, 1)); }, "16383");
}

TEST(Texture, APictureThatExpandsBeyondMeasureIsNotDecoded) {
    Bytes webp = writeTexture(texture(4, 4)); // its sides stand in 14 bits each
    test::put(webp, 21, std::uint32_t{16382 | 16382u << 14 | 1u << 28});
    test::expectError([&] { readTexture(webp, "t.webp", 0, 1 << 30); }, "claim to expand");
    test::expectError([&] { readTexture(webp, "t.webp", 0, 1 << 20); }, "16383×16383");
}

TEST(KMeans, ACodebookHoldsFewValuesExactlyAndManyNearly) {
    const std::vector<float> few{3, -1, 3, 7, -1};
    const auto exact = codebookOf(few, 8);
    for (const float v : few) EXPECT_NEAR(exact[nearestIn(exact, v)], v, 1e-6);
    const SplatCloud cloud = test::makeCloud(20000, 0);
    const auto& values = cloud.data().logScales; // evenly between −7 and −1
    const auto codebook = codebookOf(values, 256);
    EXPECT_TRUE(std::is_sorted(codebook.begin(), codebook.end()));
    for (const float v : values) ASSERT_NEAR(codebook[nearestIn(codebook, v)], v, 6.0 / 256);
}

/// As scales are that were stored in steps before: many of the first guesses fall onto levels that others hold.
TEST(KMeans, ACodebookHoldsEachOfManyUnevenLevels) {
    std::vector<float> values;
    for (int level = 0; level < 146; ++level)
        for (int i = 0; i < 1 + 40 * (level % 7) * (level % 11); ++i) values.push_back(-11.0f + 0.0625f * static_cast<float>(level));
    const auto codebook = codebookOf(values, 256);
    for (const float v : values) ASSERT_NEAR(codebook[nearestIn(codebook, v)], v, 1e-4);
}

TEST(KMeans, APaletteFindsTheClustersThatArePresent) {
    std::vector<float> points;
    for (int i = 0; i < 4000; ++i)
        for (int k = 0; k < 9; ++k)
            points.push_back(static_cast<float>(i % 16 * 10 + (i / 16 * 31 + k * 17) % 7 * 0.01));
    const Palette palette = paletteOf(points, 9, 64);
    EXPECT_LE(palette.centers.size(), 64u * 9);
    for (std::size_t i = 0; i < 4000; ++i)
        ASSERT_NEAR(palette.centers[palette.labels[i] * 9], static_cast<float>(i % 16 * 10), 0.2) << i;
    EXPECT_EQ(paletteOf(points, 9, 64).labels, palette.labels);
    const Palette all = paletteOf(std::span(points).first(90), 9, 64);
    EXPECT_EQ(all.centers, std::vector<float>(points.begin(), points.begin() + 90));
}

TEST(Sog, KeepsASceneWithinItsSteps) {
    const test::TemporaryFolder folder;
    for (int degree = 0; degree <= 3; ++degree) {
        const SplatCloud cloud = test::inMortonOrder(test::makeCloud(2048, degree));
        writeSplats(cloud, folder / "scene.sog");
        const SplatCloud copy = readSplats(folder / "scene.sog");
        ASSERT_EQ(copy.count(), cloud.count());
        ASSERT_EQ(copy.shDegree(), degree);
        const Differences d = test::compare(cloud, copy);
        EXPECT_LE(d.position, 2 * std::log(4.0) / 65535 * 4 / 2 * 1.01);
        EXPECT_LE(d.rotation, 4.7e-5); // half a step of √2/255 in each of three components
        EXPECT_LE(d.logScale, 6.0 / 256);
        EXPECT_LE(d.color, 1.0 / 256);
        EXPECT_LE(d.opacity, 0.5 / 255 + 1e-6);
        // 2048 splats have a set each: what differs is the codebook of 256.
        EXPECT_LE(std::max(d.sh1, d.shRest), 1.8 / 256);
    }
}

TEST(Sog, TheSameCloudGivesTheSameBytesAndFlagsSurvive) {
    const test::TemporaryFolder folder;
    SplatData data = test::makeCloud(3000, 1).data();
    data.antialiased = true;
    const SplatCloud cloud(data, "made");
    writeSog(cloud, folder / "a.sog");
    writeSog(cloud, folder / "b.sog");
    EXPECT_EQ(test::bytesOf(folder / "a.sog"), test::bytesOf(folder / "b.sog"));
    EXPECT_TRUE(readSplats(folder / "a.sog").data().antialiased);
    writeSog(SplatCloud(SplatData(), "none"), folder / "none.sog");
    EXPECT_EQ(readSplats(folder / "none.sog").count(), 0u);
}

TEST(Sog, AFolderHoldsWhatAZipDoes) {
    const test::TemporaryFolder folder;
    const Unpacked scene(test::makeCloud(100, 1));
    writeSplats(test::makeCloud(100, 1), folder / "meta.json");
    for (const auto& [name, bytes] : scene.files) EXPECT_EQ(test::bytesOf(folder / name), bytes) << name;
    EXPECT_EQ(readSplats(folder.path()).hash(), scene.read().hash());
    EXPECT_TRUE(isSceneFile(folder.path()));
    EXPECT_EQ(readSplats(folder / "meta.json").hash(), scene.read().hash());
    Json leaving = scene.meta;
    leaving["quats"]["files"][0] = "../quats.webp";
    writeFileAtomic(folder / "meta.json", dumpJson(leaving));
    test::expectError([&] { readSplats(folder / "meta.json"); }, "own folder");
}

TEST(Sog, TheFirstVersionHasRangesInsteadOfCodebooks) {
    Unpacked scene(test::makeCloud(9, 1));
    Json meta = scene.meta;
    meta.erase("version");
    meta.erase("count");
    meta["means"]["shape"] = {9, 3};
    meta["scales"] = {{"mins", {-8, -8, -8}}, {"maxs", {0, 0, 0}}, {"files", Json::array({"s"})}};
    meta["sh0"] = {{"mins", {-1, -1, -1, -4}}, {"maxs", {1, 1, 1, 4}}, {"files", Json::array({"s"})}};
    meta["shN"]["mins"] = -1;
    meta["shN"]["maxs"] = 1;
    scene.files["s"] = writeTexture(texture(4, 3, 255));
    scene.meta = meta;
    const SplatCloud cloud = scene.read();
    EXPECT_EQ(cloud.data().logScales[0], 0);
    EXPECT_EQ(cloud.data().sh0[2], 1);
    EXPECT_EQ(cloud.data().opacities[8], 4);
    EXPECT_EQ(cloud.shDegree(), 1);
    for (const float v : cloud.data().shRest) EXPECT_LE(std::abs(v), 1);
}

TEST(Sog, EveryDamageIsNamed) {
    const SplatCloud cloud = test::makeCloud(10, 1);
    const auto damaged = [&](auto change, const std::string& part) {
        Unpacked scene(cloud);
        change(scene);
        EXPECT_EQ(test::expectError([&] { scene.read(); }, part).kind(), ErrorKind::Broken);
    };
    damaged([](Unpacked& s) { s.meta["version"] = 3; }, "version 3");
    damaged([](Unpacked& s) { s.meta["count"] = 4294967296; }, "4294967296");
    damaged([](Unpacked& s) { s.meta["count"] = 13; }, "means_l.webp");
    damaged([](Unpacked& s) { s.meta["count"] = 2000000000; }, "claim to expand");
    damaged([](Unpacked& s) { s.meta["count"] = -1; }, "count");
    damaged([](Unpacked& s) { s.meta["means"]["mins"] = {1, 2}; }, "mins");
    damaged([](Unpacked& s) { s.meta["means"]["mins"][1] = "low"; }, "mins");
    damaged([](Unpacked& s) { s.meta["scales"]["codebook"].erase(0); }, "256 numbers");
    damaged([](Unpacked& s) { s.meta["quats"].erase("files"); }, "files");
    damaged([](Unpacked& s) { s.meta["shN"]["bands"] = 4; }, "bands");
    damaged([](Unpacked& s) { s.meta["shN"]["bands"] = 2; }, "512");
    damaged([](Unpacked& s) { s.meta["shN"]["count"] = 3; }, "set");
    damaged([](Unpacked& s) { s.meta.erase("sh0"); }, "sh0");
    damaged([](Unpacked& s) { s.files["quats.webp"] = writeTexture(texture(4, 3, 251)); }, "251");
    damaged([](Unpacked& s) { s.files["sh0.webp"] = writeTexture(texture(4, 2)); }, "4×2");
    damaged([](Unpacked& s) { s.files["sh0.webp"] = asBytes("RIFF"); }, "sh0.webp");
    Unpacked none(cloud);
    none.meta = {{"camera", 1}};
    EXPECT_EQ(test::expectError([&] { none.read(); }).kind(), ErrorKind::NotMine);
}

TEST(Sog, EveryTruncationIsAnError) {
    const test::TemporaryFolder folder;
    writeSog(test::makeCloud(5, 1), folder / "scene.sog");
    const Bytes whole = test::bytesOf(folder / "scene.sog");
    for (std::size_t length = 0; length < whole.size(); length += 7)
        test::expectError([&] { decodeSplats(std::span(whole).first(length), "scene.sog"); });
    EXPECT_EQ(decodeSplats(whole, "scene.sog").count(), 5u);
}

TEST(Sog, ArchivesWithoutAScene) {
    test::expectError(
        [] {
            decodeSplats(makeZip({{"readme.txt", asBytes("hello")}}), "a.zip");
        },
        "not a scene");
    test::expectError([] { decodeSplats(makeZip({{"meta.json", asBytes("{")}}), "a.sog"); }, "meta.json");
    test::expectError(
        [] {
            decodeSplats(makeZip({{"meta.json", asBytes("{\"means\":{},\"quats\":{}}")}}), "a.sog");
        },
        "shape");
}

// --- streamed scenes ---

void writeUnit(const test::TemporaryFolder& folder, const std::string& name, const SplatCloud& cloud) {
    std::filesystem::create_directories((folder / name).parent_path());
    writeSog(cloud, folder / name);
}

Json leaf(int file, int offset, int count) {
    return {{"file", file}, {"offset", offset}, {"count", count}};
}

TEST(LodMeta, TakesTheFinestLevelThatIsThereOfEachLeaf) {
    const test::TemporaryFolder folder;
    const SplatCloud fine = test::makeCloud(40, 1, 1), coarse = test::makeCloud(8, 0, 2);
    writeUnit(folder, "1/fine.sog", fine);
    writeUnit(folder, "2/coarse.sog", coarse);
    Json meta{{"lodLevels", 3},
              {"environment", nullptr},
              {"filenames", {"0/absent.sog", "1/fine.sog", "2/coarse.sog"}}};
    meta["tree"]["children"] = {
        {{"lods", {{"0", leaf(0, 0, 99)}, {"1", leaf(1, 10, 20)}, {"2", leaf(2, 0, 4)}}}},
        {{"children", {{{"lods", {{"2", leaf(2, 4, 4)}}}}, {{"lods", {{"0", leaf(0, 99, 9)}}}}}}}};
    writeFileAtomic(folder / "lod-meta.json", dumpJson(meta));
    const SplatCloud cloud = readSplats(folder.path());
    EXPECT_EQ(cloud.count(), 24u);
    EXPECT_EQ(cloud.shDegree(), 1);
    const SplatCloud unit = readSplats(folder / "1/fine.sog");
    EXPECT_EQ(cloud.data().positions[0], unit.data().positions[30]);

    const auto broken = [&](const Json& lods, const std::string& part) {
        Json bad = meta;
        bad["tree"] = {{"lods", lods}};
        writeFileAtomic(folder / "bad.json", dumpJson(bad));
        test::expectError([&] { readSplats(folder / "bad.json"); }, part);
    };
    broken({{"0", leaf(7, 0, 1)}}, "file 7 of 3");
    broken({{"0", leaf(1, 30, 11)}}, "splats 30 to 41");
    broken({{"0", leaf(0, 0, 1)}}, "none of its files");
    broken({{"first", leaf(1, 0, 1)}}, "first");
    broken({{"0", {{"file", 1}, {"offset", -1}, {"count", 1}}}}, "offset");
    Json twice = meta;
    twice["tree"]["children"] = {{{"lods", {{"0", leaf(1, 0, 40)}}}}, {{"lods", {{"0", leaf(1, 0, 40)}}}}};
    writeFileAtomic(folder / "bad.json", dumpJson(twice));
    test::expectError([&] { readSplats(folder / "bad.json"); }, "splats 0 to 40");
    meta["filenames"][0] = "2/../1/./fine.sog";
    writeFileAtomic(folder / "bad.json", dumpJson(meta));
    test::expectError([&] { readSplats(folder / "bad.json"); }, "own folder");
    meta["filenames"][0] = "1/./fine.sog";
    writeFileAtomic(folder / "bad.json", dumpJson(meta));
    test::expectError([&] { readSplats(folder / "bad.json"); }, "twice");
    meta["filenames"][1] = "/etc/scene.sog";
    writeFileAtomic(folder / "bad.json", dumpJson(meta));
    test::expectError([&] { readSplats(folder / "bad.json"); }, "own folder");
}

TEST(LodMeta, ARealStreamedSceneIsReadAtItsFinestLevelPresent) {
    OCHRE_SHARED_OR_SKIP(folder, "data/splats/playbot");
    const SplatCloud cloud = readSplats(folder);
    EXPECT_EQ(cloud.count(), 8406u); // of levels 4 to 6 the finest
    EXPECT_EQ(cloud.shDegree(), 2);
    const Bounds b = cloud.bounds();
    const double low[] = {-1.0335, -1.0832, -1.0394}, high[] = {1.0351, 0.0521, 1.0424}; // of its tree
    for (std::size_t k = 0; k < 3; ++k) {
        EXPECT_GE(b.min[k], low[k]);
        EXPECT_LE(b.max[k], high[k]);
    }
    for (const char* unit : {"5_0", "6_0"}) EXPECT_GT(readSplats(folder / unit).count(), 1000u);
}

} // namespace
} // namespace ochre
