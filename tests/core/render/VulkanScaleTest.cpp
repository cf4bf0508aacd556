// SPDX-License-Identifier: GPL-3.0-or-later
// What lets the Vulkan renderer draw large scenes: packed attributes, culling, colours that are kept, parts, fewer splats while
// something moves, and the choice between tiles and quads.
#include <cmath>
#include <iostream>
#include <numeric>

#include <gtest/gtest.h>

#include "core/base/Math.h"
#include "core/render/Bench.h"
#include "core/render/SplatMath.h"
#include "core/render/vulkan/BlendingChoice.h"
#include "core/render/vulkan/PackedSplats.h"
#include "core/scene/SceneIo.h"
#include "core/scene/SplatFilter.h"
#include "core/scene/SplatValues.h"
#include "shaders/SharedTypes.h"
#include "tests/core/render/Scenes.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::psnr;

class VulkanScale : public testing::Test {
protected:
    void SetUp() override {
        try {
            m_vulkan = makeVulkanRenderer({.validation = true, .blending = Blending::Tiles});
        } catch (const Error& e) {
            GTEST_SKIP() << e.full();
        }
    }
    void TearDown() override {
        if (m_vulkan) {
            EXPECT_EQ(m_vulkan->validationMessages(), 0u);
        }
    }

    FrameCounts draw(const Camera& camera, const SplatOptions& options = {}) {
        m_picture = m_vulkan->renderSplats(camera, options);
        return m_vulkan->lastCounts();
    }

    std::unique_ptr<Renderer> m_vulkan;
    Image m_picture;
};

TEST(PackedSplats, AreAsNearAsTheirHeaderSays) {
    SplatData d = test::randomCloud(500, 3, 3).data();
    d.logScales[0] = -INFINITY;
    d.logScales[1] = -60;
    for (std::size_t i = 0; i < d.opacities.size(); ++i) {
        const vk::PackedGeometry g = vk::packGeometry(d, i);
        EXPECT_EQ(g.place[2], d.positions[3 * i + 2]);
        EXPECT_EQ(g.opacity, static_cast<float>(sigmoid(d.opacities[i])));
        const auto turn = [&](std::size_t k) { return static_cast<std::int16_t>(g.turn[k / 2] >> (16 * (k % 2))) / 32767.0; };
        for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(turn(k), d.rotations[4 * i + k], 1.6e-5);
        const std::uint64_t codes = g.scales[0] | std::uint64_t{g.scales[1]} << 32;
        for (std::size_t k = 0; k < 3; ++k) {
            const auto code = static_cast<double>(codes >> (21 * k) & 0x1fffff);
            if (d.logScales[3 * i + k] < shared::kScaleLow) EXPECT_EQ(code, 0);
            else EXPECT_NEAR(code * shared::kScaleStep + shared::kScaleLow, d.logScales[3 * i + k], 2e-5);
        }
        std::array<std::uint16_t, 48> halves{};
        vk::packHarmonics(d, i, halves.data());
        for (std::size_t k = 0; k < 45; ++k)
            EXPECT_NEAR(halfToFloat(halves[3 + k]), d.shRest[45 * i + k], std::abs(d.shRest[45 * i + k]) / 2048 + 3e-8);
    }
    SplatData extreme = test::randomCloud(1, 0, 3).data();
    extreme.sh0 = {1e9f, -1e9f, 1e-8f};
    std::array<std::uint16_t, 8> halves{};
    vk::packHarmonics(extreme, 0, halves.data());
    EXPECT_EQ(halfToFloat(halves[0]), 65504);
    EXPECT_EQ(halfToFloat(halves[1]), -65504);
}

