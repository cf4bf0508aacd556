// SPDX-License-Identifier: GPL-3.0-or-later
// A text classifier is trained in the window, and what it looks at is seen there: while it learns, and in a graph.
#include <filesystem>

#include "tests/gui/ShellFixture.h"
#include "ui/bridge/TrainingProcess.h"
#include "ui/canvas/Canvas.h"
#include "ui/panels/TrainingPanel.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

class ClassifyTest : public ShellTest {
protected:
    ImageView& view() { return m_window->viewport().imageView(); }
    TrainingProcess& training() { return m_window->trainingPanel().training(); }

    /// Trains one in the panel. False where the emoji are not installed.
    bool train() {
        click(find<QWidget>(QStringLiteral("bottom.training")));
        EXPECT_TRUE(wait([&] { return !training().recipes().empty(); }, 60000));
        TrainingPanel& panel = m_window->trainingPanel();
        panel.setRecipe("text_classifier");
        panel.setValue("steps", std::int64_t{60});
        panel.setValue("batch", std::int64_t{16});
        panel.setValue("width", std::int64_t{32});
        panel.setFolder(QString::fromStdString((m_folder / "training").string()));
        click(find<QPushButton>(QStringLiteral("training.start")));
        EXPECT_TRUE(wait([&] { return !training().running() && (training().points().size() == 60 || training().points().empty()); }, 240000));
        return !training().points().empty();
    }
    void run() {
        const std::size_t jobs = m_session->jobs().size();
        click(find<QWidget>(QStringLiteral("run")));
        ASSERT_TRUE(wait([&] { return m_session->jobs().size() == jobs + 1 && m_session->idle(); }, 60000));
        ASSERT_EQ(m_session->jobs().front().status, session::JobStatus::Done) << m_session->jobs().front().error;
        QTest::qWait(200);
    }
};

TEST_F(ClassifyTest, AttentionMapsAreSeenWhileItLearnsAndOfAnyTextAfterwards) {
    open({1600, 1000});
    m_window->loadRuntime();
    if (!train()) GTEST_SKIP() << "needs the emoji packages";
    ASSERT_FALSE(training().samples().isEmpty());
    const QImage sample(training().samples().back());
    EXPECT_GT(sample.height(), 400) << "bars of nine groups, and two rows of maps";
    EXPECT_FALSE(find<QLabel>(QStringLiteral("training.sample"))->pixmap().isNull());
    shot(*m_window, QStringLiteral("classify-training"));

    const NodeId classify = add("write.classify_text", 0, 0), shown = add("image.view", 320, 0);
    link(classify, "image", shown, "image");
    m_window->viewport().setViewed(shown);
    m_window->canvas().select({classify});
    QTest::qWait(50);
    auto* path = find<QWidget>(QStringLiteral("control.classifier"));
    ASSERT_NE(path, nullptr);
    auto* line = path->findChild<QLineEdit*>();
    ASSERT_NE(line, nullptr);
    click(line);
    QTest::keyClicks(line, training().result());
    QTest::keyClick(line, Qt::Key_Return);
    run();
    ASSERT_TRUE(wait([&] { return view().image().width() > 0; }));
    const QSize first(view().image().width(), view().image().height());
    EXPECT_GT(first.width(), 400);
    shot(*m_window, QStringLiteral("classify-graph"));

    auto* words = find<QPlainTextEdit>(QStringLiteral("control.words"));
    ASSERT_NE(words, nullptr);
    click(words->viewport());
    words->selectAll();
    QTest::keyClicks(words, QStringLiteral("dog face pet animal friend"));
    run();
    EXPECT_TRUE(wait([&] { return view().image().width() > first.width(); })) << "more words, wider maps";
    EXPECT_FALSE(m_session->result(classify, "class").as<std::string>().empty());
    shot(*m_window, QStringLiteral("classify-other-text"));
}

} // namespace
} // namespace ochre::ui::shell
