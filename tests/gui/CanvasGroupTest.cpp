// SPDX-License-Identifier: GPL-3.0-or-later
#include <QToolButton>

#include "tests/gui/CanvasFixture.h"
#include "ui/canvas/Edits.h"

namespace ochre::ui::test {

class CanvasGroups : public CanvasTest {
protected:
    NodeId makeGroup() {
        makeRow();
        click(header(m_blur));
        key(Qt::Key_G, Qt::ControlModifier);
        return *m_canvas->selection().begin();
    }
};

TEST_F(CanvasGroups, GroupingTurnsCrossingLinksIntoSockets) {
    const NodeId group = makeGroup();
    ASSERT_EQ(graph().size(), 3u);
    const graph::Node& node = graph().at(group);
    EXPECT_EQ(node.type, "group");
    const graph::GroupDefinition* definition = graph().findGroup(node.group);
    ASSERT_TRUE(definition);
    ASSERT_EQ(definition->inputs.size(), 1u);
    EXPECT_EQ(definition->inputs[0].type, "image");
    ASSERT_EQ(definition->outputs.size(), 1u);
    EXPECT_EQ(definition->graph->size(), 3u) << "the node, an input and an output";
    EXPECT_TRUE(linked(m_load, group, "image"));
    EXPECT_TRUE(linked(group, m_save, "image"));
    EXPECT_EQ(m_document.history().undoTitle(), "Group node");
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_TRUE(linked(m_blur, m_save, "image"));
    EXPECT_TRUE(graph().groups().empty());
}

TEST_F(CanvasGroups, ADoubleClickEntersAndEscapeLeaves) {
    const NodeId group = makeGroup();
    QSignalSpy opened(m_canvas.get(), &Canvas::groupOpened);
    doubleClick(header(group));
    EXPECT_EQ(m_canvas->canvasScene().depth(), 1);
    EXPECT_EQ(m_canvas->canvasScene().nodes().size(), 3u);
    EXPECT_EQ(opened.count(), 1);
    EXPECT_TRUE(m_canvas->findChild<QWidget*>("breadcrumb")->isVisible());
    screenshot(*m_canvas, "canvas_inside_group");
    key(Qt::Key_Escape);
    EXPECT_EQ(m_canvas->canvasScene().depth(), 0);
    EXPECT_FALSE(m_canvas->findChild<QWidget*>("breadcrumb")->isVisible());
}

TEST_F(CanvasGroups, TheBreadcrumbLeadsOut) {
    const NodeId group = makeGroup();
    m_canvas->enterGroup(group);
    auto* first = m_canvas->findChild<QWidget*>("breadcrumb")->findChild<QToolButton*>();
    ASSERT_TRUE(first);
    QTest::mouseClick(first, Qt::LeftButton);
    EXPECT_EQ(m_canvas->canvasScene().depth(), 0);
}

TEST_F(CanvasGroups, EditingInsideChangesEveryInstanceAndUndoes) {
    const NodeId group = makeGroup();
    const std::string definition = graph().at(group).group;
    click(header(group));
    key(Qt::Key_D, Qt::ControlModifier);
    ASSERT_EQ(graph().size(), 4u);
    EXPECT_EQ(graph().at(*m_canvas->selection().begin()).group, definition);
    m_canvas->enterGroup(group);
    key(Qt::Key_Tab);
    type("upscale");
    typeKey(Qt::Key_Return);
    EXPECT_EQ(graph().findGroup(definition)->graph->size(), 4u);
    EXPECT_EQ(graph().size(), 4u) << "the outer graph is as it was";
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(graph().findGroup(definition)->graph->size(), 3u);
    EXPECT_EQ(m_canvas->canvasScene().depth(), 1);
}

TEST_F(CanvasGroups, UngroupingPutsNodesAndLinksBack) {
    const NodeId group = makeGroup();
    click(header(group));
    key(Qt::Key_G, Qt::ControlModifier | Qt::AltModifier);
    ASSERT_EQ(graph().size(), 3u);
    const NodeId blur = *m_canvas->selection().begin();
    EXPECT_EQ(graph().at(blur).type, "test.blur");
    EXPECT_TRUE(linked(m_load, blur, "image"));
    EXPECT_TRUE(linked(blur, m_save, "image"));
    EXPECT_TRUE(graph().groups().empty());
}

TEST_F(CanvasGroups, GroupsNestAndUndoLeavesAGroupThatIsGone) {
    const NodeId group = makeGroup();
    m_canvas->enterGroup(group);
    NodeId inner = 0;
    for (const auto& [id, item] : m_canvas->canvasScene().nodes())
        if (m_canvas->canvasScene().graph().at(id).type == "test.blur") inner = id;
    m_canvas->select({inner});
    key(Qt::Key_G, Qt::ControlModifier);
    m_canvas->enterGroup(*m_canvas->selection().begin());
    EXPECT_EQ(m_canvas->canvasScene().depth(), 2);
    EXPECT_EQ(m_canvas->canvasScene().nodes().size(), 3u);
    m_document.undo();
    EXPECT_EQ(m_canvas->canvasScene().depth(), 1);
    m_document.undo();
    EXPECT_EQ(m_canvas->canvasScene().depth(), 0);
    EXPECT_EQ(m_canvas->canvasScene().nodes().size(), 3u);
}

TEST_F(CanvasGroups, OneOutputThatFeedsSeveralInsideIsOneSocket) {
    m_load = add("test.load", 0, 200);
    const NodeId mix = add("test.mix", 340, 200), blur = add("test.blur", 340, 460);
    link(m_load, "image", mix, "below");
    link(m_load, "image", mix, "above");
    link(m_load, "image", blur, "image");
    m_canvas->select({mix, blur});
    key(Qt::Key_G, Qt::ControlModifier);
    const graph::Node& node = graph().at(*m_canvas->selection().begin());
    EXPECT_EQ(graph().findGroup(node.group)->inputs.size(), 1u);
    EXPECT_EQ(node.inputs.size(), 1u);
}

TEST_F(CanvasGroups, AGroupThatWouldFeedItselfIsRefused) {
    makeRow();
    m_canvas->select({m_load, m_save}); // the blur between them stays outside
    key(Qt::Key_G, Qt::ControlModifier);
    EXPECT_EQ(graph().size(), 3u);
    EXPECT_TRUE(graph().groups().empty());
    EXPECT_FALSE(m_failure.isEmpty());
}

TEST_F(CanvasGroups, FramesAreTitledMovedResizedAndDeleted) {
    makeRow();
    m_canvas->select({m_load, m_blur});
    key(Qt::Key_J, Qt::ControlModifier);
    ASSERT_EQ(graph().frames().size(), 1u);
    ASSERT_TRUE(qobject_cast<QLineEdit*>(QApplication::focusWidget())) << "its title is asked for at once";
    type("Prepare");
    typeKey(Qt::Key_Return);
    EXPECT_EQ(graph().frames()[0].title, "Prepare");
    const QPointF load = place(m_load), save = place(m_save);
    const graph::Frame frame = graph().frames()[0];
    const QPoint title = at({frame.x + frame.width - 60, frame.y + 12});
    drag(title, title + QPoint(30, 40));
    EXPECT_EQ(place(m_load), load + QPointF(30, 40)) << "what lies in it goes with it";
    EXPECT_EQ(place(m_save), save);
    EXPECT_EQ(graph().frames()[0].y, frame.y + 40);
    const QPoint corner = at({frame.x + frame.width + 30 - 5, frame.y + frame.height + 40 - 5});
    drag(corner, corner + QPoint(25, 15));
    EXPECT_EQ(graph().frames()[0].width, frame.width + 25);
    click(title + QPoint(30, 40));
    key(Qt::Key_Delete);
    EXPECT_TRUE(graph().frames().empty());
    EXPECT_EQ(graph().size(), 3u);
}

TEST_F(CanvasGroups, ArrangeLeavesNoTwoNodesOverlapping) {
    makeRow();
    const NodeId mix = add("test.mix", 20, 210), number = add("test.number", 10, 190);
    link(m_blur, "image", mix, "below");
    link(number, "value", mix, "share");
    key(Qt::Key_L);
    std::vector<QRectF> frames;
    for (const auto& [id, item] : m_canvas->canvasScene().nodes()) frames.push_back(item->frame());
    for (std::size_t i = 0; i < frames.size(); ++i)
        for (std::size_t j = i + 1; j < frames.size(); ++j) EXPECT_FALSE(frames[i].intersects(frames[j]));
    for (const auto& [key, item] : m_canvas->canvasScene().links())
        EXPECT_LT(item->path().pointAtPercent(0).x(), item->path().pointAtPercent(1).x())
            << "links run to the right";
}

TEST_F(CanvasGroups, UnknownNodesAreShownAndKeepTheirLinks) {
    makeRow();
    m_document.edit("Foreign", [&](Graph& g) {
        graph::Node node = g.at(m_blur);
        node.type = "other.filter";
        node.name = "filter";
        g.replace(std::move(node));
    });
    const NodeItem* item = m_canvas->canvasScene().node(m_blur);
    EXPECT_FALSE(item->face().known);
    EXPECT_TRUE(item->face().findSocket("image", false));
    EXPECT_TRUE(item->face().findSocket("image", true));
    EXPECT_EQ(m_canvas->canvasScene().links().size(), 2u);
    drag(header(m_blur), header(m_blur) + QPoint(0, 60));
    EXPECT_TRUE(linked(m_load, m_blur, "image"));
    EXPECT_TRUE(linked(m_blur, m_save, "image"));
    screenshot(*m_canvas, "canvas_unknown_node");
}

TEST_F(CanvasGroups, TheEmptyCanvasOffersToAddANode) {
    auto* empty = m_canvas->findChild<QWidget*>("emptyState");
    EXPECT_TRUE(empty->isVisible());
    screenshot(*m_canvas, "canvas_empty");
    QTest::mouseClick(empty->findChild<QPushButton*>(), Qt::LeftButton);
    ASSERT_TRUE(search().isOpen());
    type("blur");
    typeKey(Qt::Key_Return);
    EXPECT_FALSE(empty->isVisible());
}

} // namespace ochre::ui::test
