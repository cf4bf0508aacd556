// SPDX-License-Identifier: GPL-3.0-or-later
// ochre render from outside: passes, modes, and more than one eye.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/models/field/FieldFile.h"
#include "core/scene/SceneIo.h"
#include "core/scene/cameras/CameraSet.h"
#include "tests/app/Program.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::Outcome;

/// One solid disc before another that is larger, on the z axis.
std::string writeScene(const test::TemporaryFolder& folder) {
    SplatData d;
    d.positions = {0, 0, 0, 0, 0, 2};
    d.logScales = {-1, -1, -6, 0, 0, -6};
    d.rotations = {1, 0, 0, 0, 1, 0, 0, 0};
    d.opacities = {6, 6};
    d.sh0 = {1, 0, -1, -1, 0, 1};
    const std::string path = folder / "discs.ply";
    writePly(SplatCloud(std::move(d), "discs"), path);
    return path;
}

Outcome render(const std::string& scene, const std::string& output, std::vector<std::string> more) {
    std::vector<std::string> arguments{"render", scene, "-o", output, "--renderer", "fast", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return test::ochre(arguments);
}

TEST(RenderCommand, DepthIsKeptInExrAndShownBetweenItsLimitsElsewhere) {
    const test::TemporaryFolder folder;
    const std::string scene = writeScene(folder);
    const Outcome exr = render(scene, folder / "d.exr", {"--view", "front", "--size", "64x64", "--pass", "median_depth"});
    ASSERT_EQ(exr.status, 0) << exr.err;
    const Image depth = readImage(folder / "d.exr", {.colorSpace = ColorSpace::Raw, .allChannels = true});
    const double front = depth.pixel(32, 32)[0], back = front + 2;
    EXPECT_GT(front, 1);
    EXPECT_EQ(depth.pixel(0, 0)[0], 0);
    const Json range = exr.json().at("depth_ranges").at(0);
    EXPECT_NEAR(range.at("near").get<double>(), front, 1e-4);
    EXPECT_NEAR(range.at("far").get<double>(), back, 1e-4);
    ASSERT_EQ(render(scene, folder / "d.png", {"--view", "front", "--size", "64x64", "--pass", "median_depth"}).status, 0);
    const Image shown = readImage(folder / "d.png", {.colorSpace = ColorSpace::Raw});
    EXPECT_NEAR(shown.pixel(32, 32)[0], 1, 1e-4);
    EXPECT_NEAR(shown.pixel(0, 0)[0], 0, 1e-4);
}

TEST(RenderCommand, OtherPassesAndModesAreWritten) {
    const test::TemporaryFolder folder;
    const std::string scene = writeScene(folder);
    for (const char* pass : {"color", "depth", "normals", "id", "alpha"})
        for (const char* name : {"a.png", "a.exr"})
            EXPECT_EQ(render(scene, folder / name, {"--size", "32x24", "--pass", pass}).status, 0) << pass << " " << name;
    for (const char* mode : {"centres", "rings", "opacity", "overdraw", "depth"})
        EXPECT_EQ(render(scene, folder / "m.png", {"--size", "32x24", "--mode", mode, "--orthographic", "--view", "top"}).status, 0) << mode;
    ASSERT_EQ(render(scene, folder / "id.exr", {"--view", "front", "--size", "64x64", "--pass", "id"}).status, 0);
    const Image ids = readImage(folder / "id.exr", {.colorSpace = ColorSpace::Raw, .allChannels = true});
    EXPECT_EQ(ids.pixel(32, 32)[0], 0);
    EXPECT_EQ(ids.pixel(0, 0)[0], -1);
    ASSERT_EQ(render(scene, folder / "n.exr", {"--view", "front", "--size", "64x64", "--pass", "normals"}).status, 0);
    EXPECT_NEAR(readImage(folder / "n.exr", {.colorSpace = ColorSpace::Raw}).pixel(32, 32)[2], -1, 1e-4);
    ASSERT_EQ(render(scene, folder / "b.png", {"--view", "front", "--size", "64x64", "--pass", "alpha", "--box", "-1,-1,-1,1,1,-0.5"}).status, 0);
    EXPECT_EQ(readImage(folder / "b.png").pixel(32, 32)[0], 0);
}

TEST(RenderCommand, BothEyesStandSideBySideAndPanoramasAreTwiceAsWideAsHigh) {
    const test::TemporaryFolder folder;
    const std::string scene = writeScene(folder);
    const Outcome stereo = render(scene, folder / "s.png", {"--view", "front", "--size", "64x48", "--stereo", "side-by-side", "--eye-distance", "1"});
    ASSERT_EQ(stereo.status, 0) << stereo.err;
    EXPECT_EQ(stereo.json().at("width"), 128);
    const Image both = readImage(folder / "s.png");
    EXPECT_EQ(both.width(), 128);
    int apart = 0;
    for (int y = 0; y < 48; ++y)
        for (int x = 0; x < 64; ++x) apart += std::abs(both.pixel(x, y)[0] - both.pixel(x + 64, y)[0]) > 0.1;
    EXPECT_GT(apart, 20);
    const Outcome all = render(scene, folder / "p.png", {"--panorama", "--size", "64x32"});
    ASSERT_EQ(all.status, 0) << all.err;
    EXPECT_EQ(readImage(folder / "p.png").width(), 64);
    EXPECT_EQ(render(scene, folder / "p.png", {"--panorama", "--size", "64x48"}).status, 1);
    EXPECT_EQ(render(scene, folder / "p.png", {"--panorama", "--stereo", "side-by-side"}).status, 2);
    EXPECT_EQ(render(scene, folder / "p.png", {"--eye-distance", "1"}).status, 2);
    EXPECT_EQ(render(scene, folder / "p.png", {"--box", "1,2,3"}).status, 1);
}

/// A field of nothing but the upper half of its box, evenly filled.
std::string writeHashField(const test::TemporaryFolder& folder) {
    HashField field({.log2Entries = 6, .coarsest = 2, .finest = 8});
    std::ranges::fill(field.table, 1.0f);
    field.layers[HashField::Density1] = 1;
    field.layers[HashField::Density2] = 4;
    field.occupancy = OccupancyGrid(8);
    for (int i = 0; i < 8 * 8 * 4; ++i) field.occupancy.occupy(i % 8, i / 8 % 8, 4 + i / 64);
    const std::string path = folder / "half.field.safetensors";
    models::writeField(field, path, "a test");
    return path;
}

TEST(RenderCommand, HashFieldsAreDrawnFromAllAround) {
    const test::TemporaryFolder folder;
    const std::string field = writeHashField(folder);
    const Outcome color = test::ochre({"render", field, "-o", folder / "c.png", "--orbit", "2", "--size", "48x48", "--background", "1,1,1", "--json"});
    ASSERT_EQ(color.status, 0) << color.err;
    ASSERT_EQ(color.json().at("files").size(), 2u);
    EXPECT_EQ(color.json().at("fields"), 1);
    const Image picture = readImage(folder / "c-0002.png");
    EXPECT_NEAR(picture.pixel(24, 24)[0], 0.5, 0.02);
    EXPECT_EQ(picture.pixel(24, 1)[0], 1);
    for (const char* pass : {"depth", "median_depth", "normals", "alpha", "id"})
        ASSERT_EQ(test::ochre({"render", field, "-o", folder / (pass + std::string(".exr")), "--pass", pass, "--view", "front", "--size", "48x48"}).status, 0);
    EXPECT_GT(readImage(folder / "depth.exr", {.colorSpace = ColorSpace::Raw, .allChannels = true}).pixel(24, 24)[0], 2);
    EXPECT_LT(readImage(folder / "normals.exr", {.colorSpace = ColorSpace::Raw, .allChannels = true}).pixel(24, 24)[2], -0.9);
    ASSERT_EQ(test::ochre({"render", field, "-o", folder / "p.png", "--panorama", "--size", "64x32"}).status, 0);
    ASSERT_EQ(test::ochre({"render", field, "-o", folder / "f/%02d.png", "--turntable", "2", "--size", "32x32"}).status, 0);
    EXPECT_TRUE(std::filesystem::exists(folder / "f/02.png"));
}

TEST(RenderCommand, FieldsAndSplatsGoIntoOnePicture) {
    const test::TemporaryFolder folder;
    const std::string scene = writeScene(folder), field = writeHashField(folder);
    const Outcome both = render(scene, folder / "b.png", {field, "--view", "front", "--size", "64x64"});
    ASSERT_EQ(both.status, 0) << both.err;
    EXPECT_EQ(both.json().at("fields"), 1);
    EXPECT_GT(both.json().at("splats").get<int>(), 0);
}

TEST(RenderCommand, NetworksRefuseWhatTheyDoNotKnow) {
    OCHRE_SHARED_OR_SKIP(chair, "data/models/nerf/chair-lowres.ckpt");
    const test::TemporaryFolder folder;
    for (const std::vector<std::string>& option : std::vector<std::vector<std::string>>{
             {"--pass", "normals"}, {"--mode", "rings"}, {"--panorama"}, {"--view", "top"}, {"--stereo", "side-by-side"}, {"a.ply"}}) {
        std::vector<std::string> arguments{"render", chair, "-o", folder / "x.png"};
        arguments.insert(arguments.end(), option.begin(), option.end());
        const Outcome outcome = test::ochre(arguments);
        EXPECT_EQ(outcome.status, 1) << option[0];
        EXPECT_NE(outcome.err.find(option[0]), std::string::npos) << outcome.err;
    }
}

TEST(RenderCommand, NetworksAreDrawnFromTheirCheckpoints) {
    OCHRE_SHARED_OR_SKIP(chair, "data/models/nerf/chair-lowres.ckpt");
    OCHRE_SHARED_OR_SKIP(fern, "data/models/nerf/fern-lowres.ckpt");
    const test::TemporaryFolder folder;
    const Outcome drawn = test::ochre({"render", chair, "-o", folder / "c.png", "--size", "16x16", "--background", "none", "--json"});
    ASSERT_EQ(drawn.status, 0) << drawn.err;
    EXPECT_EQ(drawn.json().at("fine"), 64);
    EXPECT_GT(readImage(folder / "c.png").pixel(8, 8)[3], 0.9f);
    const Outcome forward = test::ochre({"render", fern, "-o", folder / "f.png", "--size", "16x12", "--json"});
    ASSERT_EQ(forward.status, 0) << forward.err;
    EXPECT_EQ(forward.json().at("far"), 1);
    EXPECT_NE(test::ochre({"render", fern, "-o", folder / "f.png", "--orbit", "3"}).err.find("--orbit"), std::string::npos);
    const std::string other = test::sourceFile("tests/parity/mamba/small/weights.safetensors");
    EXPECT_NE(test::ochre({"render", other, "-o", folder / "f.png"}).err.find("holds no NeRF"), std::string::npos);
}

TEST(RenderCommand, NetworksBecomeFields) {
    OCHRE_SHARED_OR_SKIP(chair, "data/models/nerf/chair-lowres.ckpt");
    const test::TemporaryFolder folder;
    const std::string field = folder / "chair.field.safetensors";
    const Outcome made = test::ochre({"convert", chair, "-o", field, "--field-steps", "20", "--field-samples", "20000", "--json"});
    ASSERT_EQ(made.status, 0) << made.err;
    EXPECT_GT(made.json().at("occupied").get<int>(), 0);
    EXPECT_EQ(test::ochre({"render", field, "-o", folder / "c.png", "--size", "16x16"}).status, 0);
}

TEST(RenderCommand, AnExrOfAPictureHoldsItsDepthWhereThatIsAskedFor) {
    const test::TemporaryFolder folder;
    const std::string scene = writeScene(folder);
    ASSERT_EQ(render(scene, folder / "a.exr", {"--view", "front", "--size", "64x64", "--depth"}).status, 0);
    ASSERT_EQ(render(scene, folder / "z.exr", {"--view", "front", "--size", "64x64", "--pass", "depth"}).status, 0);
    const Image all = readImage(folder / "a.exr", {.colorSpace = ColorSpace::Raw, .allChannels = true});
    const Image depth = readImage(folder / "z.exr", {.colorSpace = ColorSpace::Raw, .allChannels = true});
    ASSERT_EQ(all.channels(), 5);
    EXPECT_EQ(all.pixel(32, 32)[4], depth.pixel(32, 32)[0]);
    EXPECT_GT(all.pixel(32, 32)[4], 1);
    EXPECT_EQ(render(scene, folder / "a.png", {"--depth"}).status, 1);
    EXPECT_EQ(render(scene, folder / "a.exr", {"--bits", "8"}).status, 1);
}

TEST(RenderCommand, FilmsAPathAndGoesOnAfterABreak) {
    const test::TemporaryFolder folder;
    const std::string scene = writeScene(folder);
    CameraPath path{.duration = 1, .fps = 8};
    path.put({.time = 0, .position = {0, 0, -6}});
    path.put({.time = 1, .position = {2, 0, -6}, .fov = 30});
    writeCameraPath(path, folder / "path.json");
    const std::vector<std::string> camera{"--camera", folder / "path.json", "--size", "32x24"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.end(), camera.begin(), camera.end());
        return more;
    };
    const Outcome part = render(scene, folder / "f/%04d.png", with({"--frames", "3-5"}));
    ASSERT_EQ(part.status, 0) << part.err;
    EXPECT_EQ(part.json().at("drawn"), 3);
    EXPECT_TRUE(std::filesystem::exists(folder / "f/0003.png"));
    EXPECT_FALSE(std::filesystem::exists(folder / "f/0001.png"));
    const Outcome all = render(scene, folder / "f/%04d.png", with({}));
    EXPECT_EQ(all.json().at("frames"), 8);
    EXPECT_EQ(all.json().at("kept"), 3);
    EXPECT_EQ(render(scene, folder / "f/%04d.png", with({"--again"})).json().at("drawn"), 8);
    const Outcome film = render(scene, folder / "f.mp4", with({"--frames", "4", "--fps", "12"}));
    ASSERT_EQ(film.status, 0) << film.err;
    EXPECT_EQ(film.json().at("frames"), 4);
    EXPECT_EQ(film.json().at("fps"), 12);
    EXPECT_GT(std::filesystem::file_size(folder / "f.mp4"), 500u);
    EXPECT_EQ(render(scene, folder / "f.mp4", with({"--frames", "7-9"})).status, 1);
    EXPECT_EQ(render(scene, folder / "f.mp4", with({"--frames", "0"})).status, 1);
    EXPECT_EQ(render(scene, folder / "f.png", {"--frames", "2"}).status, 1);
    EXPECT_EQ(render(scene, folder / "f.mp4", with({"--background", "none"})).status, 1);
    EXPECT_EQ(render(scene, folder / "f.mp4", {"--turntable", "3", "--size", "33x24"}).status, 1);
    const Outcome turn = render(scene, folder / "t/#####.exr", {"--turntable", "3", "--size", "33x24", "--bits", "16"});
    ASSERT_EQ(turn.status, 0) << turn.err;
    EXPECT_TRUE(std::filesystem::exists(folder / "t/00003.exr"));
}