TEST_F(VulkanScale, EveryStoredSceneIsWithin45DecibelsOfTheExactPicture) {
    OCHRE_SHARED_OR_SKIP(folder, "data/splats");
    const auto exact = makeCpuRenderer();
    std::vector<std::pair<std::string, SplatCloud>> clouds{{"made", benchCloud(20000)}};
    for (const char* name : {"biker.compressed.ply", "biker.spz", "playbot/4_0/meta.json", "playbot/5_0/meta.json", "playbot/6_0/meta.json",
                             "splat-transform/minimal.splat", "splat-transform/minimal.ksplat", "splat-transform/minimal-v4.spz"})
        clouds.emplace_back(name, readSplats(folder / name));
    for (const auto& [name, cloud] : clouds) {
        exact->setSplats(cloud);
        m_vulkan->setSplats(cloud);
        for (const bool antialiased : {false, true}) {
            const Camera camera = Camera::frame(cloud.focus(), 320, 180, 35);
            draw(camera, {.antialiased = antialiased});
            const double near = psnr(m_picture, exact->renderSplats(camera, {.antialiased = antialiased}));
            std::cout << name << (antialiased ? ", antialiased: " : ": ") << near << " dB\n";
            EXPECT_GE(near, 45) << name;
        }
    }
}

TEST_F(VulkanScale, NothingIsCulledThatTouchesAPixelAndLittleElseIsKept) {
    // Most lie beyond the edges, many reach in from there.
    const SplatCloud cloud = test::randomCloud(4000, 1, 11, 6);
    const SceneItem item{.cloud = cloud};
    const Camera camera = test::straightCamera(64, 48, 50);
    const auto views = viewsOf({&item, 1}, camera, {});
    std::size_t touching = 0, boxed = 0;
    for (std::size_t i = 0; i < cloud.count(); ++i) {
        splat::Projected s;
        if (!splat::project(cloud.data(), i, views[0], s)) continue;
        bool touches = false, box = false;
        for (int y = 0; y < 48; ++y)
            for (int x = 0; x < 64; ++x) {
                const double dx = x + 0.5 - s.x, dy = y + 0.5 - s.y;
                touches = touches || splat::coverage(s, dx, dy, SplatMode::Color) >= splat::kAlphaCut * 1.001;
                box = box || (std::abs(dx) <= s.extentX * 1.002 + 0.02 && std::abs(dy) <= s.extentY * 1.002 + 0.02);
            }
        touching += touches;
        boxed += box;
    }
    m_vulkan->setSplats(cloud);
    const FrameCounts counts = draw(camera);
    EXPECT_EQ(counts.splats, 4000u);
    EXPECT_GE(counts.visible, touching);
    EXPECT_LE(counts.visible, boxed);
    EXPECT_LT(boxed, 2500u) << "the test looks at too few culled splats";
    const auto exact = makeCpuRenderer();
    exact->setSplats(cloud);
    EXPECT_LT(test::difference(exact->renderSplats(camera, {}), m_picture).worst, 1.5);
}

TEST_F(VulkanScale, AScenePartlyInViewIsTheWholeScenesPicture) {
    // Each third of a wide picture, drawn alone, is the same: what a narrower view culls was not to be seen in it.
    m_vulkan->setSplats(test::randomCloud(3000, 2, 5, 4));
    Camera camera = test::straightCamera(192, 64, 24);
    camera.orthographic = true; // with perspective the guard band of the projection's derivative goes with the view
    draw(camera);
    const Image whole = m_picture;
    const FrameCounts all = m_vulkan->lastCounts();
    Camera part = camera;
    part.width = 64;
    for (const int first : {0, 64, 128}) {
        part.cx = camera.cx - first;
        EXPECT_LT(draw(part).visible, all.visible);
        double worst = 0;
        for (int y = 0; y < 64; ++y)
            for (int x = 0; x < 64; ++x)
                for (std::size_t k = 0; k < 4; ++k)
                    worst = std::max(worst, std::abs(double{m_picture.pixel(x, y)[k]} - whole.pixel(x + first, y)[k]));
        EXPECT_LT(worst, 2e-4) << first;
    }
}

