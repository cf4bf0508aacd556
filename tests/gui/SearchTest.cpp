// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of a folder that look like the viewed one.
#include "core/image/ImageIo.h"
#include "tests/gui/ShellFixture.h"
#include "tests/support/Machine.h"
#include "ui/panels/MessageBar.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

class SearchTest : public ShellTest {
protected:
    void openPicture() {
        for (const char* name : {"still_life", "smile"})
            std::filesystem::copy_file(ochre::test::sourceFile(std::string("resources/pictures/") + name + ".png"),
                                       m_pictures / (std::string(name) + ".png"));
        open({1280, 800});
        m_window->loadRuntime();
        m_load = add("image.load", 0, 0);
        document().edit("Set", [this](graph::Graph& g) {
            g.setParameter(m_load, "path", std::string("resources:pictures/still_life.png"));
        });
        m_window->runTo(m_load);
        ASSERT_TRUE(wait([this] { return m_session->idle() && !m_window->viewport().imageView().shown().isNull(); }));
    }
    ochre::test::TemporaryFolder m_models, m_pictures, m_cache;
    ochre::test::StarterModel m_noStarter;
    ochre::test::Setting m_setting{"OCHRE_MODELS_DIR", m_models.path()}, m_kept{"OCHRE_CACHE_DIR", m_cache.path()};
    NodeId m_load = 0;
};

TEST_F(SearchTest, ASheetOfTheMostAlikeIsShownByOneNode) {
    std::filesystem::copy_file(ochre::test::sourceFile("tests/parity/dinov2/interpolated_registers/weights.safetensors"),
                               m_models / "dinov2_small.safetensors");
    openPicture();
    EXPECT_TRUE(m_window->findChild<QAction*>(QStringLiteral("Find similar pictures…")));
    Viewport& viewport = m_window->viewport();
    viewport.findSimilar(QString::fromStdString(m_pictures.path().string()));
    const NodeId search = viewport.viewed();
    ASSERT_EQ(document().graph().at(search).type, "understand.search");
    ASSERT_TRUE(wait([&] { return m_session->idle() && m_session->result(search, "image").tryAs<Image>(); }, 60000));
    QTest::qWait(80);
    const Json list = Json::parse(m_session->result(search, "list").as<std::string>());
    ASSERT_EQ(list.size(), 2u);
    EXPECT_TRUE(list[0].at("path").get<std::string>().ends_with("still_life.png"));
    shot(*m_window, QStringLiteral("search-similar"));
    viewport.setViewed(m_load);
    viewport.findSimilar(QString::fromStdString(m_models.path().string()));
    EXPECT_EQ(viewport.viewed(), search) << "the node that is there serves again";
    ASSERT_TRUE(wait([&] { return m_session->idle(); }));
}

TEST_F(SearchTest, WithoutWeightsItIsSaidWhichAreMissing) {
    openPicture();
    m_window->viewport().findSimilar(QString::fromStdString(m_pictures.path().string()));
    EXPECT_EQ(m_window->viewport().viewed(), m_load);
    EXPECT_TRUE(m_window->messages().message().contains(QStringLiteral("DINOv2"))) << m_window->messages().message().toStdString();
    shot(*m_window, QStringLiteral("search-no-weights"));
}

} // namespace
} // namespace ochre::ui::shell
