// SPDX-License-Identifier: GPL-3.0-or-later
// Unfinished pictures in the viewer and on the nodes while a sampler works.
#include <ctime>
#include <iostream>

#include "tests/gui/ShellFixture.h"
#include "tests/gui/StudioNodes.h"
#include "ui/canvas/Canvas.h"
#include "ui/canvas/CanvasScene.h"
#include "ui/canvas/NodeItem.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

using graph::NodeStatus;

class PreviewTest : public ShellTest {
protected:
    ImageView& view() { return m_window->viewport().imageView(); }
    bool hasThumbnail(NodeId node) { return m_window->canvas().canvasScene().node(node)->hasThumbnail(); }
    void run() { click(find<QWidget>(QStringLiteral("run"))); }
    /// Pixels of the viewer inside of the picture, without the label.
    QImage inside() { return shot(view()).copy(QRect(QPoint(view().width() / 2 - 60, 30), QSize(120, 80))); }
    void change(const std::string& parameter, std::int64_t value) {
        document().edit("Set", [&](graph::Graph& g) { g.setParameter(m_sample, parameter, value); });
    }
    static double processorSeconds() { // of this thread
        timespec t{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
    }
};

TEST_F(PreviewTest, AFirstRunShowsTheSamplerAboveTheViewedNodeThenThePicture) {
    open();
    makeStudioGraph(60, 3);
    EXPECT_FALSE(m_window->viewport().showsImage());
    run();
    ASSERT_TRUE(wait([&] { return view().previewing() && !view().previewShown().isNull(); }));
    ASSERT_TRUE(wait([&] { return view().previewText().contains(QStringLiteral("step 7 of 20")); }))
        << view().previewText().toStdString();
    EXPECT_TRUE(view().previewText().startsWith(QStringLiteral("preview")));
    EXPECT_TRUE(m_window->viewport().showsImage());
    EXPECT_TRUE(wait([&] { return hasThumbnail(m_sample); })) << "the node shows it too";
    const QSize shown = view().previewShown().size();
    EXPECT_NEAR(static_cast<double>(shown.width()) / shown.height(), 1.5, 0.02);
    EXPECT_GT(shown.width(), 300) << "60 pixels are scaled up to the view";
    shot(*m_window, QStringLiteral("shell-preview"));
    ASSERT_TRUE(wait([&] { return m_session->idle() && !view().previewing(); }));
    QTest::qWait(100);
    EXPECT_EQ(view().image().width(), 600);
    EXPECT_TRUE(hasThumbnail(m_sample)) << "what was sampled stays on the node";
    shot(*m_window, QStringLiteral("shell-preview-done"));
}

TEST_F(PreviewTest, CancelBringsTheLastPictureBackInTheSamePlace) {
    open();
    makeStudioGraph(40, 2);
    runAndWait();
    ASSERT_TRUE(wait([&] { return !view().previewing() && !view().shown().isNull(); }));
    QTest::qWait(100);
    const QImage before = inside();
    const double zoom = view().zoom();
    change("seed", 99);
    run();
    ASSERT_TRUE(wait([&] { return view().previewing() && !view().previewShown().isNull(); }));
    EXPECT_GT(difference(inside(), before), 3) << "it shows the preview";
    const QSizeF picture = QSizeF(600, 400) * zoom;
    EXPECT_NEAR(view().previewShown().width(), picture.width(), 2) << "where the picture is, as large as it";
    EXPECT_NEAR(view().previewShown().height(), picture.height(), 2);
    EXPECT_EQ(view().image().width(), 600) << "the picture stands beneath";
    QTest::keyClick(m_window.get(), Qt::Key_Period, Qt::ControlModifier);
    ASSERT_TRUE(wait([&] { return m_session->idle() && !view().previewing(); }));
    QTest::qWait(50);
    EXPECT_LT(difference(inside(), before), 0.01);
    EXPECT_EQ(view().zoom(), zoom);
}

TEST_F(PreviewTest, CancellingTheFirstRunBringsTheEmptyStateBack) {
    open();
    makeStudioGraph(40, 2);
    run();
    ASSERT_TRUE(wait([&] { return view().previewing() && hasThumbnail(m_sample); }));
    QTest::keyClick(m_window.get(), Qt::Key_Period, Qt::ControlModifier);
    ASSERT_TRUE(wait([&] { return m_session->idle() && !view().previewing(); }));
    EXPECT_FALSE(m_window->viewport().showsImage());
    EXPECT_TRUE(wait([&] { return !hasThumbnail(m_sample); })) << "nor does the node keep half a picture";
}

TEST_F(PreviewTest, PreviewsOfOtherBranchesStayOnTheirNodes) {
    open();
    makeStudioGraph(20, 1);
    m_gradient = add("shell.gradient", 0, 400);
    const NodeId other = add("shell.view", 300, 400);
    link(m_gradient, "image", other, "image");
    m_window->viewport().setViewed(other);
    run();
    ASSERT_TRUE(wait([&] { return hasThumbnail(m_sample); }));
    EXPECT_FALSE(view().previewing());
    ASSERT_TRUE(wait([&] { return m_session->idle(); }));
    EXPECT_FALSE(view().previewing());
}

TEST_F(PreviewTest, ManyPreviewsLeaveTheWindowIdle) {
    open();
    makeStudioGraph(100, 20); // one every 5 ms
    runAndWait();             // all that is made once: fonts, icons, the first layout
    change("seed", 5);
    change("steps", 80);
    QTest::qWait(200);
    int shown = 0;
    QObject::connect(&m_window->bridge(), &Bridge::resultReady, m_window.get(),
                     [&](quint32, const QString&, const graph::Value&, bool preview) { shown += preview; });
    run();
    ASSERT_TRUE(wait([&] { return view().previewing(); }));
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    constexpr double mostBusy = 0.2; // checked code takes several times as long
#else
    constexpr double mostBusy = 0.08; // 4 ms each, ten a second; without that limit it would be several times as much
#endif
    double busy = 1, rate = 0;
    for (int attempt = 0; attempt < 3 && busy >= mostBusy; ++attempt) { // others may hold the processor and its caches
        const auto start = std::chrono::steady_clock::now();
        const double spent = processorSeconds();
        shown = 0;
        // Not qWait: it wakes every 10 ms, which an event loop at rest does not.
        QEventLoop loop;
        QTimer::singleShot(2000, &loop, &QEventLoop::quit);
        loop.exec();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        busy = (processorSeconds() - spent) / took.count();
        rate = shown / took.count();
        std::cout << "window's thread busy " << busy * 100 << " %, " << rate << " previews a second\n";
        EXPECT_TRUE(view().previewing());
        EXPECT_LE(rate, 10.5);
    }
    EXPECT_GE(rate, 4);
    EXPECT_LT(busy, mostBusy);
    m_session->cancelAll();
    ASSERT_TRUE(wait([&] { return m_session->idle(); }));
}

} // namespace
} // namespace ochre::ui::shell
