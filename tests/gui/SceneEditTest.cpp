// SPDX-License-Identifier: GPL-3.0-or-later
// Editing a scene with mouse and keys: each selection and each change once, seen in the picture and undone.
#include <numeric>

#include "core/scene/SceneIo.h"
#include "core/scene/edit/SplatEditor.h"
#include "tests/gui/ShellFixture.h"
#include "ui/viewport/EditBar.h"
#include "ui/viewport/SceneEdits.h"
#include "ui/viewport/ValueCard.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

class SceneEdit : public ShellTest {
protected:
    void openEditing() {
        open({1600, 900}); // all tools have room
        makeSceneGraph();
        runAndWait();
        click(find<QWidget>(QStringLiteral("edit")));
        ASSERT_TRUE(edits().active());
        ASSERT_TRUE(wait([this] { return state().left == 1500; }));
        view().setFocus();
        m_plain = still();
    }
    SceneView& view() { return m_window->viewport().sceneView(); }
    SceneEdits& edits() { return m_window->viewport().sceneEdits(); }
    const EditState& state() { return edits().state(); }
    QToolButton* tool(const char* name) { return find<QToolButton>(QLatin1String(name)); }
    QPoint middle() { return view().rect().center(); }
    QImage still() {
        EXPECT_TRUE(wait([this] { return !edits().busy(); }));
        QTest::qWait(20);
        EXPECT_TRUE(wait([this] { return view().frameIsFull(); }));
        return view().frame().copy();
    }
    std::string written() {
        const auto& parameters = document().graph().at(m_window->viewport().viewed()).parameters;
        const auto found = parameters.find("steps");
        return found == parameters.end() ? "[]" : std::get<std::string>(found->second);
    }
    bool done(std::size_t steps) {
        return wait(
            [this, steps] { return state().steps.size() == steps && stepsOf(written()).size() == steps; });
    }
    /// Until so many steps are done and written; then the picture must be another one.
    void expectChange(std::size_t steps, const char* what) {
        ASSERT_TRUE(done(steps)) << what << ": " << state().steps.size();
        EXPECT_GT(difference(m_plain, still()), 0.002) << what;
    }
    /// By the window's own key, back to the picture of the beginning.
    void undoAll(const char* what) {
        while (const std::size_t before = state().steps.size()) {
            QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
            ASSERT_TRUE(wait([&] {
                return state().steps.size() < before && stepsOf(written()).size() == state().steps.size();
            })) << what;
        }
        EXPECT_EQ(difference(m_plain, still()), 0) << what;
    }
    void selectMiddle() {
        click(tool("select_rectangle"));
        drag(&view(), middle() - QPoint(60, 60), middle() + QPoint(60, 60));
        ASSERT_TRUE(done(1));
        ASSERT_GT(state().selected, 20u);
        click(tool("navigate"));
        view().setFocus();
    }
    /// A place of the view where a splat is seen.
    QPoint hit() {
        QPoint best;
        int most = 0;
        for (int y = 20; y + 20 < m_plain.height(); y += 2)
            for (int x = 20; x + 20 < m_plain.width(); x += 2) {
                const QColor c = m_plain.pixelColor(x, y);
                if (c.red() + c.green() + c.blue() > most)
                    most = c.red() + c.green() + c.blue(), best = QPoint(x, y);
            }
        return best;
    }
    void type(QWidget* card, const char* field, const char* number) {
        auto* control = card->findChild<QWidget*>(QLatin1String(field));
        ASSERT_NE(control, nullptr) << field;
        QTest::mouseDClick(control, Qt::LeftButton);
        QTest::keyClicks(QApplication::focusWidget(), QLatin1String(number));
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    }
    QWidget* openCard(const char* button, const char* name) {
        click(tool(button));
        auto* card = find<QWidget>(QLatin1String(name));
        EXPECT_TRUE(wait([card] { return card && card->isVisible(); })) << name;
        QTest::qWait(20);
        return card;
    }

    QImage m_plain;
};

