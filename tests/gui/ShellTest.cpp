// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/MainWindow.h"

#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>

#include <sys/wait.h>
#include <unistd.h>

#include "core/base/Paths.h"
#include "core/project/Autosave.h"
#include "tests/gui/ShellFixture.h"
#include "ui/canvas/Canvas.h"
#include "ui/panels/Inspector.h"
#include "ui/panels/MessageBar.h"
#include "ui/panels/NumberField.h"
#include "ui/panels/ParameterControl.h"
#include "ui/panels/QueuePanel.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/SceneView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

using session::JobStatus;

TEST_F(ShellTest, FirstPaintComesWithinASecond) {
    class PaintWatch : public QObject {
    public:
        bool painted = false;
        bool eventFilter(QObject*, QEvent* event) override {
            painted = painted || event->type() == QEvent::Paint;
            return false;
        }
    } watch;
    const auto start = std::chrono::steady_clock::now();
    m_session = std::make_unique<session::Session>(session::Options{.autosave = true});
    m_window = std::make_unique<MainWindow>(*m_session);
    m_window->installEventFilter(&watch);
    m_window->show();
    m_window->start(std::nullopt);
    ASSERT_TRUE(wait([&] { return watch.painted; }));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::cout << "session, window and first paint: " << took.count() * 1000 << " ms\n";
    EXPECT_LT(took.count(), 1.0);
    EXPECT_FALSE(m_session->registry().runtimeLoaded()) << "LibTorch must not load before the window shows";
}

TEST_F(ShellTest, RunButtonBringsThePictureIntoTheViewer) {
    open();
    makePictureGraph();
    EXPECT_FALSE(m_window->viewport().showsImage());
    runAndWait();
    ASSERT_TRUE(m_window->viewport().showsImage());
    ImageView& view = m_window->viewport().imageView();
    ASSERT_TRUE(wait([&] { return !view.shown().isNull(); }));
    EXPECT_EQ(view.shown().size(), QSize(600, 400));
    const QImage screen = shot(view);
    const QPointF middle = view.toWidget({300, 200});
    const QRgb seen = screen.pixel((middle * screen.devicePixelRatio()).toPoint()),
               meant = view.shown().pixel(300, 200);
    EXPECT_NEAR(qRed(seen), qRed(meant), 2);
    EXPECT_NEAR(qGreen(seen), qGreen(meant), 2);
    EXPECT_NEAR(qBlue(seen), qBlue(meant), 2);
    const QRgb ground = screen.pixel(1, 1);
    EXPECT_LE(std::abs(qRed(ground) - qGreen(ground)) + std::abs(qGreen(ground) - qBlue(ground)), 6)
        << "the ground must not tint";
}

TEST_F(ShellTest, ViewerZoomsAtThePointerAndProbesPixels) {
    open();
    makePictureGraph();
    runAndWait();
    ImageView& view = m_window->viewport().imageView();
    ASSERT_TRUE(wait([&] { return !view.shown().isNull(); }));
    const QPointF at(view.width() / 3, view.height() / 2);
    const QPointF before = view.toPicture(at);
    const double zoom = view.zoom();
    QWheelEvent wheel(at, view.mapToGlobal(at), {}, {0, 240}, Qt::NoButton, {}, Qt::NoScrollPhase, false);
    QApplication::sendEvent(&view, &wheel);
    EXPECT_GT(view.zoom(), zoom * 1.4);
    EXPECT_NEAR(view.toPicture(at).x(), before.x(), 1e-6);
    EXPECT_NEAR(view.toPicture(at).y(), before.y(), 1e-6);

    const QPoint pixel(100, 50);
    QTest::keyClick(&view, Qt::Key_F);
    const QPoint over = view.toWidget(QPointF(pixel) + QPointF(0.5, 0.5)).toPoint();
    QMouseEvent move(QEvent::MouseMove, over, view.mapToGlobal(over), Qt::NoButton, Qt::NoButton, {});
    QApplication::sendEvent(&view, &move);
    const QString line = m_window->viewport().probeLine();
    EXPECT_TRUE(line.contains(QStringLiteral("8-bit"))) << line.toStdString();
    EXPECT_TRUE(line.contains(QLatin1Char('#'))) << line.toStdString();

    QTest::keyClick(&view, Qt::Key_R);
    ASSERT_TRUE(
        wait([&] { return qRed(view.shown().pixel(300, 200)) == qBlue(view.shown().pixel(300, 200)); }));
    QTest::keyClick(&view, Qt::Key_R);
    ASSERT_TRUE(
        wait([&] { return qRed(view.shown().pixel(300, 200)) != qBlue(view.shown().pixel(300, 200)); }));
}

