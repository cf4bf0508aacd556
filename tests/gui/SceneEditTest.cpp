// SPDX-License-Identifier: GPL-3.0-or-later
// Editing a scene with mouse and keys: each selection and each change once, seen in the picture and undone.
#include <numeric>

#include "core/scene/SceneIo.h"
#include "tests/gui/SceneEditFixture.h"
#include "ui/viewport/ValueCard.h"

namespace ochre::ui::shell {
namespace {

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
    EXPECT_LT(difference(before, still()), kSame);
}

TEST_F(SceneEdit, ADragShowsWhatItWillKeepAndTouchesNoSplats) {
    openEditing();
    using Part = Gizmo::Part;
    for (const auto& [part, by] : {std::pair(Part::Move, QPoint(60, 20)), std::pair(Part::Turn, QPoint(30, 50)),
                                   std::pair(Part::Scale, QPoint(50, 0))}) {
        selectMiddle();
        const QImage before = still();
        const SplatData* splats = &state().items.front().cloud.data();
        QTest::keyClick(&view(), Qt::Key_G);
        const QPoint at = m_window->viewport().editBar().gizmo().place({part, part == Part::Turn ? 1u : 0u})->toPoint();
        QTest::mousePress(&view(), Qt::LeftButton, {}, at);
        QTest::mouseMove(&view(), at + by);
        ASSERT_TRUE(wait([this] { return state().items.size() == 2; }));
        const QImage held = still();
        EXPECT_GT(difference(before, held), 0.002);
        EXPECT_EQ(&state().items.front().cloud.data(), splats);
        QTest::mouseRelease(&view(), Qt::LeftButton, {}, at + by);
        ASSERT_TRUE(done(2));
        EXPECT_EQ(state().items.size(), 1u);
        EXPECT_NE(&state().items.front().cloud.data(), splats);
        EXPECT_LT(difference(held, still()), kSame);
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
    const auto height = [this] { return state().items.front().cloud.bounds().max[1] - state().items.front().cloud.bounds().min[1]; };
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

TEST_F(SceneEdit, ASphereAndABoxAreAdjustedByTheirHandles) {
    openEditing();
    using Handle = SolidTool::Handle;
    const QPoint seen = hit();
    for (const bool box : {false, true}) {
        const SolidTool& solid = m_window->viewport().editBar().solid(box);
        QTest::keyClick(&view(), box ? Qt::Key_X : Qt::Key_U);
        drag(&view(), seen, seen + QPoint(40, 0));
        ASSERT_TRUE(done(1) && settled());
        const std::size_t first = state().selected;
        ASSERT_GT(first, 0u);
        const Solid drawn = *solid.solid();
        const Handle side = box ? Handle::HighX : Handle::Radius;
        const QPoint at = solid.place(side)->toPoint(), tip = solid.place(box ? Handle::AxisX : Handle::Radius)->toPoint();
        const QPoint out = box ? (tip - solid.place(Handle::Middle)->toPoint()) * 2 : QPoint(70, 0);
        QTest::mousePress(&view(), Qt::LeftButton, {}, at);
        QTest::mouseMove(&view(), at + out);
        ASSERT_TRUE(wait([&] { return state().selected > first; })) << "while it is dragged";
        shot(*m_window, box ? QStringLiteral("scene-box-handles") : QStringLiteral("scene-sphere-handles"));
        QTest::mouseRelease(&view(), Qt::LeftButton, {}, at + out);
        ASSERT_TRUE(settled());
        ASSERT_EQ(state().steps.size(), 1u) << "it is the same step";
        const std::size_t larger = state().selected;
        EXPECT_GT(larger, first);
        EXPECT_GT(solid.solid()->half[0], drawn.half[0]);
        if (box) {
            EXPECT_NEAR(solid.solid()->center[0] - solid.solid()->half[0], drawn.center[0] - drawn.half[0], 1e-9) << "the other side stays";
            EXPECT_EQ(solid.solid()->half[1], drawn.half[1]);
        }
        const QPoint middle = solid.place(Handle::Middle)->toPoint();
        drag(&view(), middle, middle + QPoint(30, 20));
        ASSERT_TRUE(settled());
        EXPECT_NE(state().selected, larger);
        EXPECT_NE(solid.solid()->center, drawn.center);
        QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
        ASSERT_TRUE(wait([&] { return state().selected == larger; })) << "each drag is a step of undo";
        EXPECT_FALSE(solid.solid()) << "which ends it";
        QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
        ASSERT_TRUE(wait([&] { return state().selected == first; }));
        undoAll("solid");
    }
}

TEST_F(SceneEdit, EnterEndsASphereAndEscapeTakesItBack) {
    openEditing();
    const SolidTool& solid = m_window->viewport().editBar().solid(false);
    const QPoint seen = hit();
    QTest::keyClick(&view(), Qt::Key_U);
    drag(&view(), seen, seen + QPoint(40, 0));
    ASSERT_TRUE(done(1));
    const std::size_t first = state().selected;
    ASSERT_TRUE(solid.solid());
    QTest::keyClick(&view(), Qt::Key_Return);
    EXPECT_FALSE(solid.solid());
    EXPECT_EQ(state().selected, first);
    drag(&view(), seen + QPoint(0, 30), seen + QPoint(0, 70), Qt::LeftButton, Qt::ShiftModifier);
    ASSERT_TRUE(done(2));
    QTest::keyClick(&view(), Qt::Key_Escape);
    ASSERT_TRUE(done(1));
    EXPECT_FALSE(solid.solid());
    EXPECT_EQ(state().selected, first) << "what was selected before stays";
    drag(&view(), seen, seen + QPoint(20, 0));
    ASSERT_TRUE(done(2));
    QTest::keyClick(&view(), Qt::Key_Delete);
    ASSERT_TRUE(done(3));
    EXPECT_FALSE(solid.solid()) << "something else was done";
    EXPECT_LT(state().left, 1500u);
    undoAll("sphere");
}

TEST_F(SceneEdit, NumbersSelectByASphereOrABox) {
    openEditing();
    QWidget* card = openCard("select_solid", "solid_card");
    for (const char* field : {"center_x", "center_y", "center_z"}) type(card, field, "0");
    type(card, "half_x", "0.5");
    ASSERT_TRUE(done(1));
    const auto expectFound = [&](const SplatQuery& query) {
        const SplatMask expected = answer(query, m_session->result(m_cloud, "scene").as<SplatCloud>().data());
        ASSERT_TRUE(wait([&] { return state().selected == expected.count() && stepsOf(written()).size() == 1; })) << expected.count();
        EXPECT_GT(state().selected, 0u);
    };
    expectFound(SphereRegion{{}, 0.5});
    EXPECT_TRUE(tool("select_sphere")->isChecked()) << "its handles are there";
    EXPECT_FALSE(card->findChild<QWidget*>(QStringLiteral("half_y"))->isEnabled());
    auto* shape = card->findChild<QComboBox*>(QStringLiteral("shape"));
    shape->setFocus();
    QTest::keyClick(shape, Qt::Key_End);
    for (const char* field : {"center_x", "center_y", "center_z"}) type(card, field, "0");
    type(card, "half_x", "1.2");
    type(card, "half_y", "0.05");
    type(card, "half_z", "0.3");
    shot(*card, QStringLiteral("scene-solid-card"));
    const SplatMask expected = answer(BoxRegion{{}, {1.2, 0.05, 0.3}}, m_session->result(m_cloud, "scene").as<SplatCloud>().data());
    ASSERT_TRUE(wait([&] { return state().selected == expected.count(); })) << expected.count() << " by " << written();
    card->close();
    view().setFocus();
    shot(*m_window, QStringLiteral("scene-solid-numbers"));
    undoAll("numbers");
}

TEST_F(SceneEdit, ASeparatedSelectionIsANodeOfItsOwn) {
    openEditing();
    selectMiddle();
    const std::size_t some = state().selected;
    QTest::keyClick(&view(), Qt::Key_H); // what is hidden goes with neither
    ASSERT_TRUE(done(2));
    click(tool("select_rectangle"));
    drag(&view(), middle() - QPoint(200, 150), middle() + QPoint(200, 150));
    ASSERT_TRUE(done(3));
    const std::size_t others = state().selected;
    ASSERT_GT(others, 0u);
    const graph::NodeId node = m_window->viewport().viewed();
    QTest::keyClick(&view(), Qt::Key_P);
    ASSERT_TRUE(done(4));
    EXPECT_EQ(state().left, 1500 - others);
    EXPECT_GT(difference(m_plain, still()), 0.02);
    graph::NodeId made = 0;
    document().graph().forEach([&](const graph::Node& each) {
        if (each.type == SceneEdits::kNodeType && each.id != node) made = each.id;
    });
    ASSERT_NE(made, 0u);
    EXPECT_EQ(document().graph().at(made).inputs.at("scene").node, m_cloud);
    const auto& steps = std::get<std::string>(document().graph().at(made).parameters.at("steps"));
    const SplatCloud& source = m_session->result(m_cloud, "scene").as<SplatCloud>();
    EXPECT_EQ(edited(source, parseJson(steps, "steps"), "steps").count(), others);
    m_window->viewport().setViewed(made);
    ASSERT_TRUE(wait([&] { return state().left == others; }));
    m_window->viewport().setViewed(node);
    ASSERT_TRUE(done(4));
    view().setFocus();
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    ASSERT_TRUE(done(3));
    EXPECT_EQ(document().graph().find(made), nullptr);
    EXPECT_EQ(state().left, 1500u);
    EXPECT_EQ(state().hidden, some);
    undoAll("separate");
}

TEST_F(SceneEdit, WhatIsLockedIsLeftAloneUntilAllIsUnlocked) {
    openEditing();
    selectMiddle();
    const std::size_t some = state().selected;
    QTest::keyClick(&view(), Qt::Key_K);
    ASSERT_TRUE(done(2));
    QTest::keyClick(&view(), Qt::Key_A, Qt::ControlModifier);
    ASSERT_TRUE(done(3));
    EXPECT_EQ(state().selected, 1500 - some);
    QTest::keyClick(&view(), Qt::Key_K, Qt::AltModifier);
    ASSERT_TRUE(done(4));
    EXPECT_EQ(state().locked, 0u);
    QTest::keyClick(&view(), Qt::Key_A, Qt::ControlModifier);
    ASSERT_TRUE(done(5));
    EXPECT_EQ(state().selected, 1500u);
    QTest::keyClick(&view(), Qt::Key_Escape);
    ASSERT_TRUE(done(6));
    EXPECT_EQ(state().selected, 0u);
    undoAll("lock");
}

TEST_F(SceneEdit, SlidersShowWhatTheyWillKeepAndTouchNoSplats) {
    openEditing();
    selectMiddle();
    const SplatData* splats = &state().items.front().cloud.data();
    QWidget* card = openCard("grade", "grade_card");
    for (const char* id : {"brightness", "saturation", "opacity", "size"}) {
        const QImage before = still();
        const std::size_t steps = state().steps.size();
        auto* field = card->findChild<QWidget*>(QLatin1String(id));
        const QPoint at = field->rect().center();
        QTest::mousePress(field, Qt::LeftButton, {}, at);
        for (int i = 1; i <= 4; ++i) {
            const QPoint to = at - QPoint(8 * i, 0);
            QMouseEvent move(QEvent::MouseMove, to, field->mapToGlobal(to), Qt::NoButton, Qt::LeftButton, Qt::NoModifier);
            QApplication::sendEvent(field, &move);
        }
        ASSERT_TRUE(wait([this] { return state().items.size() == 2; })) << id;
        const QImage held = still();
        EXPECT_GT(difference(before, held), 0.002) << id;
        EXPECT_EQ(&state().items.front().cloud.data(), splats) << id;
        EXPECT_EQ(stepsOf(written()).size(), steps) << id;
        QTest::mouseRelease(field, Qt::LeftButton, {}, at - QPoint(32, 0));
        ASSERT_TRUE(wait([this] { return state().items.size() == 1 && !edits().busy(); })) << id;
        EXPECT_LT(difference(held, still()), kSame) << id;
    }
    card->close();
    view().setFocus();
    undoAll("sliders");
}

TEST_F(SceneEdit, ALengthIsMeasuredAndSet) {
    openEditing();
    const QPoint seen = hit();
    QTest::keyClick(&view(), Qt::Key_M);
    const MeasureTool& measure = m_window->viewport().editBar().measure();
    click(&view(), seen);
    ASSERT_TRUE(wait([&] { return measure.ends().size() == 1; }));
    QPoint other; // another splat, some way off
    int most = 0;
    for (int y = 20; y + 20 < m_plain.height(); y += 2)
        for (int x = 20; x + 20 < m_plain.width(); x += 2)
            if (const QColor c = m_plain.pixelColor(x, y); (QPoint(x, y) - seen).manhattanLength() > 120 && c.red() + c.green() + c.blue() > most)
                most = c.red() + c.green() + c.blue(), other = QPoint(x, y);
    click(&view(), other);
    ASSERT_TRUE(wait([&] { return measure.length().has_value(); }));
    const double before = *measure.length();
    EXPECT_GT(before, 0.05);
    shot(*m_window, QStringLiteral("scene-measure"));
    QWidget* card = openCard("rescale", "measure_card");
    shot(*card, QStringLiteral("scene-measure-card"));
    const Bounds bounds = state().items.front().cloud.bounds();
    type(card, "length", QByteArray::number(2 * before, 'g', 12).constData());
    ASSERT_TRUE(done(3)) << "all, move, none";
    EXPECT_NEAR(*measure.length(), 2 * before, 1e-6);
    const Bounds after = state().items.front().cloud.bounds();
    EXPECT_NEAR(after.max[0] - after.min[0], 2 * (bounds.max[0] - bounds.min[0]), 1e-4);
    card->close();
    view().setFocus();
    undoAll("measure");
    EXPECT_FALSE(measure.length()) << "the places are no longer there";
}

TEST_F(SceneEdit, HistogramsSelectByOpacityAndSize) {
    openEditing();
    selectMiddle();
    QTest::keyClick(&view(), Qt::Key_Delete); // others are counted
    ASSERT_TRUE(done(2));
    QWidget* card = openCard("select_value", "value_card");
    auto* values = card->findChild<QComboBox*>(QStringLiteral("value"));
    auto* histogram = card->findChild<HistogramView*>();
    for (const auto& [key, which] : {std::pair(Qt::Key_Home, SplatValue::Opacity), std::pair(Qt::Key_Down, SplatValue::Size)}) {
        values->setFocus();
        QTest::keyClick(values, key);
        ASSERT_TRUE(wait([&] { return histogram->histogram() && histogram->histogram()->which == which; }));
        const auto& bins = histogram->histogram()->all;
        EXPECT_EQ(std::accumulate(bins.begin(), bins.end(), std::size_t{0}), state().left);
        const std::size_t steps = state().steps.size();
        type(card, "from", which == SplatValue::Opacity ? "0.9" : "0.03"); // all have an opacity of 0.95 and a size of 0.041
        type(card, "to", which == SplatValue::Opacity ? "1" : "0.05");
        click(card->findChild<QPushButton*>());
        ASSERT_TRUE(done(steps + 1));
        EXPECT_EQ(state().selected, state().left);
        type(card, "to", which == SplatValue::Opacity ? "0.94" : "0.04");
        click(card->findChild<QPushButton*>());
        ASSERT_TRUE(done(steps + 2));
        EXPECT_EQ(state().selected, 0u) << written();
    }
    card->close();
    view().setFocus();
    undoAll("histograms");
}

} // namespace
} // namespace ochre::ui::shell