TEST_F(VulkanScale, ColoursAreComputedAgainOnlyWhereTheCameraMoves) {
    const SplatCloud cloud = test::randomCloud(2000, 3, 8);
    m_vulkan->setSplats(cloud);
    Camera camera = Camera::orbit({0, 0, 5}, 6, 20, 10, 60, 120, 90);
    FrameCounts counts = draw(camera);
    EXPECT_GT(counts.visible, 500u);
    EXPECT_EQ(counts.shaded, counts.visible);
    EXPECT_EQ(draw(camera).shaded, 0u);
    camera.width = 160; // a larger frame from the same place: a few more come into view
    camera.cx += 20;
    counts = draw(camera);
    EXPECT_LT(counts.shaded, counts.visible / 4);
    const Image kept = m_picture;
    EXPECT_EQ(draw(camera, {.shDegree = 1}).shaded, counts.visible) << "another degree";
    EXPECT_EQ(draw(camera).shaded, counts.visible);
    EXPECT_EQ(test::difference(kept, m_picture).worst, 0);
    counts = draw(Camera::orbit({0, 0, 5}, 6, 21, 10, 60, 120, 90));
    EXPECT_EQ(counts.shaded, counts.visible) << "another place";
    const auto fresh = makeVulkanRenderer({.blending = Blending::Tiles});
    fresh->setSplats(cloud);
    EXPECT_EQ(test::difference(fresh->renderSplats(camera, {}), kept).worst, 0);
}

TEST_F(VulkanScale, ItemsOfOneCloudKeepTheirOwnColours) {
    const SplatCloud cloud = test::randomCloud(300, 2, 8);
    std::vector<SceneItem> items(2, SceneItem{.cloud = cloud});
    items[1].toWorld = {0, 0, 1, -5, 0, 1, 0, 0.3, -1, 0, 0, 5, 0, 0, 0, 1}; // turned about y
    const auto exact = makeCpuRenderer();
    exact->setScene(items);
    m_vulkan->setScene(items);
    const Camera camera = test::straightCamera(96, 64, 60);
    for (int frame = 0; frame < 3; ++frame) {
        draw(camera);
        EXPECT_LT(test::difference(exact->renderSplats(camera, {}), m_picture).mean, 0.05);
    }
}

TEST_F(VulkanScale, CloudsOfSeveralPartsAreDrawnWithTheirMarks) {
    constexpr std::size_t kPart = 1 << 20, kCount = kPart + 70001;
    const SplatCloud cloud = benchCloud(kCount);
    auto marks = std::make_shared<std::vector<SplatMark>>(kCount);
    for (std::size_t i = 0; i < kCount; ++i)
        (*marks)[i] = i >= kPart && i % 2 ? SplatMark::Selected : i % 3 ? SplatMark::None : SplatMark::Hidden;
    const SceneItem item{.cloud = cloud, .marks = marks};
    const auto fast = makeFastCpuRenderer();
    fast->setScene({&item, 1});
    m_vulkan->setScene({&item, 1});
    const Camera camera = Camera::frame(cloud.focus(), 160, 90, 0);
    const FrameCounts counts = draw(camera);
    EXPECT_GT(psnr(m_picture, fast->renderSplats(camera, {})), 45);
    // Ten millions: the clouds, the colours and what a frame in which all are visible needs.
    EXPECT_LT(1e7 * static_cast<double>(counts.bytesHeld) / kCount, 4.0 * (1 << 30));
    const Planes planes = m_vulkan->renderPlanes(camera, {}, std::array{Plane::Id});
    std::uint32_t largest = 0;
    for (const SplatId& id : planes.ids)
        if (id.item == 0) largest = std::max(largest, id.splat);
    EXPECT_GE(largest, kPart);
    EXPECT_LT(largest, kCount);
}