TEST_F(ShellTest, MouseDragOrbitsTheScene) {
    open();
    makeSceneGraph();
    runAndWait();
    ASSERT_TRUE(m_window->viewport().showsScene());
    SceneView& view = m_window->viewport().sceneView();
    ASSERT_TRUE(wait([&] { return view.frameIsFull(); }));
    const QImage before = view.frame().copy();
    EXPECT_GT(difference(before,
                         [&] {
                             QImage flat = before.copy();
                             flat.fill(before.pixelColor(0, 0));
                             return flat;
                         }()),
              0.5)
        << "the scene must be more than its background";
    const Camera from = view.camera().camera(100, 100);
    drag(&view, view.rect().center(), view.rect().center() + QPoint(160, 40));
    const Camera to = view.camera().camera(100, 100);
    EXPECT_NE(from.worldToCamera, to.worldToCamera);
    ASSERT_TRUE(wait([&] { return view.frameIsFull(); }));
    EXPECT_GT(difference(before, view.frame()), 0.5) << "pixels must change";

    const double distance = view.camera().distance();
    const QPointF middle(view.rect().center());
    QWheelEvent wheel(middle, view.mapToGlobal(middle), {}, {0, 120}, Qt::NoButton, {}, Qt::NoScrollPhase,
                      false);
    QApplication::sendEvent(&view, &wheel);
    EXPECT_LT(view.camera().distance(), distance);
    const Vec3 pivot = view.camera().pivot();
    drag(&view, view.rect().center(), view.rect().center() + QPoint(50, 0), Qt::MiddleButton);
    EXPECT_NE(view.camera().pivot(), pivot);
    QTest::keyClick(&view, Qt::Key_Home);
    EXPECT_NEAR(view.camera().pivot()[0], view.scene().focus().center[0], 1e-9);
}

