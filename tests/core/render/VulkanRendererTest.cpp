// SPDX-License-Identifier: GPL-3.0-or-later
// The Vulkan renderer beside the CPU one. Every test runs with the checking layers and fails on any message
// of theirs.
#include <cstdlib>
#include <iostream>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/render/Renderer.h"
#include "core/scene/SceneIo.h"
#include "tests/core/render/Scenes.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using test::straightCamera;

class VulkanRenderer : public testing::TestWithParam<Blending> {
protected:
    void SetUp() override {
        m_cpu = makeCpuRenderer();
        try {
            m_vulkan = makeVulkanRenderer({.validation = true, .blending = GetParam()});
        } catch (const Error& e) {
            GTEST_SKIP() << e.full();
        }
    }
    void TearDown() override {
        if (m_vulkan) {
            EXPECT_EQ(m_vulkan->validationMessages(), 0u);
        }
    }

    void setSplats(const SplatCloud& cloud) {
        m_cpu->setSplats(cloud);
        m_vulkan->setSplats(cloud);
    }

    /// Both draw the view, within what the two precisions allow.
    test::Difference compare(const Camera& camera, const SplatOptions& options = {}) {
        return test::difference(m_cpu->renderSplats(camera, options),
                                m_vulkan->renderSplats(camera, options));
    }

    std::unique_ptr<Renderer> m_cpu, m_vulkan;
};

INSTANTIATE_TEST_SUITE_P(Blendings, VulkanRenderer, testing::Values(Blending::Tiles, Blending::Quads),
                         [](const auto& info) { return info.param == Blending::Tiles ? "Tiles" : "Quads"; });

TEST_P(VulkanRenderer, AgreesWithTheCpuOnAnyCloudAndCamera) {
    EXPECT_TRUE(rc::check("both draw the same picture", [&] {
        const auto count = *rc::gen::inRange<std::size_t>(0, 3000);
        const auto degree = *rc::gen::inRange(0, 4);
        const auto seed = *rc::gen::arbitrary<std::uint32_t>();
        const auto width = *rc::gen::inRange(1, 150), height = *rc::gen::inRange(1, 150);
        setSplats(test::randomCloud(count, degree, seed));
        Camera camera = Camera::orbit({0, 0, 5}, *rc::gen::inRange(1, 12), *rc::gen::inRange(-180, 180),
                                      *rc::gen::inRange(-80, 80), *rc::gen::inRange(20, 100), width, height);
        SplatOptions options;
        options.shDegree = *rc::gen::inRange(0, 4);
        options.antialiased = *rc::gen::arbitrary<bool>();
        if (*rc::gen::arbitrary<bool>()) options.background = {{0.1f, 0.5f, 0.9f}};
        const test::Difference d = compare(camera, options);
        RC_LOG() << "mean " << d.mean << " p999 " << d.p999 << " worst " << d.worst << "\n";
        // The reference leaves out the splat that would bring the light below 1e-4; blending hardware cannot
        // look at it and draws that splat, which counts for up to 0.0099 of its colour. Promised are 1 and 8.
        RC_ASSERT(d.mean < (GetParam() == Blending::Tiles ? 0.1 : 1.0));
        RC_ASSERT(d.p999 < 8);
    }));
}

TEST_P(VulkanRenderer, AgreesOnTheRealCapture) {
    OCHRE_SHARED_OR_SKIP(path, "data/splats/biker.compressed.ply");
    const SplatCloud cloud = readSplats(path);
    setSplats(cloud);
    for (const double yaw : {0.0, 130.0, 245.0}) {
        const test::Difference d = compare(Camera::frame(cloud.focus(), 320, 180, yaw));
        std::cout << "yaw " << yaw << ": mean " << d.mean << ", 99.9 % " << d.p999 << ", worst " << d.worst
                  << " (of 255)\n";
        EXPECT_LT(d.mean, 0.05);
        EXPECT_LT(d.p999, 3);
    }
}

TEST_P(VulkanRenderer, EmptyCloudsAndTinyPicturesAreDrawn) {
    SplatOptions options;
    options.background = {{0.5f, 0.25f, 0.125f}};
    const Image none = m_vulkan->renderSplats(straightCamera(3, 2, 10), options);
    EXPECT_NEAR(none.pixel(2, 1)[1], 0.25f, 1e-6);
    setSplats(SplatCloud());
    EXPECT_LT(compare(straightCamera(1, 1, 1)).worst, 1e-3);
    setSplats(test::randomCloud(1, 3, 5));
    EXPECT_LT(compare(straightCamera(1, 200, 30)).worst, 0.5);
}

