// SPDX-License-Identifier: GPL-3.0-or-later
#include <QClipboard>
#include <QLineEdit>
#include <QMenu>

#include "tests/gui/CanvasFixture.h"
#include "ui/canvas/Minimap.h"

namespace ochre::ui::test {

class CanvasNodes : public CanvasTest {};

/// Of all channels of two pictures of one size, 0…255.
int largestDifference(const QImage& a, const QImage& b) {
    int most = a.size() == b.size() ? 0 : 255;
    for (int y = 0; y < a.height() && a.size() == b.size(); ++y)
        for (int x = 0; x < a.width(); ++x) {
            const QRgb p = a.pixel(x, y), q = b.pixel(x, y);
            most = std::max({most, std::abs(qRed(p) - qRed(q)), std::abs(qGreen(p) - qGreen(q)), std::abs(qBlue(p) - qBlue(q))});
        }
    return most;
}

TEST_F(CanvasNodes, ClickSelectsShiftAddsAndEmptyClears) {
    makeRow();
    click(header(m_load));
    EXPECT_EQ(m_canvas->selection(), NodeSet{m_load});
    click(header(m_blur), Qt::ShiftModifier);
    EXPECT_EQ(m_canvas->selection(), (NodeSet{m_load, m_blur}));
    click(header(m_load), Qt::ShiftModifier);
    EXPECT_EQ(m_canvas->selection(), NodeSet{m_blur});
    click(at({200, 600}));
    EXPECT_TRUE(m_canvas->selection().empty());
}

TEST_F(CanvasNodes, ABoxSelectsWhatItTouches) {
    makeRow();
    drag(at({-40, 160}), at({400, 420}));
    EXPECT_EQ(m_canvas->selection(), (NodeSet{m_load, m_blur}));
    drag(at({620, 160}), at({700, 240}), Qt::LeftButton, Qt::ShiftModifier);
    EXPECT_EQ(m_canvas->selection(), (NodeSet{m_load, m_blur, m_save}));
    EXPECT_EQ(m_document.history().undoTitle(), "Link") << "selecting is no step of undo";
}

TEST_F(CanvasNodes, DraggingMovesTheSelectionAsOneStep) {
    makeRow();
    key(Qt::Key_A, Qt::ControlModifier);
    const QPointF load = place(m_load), save = place(m_save);
    drag(header(m_blur), header(m_blur) + QPoint(50, -30));
    EXPECT_EQ(place(m_load), load + QPointF(50, -30));
    EXPECT_EQ(place(m_save), save + QPointF(50, -30));
    EXPECT_EQ(m_document.history().undoTitle(), "Move 3 nodes");
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(place(m_load), load);
    EXPECT_EQ(m_canvas->canvasScene().node(m_load)->pos(), load);
}

TEST_F(CanvasNodes, EscapeWhileDraggingPutsEverythingBack) {
    makeRow();
    const QPointF before = place(m_blur);
    press(header(m_blur));
    moveTo(header(m_blur) + QPoint(80, 80));
    EXPECT_NE(m_canvas->canvasScene().node(m_blur)->pos(), before);
    key(Qt::Key_Escape);
    release(header(m_blur));
    EXPECT_EQ(m_canvas->canvasScene().node(m_blur)->pos(), before);
    EXPECT_EQ(place(m_blur), before);
}

TEST_F(CanvasNodes, ControlSnapsAMoveToTheGrid) {
    m_blur = add("test.blur", 333, 207);
    drag(header(m_blur), header(m_blur) + QPoint(33, 9), Qt::LeftButton, Qt::ControlModifier);
    EXPECT_EQ(place(m_blur), QPointF(360, 220));
}

TEST_F(CanvasNodes, ArrowsNudgeAndMergeIntoOneStep) {
    makeRow();
    click(header(m_blur));
    const QPointF before = place(m_blur);
    for (int i = 0; i < 3; ++i) key(Qt::Key_Right);
    key(Qt::Key_Down, Qt::ShiftModifier);
    EXPECT_EQ(place(m_blur), before + QPointF(3, 20));
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(place(m_blur), before);
}

TEST_F(CanvasNodes, DeleteAndXRemoveWithTheLinks) {
    makeRow();
    click(header(m_blur));
    key(Qt::Key_Delete);
    EXPECT_EQ(graph().size(), 2u);
    EXPECT_TRUE(graph().at(m_save).inputs.empty());
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_TRUE(linked(m_blur, m_save, "image"));
    click(header(m_blur));
    key(Qt::Key_X);
    EXPECT_EQ(graph().size(), 2u);
}

TEST_F(CanvasNodes, ControlDeleteAndBackspaceKeepTheFlow) {
    makeRow();
    click(header(m_blur));
    key(Qt::Key_Delete, Qt::ControlModifier);
    EXPECT_TRUE(linked(m_load, m_save, "image"));
    key(Qt::Key_Z, Qt::ControlModifier);
    click(header(m_blur));
    key(Qt::Key_Backspace);
    EXPECT_TRUE(linked(m_load, m_save, "image"));
}

TEST_F(CanvasNodes, CopyPasteAndDuplicateKeepInnerLinks) {
    makeRow();
    key(Qt::Key_A, Qt::ControlModifier);
    key(Qt::Key_C, Qt::ControlModifier);
    EXPECT_TRUE(QApplication::clipboard()->text().startsWith('{')) << "JSON text";
    moveTo(at({500, 560}), Qt::NoButton);
    key(Qt::Key_V, Qt::ControlModifier);
    ASSERT_EQ(graph().size(), 6u);
    const NodeSet pasted = m_canvas->selection();
    EXPECT_EQ(pasted.size(), 3u);
    int links = 0;
    for (const NodeId id : pasted)
        for (const auto& [input, link] : graph().at(id).inputs) {
            EXPECT_TRUE(pasted.count(link.node));
            ++links;
        }
    EXPECT_EQ(links, 2);
    key(Qt::Key_D, Qt::ControlModifier);
    EXPECT_EQ(graph().size(), 9u);
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(graph().size(), 6u);
}

TEST_F(CanvasNodes, PasteWithLinksKeepsInputsFromOutside) {
    makeRow();
    click(header(m_blur));
    key(Qt::Key_C, Qt::ControlModifier);
    key(Qt::Key_V, Qt::ControlModifier);
    EXPECT_TRUE(graph().at(*m_canvas->selection().begin()).inputs.empty());
    key(Qt::Key_V, Qt::ControlModifier | Qt::ShiftModifier);
    EXPECT_TRUE(linked(m_load, *m_canvas->selection().begin(), "image"));
}

TEST_F(CanvasNodes, CutTakesAwayAndPasteBringsBack) {
    makeRow();
    click(header(m_save));
    key(Qt::Key_X, Qt::ControlModifier);
    EXPECT_EQ(graph().size(), 2u);
    key(Qt::Key_V, Qt::ControlModifier);
    EXPECT_EQ(graph().size(), 3u);
}

TEST_F(CanvasNodes, ForeignTextOnTheClipboardIsRefusedWithAMessage) {
    QApplication::clipboard()->setText("hello");
    key(Qt::Key_V, Qt::ControlModifier);
    EXPECT_EQ(graph().size(), 0u);
    EXPECT_FALSE(m_failure.isEmpty());
}

TEST_F(CanvasNodes, MuteBypassAndFoldToggle) {
    makeRow();
    click(header(m_blur));
    key(Qt::Key_M);
    EXPECT_TRUE(graph().at(m_blur).muted);
    key(Qt::Key_M);
    EXPECT_FALSE(graph().at(m_blur).muted);
    for (const int k : {Qt::Key_B, Qt::Key_D}) {
        key(k);
        EXPECT_TRUE(graph().at(m_blur).bypassed);
        key(k);
        EXPECT_FALSE(graph().at(m_blur).bypassed);
    }
    const double height = m_canvas->canvasScene().node(m_blur)->frame().height();
    key(Qt::Key_C);
    EXPECT_TRUE(graph().at(m_blur).look.collapsed);
    EXPECT_LT(m_canvas->canvasScene().node(m_blur)->frame().height(), height);
}

TEST_F(CanvasNodes, DoubleClickOnTheTitleRenames) {
    makeRow();
    doubleClick(header(m_blur));
    ASSERT_TRUE(qobject_cast<QLineEdit*>(QApplication::focusWidget()));
    type("Soft light");
    typeKey(Qt::Key_Return);
    EXPECT_EQ(graph().at(m_blur).label, "Soft light");
    key(Qt::Key_F2);
    type("x");
    typeKey(Qt::Key_Escape);
    EXPECT_EQ(graph().at(m_blur).label, "Soft light");
}

TEST_F(CanvasNodes, ANumberSlidesInItsFieldAsOneStep) {
    makeRow();
    const QPoint start = field(m_blur, "radius", 0.1);
    drag(start, start + QPoint(88, 0));
    const double value = std::get<double>(graph().at(m_blur).parameters.at("radius"));
    EXPECT_NEAR(value, 54, 3) << "half of the field is half of the range";
    EXPECT_EQ(m_document.history().undoTitle(), "Change Radius");
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_FALSE(graph().at(m_blur).parameters.count("radius"));
    const QPoint passes = field(m_blur, "passes");
    drag(passes, passes + QPoint(400, 0));
    EXPECT_EQ(std::get<std::int64_t>(graph().at(m_blur).parameters.at("passes")), 9) << "stops at its end";
}

TEST_F(CanvasNodes, ANumberIsTypedAfterADoubleClickAndABadOneIsRefused) {
    makeRow();
    doubleClick(field(m_blur, "radius"));
    type("12.5");
    typeKey(Qt::Key_Return);
    EXPECT_EQ(std::get<double>(graph().at(m_blur).parameters.at("radius")), 12.5);
    doubleClick(field(m_blur, "radius"));
    type("-3");
    typeKey(Qt::Key_Return);
    EXPECT_TRUE(qobject_cast<QLineEdit*>(QApplication::focusWidget())) << "stays open to be mended";
    typeKey(Qt::Key_Escape);
    EXPECT_EQ(std::get<double>(graph().at(m_blur).parameters.at("radius")), 12.5);
}

TEST_F(CanvasNodes, ChecksMenusAndLongTextWorkInPlace) {
    makeRow();
    click(field(m_blur, "linear"));
    EXPECT_FALSE(std::get<bool>(graph().at(m_blur).parameters.at("linear")));
    click(field(m_blur, "edges"));
    auto* menu = m_canvas->findChild<QMenu*>("choiceMenu");
    ASSERT_TRUE(menu);
    menu->actions().at(1)->trigger();
    menu->close();
    EXPECT_EQ(std::get<std::string>(graph().at(m_blur).parameters.at("edges")), "mirror");
    const NodeId prompt = add("test.prompt", 340, 500);
    doubleClick(field(prompt, "text"));
    ASSERT_TRUE(qobject_cast<QPlainTextEdit*>(QApplication::focusWidget()));
    type("a red boat");
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return, Qt::ControlModifier);
    EXPECT_EQ(std::get<std::string>(graph().at(prompt).parameters.at("text")), "a red boat");
}