TEST_F(ShellTest, SliderDragIsOneStepOfUndo) {
    open();
    makePictureGraph();
    m_window->canvas().select({m_gradient});
    QTest::qWait(10);
    auto* field = find<NumberField>(QStringLiteral("control.level"));
    ASSERT_NE(field, nullptr);
    drag(field, field->rect().center(), field->rect().center() + QPoint(40, 0));
    const double dragged = number(m_gradient, "level");
    EXPECT_GT(dragged, 1.0);
    EXPECT_EQ(document().history().undoTitle(), "Change Brightness");
    QTest::keyClick(m_window.get(), Qt::Key_Z, Qt::ControlModifier);
    EXPECT_TRUE(std::isnan(number(m_gradient, "level"))) << "one undo takes the whole drag back";
    EXPECT_EQ(field->value(), 1.0) << "the field follows";
    QTest::keyClick(m_window.get(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    EXPECT_EQ(number(m_gradient, "level"), dragged);

    QTest::mouseDClick(field, Qt::LeftButton, {}, field->rect().center());
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("0.25"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    EXPECT_EQ(number(m_gradient, "level"), 0.25);
    QTest::mouseClick(field, Qt::MiddleButton, {}, field->rect().center());
    EXPECT_TRUE(std::isnan(number(m_gradient, "level"))) << "middle-click brings the default back";
}

TEST_F(ShellTest, SeveralSelectedNodesAreEditedTogether) {
    open();
    const NodeId a = add("shell.gradient", 0, 0), b = add("shell.gradient", 300, 0);
    m_window->canvas().select({a, b});
    QTest::qWait(10);
    auto* field = find<NumberField>(QStringLiteral("control.width"));
    ASSERT_NE(field, nullptr);
    QTest::mouseDClick(field, Qt::LeftButton, {}, field->rect().center());
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("300"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    EXPECT_EQ(number(a, "width"), 300);
    EXPECT_EQ(number(b, "width"), 300);
}

TEST_F(ShellTest, ParametersShowOnlyWhenTheyMatter) {
    open();
    makePictureGraph();
    m_window->canvas().select({m_gradient});
    QTest::qWait(10);
    auto* control = find<NumberField>(QStringLiteral("control.center"));
    ASSERT_NE(control, nullptr);
    EXPECT_FALSE(control->isVisible());
    document().edit("Change",
                    [&](graph::Graph& g) { g.setParameter(m_gradient, "shape", std::string("round")); });
    QTest::qWait(10);
    EXPECT_TRUE(control->isVisible());
}

TEST_F(ShellTest, SaveOpenAndRecentBringTheProjectBack) {
    open();
    makePictureGraph();
    const auto file = m_folder / "work.ochre";
    ASSERT_TRUE(m_window->saveTo(file));
    EXPECT_FALSE(document().modified());
    document().edit("Change", [&](graph::Graph& g) { g.setParameter(m_gradient, "level", 0.5); });
    EXPECT_TRUE(m_window->isWindowModified());
    QTest::keyClick(m_window.get(), Qt::Key_S, Qt::ControlModifier);
    EXPECT_FALSE(m_window->isWindowModified());
    m_session->newDocument();
    ASSERT_TRUE(m_window->openProject(file));
    EXPECT_EQ(number(m_gradient, "level"), 0.5);
    EXPECT_EQ(m_window->viewport().viewed(), m_view);
    ASSERT_FALSE(m_session->recentFiles().empty());
    EXPECT_EQ(m_session->recentFiles().front().filename(), "work.ochre");
}

TEST_F(ShellTest, BrokenProjectsLeaveTheOpenOneAndSayWhy) {
    open();
    makePictureGraph();
    ASSERT_TRUE(m_window->saveTo(m_folder / "good.ochre"));
    std::ofstream(m_folder / "bad.ochre") << "{ \"ochre\": ";
    EXPECT_FALSE(m_window->openProject(m_folder / "bad.ochre"));
    EXPECT_EQ(document().graph().size(), 3u);
    EXPECT_TRUE(m_window->messages().message().contains(QStringLiteral("bad.ochre")));
}

TEST_F(ShellTest, WorkOfAProgramThatDiedIsOffered) {
    const auto folder = paths::state() / "autosave";
    paths::ensure(folder);
    const pid_t child = fork();
    if (child == 0) { // dies without a word, as a crash does
        project::Document document;
        document.edit("Add", [](graph::Graph& g) {
            graph::Node node;
            node.type = "shell.gradient";
            g.add(node);
        });
        project::Autosave autosave(folder);
        autosave.save(document);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    open();
    m_window->start(std::nullopt);
    auto* box = find<QMessageBox>(QStringLiteral("recovery"));
    ASSERT_NE(box, nullptr);
    for (QAbstractButton* button : box->buttons())
        if (button->text() == QLatin1String("Recover")) QTest::mouseClick(button, Qt::LeftButton);
    QTest::qWait(20);
    EXPECT_EQ(document().graph().size(), 1u);
    EXPECT_TRUE(document().modified());
}

TEST_F(ShellTest, UnsavedWorkIsAskedAboutBeforeItGoes) {
    open();
    makePictureGraph();
    bool asked = false;
    QTimer::singleShot(50, [&asked] {
        for (QWidget* widget : QApplication::topLevelWidgets())
            if (auto* box = qobject_cast<QMessageBox*>(widget);
                box && box->objectName() == QLatin1String("unsaved")) {
                asked = true;
                box->reject();
            }
    });
    EXPECT_FALSE(m_window->close());
    EXPECT_TRUE(asked);
    EXPECT_TRUE(m_window->isVisible());
}

TEST_F(ShellTest, DroppedPicturesBecomeNodesAndShow) {
    open();
    if (!m_session->registry().find("image.load")) GTEST_SKIP() << "needs the node image.load";
    QImage picture(64, 48, QImage::Format_RGB32);
    picture.fill(QColor(200, 80, 40));
    const QString file = QString::fromStdString((m_folder / "red.png").string());
    ASSERT_TRUE(picture.save(file));
    drop(m_window.get(), {file});
    EXPECT_GE(document().graph().size(), 1u);
    ASSERT_TRUE(wait([&] { return m_window->viewport().showsImage(); }));
    EXPECT_EQ(m_window->viewport().imageView().image().width(), 64);
    drop(m_window.get(), {QStringLiteral("/nowhere/file.xyz")});
    EXPECT_TRUE(m_window->messages().message().contains(QStringLiteral("file.xyz")));
}

TEST_F(ShellTest, DroppedProjectsOpen) {
    open();
    makePictureGraph();
    const auto file = m_folder / "dropped.ochre";
    ASSERT_TRUE(m_window->saveTo(file));
    m_session->newDocument();
    drop(m_window.get(), {QString::fromStdString(file.string())});
    EXPECT_EQ(document().graph().size(), 3u);
    EXPECT_EQ(document().path().filename(), "dropped.ochre");
}

TEST_F(ShellTest, CancelInTheQueueStopsTheJob) {
    open();
    makePictureGraph();
    document().edit("Slow", [&](graph::Graph& g) { g.setParameter(m_slow, "seconds", 60.0); });
    click(find<QWidget>(QStringLiteral("run")));
    ASSERT_TRUE(wait([&] { return m_session->state(m_slow).status == graph::NodeStatus::Running; }));
    click(find<QWidget>(QStringLiteral("bottom.queue")));
    ASSERT_TRUE(wait([&] { return m_window->queue().rowCount() == 1; }));
    shot(*m_window, QStringLiteral("shell-running"));
    auto* cancel = m_window->queue().findChild<QWidget*>(QStringLiteral("cancelJob"));
    const auto start = std::chrono::steady_clock::now();
    click(cancel);
    ASSERT_TRUE(wait([&] { return m_session->idle(); }, 5000));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500));
    EXPECT_EQ(m_session->jobs().front().status, JobStatus::Cancelled);
}

TEST_F(ShellTest, FailedNodesSayWhatAndWhatToDo) {
    open();
    makePictureGraph();
    runAndWait();
    ASSERT_TRUE(m_window->viewport().showsImage());
    const NodeId bad = add("shell.fail", 600, 240);
    link(m_gradient, "image", bad, "image");
    runAndWait();
    EXPECT_TRUE(m_window->messages().message().contains(QStringLiteral("12")))
        << m_window->messages().message().toStdString();
    EXPECT_TRUE(m_window->viewport().showsImage()) << "the last picture stands";
    m_window->canvas().select({bad});
    QTest::qWait(10);
    bool told = false;
    for (const QLabel* label : m_window->inspector().findChildren<QLabel*>())
        told = told || label->text() == QLatin1String("give it 11");
    EXPECT_TRUE(told);
    shot(*m_window, QStringLiteral("shell-failed"));
}

TEST_F(ShellTest, LayoutIsRememberedAndReset) {
    open();
    auto* dock = find<QDockWidget>(QStringLiteral("library"));
    dock->hide();
    document().reset({}, {}, {});
    m_window->close();
    m_window.reset();
    m_window = std::make_unique<MainWindow>(*m_session);
    m_window->show();
    dock = find<QDockWidget>(QStringLiteral("library"));
    EXPECT_FALSE(dock->isVisible());
    m_window->resetLayout();
    EXPECT_TRUE(dock->isVisible());
}

TEST_F(ShellTest, SpaceGivesThePaneAllTheRoom) {
    open();
    makePictureGraph();
    runAndWait();
    const int before = m_window->viewport().width();
    QTest::keyClick(&m_window->viewport().imageView(), Qt::Key_Space);
    QTest::qWait(10);
    EXPECT_GT(m_window->viewport().width(), before);
    EXPECT_FALSE(m_window->canvas().isVisible());
    QTest::keyClick(&m_window->viewport().imageView(), Qt::Key_Space);
    QTest::qWait(10);
    EXPECT_TRUE(m_window->canvas().isVisible());
}

} // namespace
} // namespace ochre::ui::shell
