// SPDX-License-Identifier: GPL-3.0-or-later
#include <QLineEdit>

#include "tests/gui/CanvasFixture.h"

namespace ochre::ui::test {

class CanvasLinks : public CanvasTest {};

TEST_F(CanvasLinks, TabOpensTheSearchAndEnterAddsAtTheCursor) {
    moveTo(at({420, 260}), Qt::NoButton);
    key(Qt::Key_Tab);
    ASSERT_TRUE(search().isOpen());
    type("gauss");
    EXPECT_EQ(search().highlighted(), "test.blur");
    typeKey(Qt::Key_Return);
    ASSERT_EQ(graph().size(), 1u);
    graph().forEach([&](const graph::Node& node) {
        EXPECT_EQ(node.type, "test.blur");
        EXPECT_NEAR(node.look.x, 420, 4);
        EXPECT_EQ(m_canvas->selection(), NodeSet{node.id});
    });
    EXPECT_EQ(m_document.history().undoTitle(), "Add Blur");
    EXPECT_FALSE(search().isOpen());
}

TEST_F(CanvasLinks, ShiftAAndDoubleClickOpenTheSearchAndEscapeClosesIt) {
    key(Qt::Key_A, Qt::ShiftModifier);
    ASSERT_TRUE(search().isOpen());
    typeKey(Qt::Key_Escape);
    EXPECT_FALSE(search().isOpen());
    doubleClick(at({300, 300}));
    ASSERT_TRUE(search().isOpen());
    typeKey(Qt::Key_Escape);
    EXPECT_EQ(graph().size(), 0u);
}

TEST_F(CanvasLinks, ArrowsWalkTheSearchAndUnknownWordsLeaveItEmpty) {
    key(Qt::Key_Tab);
    const QString first = search().highlighted();
    typeKey(Qt::Key_Down);
    EXPECT_NE(search().highlighted(), first);
    typeKey(Qt::Key_Up);
    EXPECT_EQ(search().highlighted(), first);
    type("zzzqq");
    EXPECT_TRUE(search().entries().empty());
    typeKey(Qt::Key_Return);
    EXPECT_TRUE(search().isOpen());
    EXPECT_EQ(graph().size(), 0u);
}

TEST_F(CanvasLinks, DraggingFromAnOutputToAnInputLinksThem) {
    m_load = add("test.load", 0, 200);
    m_blur = add("test.blur", 340, 200);
    drag(socket(m_load, "image", true), socket(m_blur, "image", false));
    EXPECT_TRUE(linked(m_load, m_blur, "image"));
    EXPECT_EQ(m_document.history().undoTitle(), "Link");
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_FALSE(linked(m_load, m_blur, "image"));
    key(Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    EXPECT_TRUE(linked(m_load, m_blur, "image"));
}

TEST_F(CanvasLinks, DraggingFromAnInputBackToAnOutputLinksToo) {
    m_load = add("test.load", 0, 200);
    m_blur = add("test.blur", 340, 200);
    drag(socket(m_blur, "image", false), socket(m_load, "image", true));
    EXPECT_TRUE(linked(m_load, m_blur, "image"));
}

TEST_F(CanvasLinks, ALinkSnapsToTheNearestFittingSocketAndToANodesBody) {
    m_load = add("test.load", 0, 200);
    m_blur = add("test.blur", 340, 200);
    drag(socket(m_load, "image", true), socket(m_blur, "image", false) + QPoint(-18, 10));
    EXPECT_TRUE(linked(m_load, m_blur, "image"));
    m_save = add("test.save", 640, 200);
    drag(socket(m_blur, "image", true), header(m_save));
    EXPECT_TRUE(linked(m_blur, m_save, "image"));
}

TEST_F(CanvasLinks, TypesThatDoNotFitAndCirclesAreRefused) {
    makeRow();
    const NodeId scene = add("test.scene", 0, 460);
    const auto before = m_document.revision();
    drag(socket(scene, "scene", true), socket(m_save, "more", false));
    EXPECT_FALSE(graph().at(m_save).inputs.count("more"));
    const NodeId second = add("test.blur", 640, 460);
    link(m_blur, "image", second, "image");
    drag(socket(second, "image", true), socket(m_blur, "mask", false));
    EXPECT_FALSE(graph().at(m_blur).inputs.count("mask"));
    EXPECT_EQ(m_document.revision(), before + 2); // the two made here, nothing by the mouse
}

TEST_F(CanvasLinks, AnImageGoesIntoAMaskByConversion) {
    m_load = add("test.load", 0, 200);
    m_blur = add("test.blur", 340, 200);
    drag(socket(m_load, "image", true), socket(m_blur, "mask", false));
    EXPECT_TRUE(linked(m_load, m_blur, "mask"));
}

TEST_F(CanvasLinks, WhileDraggingSocketsThatCannotTakeTheLinkFade) {
    m_load = add("test.load", 0, 200);
    m_blur = add("test.blur", 340, 200);
    const NodeId scene = add("test.scene", 340, 480);
    const QImage before = screenshot(*m_canvas, "canvas_before_drag");
    press(socket(m_load, "image", true));
    moveTo(at({280, 260}));
    moveTo(socket(m_blur, "image", false) + QPoint(-16, 6));
    const QImage during = screenshot(*m_canvas, "canvas_dragging_link");
    const QPoint faded = socket(scene, "scene", true);
    const QPoint grown = socket(m_blur, "image", false) - QPoint(6, 0); // beyond the plain circle
    EXPECT_LT(qGray(during.pixel(faded + QPoint(-4, 0))), qGray(before.pixel(faded + QPoint(-4, 0))));
    EXPECT_NE(during.pixel(grown), before.pixel(grown));
    key(Qt::Key_Escape);
    EXPECT_TRUE(graph().at(m_blur).inputs.empty());
}

TEST_F(CanvasLinks, ReleasingOnEmptyOpensTheTypedSearchAndConnects) {
    m_load = add("test.load", 0, 200);
    drag(socket(m_load, "alpha", true), at({420, 300}));
    ASSERT_TRUE(search().isOpen());
    for (const SearchEntry& entry : search().entries()) EXPECT_NE(entry.id, "test.prompt");
    screenshot(*m_canvas, "canvas_typed_search");
    type("mix");
    typeKey(Qt::Key_Return);
    ASSERT_EQ(graph().size(), 2u);
    const NodeId made = *m_canvas->selection().begin();
    EXPECT_EQ(graph().at(made).type, "test.mix");
    EXPECT_TRUE(linked(m_load, made, "mask")) << "the same type goes before a conversion";
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(graph().size(), 1u) << "node and link are one step";
}

TEST_F(CanvasLinks, FromAnInputTheSearchOffersWhatGivesItsType) {
    m_blur = add("test.blur", 340, 200);
    drag(socket(m_blur, "image", false), at({160, 320}));
    ASSERT_TRUE(search().isOpen());
    type("load pic");
    typeKey(Qt::Key_Return);
    const NodeId made = *m_canvas->selection().begin();
    EXPECT_EQ(graph().at(made).type, "test.load");
    EXPECT_TRUE(linked(made, m_blur, "image"));
}

TEST_F(CanvasLinks, PullingALinkOffDisconnectsOrMovesIt) {
    makeRow();
    drag(socket(m_blur, "image", false), at({250, 500}));
    EXPECT_FALSE(graph().at(m_blur).inputs.count("image"));
    EXPECT_FALSE(search().isOpen());
    key(Qt::Key_Z, Qt::ControlModifier);
    drag(socket(m_blur, "image", false), socket(m_blur, "mask", false));
    EXPECT_FALSE(graph().at(m_blur).inputs.count("image"));
    EXPECT_TRUE(linked(m_load, m_blur, "mask"));
    key(Qt::Key_Z, Qt::ControlModifier);
    const auto before = m_document.revision();
    drag(socket(m_blur, "image", false), socket(m_blur, "image", false) + QPoint(-14, 0));
    EXPECT_EQ(m_document.revision(), before) << "let go where it was";
    EXPECT_TRUE(linked(m_load, m_blur, "image"));
}

TEST_F(CanvasLinks, AParameterTakesALink) {
    m_blur = add("test.blur", 340, 200);
    const NodeId number = add("test.number", 0, 260);
    drag(socket(number, "value", true), socket(m_blur, "radius", false));
    EXPECT_TRUE(linked(number, m_blur, "radius"));
}

TEST_F(CanvasLinks, ANodeDroppedOnALinkGoesBetween) {
    makeRow();
    const NodeId upscale = add("test.upscale", 330, 520);
    m_canvas->select({});
    const QPoint start = header(upscale);
    const QSizeF size = m_canvas->canvasScene().node(upscale)->frame().size();
    const QPointF middle = m_canvas->canvasScene().link({m_blur, "image"})->path().pointAtPercent(0.5);
    const QPointF goal = middle - QPointF(size.width() / 2, size.height() / 2);
    const QPoint by = at(goal) - at(place(upscale));
    press(start);
    for (int i = 1; i <= 6; ++i) moveTo(start + by * i / 6);
    screenshot(*m_canvas, "canvas_insert_on_link");
    release(start + by);
    EXPECT_TRUE(linked(m_load, upscale, "image"));
    EXPECT_TRUE(linked(upscale, m_blur, "image"));
    EXPECT_EQ(m_document.history().undoTitle(), "Insert node");
}

TEST_F(CanvasLinks, AltDraggingAndControlRightDraggingCutLinks) {
    makeRow();
    const QPoint first = linkMiddle(m_blur, "image");
    press(first - QPoint(0, 60), Qt::LeftButton, Qt::AltModifier);
    for (int i = -5; i <= 6; ++i) moveTo(first + QPoint(i, i * 10), Qt::LeftButton, Qt::AltModifier);
    screenshot(*m_canvas, "canvas_cutting");
    release(first + QPoint(6, 60), Qt::LeftButton, Qt::AltModifier);
    EXPECT_FALSE(graph().at(m_blur).inputs.count("image"));
    EXPECT_TRUE(linked(m_blur, m_save, "image"));
    const QPoint second = linkMiddle(m_save, "image");
    drag(second - QPoint(2, 60), second + QPoint(2, 60), Qt::RightButton, Qt::ControlModifier);
    EXPECT_FALSE(graph().at(m_save).inputs.count("image"));
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_TRUE(linked(m_blur, m_save, "image"));
}

TEST_F(CanvasLinks, AClickedLinkIsSelectedAndDeleted) {
    makeRow();
    click(linkMiddle(m_save, "image"));
    ASSERT_EQ(m_canvas->canvasScene().chosenLinks().size(), 1u);
    key(Qt::Key_Delete);
    EXPECT_FALSE(graph().at(m_save).inputs.count("image"));
    EXPECT_EQ(graph().size(), 3u);
}

} // namespace ochre::ui::test