TEST_P(VulkanRenderer, CloudsAndSizesMayChangeFromFrameToFrame) {
    for (const auto& [count, degree, width] :
         {std::tuple{50, 3, 40}, {4000, 0, 200}, {10, 2, 33}, {4000, 1, 90}}) {
        setSplats(test::randomCloud(static_cast<std::size_t>(count), degree, 9));
        EXPECT_LT(compare(straightCamera(width, width / 2 + 1, width / 2.0)).mean, 0.1);
    }
}

TEST_P(VulkanRenderer, TheSameFrameTwiceIsTheSameBytes) {
    setSplats(test::randomCloud(2000, 2, 4));
    const Camera camera = straightCamera(160, 120, 100);
    const Image a = m_vulkan->renderSplats(camera, {}), b = m_vulkan->renderSplats(camera, {});
    EXPECT_EQ(test::difference(a, b).worst, 0);
    double total = 0;
    for (const StageTime& t : m_vulkan->lastTimes()) total += t.milliseconds;
    EXPECT_GT(total, 0);
}

TEST_P(VulkanRenderer, EightBitFramesAreTheFloatOnesRounded) {
    setSplats(test::randomCloud(500, 1, 6));
    const Camera camera = straightCamera(61, 47, 50);
    const Image image = m_vulkan->renderSplats(camera, {});
    std::vector<std::uint8_t> pixels(61 * 47 * 4);
    m_vulkan->renderSplats8(camera, {}, pixels);
    for (std::size_t i = 0; i < pixels.size(); ++i)
        ASSERT_NEAR(pixels[i], std::min(1.0f, std::max(0.0f, image.values()[i])) * 255, 0.51);
}

TEST_P(VulkanRenderer, PicturesLookAsTheCpuDrawsThem) {
    Image picture(37, 23, 4);
    auto values = picture.edit();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 7919) % 257) / 256;
    m_cpu->setPicture(picture);
    m_vulkan->setPicture(picture);
    using Channel = PictureView::Channel;
    for (const Channel channel : {Channel::Color, Channel::Red, Channel::Alpha, Channel::Luminance})
        for (const double zoom : {0.37, 1.0, 5.5}) {
            PictureView view;
            view.zoom = zoom;
            view.panX = 4.25;
            view.panY = -3;
            view.exposure = zoom > 1 ? 0.7f : 0.0f;
            view.gamma = zoom < 1 ? 1.6f : 1.0f;
            view.channel = channel;
            std::vector<std::uint8_t> a(64 * 48 * 4), b(a.size());
            m_cpu->renderPicture8(view, 64, 48, a);
            m_vulkan->renderPicture8(view, 64, 48, b);
            std::size_t off = 0;
            for (std::size_t i = 0; i < a.size(); ++i) off += std::abs(int{a[i]} - int{b[i]}) > 1;
            EXPECT_LE(off, a.size() / 500) << "zoom " << zoom;
        }
}

TEST(VulkanRenderer, IsTakenWhereAGraphicsCardIsOrWhereItIsAskedFor) {
    ::unsetenv("OCHRE_RENDERER");
    const bool software = makeVulkanRenderer()->name().find("llvmpipe") != std::string::npos;
    EXPECT_EQ(makeRenderer()->name().starts_with("CPU, fast"), software);
    ::setenv("OCHRE_RENDERER", "vulkan", 1);
    EXPECT_TRUE(makeRenderer()->name().starts_with("Vulkan: "));
    ::setenv("OCHRE_RENDERER", "cpu", 1);
    EXPECT_EQ(makeRenderer()->name(), makeCpuRenderer()->name());
    ::unsetenv("OCHRE_RENDERER");
}

TEST(NoVulkan, WithoutADeviceTheReasonIsPlainAndTheCpuDraws) {
    ::setenv("VK_ICD_FILENAMES", "/nonexistent", 1);
    ::setenv("VK_DRIVER_FILES", "/nonexistent", 1);
    const Error error = test::expectError([] { makeVulkanRenderer(); }, "Vulkan");
    EXPECT_FALSE(error.hint().empty());
    std::string reason;
    const auto renderer = makeRenderer({}, &reason);
    EXPECT_EQ(renderer->name().substr(0, 9), "CPU, fast");
    EXPECT_FALSE(reason.empty());
    renderer->setSplats(test::randomCloud(10, 0, 1));
    EXPECT_EQ(renderer->renderSplats(straightCamera(8, 8, 8), {}).width(), 8);
    ::unsetenv("VK_ICD_FILENAMES");
    ::unsetenv("VK_DRIVER_FILES");
}

} // namespace
} // namespace ochre
