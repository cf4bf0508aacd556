// SPDX-License-Identifier: GPL-3.0-or-later
// The starter projects, as someone who opens Ochre for the first time meets them.
#include <cmath>

#include "core/base/Paths.h"
#include "tests/gui/ShellFixture.h"
#include "ui/canvas/Canvas.h"
#include "ui/panels/WelcomeCard.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/SceneView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

class StarterTest : public ShellTest {
protected:
    /// Files and models that the open graph names and that are not here.
    QStringList missing() const {
        QStringList names;
        m_session->document().graph().forEach([&](const graph::Node& node) {
            const graph::NodeDeclaration* declaration = m_session->registry().find(node.type);
            if (!declaration) {
                names << QString::fromStdString("node " + node.type);
                return;
            }
            for (const graph::Parameter& parameter : declaration->parameters()) {
                if (parameter.kind != graph::ParameterKind::Model) continue;
                const auto set = node.parameters.find(parameter.id);
                const auto& value = set == node.parameters.end() ? parameter.defaultValue : set->second;
                const auto& name = std::get<std::string>(value);
                if (paths::findModel(name).empty()) names << QString::fromStdString("model " + name);
            }
        });
        return names;
    }

    const Starter* find(const QString& stem) {
        m_starters = starters();
        for (const Starter& starter : m_starters)
            if (QString::fromStdString(starter.file.stem().string()) == stem) return &starter;
        return nullptr;
    }

    std::vector<Starter> m_starters;
};

TEST_F(StarterTest, FirstStartShowsTheStarterGraphAndTheCardGoesWithAKey) {
    if (starters().empty()) GTEST_SKIP() << "needs resources/graphs";
    open();
    m_window->start(std::nullopt);
    QTest::qWait(50);
    EXPECT_GT(document().graph().size(), 1u);
    EXPECT_FALSE(document().modified());
    EXPECT_TRUE(document().path().empty()) << "the starter itself must not be written over";
    ASSERT_NE(m_window->welcome(), nullptr);
    shot(*m_window, QStringLiteral("shell-welcome"));
    QTest::keyClick(m_window.get(), Qt::Key_Escape);
    EXPECT_EQ(m_window->welcome(), nullptr);
}

TEST_F(StarterTest, UpscaleRunsAndShowsFourTimesTheSize) {
    const Starter* starter = find(QStringLiteral("upscale"));
    if (!starter) GTEST_SKIP() << "needs resources/graphs/upscale.ochre";
    open();
    ASSERT_TRUE(m_window->openProject(starter->file));
    if (const QStringList absent = missing(); !absent.isEmpty())
        GTEST_SKIP() << "needs " << absent.join(", ").toStdString();
    m_window->loadRuntime();
    const std::size_t before = m_session->jobs().size();
    click(ShellTest::find<QWidget>(QStringLiteral("run")));
    ASSERT_TRUE(wait([&] { return m_session->jobs().size() > before && m_session->idle(); }, 240000));
    ASSERT_EQ(m_session->jobs().front().status, session::JobStatus::Done) << m_session->jobs().front().error;
    ASSERT_TRUE(wait([&] { return m_window->viewport().showsImage(); }));
    ImageView& view = m_window->viewport().imageView();
    ASSERT_TRUE(wait([&] { return !view.shown().isNull(); }));
    int widest = 0;
    document().graph().forEach([&](const graph::Node& node) {
        if (node.type != "image.load") return;
        for (const auto& socket : m_session->registry().find(node.type)->outputs())
            if (const Image* image = m_session->result(node.id, socket.id).tryAs<Image>())
                widest = std::max(widest, image->width());
    });
    ASSERT_GT(widest, 0);
    EXPECT_EQ(view.image().width(), widest * 4);
    QTest::qWait(200);
    shot(*m_window, QStringLiteral("shell-starter-upscale"));
}

TEST_F(StarterTest, SceneStarterOrbitsUnderTheMouse) {
    open();
    bool seen = false;
    for (const Starter& starter : starters()) {
        if (starter.file.stem() == "upscale") continue;
        ASSERT_TRUE(m_window->openProject(starter.file));
        bool scene = false;
        document().graph().forEach(
            [&](const graph::Node& node) { scene = scene || node.type.starts_with("scene."); });
        if (!scene) continue;
        seen = true;
        if (const QStringList absent = missing(); !absent.isEmpty())
            GTEST_SKIP() << "needs " << absent.join(", ").toStdString();
        runAndWait();
        ASSERT_TRUE(wait([&] { return m_window->viewport().showsScene(); }));
        SceneView& view = m_window->viewport().sceneView();
        ASSERT_TRUE(wait([&] { return view.frameIsFull(); }, 120000));
        shot(*m_window, QStringLiteral("shell-starter-scene"));
        const QImage before = view.frame().copy();
        const Camera from = view.camera().camera(100, 100);
        drag(&view, view.rect().center(), view.rect().center() + QPoint(200, 30));
        EXPECT_NE(from.worldToCamera, view.camera().camera(100, 100).worldToCamera);
        ASSERT_TRUE(wait([&] { return view.frameIsFull(); }, 120000));
        EXPECT_GT(difference(before, view.frame()), 0.5);
        break;
    }
    if (!seen) GTEST_SKIP() << "needs a starter project with a scene in resources/graphs";
}

} // namespace
} // namespace ochre::ui::shell
