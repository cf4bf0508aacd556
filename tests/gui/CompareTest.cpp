// SPDX-License-Identifier: GPL-3.0-or-later
// Before and after in the viewer: divider, side by side, the original while a key is held; and a strength that is followed
// while it is dragged.
#include "core/image/Compare.h"
#include "tests/gui/ShellFixture.h"
#include "ui/canvas/Canvas.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

class CompareTest : public ShellTest {
protected:
    /// Load, restore with a small network that brightens, view.
    void openRestored(QSize size = {1440, 900}) {
        open(size);
        m_load = add("image.load", 0, 0);
        m_restore = add("restore.restore", 260, 0);
        m_viewer = add("image.view", 520, 0);
        document().edit("Set", [this](graph::Graph& g) {
            g.setParameter(m_load, "path", std::string("resources:pictures/still_life.png"));
            g.setParameter(m_restore, "model", ochre::test::sourceFile("tests/parity/sci/with_calibration/weights.safetensors").string());
        });
        link(m_load, "image", m_restore, "image");
        link(m_restore, "image", m_viewer, "image");
        m_window->viewport().setViewed(m_viewer);
        m_session->registry().loadRuntime();
        runAndWait();
        ASSERT_TRUE(wait([this] { return !view().shown().isNull(); }));
        view().setFocus();
    }
    ImageView& view() { return m_window->viewport().imageView(); }
    void settle() {
        QSignalSpy spy(&view(), &ImageView::converted);
        spy.wait(1500);
        QTest::qWait(50);
    }
    void key(Qt::Key code, Qt::KeyboardModifiers modifiers = {}) {
        QTest::keyClick(&view(), code, modifiers);
        QTest::qWait(250);
    }
    QColor at(double x, double y) {
        const QImage seen = view().grab().toImage();
        return seen.pixelColor(QPoint(static_cast<int>(x * seen.width()), static_cast<int>(y * seen.height())));
    }
    static int light(const QColor& c) { return c.red() + c.green() + c.blue(); }
    Image original() { return m_session->result(m_load, "image").as<Image>(); }

    NodeId m_load = 0, m_restore = 0, m_viewer = 0;
};

TEST_F(CompareTest, TheDividerShowsTheOriginalAtItsLeftAndMovesWithTheMouse) {
    openRestored();
    ASSERT_TRUE(view().canCompare());
    EXPECT_EQ(view().compareName(), QStringLiteral("Original"));
    const QColor before = at(0.45, 0.5);
    key(Qt::Key_W);
    EXPECT_EQ(view().comparing(), Comparing::Wipe);
    EXPECT_NE(at(0.45, 0.5), before) << "left of the divider is what it was made of";
    shot(*m_window, QStringLiteral("compare-wipe"));
    const QPoint grip(view().width() / 2, view().height() / 2), target(view().width() / 4, view().height() / 2);
    drag(&view(), grip, target);
    EXPECT_NEAR(view().wipe(), 0.25, 0.01);
    EXPECT_EQ(at(0.45, 0.5), before) << "now it stands right of it";
    shot(*m_window, QStringLiteral("compare-wipe-moved"));
    click(find<QToolButton>(QStringLiteral("compare")), {10, 14});
    EXPECT_EQ(view().comparing(), Comparing::No);
}

TEST_F(CompareTest, KeysMoveTheDivider) {
    openRestored();
    key(Qt::Key_W);
    key(Qt::Key_Left);
    EXPECT_NEAR(view().wipe(), 0.48, 1e-6);
    key(Qt::Key_Right, Qt::ShiftModifier);
    EXPECT_NEAR(view().wipe(), 0.58, 1e-6);
    for (int i = 0; i < 8; ++i) QTest::keyClick(&view(), Qt::Key_Right, Qt::ShiftModifier);
    EXPECT_EQ(view().wipe(), 1);
    key(Qt::Key_W);
    EXPECT_EQ(view().comparing(), Comparing::No);
}