TEST_F(SceneEdit, TheButtonPutsANodeBetweenSceneAndViewer) {
    openEditing();
    const graph::NodeId node = m_window->viewport().viewed();
    EXPECT_EQ(document().graph().at(node).type, SceneEdits::kNodeType);
    EXPECT_EQ(document().graph().at(node).inputs.at("scene").node, m_cloud);
    EXPECT_EQ(document().graph().at(m_view).inputs.at("scene").node, node);
    EXPECT_TRUE(tool("select_rectangle")->isVisible());
    EXPECT_FALSE(tool("edit")->isVisible());
    EXPECT_FALSE(tool("delete")->isEnabled()) << "nothing is selected";
    m_window->viewport().setViewed(m_view);
    EXPECT_FALSE(tool("select_rectangle")->isVisible());
    click(tool("edit"));
    EXPECT_EQ(m_window->viewport().viewed(), node) << "the node that is there serves again";
    view().setFocus();
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(document().graph().find(node), nullptr);
    EXPECT_FALSE(edits().active());
}

TEST_F(SceneEdit, EachToolSelectsAndIsUndone) {
    openEditing();
    const QPoint c = middle(), seen = hit();
    const struct {
        const char* tool;
        QPoint from, to;
    } drags[] = {{"select_rectangle", c - QPoint(80, 60), c + QPoint(80, 60)},
                 {"select_brush", c - QPoint(80, 0), c + QPoint(80, 0)},
                 {"select_sphere", seen, seen + QPoint(40, 0)},
                 {"select_box", seen, seen + QPoint(40, 0)},
                 {"select_color", seen, seen + QPoint(20, 0)},
                 {"select_rectangle", seen, seen}};
    for (const auto& d : drags) {
        click(tool(d.tool));
        drag(&view(), d.from, d.to);
        expectChange(1, d.tool);
        EXPECT_GT(state().selected, 0u) << d.tool;
        EXPECT_LT(state().selected, 1500u) << d.tool;
        shot(*m_window, QStringLiteral("scene-") + QLatin1String(d.tool));
        undoAll(d.tool);
        EXPECT_EQ(state().selected, 0u);
    }
    click(tool("select_lasso"));
    QTest::mousePress(&view(), Qt::LeftButton, {}, c - QPoint(90, 0));
    for (const QPoint& at : {c - QPoint(0, 70), c + QPoint(90, 0), c + QPoint(0, 70)})
        QTest::mouseMove(&view(), at);
    QTest::mouseRelease(&view(), Qt::LeftButton, {}, c + QPoint(0, 70));
    expectChange(1, "lasso");
    EXPECT_GT(state().selected, 0u);
    undoAll("lasso");
}

TEST_F(SceneEdit, ShiftAddsAltAndCtrlRemove) {
    openEditing();
    const QPoint c = middle();
    const auto rectangle = [&](QPoint from, QPoint to, Qt::KeyboardModifiers modifiers, std::size_t steps) {
        drag(&view(), from, to, Qt::LeftButton, modifiers);
        EXPECT_TRUE(done(steps));
        return state().selected;
    };
    QTest::keyClick(&view(), Qt::Key_R);
    EXPECT_TRUE(tool("select_rectangle")->isChecked());
    const QRect all = view().rect();
    const std::size_t left = rectangle({1, 1}, {c.x(), all.bottom()}, {}, 1);
    const std::size_t both = rectangle({c.x(), 1}, all.bottomRight(), Qt::ShiftModifier, 2);
    EXPECT_GT(both, left);
    EXPECT_EQ(rectangle({c.x(), 1}, all.bottomRight(), Qt::AltModifier, 3), left);
    EXPECT_EQ(rectangle({1, 1}, {c.x(), all.bottom()}, Qt::ControlModifier, 4), 0u);
    undoAll("combinations");
}

