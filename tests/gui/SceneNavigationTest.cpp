// SPDX-License-Identifier: GPL-3.0-or-later
// Looking at a scene, with mouse and keys.
#include "tests/gui/ShellFixture.h"
#include "ui/viewport/SceneView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

class SceneNavigation : public ShellTest {
protected:
    void openScene() {
        open();
        makeSceneGraph();
        runAndWait();
        ASSERT_TRUE(settled());
        view().setFocus();
    }
    SceneView& view() { return m_window->viewport().sceneView(); }
    bool settled() {
        return wait([this] { return view().frameIsFull(); });
    }
    QImage still() {
        EXPECT_TRUE(settled());
        return view().frame().copy();
    }
    /// As a mouse turns; its place is the middle.
    void turnWheel(int notches) {
        const QPointF at(view().rect().center());
        QWheelEvent wheel(at, view().mapToGlobal(at), {}, {0, 120 * notches}, Qt::NoButton, {},
                          Qt::NoScrollPhase, false);
        QApplication::sendEvent(&view(), &wheel);
    }
    QWidget* tool(const char* name) { return find<QToolButton>(QLatin1String(name)); }
    Vec3 direction() {
        const auto m = view().camera().camera(64, 64).worldToCamera;
        return {m[8], m[9], m[10]};
    }
    /// A place of the view where the scene is, and one where it is not.
    std::pair<QPoint, QPoint> hitAndMiss() {
        const QImage frame = still();
        const QRgb ground = frame.pixel(2, 2);
        QPoint best;
        int most = 0;
        for (int y = 20; y + 20 < frame.height(); y += 4)
            for (int x = 20; x + 20 < frame.width(); x += 4) {
                const QRgb c = frame.pixel(x, y);
                const int away = std::abs(qRed(c) - qRed(ground)) + std::abs(qGreen(c) - qGreen(ground)) +
                                 std::abs(qBlue(c) - qBlue(ground));
                if (away > most) most = away, best = QPoint(x, y);
            }
        return {best / view().devicePixelRatioF(), QPoint(8, 8)};
    }
};

void expectNear(const Vec3& a, const Vec3& b) {
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(a[k], b[k], 1e-9);
}

TEST_F(SceneNavigation, KeysLookAlongTheAxes) {
    openScene();
    const QImage before = still();
    const std::pair<int, Vec3> sides[] = {
        {Qt::Key_1, {0, 0, 1}}, {Qt::Key_3, {-1, 0, 0}}, {Qt::Key_7, {0, 1, 0}}};
    for (const auto& [key, ahead] : sides) {
        QTest::keyClick(&view(), static_cast<Qt::Key>(key));
        expectNear(direction(), ahead);
        EXPECT_GT(difference(before, still()), 0.3);
        QTest::keyClick(&view(), static_cast<Qt::Key>(key), Qt::ControlModifier);
        expectNear(direction(), {-ahead[0], -ahead[1], -ahead[2]});
    }
}

TEST_F(SceneNavigation, FiveTakesThePerspectiveAwayAndBack) {
    openScene();
    const QImage before = still();
    QTest::keyClick(&view(), Qt::Key_5);
    EXPECT_TRUE(view().camera().orthographic());
    EXPECT_GT(difference(before, still()), 0.1);
    EXPECT_TRUE(static_cast<QToolButton*>(tool("orthographic"))->isChecked());
    click(tool("orthographic"));
    EXPECT_FALSE(view().camera().orthographic());
    EXPECT_EQ(difference(before, still()), 0);
}

TEST_F(SceneNavigation, DoubleClickAndFComeNearerToWhatIsSeen) {
    openScene();
    const auto [hit, miss] = hitAndMiss();
    const double distance = view().camera().distance();
    const Vec3 ahead = direction();
    QTest::mouseDClick(&view(), Qt::LeftButton, {}, hit);
    ASSERT_TRUE(wait([&] { return view().camera().distance() < 0.7 * distance; }));
    expectNear(direction(), ahead);
    const double nearer = view().camera().distance();
    still();
    QTest::mouseMove(&view(), view().rect().center());
    QTest::keyClick(&view(), Qt::Key_F);
    ASSERT_TRUE(wait([&] { return view().camera().distance() < 0.7 * nearer; }))
        << "the point is in the middle, so it is hit again";
    QTest::mouseDClick(&view(), Qt::LeftButton, {}, miss);
    QTest::qWait(100);
    QTest::keyClick(&view(), Qt::Key_Home);
    expectNear(view().camera().pivot(), view().scene().focus().center);
    EXPECT_NEAR(view().camera().distance(), distance, 1e-9);
}