TEST_F(VulkanScale, KernelsForGraphicsCardsDrawTheSamePicture) {
    const auto many = makeVulkanRenderer({.validation = true, .blending = Blending::Tiles, .manyLanes = true});
    for (const std::size_t count : {1, 700, 2048, 9001}) {
        const SplatCloud cloud = test::randomCloud(count, 1, 17);
        many->setSplats(cloud);
        m_vulkan->setSplats(cloud);
        const Camera camera = test::straightCamera(90, 70, 60);
        draw(camera);
        EXPECT_LT(test::difference(many->renderSplats(camera, {}), m_picture).worst, 0.01) << count;
        EXPECT_EQ(many->lastCounts().entries, m_vulkan->lastCounts().entries);
    }
    EXPECT_EQ(many->validationMessages(), 0u);
}

TEST_F(VulkanScale, FewerSplatsInTheirStead) {
    const SplatCloud cloud = benchCloud(60000);
    m_vulkan->setSplats(cloud);
    const Camera camera = Camera::frame(cloud.focus(), 320, 180, 20);
    draw(camera);
    const Image full = m_picture;
    const FrameCounts all = m_vulkan->lastCounts();
    for (const std::size_t share : {2, 4, 16}) {
        const std::size_t most = all.visible / share;
        const FrameCounts few = draw(camera, {.most = most});
        EXPECT_NEAR(static_cast<double>(few.visible), static_cast<double>(most), 0.12 * static_cast<double>(most));
        const double merged = psnr(m_picture, full);
        const Image again = m_picture;
        draw(camera, {.most = most});
        EXPECT_EQ(test::difference(again, m_picture).worst, 0) << "the same splats each time";
        m_vulkan->setSplats(decimate(cloud, 1.0 / static_cast<double>(share)));
        draw(camera);
        const double without = psnr(m_picture, full);
        std::cout << "1/" << share << ": " << merged << " dB, the most important ones alone " << without << " dB\n";
        EXPECT_GT(merged, without + 0.5);
        m_vulkan->setSplats(cloud);
    }
    EXPECT_EQ(draw(camera, {.most = 60000}).visible, all.visible);
    EXPECT_EQ(test::difference(full, m_picture).worst, 0);
}

TEST(BlendingChoice, TriesBothWaysThenKeepsTheFaster) {
    auto& choice = vk::BlendingChoice::of("a device of this test");
    EXPECT_EQ(&choice, &vk::BlendingChoice::of("a device of this test"));
    int tiles = 0;
    for (int i = 0; i < 6; ++i) {
        const Blending way = choice.next();
        tiles += way == Blending::Tiles;
        // The first frame of quads would make them look slow.
        choice.took(way, way == Blending::Tiles ? 5 : i < 2 ? 100 : 3);
    }
    EXPECT_EQ(tiles, 3);
    EXPECT_EQ(choice.next(), Blending::Quads);
    choice.took(Blending::Quads, 1000);
    EXPECT_EQ(choice.next(), Blending::Quads) << "one slow frame later on changes nothing";
    EXPECT_NE(&choice, &vk::BlendingChoice::of("another"));
}

TEST(BlendingChoice, IsMeasuredByFramesThatAreShown) {
    std::unique_ptr<Renderer> renderer;
    try {
        renderer = makeVulkanRenderer({.validation = true});
    } catch (const Error& e) {
        GTEST_SKIP() << e.full();
    }
    renderer->setSplats(benchCloud(4000));
    const Camera camera = Camera::frame(benchCloud(4000).focus(), 160, 120, 0);
    std::vector<std::uint8_t> first(160 * 120 * 4), pixels(first.size());
    for (int frame = 0; frame < 9; ++frame) {
        renderer->renderSplats8(camera, {}, frame == 8 ? first : pixels);
        std::size_t off = 0;
        for (std::size_t i = 0; frame == 8 && i < pixels.size(); ++i) off += std::abs(int{pixels[i]} - int{first[i]}) > 0;
        EXPECT_EQ(off, 0u) << "once chosen the way stays";
    }
    EXPECT_EQ(renderer->validationMessages(), 0u);
}

} // namespace
} // namespace ochre