TEST(RenderCommand, SeveralScenesStandInOneView) {
    const test::TemporaryFolder folder;
    const std::string scene = writeScene(folder);
    const auto picture = [&](std::vector<std::string> more) {
        std::vector<std::string> all{"render", scene, scene, "-o", folder / "a.png", "--size", "64x48", "--renderer", "fast", "--json"};
        all.insert(all.end(), more.begin(), more.end());
        return test::ochre(all);
    };
    const Outcome one = render(scene, folder / "one.png", {"--size", "64x48"}), two = picture({});
    ASSERT_EQ(two.status, 0) << two.err;
    EXPECT_EQ(two.json().at("splats"), 2 * one.json().at("splats").get<int>());
    ASSERT_EQ(picture({"--layers", R"([{"input": "scene_2", "visible": false}])"}).status, 0);
    const Image alone = readImage(folder / "one.png"), hidden = readImage(folder / "a.png");
    EXPECT_TRUE(std::ranges::equal(alone.values(), hidden.values())) << "what is hidden is not there";
    writeFileAtomic(folder / "layers.json", R"([{"input": "scene_2", "move": [0, -1, 0], "turn": [0, 0, 90], "scale": 0.5, "opacity": 0.5}])");
    ASSERT_EQ(picture({"--layers", folder / "layers.json"}).status, 0);
    EXPECT_FALSE(std::ranges::equal(readImage(folder / "a.png").values(), alone.values()));
    EXPECT_NE(picture({"--layers", R"([{"input": "scene_3"}])"}).err.find("there are 2 scenes"), std::string::npos);
}