TEST_F(CanvasNodes, TheWheelZoomsAtTheCursor) {
    makeRow();
    const QPoint cursor = at({340, 200});
    QWheelEvent wheel(cursor, m_canvas->viewport()->mapToGlobal(cursor), {}, {0, 240}, {}, {},
                      Qt::NoScrollPhase, false);
    QApplication::sendEvent(m_canvas->viewport(), &wheel);
    EXPECT_GT(m_canvas->zoom(), 1.2);
    EXPECT_NEAR(at({340, 200}).x(), cursor.x(), 1);
    EXPECT_NEAR(at({340, 200}).y(), cursor.y(), 1);
}

TEST_F(CanvasNodes, MiddleDragAndSpaceDragPan) {
    makeRow();
    QPoint before = at({0, 0});
    drag({600, 400}, {660, 430}, Qt::MiddleButton);
    EXPECT_EQ(at({0, 0}), before + QPoint(60, 30));
    before = at({0, 0});
    QSignalSpy maximise(m_canvas.get(), &Canvas::maximiseRequested);
    QTest::keyPress(m_canvas.get(), Qt::Key_Space);
    drag({600, 400}, {560, 400});
    QTest::keyRelease(m_canvas.get(), Qt::Key_Space);
    EXPECT_EQ(at({0, 0}), before + QPoint(-40, 0));
    EXPECT_EQ(maximise.count(), 0);
    key(Qt::Key_Space);
    EXPECT_EQ(maximise.count(), 1);
}

