// SPDX-License-Identifier: GPL-3.0-or-later
// Several clouds in one view, by mouse and keys: dropped, hidden, faded, moved, edited among the others, removed, and undone.
#include "core/scene/SceneIo.h"
#include "tests/gui/ShellFixture.h"
#include "ui/viewport/EditBar.h"
#include "ui/viewport/LayerList.h"
#include "ui/viewport/LayerPanel.h"
#include "ui/viewport/SceneEdits.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

class SceneLayers : public ShellTest {
protected:
    void openScene() {
        open({1600, 900});
        makeSceneGraph();
        runAndWait();
        view().setFocus();
        m_plain = still();
    }
    /// The ring, half as large and beside itself.
    QString file(const char* name, const Similarity& place) {
        SplatCloud ring = m_session->result(m_cloud, "scene").as<SplatCloud>();
        const auto path = m_folder / name;
        writeSplats(transform(ring, place), path);
        return QString::fromStdString(path.string());
    }
    void dropOntoView(const QStringList& files) {
        QMimeData data;
        QList<QUrl> urls;
        for (const QString& one : files) urls << QUrl::fromLocalFile(one);
        data.setUrls(urls);
        const QPoint at = view().mapTo(m_window.get(), view().rect().center());
        QDragEnterEvent enter(at, Qt::CopyAction, &data, Qt::LeftButton, {});
        QApplication::sendEvent(m_window.get(), &enter);
        QDropEvent event(at, Qt::CopyAction, &data, Qt::LeftButton, {});
        QApplication::sendEvent(m_window.get(), &event);
    }
    void openTwo() {
        openScene();
        dropOntoView({file("small.ply", {.scale = 0.5, .translation = {0, -0.8, 0}})});
        ASSERT_TRUE(loaded(2));
        m_plain = still();
    }
    bool loaded(std::size_t count) {
        return wait([this, count] {
            const auto& all = layers().layers();
            return all.size() == count && std::ranges::all_of(all, [](const auto& l) { return !l.scene.layers.empty(); }) && m_session->idle();
        });
    }
    SceneView& view() { return m_window->viewport().sceneView(); }
    LayerEdits& layers() { return m_window->viewport().layerEdits(); }
    LayerPanel& panel() { return m_window->viewport().layerPanel(); }
    LayerList& list() { return panel().list(); }
    SceneEdits& edits() { return m_window->viewport().sceneEdits(); }
    const LayerSettings& settings(std::size_t layer) { return layers().layers().at(layer).settings; }
    QToolButton* tool(const char* name) { return find<QToolButton>(QLatin1String(name)); }
    QImage still() {
        EXPECT_TRUE(wait([this] { return !edits().busy(); }));
        QTest::qWait(20);
        EXPECT_TRUE(wait([this] { return view().frameIsFull(); }));
        return view().frame().copy();
    }
    void type(const char* field, const char* number) {
        auto* control = panel().findChild<QWidget*>(QLatin1String(field));
        ASSERT_NE(control, nullptr) << field;
        QTest::mouseDClick(control, Qt::LeftButton);
        QTest::keyClicks(QApplication::focusWidget(), QLatin1String(number));
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    }
    void undo() {
        view().setFocus();
        QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    }
    void choose(int row) { click(&list(), list().rowRect(row).center()); }

    QImage m_plain;
};

TEST_F(SceneLayers, DroppedScenesJoinTheOneThatIsSeen) {
    openScene();
    EXPECT_FALSE(panel().isVisible());
    const OrbitCamera::State camera = view().camera().state();
    dropOntoView({file("small.ply", {.scale = 0.5, .translation = {0, -0.8, 0}}), file("side.ply", {.scale = 0.3, .translation = {1.2, 0, 0}})});
    ASSERT_TRUE(loaded(3));
    EXPECT_TRUE(panel().isVisible()) << "there is more than one cloud now";
    const graph::NodeId node = layers().node();
    EXPECT_EQ(document().graph().at(node).type, LayerEdits::kNodeType);
    EXPECT_EQ(document().graph().at(m_view).inputs.at("scene").node, node) << "what looked at the one looks at all of them";
    EXPECT_EQ(m_window->viewport().viewed(), m_view);
    EXPECT_EQ(view().items().size(), 3u);
    EXPECT_EQ(view().camera().state().distance, camera.distance) << "the camera stays";
    const QImage three = still();
    shot(*m_window, QStringLiteral("layers-three"));
    EXPECT_EQ(list().rows().size(), 3);
    EXPECT_EQ(list().rows().at(1).name, QStringLiteral("small.ply"));
    undo();
    EXPECT_EQ(layers().layers().size(), 1u);
    EXPECT_EQ(document().graph().find(node), nullptr) << "one step made all of it";
    ASSERT_TRUE(wait([this] { return view().items().size() == 1; }));
    EXPECT_EQ(still().size() == m_plain.size() ? difference(m_plain, still()) : 0, 0);
    EXPECT_GT(difference(three, still()), 0.05);
}