TEST_F(SceneEdit, KeysActOnTheSelection) {
    openEditing();
    selectMiddle();
    const std::size_t some = state().selected;
    const struct {
        Qt::Key key;
        Qt::KeyboardModifiers modifiers;
        std::size_t selected, left, hidden, locked;
    } steps[] = {{Qt::Key_I, Qt::ControlModifier, 1500 - some, 1500, 0, 0},
                 {Qt::Key_I, Qt::ControlModifier, some, 1500, 0, 0},
                 {Qt::Key_H, {}, 0, 1500, some, 0},
                 {Qt::Key_H, Qt::AltModifier, 0, 1500, 0, 0},
                 {Qt::Key_A, Qt::ControlModifier, 1500, 1500, 0, 0},
                 {Qt::Key_D, Qt::ControlModifier, 0, 1500, 0, 0}};
    std::size_t count = 1;
    for (const auto& step : steps) {
        QTest::keyClick(&view(), step.key, step.modifiers);
        ASSERT_TRUE(done(++count)) << count;
        EXPECT_EQ(state().selected, step.selected) << count;
        EXPECT_EQ(state().left, step.left) << count;
        EXPECT_EQ(state().hidden, step.hidden) << count;
    }
    undoAll("selection");
    const std::pair<Qt::Key, Qt::KeyboardModifiers> changes[] = {{Qt::Key_K, {}},
                                                                 {Qt::Key_Delete, {}},
                                                                 {Qt::Key_D, Qt::ShiftModifier},
                                                                 {Qt::Key_Equal, {}},
                                                                 {Qt::Key_Minus, {}}};
    for (const auto& [key, modifiers] : changes) {
        selectMiddle();
        QTest::keyClick(&view(), key, modifiers);
        ASSERT_TRUE(done(2)) << key;
        if (key == Qt::Key_K) {
            EXPECT_EQ(state().locked, some);
        }
        if (key == Qt::Key_Delete) {
            EXPECT_EQ(state().left, 1500 - some);
        }
        if (key == Qt::Key_D) {
            EXPECT_EQ(state().left, 1500 + some);
        }
        if (key == Qt::Key_Equal) {
            EXPECT_GE(state().selected, some);
        }
        if (key == Qt::Key_Minus) {
            EXPECT_LE(state().selected, some);
        }
        EXPECT_GT(difference(m_plain, still()), 0.02) << key;
        undoAll("change");
    }
}

TEST_F(SceneEdit, HandlesMoveTurnAndScaleAsOneStep) {
    openEditing();
    using Part = Gizmo::Part;
    for (const auto& [part, by] :
         {std::pair(Part::Move, QPoint(40, 12)), std::pair(Part::Turn, QPoint(30, 50)),
          std::pair(Part::Scale, QPoint(50, 0))}) {
        selectMiddle();
        const Bounds before = *state().selection;
        QTest::keyClick(&view(), Qt::Key_G);
        const auto at = m_window->viewport().editBar().gizmo().place({part, part == Part::Turn ? 1u : 0u});
        ASSERT_TRUE(at);
        QTest::mouseMove(&view(), at->toPoint());
        shot(*m_window, QStringLiteral("scene-gizmo"));
        drag(&view(), at->toPoint(), at->toPoint() + by, Qt::LeftButton,
             part == Part::Move ? Qt::ControlModifier : Qt::NoModifier);
        expectChange(2, "gizmo");
        const Bounds after = *state().selection;
        const double moved = after.min[0] - before.min[0];
        if (part == Part::Move) {
            EXPECT_NEAR(after.max[0] - before.max[0], moved, 1e-6);
            EXPECT_NE(moved, 0);
            EXPECT_NEAR(std::remainder(moved, 0.01), 0, 1e-5) << "it snaps";
        }
        if (part == Part::Scale) {
            EXPECT_GT(after.max[0] - after.min[0], 1.2 * (before.max[0] - before.min[0]));
        }
        undoAll("gizmo");
    }
}

