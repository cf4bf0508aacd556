// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of the window in its sizes and themes, and what can be checked of them without eyes.
#include "tests/gui/ShellFixture.h"
#include "ui/canvas/Canvas.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/MaskEdits.h"
#include "ui/viewport/SceneView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

class ShellShots : public ShellTest {
protected:
    QString suffix() const {
        const double ratio = m_window->devicePixelRatioF();
        const QSize size = m_window->size() * ratio;
        return QStringLiteral("%1x%2-%3")
            .arg(size.width())
            .arg(size.height())
            .arg(Theme::instance().mode() == Mode::Dark ? QStringLiteral("dark") : QStringLiteral("light"));
    }

    /// No widget of the top bar or the viewer's tools lies outside its parent or over its neighbour.
    void expectNothingCut() {
        for (const QWidget* widget : m_window->findChildren<QWidget*>()) {
            if (!widget->isVisible() || !widget->parentWidget() || !widget->parentWidget()->layout())
                continue;
            if (widget->parentWidget()->layout()->indexOf(const_cast<QWidget*>(widget)) < 0) continue;
            const QRect inside = widget->parentWidget()->rect().adjusted(-1, -1, 1, 1);
            EXPECT_TRUE(inside.contains(widget->geometry()))
                << widget->metaObject()->className() << " " << widget->accessibleName().toStdString()
                << " in " << widget->parentWidget()->metaObject()->className();
        }
    }

    QSize logical() const {
        const double ratio = qEnvironmentVariable("QT_SCALE_FACTOR", QStringLiteral("1")).toDouble();
        const QString wanted = qEnvironmentVariable("OCHRE_SHOT_SIZE", QStringLiteral("1280x800"));
        return QSize(wanted.section('x', 0, 0).toInt(), wanted.section('x', 1, 1).toInt()) / ratio;
    }
};

TEST_F(ShellShots, WindowInBothThemes) {
    open(logical());
    makePictureGraph();
    runAndWait();
    ASSERT_TRUE(wait([&] { return !m_window->viewport().imageView().shown().isNull(); }));
    m_window->canvas().select({m_gradient});
    m_window->canvas().fitAll();
    for (const Mode mode : {Mode::Dark, Mode::Light}) {
        Theme::instance().setMode(mode);
        QTest::qWait(50);
        expectNothingCut();
        const QImage image = shot(*m_window, QStringLiteral("shell-picture-") + suffix());
        EXPECT_EQ(image.size(), m_window->size() * m_window->devicePixelRatioF());
    }
}

TEST_F(ShellShots, SceneInBothThemes) {
    open(logical());
    makeSceneGraph();
    runAndWait();
    for (const Mode mode : {Mode::Dark, Mode::Light}) {
        Theme::instance().setMode(mode);
        QTest::qWait(300);
        ASSERT_TRUE(wait([&] { return m_window->viewport().sceneView().frameIsFull(); }, 60000));
        expectNothingCut();
        shot(*m_window, QStringLiteral("shell-scene-") + suffix());
    }
}

TEST_F(ShellShots, SelectionInBothThemes) {
    open(logical());
    makePictureGraph();
    runAndWait();
    Viewport& viewport = m_window->viewport();
    ASSERT_TRUE(wait([&] { return !viewport.imageView().shown().isNull(); }));
    click(find<QWidget>(QStringLiteral("smart_select")));
    MaskEdits& edits = viewport.maskEdits();
    ASSERT_TRUE(edits.active());
    edits.setBox(QRectF(QPointF(), QSizeF(edits.size())).adjusted(120, 80, -120, -80));
    edits.addPoint(QPointF(300, 200), true);
    edits.addPoint(QPointF(20, 20), false);
    ASSERT_TRUE(wait([&] { return !edits.busy() && m_session->idle(); }, 60000));
    for (const Mode mode : {Mode::Dark, Mode::Light}) {
        Theme::instance().setMode(mode);
        QTest::qWait(150);
        expectNothingCut();
        shot(*m_window, QStringLiteral("shell-selection-") + suffix());
    }
}

TEST_F(ShellShots, EmptyWindowSaysWhatGoesWhere) {
    open(logical());
    QTest::qWait(20);
    expectNothingCut();
    shot(*m_window, QStringLiteral("shell-empty-") + suffix());
    bool offered = false;
    for (const QPushButton* button : m_window->viewport().findChildren<QPushButton*>())
        offered = offered || button->isVisible();
    EXPECT_TRUE(offered);
}

} // namespace
} // namespace ochre::ui::shell
