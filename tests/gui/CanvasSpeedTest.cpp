// SPDX-License-Identifier: GPL-3.0-or-later
// A thousand nodes: what a frame costs while panning and zooming, on the raster engine.
#include <chrono>
#include <cstdio>
#include <numeric>

#include "tests/gui/CanvasFixture.h"

namespace ochre::ui::test {
namespace {

double milliseconds(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

} // namespace

class CanvasSpeed : public CanvasTest {
protected:
    void fill(int count) {
        m_document.edit("Fill", [&](Graph& g) {
            const char* types[] = {"test.blur", "test.mix", "test.upscale"};
            NodeId before = 0;
            for (int i = 0; i < count; ++i) {
                graph::Node node;
                node.type = types[i % 3];
                node.name = "n" + std::to_string(i);
                node.look.x = (i % 40) * 280;
                node.look.y = (i / 40) * 260;
                if (before && i % 40) node.inputs[i % 3 == 1 ? "below" : "image"] = {before, "image"};
                before = g.add(std::move(node));
            }
        });
    }

    /// Median cost of a frame while `step` changes the view.
    double frames(int count, const std::function<void(int)>& step) {
        std::vector<double> times;
        for (int i = 0; i < count; ++i)
            times.push_back(milliseconds([&] {
                step(i);
                m_canvas->viewport()->repaint();
            }));
        return median(times);
    }
};

TEST_F(CanvasSpeed, AThousandNodesPanAndZoomSmoothly) {
    m_canvas->resize(1920, 1080);
    const double build = milliseconds([&] { fill(1000); });
    ASSERT_EQ(m_canvas->canvasScene().nodes().size(), 1000u);
    std::printf("  1000 nodes: mirrored in %.0f ms\n", build);
    double worst = 0;
    for (const double zoom : {1.0, 0.6, 0.42, 0.3, 0.16, 0.08}) {
        m_canvas->setZoom(zoom, {});
        m_canvas->lookAt({3000, 1500});
        m_canvas->viewport()->repaint();
        const double pan =
            frames(30, [&](int i) { m_canvas->lookAt(QPointF(3000 + i * 8 / zoom, 1500 + i * 3 / zoom)); });
        const double zooming =
            frames(20, [&](int i) { m_canvas->setZoom(zoom * (1 + (i % 10) * 0.004), QPointF(960, 540)); });
        std::printf("  zoom %3.0f %%: pan %.1f ms, zoom %.1f ms a frame\n", zoom * 100, pan, zooming);
        worst = std::max(worst, pan);
    }
    const double edit = frames(20, [&](int i) {
        m_document.edit("Change", [&](Graph& g) { g.setParameter(500, "tile", std::int64_t{i + 1}); });
    });
    std::printf("  one edit: %.2f ms\n", edit);
    // Far above what is measured on an idle machine: a busy one must not fail, a return to quadratic work
    // must.
    EXPECT_LT(worst, 200);
    EXPECT_LT(edit, 100);
    screenshot(*m_canvas, "canvas_thousand");
}

} // namespace ochre::ui::test