TEST_F(CanvasNodes, HomeShowsAllAndFTheSelection) {
    makeRow();
    const NodeId far = add("test.scene", 4000, 2000);
    key(Qt::Key_H);
    EXPECT_TRUE(m_canvas->sceneInView().contains(m_canvas->canvasScene().contents()));
    EXPECT_LT(m_canvas->zoom(), 0.5);
    m_canvas->select({far});
    key(Qt::Key_F);
    EXPECT_EQ(m_canvas->zoom(), 1);
    EXPECT_TRUE(m_canvas->sceneInView().contains(m_canvas->canvasScene().node(far)->frame()));
    key(Qt::Key_Home);
    EXPECT_LT(m_canvas->zoom(), 0.5);
}

TEST_F(CanvasNodes, TheMinimapAppearsWhenThereIsMoreAndLeadsThere) {
    makeRow();
    auto* map = m_canvas->findChild<Minimap*>("minimap");
    EXPECT_FALSE(map->isVisible()) << "all is in view";
    add("test.scene", 6000, 200);
    EXPECT_TRUE(map->isVisible());
    const double before = m_canvas->sceneInView().center().x();
    QTest::mouseClick(map, Qt::LeftButton, {}, QPoint(map->width() - 12, map->height() / 2));
    EXPECT_GT(m_canvas->sceneInView().center().x(), before + 1000);
    key(Qt::Key_M, Qt::AltModifier);
    EXPECT_FALSE(map->isVisible());
}