TEST_F(SceneEdit, EscapeLeavesADragWithoutATrace) {
    openEditing();
    selectMiddle();
    const QImage before = still();
    QTest::keyClick(&view(), Qt::Key_G);
    const QPoint at = m_window->viewport().editBar().gizmo().place({Gizmo::Part::Move, 0})->toPoint();
    QTest::mousePress(&view(), Qt::LeftButton, {}, at);
    QTest::mouseMove(&view(), at + QPoint(60, 0));
    ASSERT_TRUE(wait([this] { return state().items.size() == 2; })) << "it is seen while it is dragged";
    EXPECT_EQ(stepsOf(written()).size(), 1u) << "but not written";
    QTest::keyClick(&view(), Qt::Key_Escape);
    QTest::mouseRelease(&view(), Qt::LeftButton, {}, at + QPoint(60, 0));
    ASSERT_TRUE(done(1));
    EXPECT_EQ(difference(before, still()), 0);
}

TEST_F(SceneEdit, ADragShowsWhatItWillKeepAndTouchesNoSplats) {
    openEditing();
    using Part = Gizmo::Part;
    for (const auto& [part, by] : {std::pair(Part::Move, QPoint(60, 20)), std::pair(Part::Turn, QPoint(30, 50)),
                                   std::pair(Part::Scale, QPoint(50, 0))}) {
        selectMiddle();
        const QImage before = still();
        const SplatData* splats = &state().cloud.data();
        QTest::keyClick(&view(), Qt::Key_G);
        const QPoint at = m_window->viewport().editBar().gizmo().place({part, part == Part::Turn ? 1u : 0u})->toPoint();
        QTest::mousePress(&view(), Qt::LeftButton, {}, at);
        QTest::mouseMove(&view(), at + by);
        ASSERT_TRUE(wait([this] { return state().items.size() == 2; }));
        const QImage held = still();
        EXPECT_GT(difference(before, held), 0.002);
        EXPECT_EQ(&state().cloud.data(), splats);
        QTest::mouseRelease(&view(), Qt::LeftButton, {}, at + by);
        ASSERT_TRUE(done(2));
        EXPECT_EQ(state().items.size(), 1u);
        EXPECT_NE(&state().cloud.data(), splats);
        EXPECT_LT(difference(held, still()), 1e-4);
        undoAll("drag");
    }
}

TEST_F(SceneEdit, NumbersMoveAndGrade) {
    openEditing();
    selectMiddle();
    const Bounds before = *state().selection;
    QWidget* card = openCard("transform", "transform_card");
    type(card, "move_x", "0.5");
    ASSERT_TRUE(done(2));
    type(card, "scale", "2");
    ASSERT_TRUE(wait([&] {
        return state().selection->max[1] - state().selection->min[1] > 1.9 * (before.max[1] - before.min[1]);
    }));
    ASSERT_TRUE(done(2)) << "one card, one step";
    EXPECT_NEAR(state().selection->min[0] + state().selection->max[0], before.min[0] + before.max[0] + 1,
                1e-4);
    shot(*card, QStringLiteral("scene-transform-card"));
    card->close();
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    ASSERT_TRUE(done(1));
    const QImage selected = still();
    card = openCard("grade", "grade_card");
    type(card, "saturation", "0");
    ASSERT_TRUE(done(2));
    type(card, "opacity", "0.3");
    ASSERT_TRUE(done(3));
    EXPECT_GT(difference(selected, still()), 0.02);
    shot(*card, QStringLiteral("scene-grade-card"));
    card->close();
    undoAll("numbers");
}

TEST_F(SceneEdit, TheFloorIsLevelled) {
    openEditing();
    QTest::keyClick(&view(), Qt::Key_A, Qt::ControlModifier);
    ASSERT_TRUE(done(1));
    QWidget* card = openCard("transform", "transform_card");
    type(card, "turn_z", "30");
    ASSERT_TRUE(done(2));
    card->close();
    const auto height = [this] { return state().cloud.bounds().max[1] - state().cloud.bounds().min[1]; };
    ASSERT_TRUE(wait([&] { return height() > 1; }));
    click(tool("level"));
    ASSERT_TRUE(done(5)) << "all, move, none";
    EXPECT_LT(height(), 1.6);
    EXPECT_EQ(state().selected, 0u);
    view().setFocus();
    undoAll("level");
}

