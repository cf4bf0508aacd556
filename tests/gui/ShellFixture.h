// SPDX-License-Identifier: GPL-3.0-or-later
// The whole window on a session with a few nodes of our own, driven by real events.
#pragma once

#include <functional>
#include <memory>

#include <QtTest/QtTest>
#include <QtWidgets>

#include <gtest/gtest.h>

#include "tests/support/Support.h"
#include "ui/MainWindow.h"

namespace ochre::ui::shell {

using graph::NodeId;

/// "shell.gradient" (every kind of parameter), "shell.slow", "shell.fail", "shell.cloud", "shell.view",
/// "shell.look".
void addShellNodes(graph::NodeRegistry& registry);

class ShellTest : public ::testing::Test {
protected:
    ShellTest();
    ~ShellTest() override;

    /// Shows a window of this size; nodes are registered, the document is empty.
    void open(QSize size = {1280, 800});
    NodeId add(const std::string& type, double x, double y);
    void link(NodeId from, const std::string& output, NodeId to, const std::string& input);
    /// gradient → slow (0 s) → view, as a project would be.
    void makePictureGraph();
    void makeSceneGraph();
    /// prompt and negative → sample → decode → view: what a generating project looks like.
    void makeStudioGraph(std::int64_t milliseconds = 0, std::int64_t repeats = 0);

    template <typename T>
    T* find(const QString& name) const {
        return m_window->findChild<T*>(name);
    }
    void click(QWidget* widget, QPoint at = {});
    void drag(QWidget* widget, QPoint from, QPoint to, Qt::MouseButton button = Qt::LeftButton,
              Qt::KeyboardModifiers mods = {});
    bool wait(const std::function<bool()>& until, int milliseconds = 20000);
    void runAndWait(); ///< a click on Run, then until the queue is empty and the events have come
    void drop(QWidget* widget, const QStringList& files);

    project::Document& document() { return m_session->document(); }
    double number(NodeId node, const std::string& parameter) const;

    std::unique_ptr<session::Session> m_session;
    std::unique_ptr<MainWindow> m_window;
    ochre::test::TemporaryFolder m_folder;
    NodeId m_gradient = 0, m_slow = 0, m_view = 0, m_cloud = 0, m_prompt = 0, m_sample = 0, m_decode = 0;
};

/// What is on screen, as QWidget::grab gives it, also saved under OCHRE_TEST_BUILD/screenshots when `name` is
/// not empty.
QImage shot(QWidget& widget, const QString& name = {});
/// Mean absolute difference of two pictures of one size, 0…255.
double difference(const QImage& a, const QImage& b);

} // namespace ochre::ui::shell