TEST_F(CanvasNodes, FindGoesToANode) {
    makeRow();
    const NodeId far = add("test.scene", 5000, 900, "Far away");
    key(Qt::Key_F, Qt::ControlModifier);
    ASSERT_TRUE(search().isOpen());
    type("far");
    typeKey(Qt::Key_Return);
    EXPECT_EQ(m_canvas->selection(), NodeSet{far});
    EXPECT_TRUE(m_canvas->sceneInView().contains(m_canvas->canvasScene().node(far)->frame()));
}

TEST_F(CanvasNodes, ThumbnailsAreViewedByAClick) {
    makeRow();
    QImage picture(320, 200, QImage::Format_RGB32);
    picture.fill(Qt::darkCyan);
    m_canvas->setThumbnail(m_blur, picture, "1920 × 1080");
    QSignalSpy viewed(m_canvas.get(), &Canvas::viewRequested);
    const NodeItem* item = m_canvas->canvasScene().node(m_blur);
    click(at(item->pos() + item->thumbnailRect().center()));
    ASSERT_EQ(viewed.count(), 1);
    EXPECT_EQ(viewed[0][0].value<NodeId>(), m_blur);
}

TEST_F(CanvasNodes, WhatIsPaintedInPartsIsWhatIsPaintedAtOnce) {
    makeRow();
    const auto onScreen = [&] {
        QTest::qWait(50);
        return m_canvas->screen()->grabWindow(m_canvas->window()->winId()).toImage();
    };
    QImage picture(320, 200, QImage::Format_RGB32);
    for (const double zoom : {1.0, 0.5, 0.12}) {
        m_canvas->setZoom(zoom, {});
        picture.fill(Qt::darkCyan);
        m_canvas->setThumbnail(m_blur, picture, "320 × 200");
        m_canvas->setNodeState(m_blur, {.status = graph::NodeStatus::Running, .share = 0.8});
        onScreen();
        picture.fill(Qt::darkRed);
        m_canvas->setThumbnail(m_blur, picture, "320 × 200");
        m_canvas->setNodeState(m_blur, {.status = graph::NodeStatus::Running, .share = 0.3});
        const QImage inParts = onScreen();
        ASSERT_FALSE(inParts.isNull());
        m_canvas->canvasScene().node(m_blur)->update();
        m_canvas->viewport()->update();
        EXPECT_LE(largestDifference(inParts, onScreen()), 2) << zoom; // what lies over an edge may be rounded otherwise
        m_canvas->setNodeState(m_blur, {.status = graph::NodeStatus::Running, .share = 0.6});
        EXPECT_GT(largestDifference(inParts, onScreen()), 50) << "the test sees what is on the screen";
    }
}

TEST_F(CanvasNodes, TheSelectionIsToldToTheWindow) {
    makeRow();
    QSignalSpy selected(m_canvas.get(), &Canvas::selectionChanged);
    click(header(m_load));
    ASSERT_EQ(selected.count(), 1);
    EXPECT_EQ(selected[0][0].value<std::vector<NodeId>>(), std::vector<NodeId>{m_load});
    click(header(m_load));
    EXPECT_EQ(selected.count(), 1) << "nothing new";
}

TEST_F(CanvasNodes, TheRightBorderChangesTheWidth) {
    makeRow();
    const QRectF frame = m_canvas->canvasScene().node(m_blur)->frame();
    const QPoint border = at(QPointF(frame.right() - 2, frame.bottom() - 10));
    drag(border, border + QPoint(60, 0));
    EXPECT_NEAR(graph().at(m_blur).look.width, frame.width() + 60, 1);
}

TEST_F(CanvasNodes, TheViewIsRememberedInTheDocument) {
    makeRow();
    m_canvas->setZoom(0.5, {});
    m_canvas->lookAt({100, 50});
    EXPECT_EQ(m_document.view().canvasZoom, 0.5);
    EXPECT_NEAR(m_document.view().canvasX, 100, 2);
    m_canvas->setZoom(1.5, {});
    m_document.view().canvasZoom = 0.5;
    m_canvas->restoreView();
    EXPECT_EQ(m_canvas->zoom(), 0.5);
}

} // namespace ochre::ui::test
