// SPDX-License-Identifier: GPL-3.0-or-later
// A folder or a video dropped on a graph: asked where to, run in the queue, stopped, gone on with.
#include "core/image/ImageIo.h"
#include "core/video/VideoFrames.h"
#include "core/video/VideoWriter.h"
#include "tests/gui/ShellFixture.h"
#include "ui/BatchCard.h"
#include "ui/canvas/Canvas.h"
#include "ui/panels/Fields.h"
#include "ui/panels/JobRow.h"
#include "ui/panels/MessageBar.h"
#include "ui/panels/QueuePanel.h"

namespace ochre::ui::shell {
namespace {

namespace fs = std::filesystem;

class BatchTest : public ShellTest {
protected:
    /// Load, blur (slow enough to be stopped), view; and a folder of pictures.
    void openGraph(int pictures = 6) {
        open({1440, 900});
        const NodeId load = add("image.load", 0, 0), blur = add("image.blur", 260, 0), viewer = add("image.view", 520, 0);
        document().edit("Set", [&](graph::Graph& g) {
            g.setParameter(load, "path", std::string("resources:pictures/still_life.png"));
            g.setParameter(blur, "radius", 20.0);
        });
        link(load, "image", blur, "image");
        link(blur, "image", viewer, "image");
        fs::create_directories(m_in);
        for (int i = 0; i < pictures; ++i) writeImage(picture(i), m_in / ("p" + std::to_string(10 + i) + ".png"));
    }
    static Image picture(int i, int side = 320) {
        Image image(side, side, 3);
        for (float& value : image.edit()) value = 0.05f * static_cast<float>(i);
        return image;
    }
    BatchCard* dropped(const fs::path& what) {
        drop(m_window->canvas().viewport(), {QString::fromStdString(what.string())});
        BatchCard* card = nullptr;
        EXPECT_TRUE(wait([&] { return (card = m_window->findChild<BatchCard*>(QStringLiteral("batch_card"))) && card->isVisible(); }));
        return card;
    }
    static void setPath(BatchCard* card, const char* field, const fs::path& path) {
        auto* to = card->findChild<PathField*>(QLatin1String(field));
        to->setPath(QString::fromStdString(path.string()));
        Q_EMIT to->edited(to->path());
    }
    static QString words(BatchCard* card) { return card->findChild<QLabel*>(QStringLiteral("batch_words"))->text(); }
    static QPushButton* start(BatchCard* card) { return card->findChild<QPushButton*>(QStringLiteral("batch_start")); }

    fs::path m_in = m_folder / "holiday", m_out = m_folder / "results";
};

TEST_F(BatchTest, AFolderDroppedOnAGraphIsProcessed) {
    openGraph();
    BatchCard* card = dropped(m_in);
    ASSERT_TRUE(card);
    EXPECT_TRUE(card->options().target.string().ends_with("holiday processed"));
    setPath(card, "batch_target", m_out);
    shot(*card, QStringLiteral("batch-card"));
    click(start(card));
    ASSERT_TRUE(wait([&] { return !m_window->messages().message().isEmpty() && m_session->idle(); }));
    EXPECT_TRUE(m_window->messages().message().contains(QStringLiteral("6 of 6 made"))) << m_window->messages().message().toStdString();
    shot(*m_window, QStringLiteral("batch-done"));
    for (int i = 0; i < 6; ++i) EXPECT_NEAR(readImage(m_out / ("p" + std::to_string(10 + i) + ".png")).values()[0], 0.05f * static_cast<float>(i), 0.01);
}

TEST_F(BatchTest, StoppedItIsGoneOnWith) {
    openGraph(40);
    BatchCard* card = dropped(m_in);
    ASSERT_TRUE(card);
    setPath(card, "batch_target", m_out);
    click(start(card));
    ASSERT_TRUE(wait([&] { return fs::exists(m_out / "p13.png"); }));
    const session::JobId job = m_session->jobs().front().id;
    ASSERT_TRUE(wait([&] { return m_window->queue().row(job) != nullptr; }));
    shot(*m_window, QStringLiteral("batch-running"));
    click(m_window->queue().row(job)->findChild<QToolButton*>(QStringLiteral("cancelJob")));
    ASSERT_TRUE(wait([&] { return !m_window->messages().message().isEmpty() && m_session->idle(); }));
    EXPECT_TRUE(m_window->messages().message().contains(QStringLiteral("stopped"))) << m_window->messages().message().toStdString();
    shot(*m_window, QStringLiteral("batch-stopped"));
    card = dropped(m_in);
    setPath(card, "batch_target", m_out);
    EXPECT_TRUE(words(card).contains(QStringLiteral("of 40 are done"))) << words(card).toStdString();
    EXPECT_EQ(start(card)->text(), QStringLiteral("Go on"));
    shot(*card, QStringLiteral("batch-card-go-on"));
    click(start(card));
    ASSERT_TRUE(wait([&] { return m_session->idle() && m_session->jobs().front().status == session::JobStatus::Done; }));
    EXPECT_GE(m_session->jobs().front().cached, 4u);
    EXPECT_EQ(m_session->jobs().front().cached + m_session->jobs().front().ran, 40u);
}

TEST_F(BatchTest, WhatCannotBeIsSaidInTheCard) {
    openGraph();
    BatchCard* card = dropped(m_in);
    ASSERT_TRUE(card);
    setPath(card, "batch_target", m_in);
    EXPECT_TRUE(words(card).contains(QStringLiteral("is the source itself"))) << words(card).toStdString();
    EXPECT_FALSE(start(card)->isEnabled());
    shot(*card, QStringLiteral("batch-card-error"));
    setPath(card, "batch_target", m_out);
    EXPECT_TRUE(start(card)->isEnabled());
    card->close();
}

TEST_F(BatchTest, AVideoIsProcessedOrOnAnEmptyCanvasLoaded) {
    openGraph();
    const fs::path film = m_folder / "film.mp4";
    {
        VideoWriter writer(film, {.width = 320, .height = 320, .fps = 24});
        for (int i = 0; i < 5; ++i) writer.add(picture(i));
        writer.finish();
    }
    BatchCard* card = dropped(film);
    ASSERT_TRUE(card);
    setPath(card, "batch_target", m_folder / "blurred.mp4");
    shot(*card, QStringLiteral("batch-card-video"));
    click(start(card));
    ASSERT_TRUE(wait([&] { return fs::exists(m_folder / "blurred.mp4") && m_session->idle(); }));
    EXPECT_EQ(VideoFrames(m_folder / "blurred.mp4").times().size(), 5u);
    document().edit("Clear", [](graph::Graph& g) { g = {}; });
    drop(m_window->canvas().viewport(), {QString::fromStdString(film.string())});
    ASSERT_TRUE(wait([&] { return document().graph().size() == 2 && m_session->idle(); }));
    EXPECT_TRUE(m_session->result(document().graph().findByName("load")->id, "image").tryAs<Image>());
}

} // namespace
} // namespace ochre::ui::shell
