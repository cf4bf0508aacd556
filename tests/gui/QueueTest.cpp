// SPDX-License-Identifier: GPL-3.0-or-later
// The queue as an artist works it: pause, go on, change the order, cancel.
#include "tests/gui/ShellFixture.h"
#include "tests/gui/StudioNodes.h"
#include "ui/TopBar.h"
#include "ui/canvas/Canvas.h"
#include "ui/panels/JobRow.h"
#include "ui/panels/QueuePanel.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

using session::JobStatus;

class QueueTest : public ShellTest {
protected:
    JobRow* row(session::JobId id) { return m_window->queue().row(id); }
    QToolButton* button(session::JobId id, const char* name) {
        return row(id)->findChild<QToolButton*>(QLatin1String(name));
    }
    JobStatus status(session::JobId id) {
        for (const session::Job& job : m_session->jobs())
            if (job.id == id) return job.status;
        return JobStatus::Failed;
    }
    QString chipText() { return find<QueueChip>({})->accessibleName(); }
    std::vector<std::uint8_t> pixels() {
        const auto value = m_session->result(m_decode, "image");
        const auto values = value.as<Image>().values();
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(values.data());
        return {bytes, bytes + values.size_bytes()};
    }
    /// Runs with the button, opens the queue; the job runs and has done some steps.
    session::JobId startRun() {
        stepsDone = 0;
        click(find<QWidget>(QStringLiteral("run")));
        if (!find<QWidget>(QStringLiteral("bottom.queue"))->property("checked").toBool())
            click(find<QWidget>(QStringLiteral("bottom.queue")));
        EXPECT_TRUE(wait([&] { return stepsDone >= 3; }));
        EXPECT_TRUE(wait([&] { return row(m_session->jobs().front().id) != nullptr; }));
        return m_session->jobs().front().id;
    }
};

TEST_F(QueueTest, PauseStopsBetweenTwoStepsAndGoesOnToTheSamePicture) {
    open();
    makeStudioGraph(25);
    const session::JobId job = startRun();
    click(button(job, "pauseJob"));
    EXPECT_EQ(status(job), JobStatus::Paused);
    QTest::qWait(150);
    const int held = stepsDone;
    QTest::qWait(400);
    EXPECT_EQ(stepsDone, held) << "no step runs while it is paused";
    EXPECT_TRUE(chipText().contains(QStringLiteral("paused"))) << chipText().toStdString();
    shot(*m_window, QStringLiteral("shell-paused"));
    click(button(job, "pauseJob"));
    ASSERT_TRUE(wait([&] { return m_session->idle(); }));
    EXPECT_EQ(status(job), JobStatus::Done);
    EXPECT_EQ(stepsDone, 20);
    const auto paused = pixels();
    m_session->cache().clear();
    QTest::qWait(100);
    runAndWait();
    EXPECT_EQ(stepsDone, 40);
    EXPECT_EQ(pixels(), paused) << "a pause leaves no trace in the picture";
    EXPECT_TRUE(chipText().contains(QStringLiteral("empty"))) << chipText().toStdString();
}

TEST_F(QueueTest, TheKeyOfTheRunMenuPausesAndCancelWorksMeanwhile) {
    open();
    makeStudioGraph(25);
    const session::JobId job = startRun();
    QTest::keyClick(m_window.get(), Qt::Key_P, Qt::ControlModifier | Qt::AltModifier);
    EXPECT_EQ(status(job), JobStatus::Paused);
    QTest::qWait(100);
    QTest::keyClick(m_window.get(), Qt::Key_P, Qt::ControlModifier | Qt::AltModifier);
    EXPECT_EQ(status(job), JobStatus::Running);
    QTest::keyClick(m_window.get(), Qt::Key_P, Qt::ControlModifier | Qt::AltModifier);
    QTest::qWait(60);
    const auto start = std::chrono::steady_clock::now();
    QTest::keyClick(m_window.get(), Qt::Key_Period, Qt::ControlModifier);
    ASSERT_TRUE(wait([&] { return m_session->idle(); }, 3000));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500));
    EXPECT_EQ(status(job), JobStatus::Cancelled);
}

TEST_F(QueueTest, KeysOnARowChangeTheTurnPauseAndCancel) {
    open();
    makeStudioGraph(40);
    const session::JobId running = startRun();
    const session::JobId a = m_session->enqueue(), b = m_session->enqueue(), c = m_session->enqueue();
    ASSERT_TRUE(wait([&] { return m_window->queue().rowCount() == 4 && row(c); }));
    const auto order = [&] {
        std::vector<session::JobId> ids;
        for (const session::Job& job : m_session->jobs()) ids.push_back(job.id);
        return ids;
    };
    QTest::qWait(60);
    EXPECT_LT(row(running)->y(), row(a)->y());
    EXPECT_LT(row(a)->y(), row(c)->y());
    click(row(c), {60, 18});
    EXPECT_TRUE(row(c)->hasFocus());
    QTest::keyClick(row(c), Qt::Key_Up, Qt::AltModifier);
    EXPECT_EQ(order(), (std::vector<session::JobId>{running, a, c, b}));
    QTest::qWait(80);
    EXPECT_LT(row(c)->y(), row(b)->y());
    EXPECT_TRUE(row(c)->hasFocus()) << "the row keeps the focus when it moves";
    QTest::keyClick(row(c), Qt::Key_Home);
    QTest::qWait(80);
    EXPECT_EQ(order(), (std::vector<session::JobId>{running, c, a, b}));
    click(button(a, "moveDown"));
    QTest::qWait(80);
    EXPECT_EQ(order(), (std::vector<session::JobId>{running, c, b, a}));
    EXPECT_FALSE(button(a, "moveDown")->isEnabled()) << "the last cannot go further";
    EXPECT_FALSE(button(c, "moveUp")->isEnabled());
    QTest::keyClick(row(c), Qt::Key_Space);
    EXPECT_EQ(status(c), JobStatus::Paused);
    QTest::qWait(80);
    shot(*m_window, QStringLiteral("shell-queue"));
    QTest::keyClick(row(c), Qt::Key_Down);
    EXPECT_TRUE(row(b)->hasFocus());
    QTest::keyClick(row(b), Qt::Key_Delete);
    EXPECT_EQ(status(b), JobStatus::Cancelled);
    m_session->cancel(running);
    ASSERT_TRUE(wait([&] { return status(a) == JobStatus::Done; })) << "it passes the one that is held back";
    EXPECT_EQ(status(c), JobStatus::Paused);
    click(find<QWidget>(QStringLiteral("cancelAll")));
    ASSERT_TRUE(wait([&] { return m_session->idle(); }, 3000));
    QTest::qWait(80);
    shot(*m_window, QStringLiteral("shell-queue-ended"));
}

} // namespace
} // namespace ochre::ui::shell
