// SPDX-License-Identifier: GPL-3.0-or-later
// The starter projects that generate, on a small checkpoint of random numbers: previews, pause, cancel, every one of them.
#include <cstdlib>
#include <utility>

#include "core/base/Paths.h"
#include "tests/gui/ShellFixture.h"
#include "tests/support/Machine.h"
#include "ui/canvas/Canvas.h"
#include "ui/panels/JobRow.h"
#include "ui/panels/QueuePanel.h"
#include "ui/panels/WelcomeCard.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

using session::JobStatus;

class GenerateTest : public ShellTest {
protected:
    /// A whole checkpoint of random numbers, tiny, made once by the program itself.
    static QString checkpoint() {
        static const QString path = [] {
            const QString file = QString::fromLocal8Bit(std::getenv("OCHRE_TEST_BUILD")) + QStringLiteral("/small-sd15.safetensors");
            if (QFileInfo::exists(file)) return file;
            const QString program = QString::fromLocal8Bit(std::getenv("OCHRE_TEST_BUILD")) + QStringLiteral("/bin/ochre");
            QProcess process;
            process.start(program, {QStringLiteral("bench"), QStringLiteral("--make-checkpoint"), QStringLiteral("sd15-small"), file});
            const bool done = process.waitForFinished(120000) && process.exitCode() == 0;
            return done ? file : QString();
        }();
        return path;
    }

    /// Opens a starter and gives it the checkpoint; pictures are as small as the graph allows.
    void openStarter(const QString& stem) {
        const auto file = paths::resources() / "graphs" / (stem.toStdString() + ".ochre");
        ASSERT_TRUE(m_window->openProject(file)) << file;
        set("generate.load_checkpoint", "checkpoint", checkpoint().toStdString());
    }
    void set(const std::string& type, const std::string& parameter, const graph::ParameterValue& value) {
        document().edit("Set", [&](graph::Graph& g) {
            std::vector<NodeId> nodes;
            g.forEach([&](const graph::Node& node) {
                if (node.type == type && !node.inputs.contains(parameter)) nodes.push_back(node.id);
            });
            for (const NodeId node : nodes) g.setParameter(node, parameter, value);
        });
    }
    void makeSmall() {
        for (const char* side : {"width", "height"}) {
            set("latent.empty", side, std::int64_t{64});
            set("image.resize", side, std::int64_t{64});
        }
        set("generate.sample", "steps", std::int64_t{3});
        set("image.outpaint", "left", std::int64_t{16});
        set("image.outpaint", "right", std::int64_t{16});
        set("image.crop_region", "size", std::int64_t{64});
        set("generate.upscale_tiled", "steps", std::int64_t{2});
        set("generate.upscale_tiled", "tile", std::int64_t{256});
    }
    NodeId firstOf(const std::string& type) {
        NodeId found = 0;
        document().graph().forEach([&](const graph::Node& node) {
            if (node.type == type && found == 0) found = node.id;
        });
        return found;
    }
    ImageView& view() { return m_window->viewport().imageView(); }
    session::Job job() { return m_session->jobs().front(); }
    void run() { click(find<QWidget>(QStringLiteral("run"))); }
    void start() {
        open();
        m_window->loadRuntime();
        ASSERT_FALSE(checkpoint().isEmpty()) << "ochre bench --make-checkpoint failed";
    }
};