TEST_F(SceneNavigation, FlyingNeedsNoButtonAndShiftIsFaster) {
    openScene();
    click(tool("fly"));
    EXPECT_EQ(view().navigation(), SceneView::Navigation::Fly);
    view().setFocus();
    const auto flown = [&](Qt::KeyboardModifiers modifiers) {
        const Vec3 from = view().viewCamera().position();
        QElapsedTimer clock;
        clock.start();
        QTest::keyPress(&view(), Qt::Key_W, modifiers);
        QTest::qWait(150);
        QTest::keyRelease(&view(), Qt::Key_W, modifiers);
        const auto seconds = static_cast<double>(clock.elapsed()) / 1000;
        const Vec3 to = view().viewCamera().position();
        double way = 0;
        for (std::size_t k = 0; k < 3; ++k) way += (to[k] - from[k]) * direction()[k];
        return way / seconds / view().camera().sceneRadius();
    };
    const double slow = flown({}), fast = flown(Qt::ShiftModifier);
    EXPECT_GT(slow, 0.3);
    EXPECT_LT(slow, 1.2);
    EXPECT_GT(fast, 2 * slow);
    const double distance = view().camera().distance();
    turnWheel(3);
    EXPECT_NEAR(view().speed(), 1.953125, 1e-9);
    EXPECT_EQ(view().camera().distance(), distance);
    const Vec3 eye = view().viewCamera().position();
    drag(&view(), {100, 100}, {160, 100});
    expectNear(view().viewCamera().position(), eye);
    QTest::keyClick(&view(), Qt::Key_O);
    EXPECT_EQ(view().navigation(), SceneView::Navigation::Orbit);
    turnWheel(1);
    EXPECT_LT(view().camera().distance(), distance);
}

TEST_F(SceneNavigation, TheCardChangesHowTheSceneIsShown) {
    openScene();
    const QImage before = still();
    click(tool("view_settings"));
    auto* card = find<QWidget>(QStringLiteral("view_card"));
    ASSERT_TRUE(wait([&] { return card->isVisible(); }));
    QTest::qWait(30);
    shot(*card, QStringLiteral("scene-view-card"));
    auto* modes = card->findChild<QComboBox*>(QStringLiteral("mode"));
    for (int i = 1; i < modes->count(); ++i) {
        modes->setFocus();
        QTest::keyClick(modes, Qt::Key_Down);
        ASSERT_EQ(modes->currentIndex(), i);
        EXPECT_GT(difference(before, still()), 0.3) << modes->currentText().toStdString();
    }
    modes->setCurrentIndex(0);
    auto* fov = card->findChild<QWidget*>(QStringLiteral("fov"));
    QTest::mouseDClick(fov, Qt::LeftButton);
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("80"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    EXPECT_NEAR(view().camera().fov(), 80, 1e-9);
    EXPECT_GT(difference(before, still()), 0.3);
    click(card->findChild<QWidget*>(QStringLiteral("limited")), {8, 14});
    ASSERT_TRUE(view().camera().limits());
    click(card->findChild<QWidget*>(QStringLiteral("grid")), {8, 14});
    EXPECT_TRUE(view().display().grid);
    still();
    const QImage grid = shot(view(), QStringLiteral("scene-grid"));
    click(card->findChild<QWidget*>(QStringLiteral("grid")), {8, 14});
    still();
    EXPECT_GT(difference(grid, shot(view())), 0.1);
    click(card->findChild<QPushButton*>(QStringLiteral("view_reset")));
    EXPECT_EQ(difference(before, still()), 0);
}

TEST(FrameGovernor, FindsTheSizeThatTakesTheTimeAimedAt) {
    for (const double perMillion : {2.0, 40.0, 200.0}) {
        FrameGovernor governor(40);
        constexpr double kConstant = 10, kWhole = 2e6;
        double took = 0;
        for (int i = 0; i < 20; ++i) {
            const double pixels = kWhole * governor.scale() * governor.scale();
            took = kConstant + perMillion * pixels / 1e6;
            governor.took(took, pixels, kWhole);
        }
        const double whole = kConstant + perMillion * kWhole / 1e6;
        EXPECT_NEAR(took, std::min(whole, 40.0), 4) << perMillion;
    }
}

TEST(FrameGovernor, DoesNotSpoilThePictureWhereItsSizeIsNotWhatTakesTheTime) {
    FrameGovernor governor(40);
    for (int i = 0; i < 30; ++i) {
        const double pixels = 1e6 * governor.scale() * governor.scale();
        governor.took(100 + 20 * pixels / 1e6, pixels, 1e6);
    }
    EXPECT_GT(governor.scale(), 0.9);
}

TEST(FrameGovernor, LeavesOutSplatsWherePlacingThemTakesTooLongAndTakesThemBack) {
    FrameGovernor governor(40);
    governor.setThins(true);
    double constant = 0;
    const auto move = [&](double perCloud) {
        for (int i = 0; i < 40; ++i) {
            const double pixels = 1e6 * governor.scale() * governor.scale();
            constant = perCloud * governor.share();
            governor.took(constant + 20 * pixels / 1e6, pixels, 1e6);
        }
    };
    move(10);
    EXPECT_EQ(governor.share(), 1) << "there is time for all";
    move(200);
    EXPECT_NEAR(constant + 20 * governor.scale() * governor.scale(), 40, 4);
    EXPECT_LT(governor.share(), 0.25);
    EXPECT_GT(governor.scale(), 0.3);
    move(10);
    EXPECT_EQ(governor.share(), 1);
}

} // namespace
} // namespace ochre::ui::shell