TEST_F(SceneEdit, CardsSelectByValueAndFloaters) {
    openEditing();
    QWidget* card = openCard("select_value", "value_card");
    auto* values = card->findChild<QComboBox*>(QStringLiteral("value"));
    auto* histogram = card->findChild<HistogramView*>();
    values->setFocus();
    QTest::keyClick(values, Qt::Key_End); // luminance: the middle is brighter than the ring
    ASSERT_TRUE(wait(
        [&] { return histogram->histogram() && histogram->histogram()->which == SplatValue::Luminance; }));
    const auto& bins = histogram->histogram()->all;
    EXPECT_EQ(std::accumulate(bins.begin(), bins.end(), 0u), 1500u);
    drag(histogram, {histogram->width() * 8 / 10, 40}, {histogram->width() - 1, 40});
    ASSERT_TRUE(done(1));
    EXPECT_EQ(state().selected, 250u) << "a sixth of the splats are white";
    ASSERT_TRUE(wait([&] {
        const auto& now = histogram->histogram()->selected;
        return std::accumulate(now.begin(), now.end(), 0u) == 250u;
    }));
    shot(*card, QStringLiteral("scene-histogram"));
    type(card, "from", "0.1");
    type(card, "to", "0.5");
    click(card->findChild<QPushButton*>());
    ASSERT_TRUE(done(2));
    EXPECT_GT(state().selected, 300u);
    card->close();
    view().setFocus();
    undoAll("value");
    card = openCard("select_floaters", "floater_card");
    type(card, "distance", "0.02");
    click(card->findChild<QPushButton*>());
    ASSERT_TRUE(done(1));
    EXPECT_GT(state().selected, 0u);
    card->close();
    view().setFocus();
    undoAll("floaters");
    selectMiddle();
    const std::size_t some = state().selected;
    card = openCard("select_grow", "grow_card");
    type(card, "distance", "0.2");
    click(card->findChild<QPushButton*>());
    ASSERT_TRUE(done(2));
    EXPECT_GT(state().selected, some);
    card->close();
    view().setFocus();
    undoAll("grow");
}

TEST_F(SceneEdit, ARunAndASavedFileHoldWhatIsSeen) {
    openEditing();
    selectMiddle();
    QTest::keyClick(&view(), Qt::Key_Delete);
    ASSERT_TRUE(done(2));
    const std::size_t left = state().left;
    runAndWait();
    const graph::NodeId node = m_window->viewport().viewed();
    ASSERT_TRUE(wait([&] { return !m_session->result(node, "scene").empty(); }));
    const graph::Value made = m_session->result(node, "scene");
    EXPECT_EQ(made.as<SplatCloud>().count(), left);
    EXPECT_EQ(view().scene().count(), 1500u) << "the viewer goes on editing";
    EXPECT_EQ(
        edited(m_session->result(m_cloud, "scene").as<SplatCloud>(), parseJson(written(), "steps"), "steps")
            .hash(),
        made.as<SplatCloud>().hash());
    const auto path = m_folder.path() / "edited.ply";
    edits().save(QString::fromStdString(path.string()));
    ASSERT_TRUE(wait([&] { return std::filesystem::exists(path); }));
    ASSERT_TRUE(wait([this] { return !edits().busy(); }));
    EXPECT_EQ(readSplats(path).count(), left);
}

TEST_F(SceneEdit, AStepThatCannotBeDoneIsToldAndTheOthersStand) {
    openEditing();
    selectMiddle();
    QSignalSpy told(&m_window->viewport(), &Viewport::failed);
    document().edit("Steps", [&](graph::Graph& g) {
        g.setParameter(m_window->viewport().viewed(), "steps",
                       std::string(R"([{"step": "invert"}, {"step": "paint"}])"));
    });
    ASSERT_TRUE(wait([&] { return told.count() > 0; }));
    EXPECT_TRUE(told.front().front().toString().contains(QStringLiteral("step 2")))
        << told.front().front().toString().toStdString();
    EXPECT_EQ(state().selected, 1500u);
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    ASSERT_TRUE(done(1));
}

} // namespace
} // namespace ochre::ui::shell
