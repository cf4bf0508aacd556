// SPDX-License-Identifier: GPL-3.0-or-later
// The prompt in the top bar, weights in prompts, and new seeds.
#include "tests/gui/ShellFixture.h"
#include "tests/gui/StudioNodes.h"
#include "ui/PromptBar.h"
#include "ui/canvas/Canvas.h"
#include "ui/panels/MessageBar.h"
#include "ui/panels/PromptField.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

class PromptTest : public ShellTest {
protected:
    PromptBar& bar() { return m_window->prompt(); }
    PromptField& field() { return m_window->prompt().field(); }
    std::string text(NodeId node) {
        const auto& set = document().graph().at(node).parameters;
        const auto found = set.find("text");
        return found == set.end() ? std::string() : std::get<std::string>(found->second);
    }
    void key(int code, Qt::KeyboardModifiers mods = {}) { QTest::keyClick(&field(), static_cast<Qt::Key>(code), mods); }
    void replace(const QString& words) {
        field().selectAll();
        QTest::keyClicks(&field(), words);
    }
};

TEST_F(PromptTest, ShowsThePromptThatTheViewedNodeComesFromAndIsHiddenWithoutOne) {
    open();
    EXPECT_FALSE(bar().isVisible());
    makePictureGraph();
    EXPECT_FALSE(bar().isVisible());
    makeStudioGraph();
    ASSERT_TRUE(bar().isVisible());
    EXPECT_EQ(field().toPlainText(), QStringLiteral("a red fox in the snow, morning light"));
    document().edit("Set", [&](graph::Graph& g) { g.setParameter(m_prompt, "text", std::string("a hare")); });
    EXPECT_EQ(field().toPlainText(), QStringLiteral("a hare"));
    document().edit("Remove", [&](graph::Graph& g) { g.remove(m_prompt); });
    EXPECT_FALSE(bar().isVisible());
    document().undo();
    EXPECT_TRUE(bar().isVisible());
}

TEST_F(PromptTest, TypingEditsTheNodeUndoTakesItBackAndCtrlReturnRuns) {
    open();
    makeStudioGraph();
    click(field().viewport());
    EXPECT_TRUE(field().hasFocus());
    key(Qt::Key_End, Qt::ControlModifier);
    QTest::keyClicks(&field(), QStringLiteral(", fog"));
    EXPECT_EQ(text(m_prompt), "a red fox in the snow, morning light, fog");
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(text(m_prompt), "a red fox in the snow, morning light") << "the document's undo, in one step";
    EXPECT_EQ(field().toPlainText(), QString::fromStdString(text(m_prompt)));
    const std::size_t jobs = m_session->jobs().size();
    key(Qt::Key_Return, Qt::ControlModifier);
    EXPECT_EQ(m_session->jobs().size(), jobs + 1);
    EXPECT_FALSE(QString::fromStdString(text(m_prompt)).contains(QLatin1Char('\n')));
    ASSERT_TRUE(wait([&] { return m_session->idle(); }));
    key(Qt::Key_Escape);
    EXPECT_FALSE(field().hasFocus());
    EXPECT_TRUE(m_window->canvas().hasFocus());
}

TEST_F(PromptTest, GrowsToFourLinesWhileItIsEdited) {
    open();
    makeStudioGraph();
    runAndWait();
    const QString longText = QStringLiteral(
        "a red fox in deep snow at the edge of a birch forest, morning light from the left, breath in the cold air, "
        "shallow depth of field, photograph, 85 mm, fine fur, soft background, film grain, muted colours, "
        "a raven on a branch above, tracks that lead away to the right, mist between the trees");
    document().edit("Set", [&](graph::Graph& g) { g.setParameter(m_prompt, "text", longText.toStdString()); });
    QTest::qWait(30);
    EXPECT_EQ(bar().height(), 28);
    shot(*m_window, QStringLiteral("shell-prompt"));
    click(field().viewport());
    QTest::qWait(30);
    const int line = field().fontMetrics().lineSpacing();
    EXPECT_EQ(bar().height(), 28 + 3 * line);
    EXPECT_LE(bar().geometry().right(), m_window->width());
    shot(*m_window, QStringLiteral("shell-prompt-open"));
    Theme::instance().setMode(Mode::Light);
    QTest::qWait(30);
    shot(*m_window, QStringLiteral("shell-prompt-open-light"));
    key(Qt::Key_Escape);
    QTest::qWait(30);
    EXPECT_EQ(bar().height(), 28);
    replace(QStringLiteral("x"));
    EXPECT_EQ(text(m_prompt), "x");
}