TEST_F(GenerateTest, APictureGrowsInTheViewerAndAPauseLeavesNoTrace) {
    start();
    openStarter(QStringLiteral("text_to_image"));
    makeSmall();
    set("latent.empty", "width", std::int64_t{256});
    set("latent.empty", "height", std::int64_t{192});
    set("generate.sample", "steps", std::int64_t{40});
    run();
    ASSERT_TRUE(wait([&] { return view().previewing() && !view().previewShown().isNull(); }, 60000));
    EXPECT_TRUE(view().previewText().contains(QStringLiteral("of 40"))) << view().previewText().toStdString();
    shot(*m_window, QStringLiteral("shell-generate-preview"));
    click(find<QWidget>(QStringLiteral("bottom.queue")));
    ASSERT_TRUE(wait([&] { return m_window->queue().row(job().id) != nullptr; }));
    click(m_window->queue().row(job().id)->findChild<QToolButton*>(QStringLiteral("pauseJob")));
    EXPECT_EQ(job().status, JobStatus::Paused);
    QString held;
    ASSERT_TRUE(wait([&] { // the step under way is finished first
        const QString before = std::exchange(held, view().previewText());
        QTest::qWait(700);
        return held == before;
    }));
    QTest::qWait(700);
    EXPECT_EQ(view().previewText(), held) << "no step runs while it is paused";
    click(m_window->queue().row(job().id)->findChild<QToolButton*>(QStringLiteral("pauseJob")));
    ASSERT_TRUE(wait([&] { return m_session->idle() && !view().previewing(); }, 60000));
    ASSERT_EQ(job().status, JobStatus::Done) << job().error;
    QTest::qWait(200);
    ASSERT_EQ(view().image().width(), 256);
    ASSERT_EQ(view().image().height(), 192);
    shot(*m_window, QStringLiteral("shell-generate"));
    const Image paused = m_session->result(firstOf("latent.decode"), "image").as<Image>();
    m_session->cache().clear();
    run();
    ASSERT_TRUE(wait([&] { return m_session->jobs().size() == 2 && m_session->idle(); }, 60000));
    const Image whole = m_session->result(firstOf("latent.decode"), "image").as<Image>();
    EXPECT_TRUE(std::ranges::equal(paused.values(), whole.values()));
}

TEST_F(GenerateTest, CancelStopsBetweenTwoStepsAndKeepsTheLastPicture) {
    start();
    openStarter(QStringLiteral("text_to_image"));
    makeSmall();
    run();
    ASSERT_TRUE(wait([&] { return m_session->jobs().size() == 1 && m_session->idle() && !view().previewing(); }, 60000));
    ASSERT_EQ(job().status, JobStatus::Done) << job().error;
    set("generate.sample", "steps", std::int64_t{500});
    run();
    ASSERT_TRUE(wait([&] { return view().previewing(); }, 60000));
    QElapsedTimer timer;
    timer.start();
    QTest::keyClick(m_window.get(), Qt::Key_Period, Qt::ControlModifier);
    ASSERT_TRUE(wait([&] { return m_session->idle(); }));
    EXPECT_LT(timer.elapsed(), 1000);
    EXPECT_EQ(job().status, JobStatus::Cancelled);
    EXPECT_EQ(view().image().width(), 64) << "the last picture stands";
}

TEST_F(GenerateTest, WithoutACheckpointTheNodeSaysWhatToDo) {
    const ochre::test::StarterModel none;
    const ochre::test::Setting models("OCHRE_MODELS_DIR", m_folder.path().string());
    start();
    openStarter(QStringLiteral("text_to_image"));
    set("generate.load_checkpoint", "checkpoint", std::string());
    run();
    ASSERT_TRUE(wait([&] { return m_session->jobs().size() == 1 && m_session->idle(); }, 60000));
    EXPECT_EQ(job().status, JobStatus::Failed);
    EXPECT_NE(job().error.find("checkpoint"), std::string::npos) << job().error;
    QTest::qWait(200);
    shot(*m_window, QStringLiteral("shell-generate-no-checkpoint"));
}

class GeneratingStarter : public GenerateTest, public testing::WithParamInterface<const char*> {};

TEST_P(GeneratingStarter, RunsFromAClick) {
    start();
    openStarter(QString::fromLatin1(GetParam()));
    if (HasFatalFailure()) return;
    QTest::qWait(100);
    shot(*m_window, QStringLiteral("shell-starter-") + QString::fromLatin1(GetParam()));
    makeSmall();
    run();
    ASSERT_TRUE(wait([&] { return m_session->jobs().size() == 1 && m_session->idle(); }, 120000));
    ASSERT_EQ(job().status, JobStatus::Done) << job().error;
    ASSERT_TRUE(wait([&] { return m_window->viewport().showsImage() && view().image().width() > 0; }));
}

INSTANTIATE_TEST_SUITE_P(All, GeneratingStarter,
                         testing::Values("text_to_image", "image_to_image", "inpaint", "outpaint", "two_pass", "upscale_tiled",
                                         "compare_settings", "prompt_walk", "variations"));

} // namespace
} // namespace ochre::ui::shell
