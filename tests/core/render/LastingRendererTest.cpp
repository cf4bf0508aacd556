// SPDX-License-Identifier: GPL-3.0-or-later
// Devices that are lost.
#include "core/render/LastingRenderer.h"

#include <gtest/gtest.h>

#include "tests/core/render/Scenes.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

/// Draws as the CPU does until its device is lost: before frame `frames`, or when a scene is set where that is negative.
class Fragile : public Renderer {
public:
    explicit Fragile(int frames) : m_frames(frames) {}

    std::string name() const override { return "fragile"; }
    void setScene(std::span<const SceneItem> items) override {
        if (m_frames < 0) lose();
        m_cpu->setScene(items);
    }
    Image renderSplats(const Camera& camera, const SplatOptions& options, const Cancel& cancel) override {
        step();
        return m_cpu->renderSplats(camera, options, cancel);
    }
    void renderSplats8(const Camera& camera, const SplatOptions& options, std::span<std::uint8_t> pixels, const Cancel& cancel) override {
        step();
        m_cpu->renderSplats8(camera, options, pixels, cancel);
    }
    Planes renderPlanes(const Camera& camera, const SplatOptions& options, std::span<const Plane> wanted, const Cancel& cancel) override {
        step();
        return m_cpu->renderPlanes(camera, options, wanted, cancel);
    }
    void setPicture(const Image& image) override { m_cpu->setPicture(image); }
    void renderPicture8(const PictureView& view, int width, int height, std::span<std::uint8_t> pixels) override {
        step();
        m_cpu->renderPicture8(view, width, height, pixels);
    }
    std::vector<StageTime> lastTimes() const override { return {}; }

private:
    [[noreturn]] static void lose() { throw DeviceLost("frame: the device was lost"); }
    void step() {
        if (m_frames-- <= 0) lose();
    }

    std::unique_ptr<Renderer> m_cpu = makeCpuRenderer();
    int m_frames;
};

class LastingRenderer : public testing::Test {
protected:
    /// The first lasts `first` frames, those after it `others`.
    std::unique_ptr<Renderer> make(int first, int others) {
        return makeLastingRenderer(
            std::make_unique<Fragile>(first),
            [this, others] {
                ++m_made;
                return std::make_unique<Fragile>(others);
            },
            makeFastCpuRenderer);
    }

    SplatCloud m_cloud = test::randomCloud(40, 1, 7);
    Camera m_camera = test::straightCamera(32, 24, 30);
    int m_made = 0;
};

TEST_F(LastingRenderer, GoesOnWithAnotherDevice) {
    const auto renderer = make(2, 100);
    renderer->setSplats(m_cloud);
    const Image before = renderer->renderSplats(m_camera, {});
    for (int i = 0; i < 3; ++i) {
        const Image again = renderer->renderSplats(m_camera, {});
        EXPECT_TRUE(std::ranges::equal(before.values(), again.values())) << i;
    }
    EXPECT_EQ(m_made, 1);
    EXPECT_EQ(renderer->name(), "fragile");
    EXPECT_TRUE(renderer->trouble().empty());
}

TEST_F(LastingRenderer, AfterThreeOthersTheProcessorDraws) {
    for (const int others : {0, -1}) {
        m_made = 0;
        const auto renderer = make(0, others);
        renderer->setSplats(m_cloud);
        const Image drawn = renderer->renderSplats(m_camera, {});
        EXPECT_EQ(m_made, 3);
        EXPECT_TRUE(renderer->name().starts_with("CPU, fast")) << renderer->name();
        EXPECT_NE(renderer->trouble().find("the device was lost"), std::string::npos);
        const auto fast = makeFastCpuRenderer();
        fast->setSplats(m_cloud);
        EXPECT_TRUE(std::ranges::equal(fast->renderSplats(m_camera, {}).values(), drawn.values()));
        renderer->renderSplats(m_camera, {});
        EXPECT_EQ(m_made, 3);
    }
}

TEST_F(LastingRenderer, OtherErrorsAreTold) {
    const auto renderer = makeLastingRenderer(makeCpuRenderer(), [] { return std::unique_ptr<Renderer>(); }, makeFastCpuRenderer);
    SceneItem item{.cloud = m_cloud};
    item.opacity = 2;
    test::expectError([&] { renderer->setScene({&item, 1}); }, "opacity");
    EXPECT_EQ(renderer->name(), "CPU");
}

} // namespace
} // namespace ochre
