// SPDX-License-Identifier: GPL-3.0-or-later
// The first minutes with the model that comes along, by clicks and keys. Here it is a small one of random numbers.
#include <cstdlib>

#include "core/base/Paths.h"
#include "tests/gui/ShellFixture.h"
#include "tests/support/Machine.h"
#include "ui/PromptBar.h"
#include "ui/canvas/Canvas.h"
#include "ui/panels/PromptField.h"
#include "ui/panels/WelcomeCard.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {
namespace fs = std::filesystem;
using session::JobStatus;

/// A machine on which set-up has run: text encoder and upscaler in the models folder, the model in the resources.
class StarterModelGui : public ShellTest {
protected:
    StarterModelGui() : m_models("OCHRE_MODELS_DIR", (machine() / "models").string()), m_starter(machine() / "made.safetensors") {}

    /// Made once, by the program itself.
    static const fs::path& machine() {
        static const ochre::test::TemporaryFolder folder;
        static const bool made = [] {
            fs::create_directories(folder / "models/text_encoders");
            return make("minilm-small", folder / "models/text_encoders/all-minilm-l6-v2.safetensors") &&
                   make("upscaler-small", folder / "models/realesr-animevideov3-x4.safetensors") &&
                   make("starter-small", folder / "made.safetensors");
        }();
        EXPECT_TRUE(made) << "ochre bench --make-checkpoint failed";
        return folder.path();
    }
    static bool make(const char* kind, const fs::path& file) {
        QProcess process;
        process.start(QString::fromLocal8Bit(std::getenv("OCHRE_TEST_BUILD")) + QStringLiteral("/bin/ochre"),
                      {QStringLiteral("bench"), QStringLiteral("--make-checkpoint"), QString::fromLatin1(kind),
                       QString::fromStdString(file.string())});
        return process.waitForFinished(120000) && process.exitCode() == 0;
    }

    void start() {
        open();
        m_window->start(std::nullopt);
        m_window->loadRuntime();
        QTest::qWait(50);
        ASSERT_NE(m_window->welcome(), nullptr);
    }
    void chooseCard(const char* name) {
        auto* tile = m_window->findChild<QWidget*>(QStringLiteral("starter.") + QString::fromLatin1(name));
        ASSERT_NE(tile, nullptr) << name;
        click(tile);
        ASSERT_EQ(m_window->welcome(), nullptr);
    }
    void setSteps(std::int64_t steps) {
        document().edit("Set", [&](graph::Graph& g) { g.setParameter(firstOf("generate.sample"), "steps", steps); });
    }
    NodeId firstOf(const std::string& type) {
        NodeId found = 0;
        document().graph().forEach([&](const graph::Node& node) {
            if (node.type == type && found == 0) found = node.id;
        });
        return found;
    }
    PromptField& field() { return m_window->prompt().field(); }
    ImageView& view() { return m_window->viewport().imageView(); }
    session::Job job() { return m_session->jobs().front(); }

    ochre::test::Setting m_models;
    ochre::test::StarterModel m_starter;
};

TEST_F(StarterModelGui, TheFirstCardDrawsWhatThePromptBarSays) {
    start();
    const auto all = starters();
    ASSERT_FALSE(all.empty());
    EXPECT_EQ(all.front().file.stem(), "starter");
    shot(*m_window, QStringLiteral("shell-starter-model-welcome"));
    chooseCard("starter");
    ASSERT_TRUE(m_window->prompt().isVisible());
    EXPECT_EQ(field().toPlainText(), QStringLiteral("a red apple"));
    setSteps(60); // enough to look at
    click(field().viewport());
    field().selectAll();
    QTest::keyClicks(&field(), QStringLiteral("a green pear"));
    QTest::keyClick(&field(), Qt::Key_Return, Qt::ControlModifier);
    // The picture of a step may come before the step is told.
    ASSERT_TRUE(wait([&] { return !view().previewShown().isNull() && view().previewText().contains(QStringLiteral("of 60")); }, 60000))
        << view().previewText().toStdString();
    shot(*m_window, QStringLiteral("shell-starter-model-preview"));
    ASSERT_TRUE(wait([&] { return m_session->idle() && !view().previewing(); }, 60000));
    ASSERT_EQ(job().status, JobStatus::Done) << job().error;
    QTest::qWait(200);
    EXPECT_EQ(view().image().width(), 512);
    EXPECT_EQ(view().image().height(), 512);
    EXPECT_EQ(m_session->result(firstOf("latent.decode"), "image").as<Image>().width(), 128);
    shot(*m_window, QStringLiteral("shell-starter-model"));

    setSteps(900);
    QTest::keyClick(&field(), Qt::Key_Return, Qt::ControlModifier);
    ASSERT_TRUE(wait([&] { return view().previewing(); }, 60000));
    QElapsedTimer timer;
    timer.start();
    QTest::keyClick(m_window.get(), Qt::Key_Period, Qt::ControlModifier);
    ASSERT_TRUE(wait([&] { return m_session->idle(); }));
    EXPECT_LT(timer.elapsed(), 1000);
    EXPECT_EQ(job().status, JobStatus::Cancelled);
    EXPECT_EQ(view().image().width(), 512) << "the last picture stands";
}

TEST_F(StarterModelGui, OpeningTheWindowAndPressingRunIsEnough) {
    start();
    QTest::keyClick(m_window.get(), Qt::Key_Escape);
    click(find<QWidget>(QStringLiteral("run")));
    ASSERT_TRUE(wait([&] { return m_session->jobs().size() == 1 && m_session->idle() && !view().previewing(); }, 60000));
    ASSERT_EQ(job().status, JobStatus::Done) << job().error;
    ASSERT_TRUE(wait([&] { return view().image().width() == 512; }));
}

TEST_F(StarterModelGui, CardsOpenWhatSuitsTheModelAndItIsInTheMenu) {
    start();
    chooseCard("inpaint");
    EXPECT_EQ(document().path().parent_path().filename(), "starter");
    m_window->canvas().select({firstOf("generate.load_checkpoint")});
    QTest::qWait(100);
    QComboBox* menu = nullptr;
    for (QWidget* control : m_window->findChildren<QWidget*>(QStringLiteral("control.checkpoint")))
        if (auto* box = qobject_cast<QComboBox*>(control); box && box->isVisible()) menu = box;
    ASSERT_NE(menu, nullptr);
    EXPECT_EQ(menu->currentText(), QStringLiteral("starter"));
    EXPECT_GE(menu->findText(QStringLiteral("starter")), 0);
    click(find<QWidget>(QStringLiteral("run")));
    ASSERT_TRUE(wait([&] { return m_session->jobs().size() == 1 && m_session->idle() && !view().previewing(); }, 60000));
    ASSERT_EQ(job().status, JobStatus::Done) << job().error;
    ASSERT_TRUE(wait([&] { return view().image().width() == 512; }));
    QTest::qWait(200);
    shot(*m_window, QStringLiteral("shell-starter-model-inpaint"));
}

} // namespace
} // namespace ochre::ui::shell