TEST(RenderCommand, BackgroundsAreGradientsAndSkiesAndFilmsGoAllAround) {
    const test::TemporaryFolder folder;
    const std::string scene = writeScene(folder);
    ASSERT_EQ(render(scene, folder / "g.png", {"--size", "64x48", "--background", "1,0,0/0,0,1"}).status, 0);
    const Image gradient = readImage(folder / "g.png");
    EXPECT_GT(gradient.pixel(0, 0)[0], 0.9); // a disc reaches the corners faintly
    EXPECT_GT(gradient.pixel(0, 47)[2], 0.9);
    ASSERT_EQ(render(scene, folder / "around.jpg", {"--panorama", "--size", "128x64", "--background", folder / "g.png", "--background-turn", "90"}).status, 0);
    const ImageInfo info = probeImage(folder / "around.jpg");
    EXPECT_NE(info.metadata.at("XMP").find("GPano:ProjectionType"), std::string::npos);
    const Image around = readImage(folder / "around.jpg");
    EXPECT_GT(around.pixel(3, 1)[0], around.pixel(3, 62)[0] + 0.2) << "the sky's upper edge is up";
    ASSERT_EQ(render(scene, folder / "around.mp4", {"--panorama", "--size", "128x64", "--turntable", "3"}).status, 0);
    const Outcome eyes = render(scene, folder / "eyes.mp4", {"--stereo", "side-by-side", "--size", "64x64", "--turntable", "3"});
    ASSERT_EQ(eyes.status, 0) << eyes.err;
    const auto has = [&](const char* file, std::string_view box) {
        const std::vector<std::byte> bytes = readFile(folder / file, 1 << 20);
        return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).find(box) != std::string_view::npos;
    };
    EXPECT_TRUE(has("around.mp4", "sv3d"));
    EXPECT_TRUE(has("eyes.mp4", "st3d"));
    EXPECT_NE(render(scene, folder / "x.png", {"--background", "mauve"}).err.find("--background mauve"), std::string::npos);
}

TEST(RenderCommand, TakesAPictureWithEachCameraOfACapture) {
    const test::TemporaryFolder folder;
    const std::string scene = writeScene(folder);
    CameraSet set = framesOf(turntable({{0, 0, 1}, 2}, 1, 4), 40, 30);
    writeCameras(set, folder / "sparse/0");
    writeCameras(set, folder / "transforms.json");
    for (const char* from : {"sparse/0", "", "transforms.json"}) {
        const Outcome all = render(scene, folder / "c/%02d.png", {"--camera", folder / from, "--again"});
        ASSERT_EQ(all.status, 0) << from << all.err;
        EXPECT_EQ(all.json().at("frames"), 4);
        EXPECT_EQ(all.json().at("width"), 40);
        EXPECT_EQ(render(scene, folder / "d/%02d.png", {"--camera", folder / from, "--frames", "2", "--size", "20x15"}).json().at("width"), 20);
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "d/03.png"));
}

} // namespace
} // namespace ochre
