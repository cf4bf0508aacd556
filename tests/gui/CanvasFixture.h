// SPDX-License-Identifier: GPL-3.0-or-later
// A canvas on a document with a handful of nodes of our own, driven by real events.
#pragma once

#include <QtTest/QtTest>
#include <QtWidgets>
#include <gtest/gtest.h>

#include "core/project/Document.h"
#include "ui/canvas/Canvas.h"
#include "ui/canvas/CanvasLook.h"
#include "ui/canvas/CanvasScene.h"
#include "ui/canvas/SearchMenu.h"

namespace ochre::ui::test {

using graph::Graph;
using graph::NodeId;

/// Declarations "test.load", "test.blur", "test.mix", "test.upscale", "test.save", "test.number",
/// "test.prompt", "test.scene".
void addTestNodes(graph::NodeRegistry& registry);

class CanvasTest : public ::testing::Test {
protected:
    CanvasTest();

    const Graph& graph() const { return m_document.graph(); }
    /// A node put straight into the document, at a place of the scene.
    NodeId add(const std::string& type, double x, double y, const std::string& label = {});
    void link(NodeId from, const std::string& output, NodeId to, const std::string& input);
    /// load → blur → save, in a row.
    void makeRow();

    QPoint at(QPointF scene) const { return m_canvas->mapFromScene(scene); }
    QPoint socket(NodeId node, const std::string& id, bool output) const;
    QPoint header(NodeId node) const;
    QPoint field(NodeId node, const std::string& parameter, double share = 0.5) const;
    QPoint linkMiddle(NodeId to, const std::string& input) const;
    QPointF place(NodeId node) const { return {graph().at(node).look.x, graph().at(node).look.y}; }

    void press(QPoint p, Qt::MouseButton button = Qt::LeftButton, Qt::KeyboardModifiers mods = {});
    void moveTo(QPoint p, Qt::MouseButtons buttons = Qt::LeftButton, Qt::KeyboardModifiers mods = {});
    void release(QPoint p, Qt::MouseButton button = Qt::LeftButton, Qt::KeyboardModifiers mods = {});
    void click(QPoint p, Qt::KeyboardModifiers mods = {});
    void doubleClick(QPoint p);
    void drag(QPoint from, QPoint to, Qt::MouseButton button = Qt::LeftButton,
              Qt::KeyboardModifiers mods = {});
    void key(int key, Qt::KeyboardModifiers mods = {});
    void type(const QString& text); ///< into whatever has the focus
    void typeKey(int key);

    SearchMenu& search() const { return *m_canvas->findChild<SearchMenu*>("searchMenu"); }
    bool linked(NodeId from, NodeId to, const std::string& input) const;

    graph::NodeRegistry m_registry;
    project::Document m_document;
    std::unique_ptr<Canvas> m_canvas;
    NodeId m_load = 0, m_blur = 0, m_save = 0;
    QString m_failure; ///< last message of Canvas::failed
};

/// Renders the canvas with everything over it at a device ratio and writes it under
/// OCHRE_TEST_BUILD/screenshots.
QImage screenshot(QWidget& widget, const QString& name, double ratio = 1);

} // namespace ochre::ui::test