TEST_F(SceneLayers, ScenesDroppedIntoAnEmptyViewerAddUp) {
    openScene();
    const QString one = file("one.ply", {}), two = file("two.ply", {.translation = {0, -1, 0}});
    m_session->newDocument();
    m_window->viewport().followDocument();
    ASSERT_FALSE(m_window->viewport().showsScene());
    const QPoint at = m_window->viewport().mapTo(m_window.get(), m_window->viewport().rect().center());
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(one), QUrl::fromLocalFile(two)});
    QDragEnterEvent enter(at, Qt::CopyAction, &data, Qt::LeftButton, {});
    QApplication::sendEvent(m_window.get(), &enter);
    QDropEvent event(at, Qt::CopyAction, &data, Qt::LeftButton, {});
    QApplication::sendEvent(m_window.get(), &event);
    ASSERT_TRUE(loaded(2));
    EXPECT_TRUE(wait([this] { return m_window->viewport().showsScene() && view().items().size() == 2; }));
}

TEST_F(SceneLayers, TheEyeHidesAndNumbersPlaceAndFade) {
    openTwo();
    click(&list(), list().eyeRect(1).center());
    EXPECT_FALSE(settings(1).visible);
    const QImage hidden = still();
    EXPECT_GT(difference(m_plain, hidden), 0.05);
    click(&list(), list().eyeRect(1).center());
    EXPECT_EQ(difference(m_plain, still()), 0);
    choose(1);
    EXPECT_EQ(layers().current(), 1);
    const struct {
        const char *field, *number;
        std::function<double(const LayerSettings&)> value;
        double meant;
    } edits[] = {{"layer_opacity", "0.3", [](const LayerSettings& s) { return s.opacity; }, 0.3},
                 {"layer_x", "0.4", [](const LayerSettings& s) { return s.move[0]; }, 0.4},
                 {"layer_z", "-0.2", [](const LayerSettings& s) { return s.move[2]; }, -0.2},
                 {"layer_turn_x", "40", [](const LayerSettings& s) { return s.turn[0]; }, 40},
                 {"layer_turn_y", "90", [](const LayerSettings& s) { return s.turn[1]; }, 90},
                 {"layer_scale", "1.5", [](const LayerSettings& s) { return s.scale; }, 1.5}};
    QImage before = m_plain;
    for (const auto& edit : edits) {
        type(edit.field, edit.number);
        EXPECT_NEAR(edit.value(settings(1)), edit.meant, 1e-9) << edit.field;
        const QImage after = still();
        EXPECT_GT(difference(before, after), 0.01) << edit.field;
        before = after;
    }
    shot(*m_window, QStringLiteral("layers-placed"));
    const std::string text = std::get<std::string>(document().graph().at(layers().node()).parameters.at("layers"));
    EXPECT_NE(text.find("\"scale\":1.5"), std::string::npos) << "it stands in the node: " << text;
    for (int i = 0; i < 6; ++i) undo();
    EXPECT_EQ(settings(1).scale, 1);
    EXPECT_EQ(difference(m_plain, still()), 0);
}

TEST_F(SceneLayers, HandlesMoveAllOfTheChosenCloudInOneStep) {
    openTwo();
    choose(1);
    click(panel().findChild<QToolButton*>(QStringLiteral("layer_handles")));
    const std::uint64_t revision = document().revision();
    const auto arrow = panel().gizmo().place({Gizmo::Part::Move, 0});
    ASSERT_TRUE(arrow);
    const QPoint from = arrow->toPoint();
    shot(*m_window, QStringLiteral("layers-handles"));
    drag(&view(), from, from + QPoint(80, 10));
    EXPECT_GT(settings(1).move[0], 0.1);
    EXPECT_NEAR(settings(1).move[1], 0, 1e-9);
    EXPECT_EQ(settings(0).move[0], 0);
    EXPECT_EQ(document().revision(), revision + 1);
    EXPECT_GT(difference(m_plain, still()), 0.05);
    const auto middle = panel().gizmo().place({Gizmo::Part::Scale, 0});
    ASSERT_TRUE(middle);
    drag(&view(), middle->toPoint(), middle->toPoint() + QPoint(60, 0));
    EXPECT_GT(settings(1).scale, 1.3);
    const auto ring = panel().gizmo().place({Gizmo::Part::Turn, 1});
    ASSERT_TRUE(ring);
    drag(&view(), ring->toPoint(), ring->toPoint() + QPoint(-50, 20));
    EXPECT_GT(std::abs(settings(1).turn[1]), 5);
    for (int i = 0; i < 3; ++i) undo();
    EXPECT_EQ(settings(1).move[0], 0);
    click(panel().findChild<QToolButton*>(QStringLiteral("layer_handles")));
    EXPECT_EQ(difference(m_plain, still()), 0);
}