TEST_F(CompareTest, SideBySideBothShowTheSamePlace) {
    openRestored();
    key(Qt::Key_W, Qt::ShiftModifier);
    ASSERT_EQ(view().comparing(), Comparing::Sides);
    shot(*m_window, QStringLiteral("compare-sides"));
    const QPointF left(view().width() * 0.25 + 20, view().height() * 0.5 + 10), right = left + QPointF(view().width() / 2.0, 0);
    const QPointF a = view().toPicture(left), b = view().toPicture(right);
    EXPECT_NEAR(a.x(), b.x(), 1);
    EXPECT_NEAR(a.y(), b.y(), 1e-6);
    EXPECT_NE(at(0.17, 0.67), at(0.67, 0.67)) << "the vase";
    view().setZoom(3, left);
    QTest::qWait(50);
    EXPECT_NEAR(view().toPicture(left).x(), a.x(), 1) << "what is under the pointer stays there";
    shot(*m_window, QStringLiteral("compare-sides-zoomed"));
    key(Qt::Key_W);
    EXPECT_EQ(view().comparing(), Comparing::Wipe) << "from one to the other";
}

TEST_F(CompareTest, AKeyThatIsHeldShowsTheOriginal) {
    openRestored();
    const QColor now = at(0.45, 0.5);
    QTest::keyPress(&view(), Qt::Key_O);
    ASSERT_TRUE(wait([&] { return at(0.45, 0.5) != now; }));
    EXPECT_TRUE(view().peeking());
    shot(*m_window, QStringLiteral("compare-peek"));
    QTest::keyRelease(&view(), Qt::Key_O);
    EXPECT_FALSE(view().peeking());
    EXPECT_EQ(at(0.45, 0.5), now);
    QTest::keyPress(&view(), Qt::Key_O);
    m_window->canvas().setFocus();
    EXPECT_FALSE(view().peeking()) << "the key is let go elsewhere";
}

TEST_F(CompareTest, TheMenuChoosesWhatItIsComparedWith) {
    openRestored();
    find<QAction>(QStringLiteral("compare_previous"))->trigger();
    EXPECT_FALSE(view().canCompare()) << "nothing was shown before";
    document().edit("Set", [this](graph::Graph& g) { g.setParameter(m_restore, "strength", 0.5); });
    ASSERT_TRUE(wait([this] { return view().canCompare(); }));
    EXPECT_EQ(view().compareName(), QStringLiteral("Before"));
    find<QAction>(QStringLiteral("compare_original"))->trigger();
    EXPECT_EQ(view().compareName(), QStringLiteral("Original"));
    find<QAction>(QStringLiteral("compare_sides"))->trigger();
    EXPECT_EQ(view().comparing(), Comparing::Sides);
    EXPECT_TRUE(find<QToolButton>(QStringLiteral("compare"))->isChecked());
}

TEST_F(CompareTest, TheStrengthIsFollowedWithoutARun) {
    openRestored();
    m_window->canvas().select({m_restore});
    const Image all = view().image();
    const std::size_t jobs = m_session->jobs().size();
    for (const double strength : {0.75, 0.5, 0.25, 0.0}) {
        document().edit("Strength", [&](graph::Graph& g) { g.setParameter(m_restore, "strength", strength); });
        QTest::qWait(15);
    }
    ASSERT_TRUE(wait([&] { return maxDifference(view().image(), original()) < 1e-6; })) << "the last one counts";
    const Image none = m_session->result(m_restore, "image").as<Image>();
    EXPECT_LT(maxDifference(none, original()), 1e-6);
    EXPECT_GT(maxDifference(all, original()), 0.05);
    EXPECT_EQ(m_session->jobs().size(), jobs) << "no job is listed for it";
    document().edit("Tile", [&](graph::Graph& g) { g.setParameter(m_restore, "tile", std::int64_t{64}); });
    QTest::qWait(100);
    EXPECT_TRUE(m_session->idle()) << "what takes long waits for a run";
}

} // namespace
} // namespace ochre::ui::shell