TEST_F(PromptTest, CtrlUpAndDownChangeTheWeightOfTheSelection) {
    open();
    makeStudioGraph();
    click(field().viewport());
    field().selectAll();
    QApplication::clipboard()->setText(QString::fromUtf8("ein schöner Fuchs"));
    key(Qt::Key_V, Qt::ControlModifier); // letters of two bytes
    QTextCursor cursor = field().textCursor();
    cursor.setPosition(4);
    cursor.setPosition(11, QTextCursor::KeepAnchor);
    field().setTextCursor(cursor);
    key(Qt::Key_Up, Qt::ControlModifier);
    EXPECT_EQ(text(m_prompt), "ein (schöner:1.1) Fuchs");
    EXPECT_EQ(field().textCursor().selectedText(), QString::fromUtf8("schöner"));
    key(Qt::Key_Up, Qt::ControlModifier);
    EXPECT_EQ(text(m_prompt), "ein (schöner:1.2) Fuchs");
    for (int i = 0; i < 3; ++i) key(Qt::Key_Down, Qt::ControlModifier);
    EXPECT_EQ(text(m_prompt), "ein (schöner:0.9) Fuchs");
    key(Qt::Key_Up, Qt::ControlModifier);
    EXPECT_EQ(text(m_prompt), "ein schöner Fuchs");
}

TEST_F(PromptTest, AltUpAndDownWalkThePromptsOfThisSession) {
    open();
    makeStudioGraph();
    click(field().viewport());
    const auto runWith = [&](const QString& words) {
        replace(words);
        key(Qt::Key_Return, Qt::ControlModifier);
    };
    runWith(QStringLiteral("first"));
    runWith(QStringLiteral("second"));
    replace(QStringLiteral("unfinished"));
    key(Qt::Key_Up, Qt::AltModifier);
    EXPECT_EQ(text(m_prompt), "second");
    key(Qt::Key_Up, Qt::AltModifier);
    EXPECT_EQ(text(m_prompt), "first");
    key(Qt::Key_Up, Qt::AltModifier);
    EXPECT_EQ(text(m_prompt), "first") << "that was the oldest";
    key(Qt::Key_Down, Qt::AltModifier);
    key(Qt::Key_Down, Qt::AltModifier);
    EXPECT_EQ(text(m_prompt), "unfinished") << "what was being written is not lost";
    ASSERT_TRUE(wait([&] { return m_session->idle(); }));
}

TEST_F(PromptTest, WeightsAlsoChangeInTheInspector) {
    open();
    makeStudioGraph();
    m_window->canvas().select({m_prompt});
    QTest::qWait(20);
    auto* inspected = m_window->findChild<PromptField*>(QStringLiteral("control.text"));
    ASSERT_NE(inspected, nullptr);
    click(inspected->viewport());
    QTextCursor cursor = inspected->textCursor();
    cursor.setPosition(3); // in "red": a word without selection
    inspected->setTextCursor(cursor);
    QTest::keyClick(inspected, Qt::Key_Up, Qt::ControlModifier);
    EXPECT_EQ(text(m_prompt), "a (red:1.1) fox in the snow, morning light");
    EXPECT_EQ(field().toPlainText(), QString::fromStdString(text(m_prompt)));
    shot(*m_window, QStringLiteral("shell-prompt-inspector"));
}

TEST_F(PromptTest, ARunWithANewSeedChangesWhatThePictureDependsOnInOneStep) {
    open();
    makeStudioGraph();
    const NodeId other = add("stub.sample", 300, 600);
    QTest::keyClick(m_window.get(), Qt::Key_Return, Qt::ControlModifier | Qt::ShiftModifier);
    const double first = number(m_sample, "seed");
    EXPECT_FALSE(std::isnan(first));
    EXPECT_NE(first, 7);
    EXPECT_TRUE(std::isnan(number(other, "seed"))) << "the viewer does not show it";
    EXPECT_EQ(m_session->jobs().size(), 1u);
    EXPECT_EQ(document().history().undoTitle(), "New seed");
    ASSERT_TRUE(wait([&] { return m_session->idle(); }));
    QTest::keyClick(m_window.get(), Qt::Key_Return, Qt::ControlModifier | Qt::ShiftModifier);
    EXPECT_NE(number(m_sample, "seed"), first);
    ASSERT_TRUE(wait([&] { return m_session->idle(); }));
    document().undo();
    EXPECT_EQ(number(m_sample, "seed"), first);
    document().undo();
    EXPECT_TRUE(std::isnan(number(m_sample, "seed")));
}

TEST_F(PromptTest, WithoutASeedItSaysSo) {
    open();
    m_cloud = add("shell.cloud", 0, 0);
    m_window->viewport().setViewed(m_cloud);
    QTest::keyClick(m_window.get(), Qt::Key_Return, Qt::ControlModifier | Qt::ShiftModifier);
    EXPECT_TRUE(m_window->messages().message().contains(QStringLiteral("seed")));
    EXPECT_TRUE(m_session->jobs().empty());
}

} // namespace
} // namespace ochre::ui::shell