TEST_F(SceneLayers, TheFirstChangeOfASingleCloudMakesTheNode) {
    openScene();
    QTest::keyClick(&view(), Qt::Key_L, Qt::ShiftModifier);
    ASSERT_TRUE(panel().isVisible());
    QTest::qWait(20);
    m_plain = still();
    EXPECT_EQ(layers().node(), 0u);
    ASSERT_EQ(list().rows().size(), 1);
    EXPECT_EQ(list().rows().at(0).name, QStringLiteral("ring"));
    type("layer_opacity", "0.5");
    ASSERT_NE(layers().node(), 0u);
    EXPECT_EQ(m_window->viewport().viewed(), m_view);
    EXPECT_GT(difference(m_plain, still()), 0.05);
    undo();
    EXPECT_EQ(layers().node(), 0u);
    EXPECT_EQ(difference(m_plain, still()), 0);
}

TEST_F(SceneLayers, OneCloudIsEditedAmongTheOthers) {
    openTwo();
    choose(1);
    type("layer_turn_z", "180");
    type("layer_x", "0.3");
    const QImage all = still();
    click(panel().findChild<QToolButton*>(QStringLiteral("layer_edit")));
    ASSERT_TRUE(wait([this] { return edits().active() && edits().state().left == 1500; }));
    const graph::NodeId node = m_window->viewport().viewed();
    EXPECT_EQ(document().graph().at(node).type, SceneEdits::kNodeType);
    EXPECT_EQ(document().graph().at(layers().node()).inputs.at(settings(1).input).node, node) << "between its file and the others";
    EXPECT_TRUE(layers().editing());
    EXPECT_EQ(view().items().size(), 2u) << "the others are still there";
    still();
    shot(*m_window, QStringLiteral("layers-edit"));
    view().setFocus();
    QTest::keyClick(&view(), Qt::Key_A, Qt::ControlModifier);
    ASSERT_TRUE(wait([this] { return edits().state().selected == 1500; })) << "of the one alone";
    click(tool("select_rectangle"));
    const QPoint c = view().rect().center();
    drag(&view(), c - QPoint(300, 180), c + QPoint(-20, 80));
    ASSERT_TRUE(wait([this] { return edits().state().selected > 0 && edits().state().selected < 1500; }));
    QTest::keyClick(&view(), Qt::Key_Delete);
    ASSERT_TRUE(wait([this] { return edits().state().left < 1500; }));
    const std::size_t left = edits().state().left;
    click(panel().findChild<QToolButton*>(QStringLiteral("layer_edit")));
    EXPECT_FALSE(layers().editing());
    EXPECT_EQ(m_window->viewport().viewed(), m_view);
    ASSERT_TRUE(wait([&] { return m_session->idle() && layers().layers().at(1).scene.count() == left; })) << "it has gone on to where all of it is";
    EXPECT_EQ(layers().layers().at(0).scene.count(), 1500u);
    EXPECT_GT(difference(all, still()), 0.02);
}

TEST_F(SceneLayers, RowsAreRenamedOrderedAndRemoved) {
    openTwo();
    QTest::mouseDClick(&list(), Qt::LeftButton, {}, list().rowRect(1).center());
    auto* editor = list().findChild<QLineEdit*>();
    ASSERT_TRUE(editor->isVisible());
    QTest::keyClicks(editor, QStringLiteral("crown"));
    QTest::keyClick(editor, Qt::Key_Return);
    EXPECT_EQ(settings(1).name, "crown");
    drag(&list(), list().rowRect(1).center(), list().rowRect(0).center());
    EXPECT_EQ(settings(0).name, "crown");
    EXPECT_EQ(difference(m_plain, still()), 0) << "the order is that of the list, not of the picture";
    choose(0);
    QTest::keyClick(&list(), Qt::Key_Delete);
    ASSERT_EQ(layers().layers().size(), 1u);
    EXPECT_EQ(document().graph().size(), 3u) << "ring, node and viewer: the file's node went too";
    EXPECT_GT(difference(m_plain, still()), 0.05);
    undo();
    ASSERT_EQ(layers().layers().size(), 2u);
    EXPECT_EQ(settings(0).name, "crown");
    ASSERT_TRUE(loaded(2));
    EXPECT_EQ(difference(m_plain, still()), 0);
}

} // namespace
} // namespace ochre::ui::shell
