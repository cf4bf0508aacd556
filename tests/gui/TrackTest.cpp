// SPDX-License-Identifier: GPL-3.0-or-later
// An object of a film selected, corrected and tracked by mouse and keys, against what is known of the film.
#include "core/base/File.h"
#include "core/video/Clip.h"
#include "core/video/VideoWriter.h"
#include "tests/gui/ShellFixture.h"
#include "tests/support/Machine.h"
#include "tests/support/MovingObject.h"
#include "ui/viewport/FrameBar.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/MaskBar.h"
#include "ui/viewport/MaskEdits.h"
#include "ui/viewport/TrackEdits.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

constexpr int kLineInset = 6; // of the line of frames

class TrackTest : public ShellTest {
protected:
    void openFilm(QSize size = {1440, 900}) {
        const std::filesystem::path file = m_folder / "film.mp4";
        VideoWriter writer(file, {.width = m_film.width, .height = m_film.height, .fps = 24, .quality = 12});
        for (int i = 0; i < m_film.frames; ++i) writer.add(m_film.frame(i));
        writer.finish();
        open(size);
        m_window->loadRuntime();
        drop(m_window.get(), {QString::fromStdString(file.string())});
        ASSERT_TRUE(wait([this] { return m_session->idle() && !view().shown().isNull() && track().frames() == m_film.frames; }));
    }
    void settle() {
        ASSERT_TRUE(wait([this] { return !edits().busy() && !track().busy() && m_session->idle(); }, 120000));
        QTest::qWait(40);
        ASSERT_TRUE(wait([this] { return maskTool().look().tint.isNull() == edits().mask().empty(); }));
    }
    void clickAt(QPointF picture, Qt::MouseButton button = Qt::LeftButton) {
        QTest::mouseClick(&view(), button, {}, view().toWidget(picture).toPoint());
        settle();
    }
    QPointF middle(int frame) const { return {m_film.middleX(frame), m_film.middleY(frame)}; }
    double iou(int frame) { return ochre::test::intersectionOverUnion(edits().mask(), m_film.truth(frame)); }
    /// By a click into the line of frames.
    void show(int frame) {
        auto* line = find<QWidget>(QStringLiteral("frame_line"));
        const double share = static_cast<double>(frame) / (m_film.frames - 1);
        QTest::mouseClick(line, Qt::LeftButton, {}, {kLineInset + static_cast<int>(std::lround(share * (line->width() - 2 * kLineInset))), line->height() / 2});
        settle();
        ASSERT_EQ(track().frame(), frame);
    }
    std::string text(NodeId node, const char* parameter) {
        return std::get<std::string>(document().graph().at(node).parameters.at(parameter));
    }
    /// The menu under the button, of which one entry is chosen.
    void trackBy(const char* entry) {
        QToolButton* button = tool("mask_track");
        QMenu* menu = button->defaultAction()->menu();
        QTimer::singleShot(60, menu, [=] {
            shot(*menu, QStringLiteral("track-menu"));
            for (QAction* action : menu->actions())
                if (action->objectName() == QLatin1String(entry))
                    QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(action).center());
        });
        click(button);
    }
    ImageView& view() { return m_window->viewport().imageView(); }
    MaskEdits& edits() { return m_window->viewport().maskEdits(); }
    MaskTool& maskTool() { return m_window->viewport().maskBar().tool(); }
    TrackEdits& track() { return m_window->viewport().maskBar().trackEdits(); }
    QToolButton* tool(const char* name) { return find<QToolButton>(QLatin1String(name)); }

    ochre::test::MovingObject m_film;
    ochre::test::TemporaryFolder m_models;
    ochre::test::StarterModel m_noStarter;
    ochre::test::Setting m_setting{"OCHRE_MODELS_DIR", m_models.path()};
};

TEST_F(TrackTest, ClickRefineAndTrackThroughTheFilm) {
    openFilm();
    auto* bar = m_window->findChild<FrameBar*>();
    ASSERT_TRUE(bar && bar->isVisible());
    shot(*m_window, QStringLiteral("track-frame"));
    for (int i = 0; i < 3; ++i) click(tool("frame_next"));
    ASSERT_TRUE(wait([this] { return track().frame() == 3 && m_session->idle(); }));
    show(20);
    click(tool("smart_select"));
    settle();
    EXPECT_TRUE(tool("mask_track")->isVisible());
    EXPECT_FALSE(tool("mask_track")->isEnabled()) << "nothing is selected";
    clickAt(middle(20));
    EXPECT_GT(iou(20), 0.9);
    clickAt({20, 20}, Qt::RightButton);
    EXPECT_EQ(edits().prompt().points.size(), 2u);
    EXPECT_GT(iou(20), 0.9);
    shot(*m_window, QStringLiteral("track-selected"));
    trackBy("track_both");
    ASSERT_TRUE(wait([this] { return track().busy() && track().masks() && track().note().contains(QStringLiteral("frame")); }, 60000))
        << "it is seen how far it is";
    EXPECT_TRUE(tool("mask_track_stop")->isVisible());
    shot(*m_window, QStringLiteral("track-running"));
    settle();
    ASSERT_TRUE(track().masks());
    EXPECT_TRUE(track().note().startsWith(QStringLiteral("Motion and colours, no SAM 2 model"))) << track().note().toStdString();
    double least = 1;
    for (int frame = 0; frame < m_film.frames; ++frame) {
        const double one = ochre::test::intersectionOverUnion(track().masks()->frame(frame), m_film.truth(frame));
        EXPECT_GT(one, 0.9) << frame;
        least = std::min(least, one);
    }
    std::printf("least intersection over union of 48 frames: %.3f\n", least);
    for (const int frame : {0, 32, 47}) {
        show(frame);
        EXPECT_TRUE(edits().prompt().empty()) << "points of another frame are not shown here";
        EXPECT_GT(iou(frame), 0.9) << frame;
        shot(*m_window, QStringLiteral("track-frame-%1").arg(frame));
    }
    show(20);
    EXPECT_EQ(edits().prompt().points.size(), 2u) << "where it was asked, it is seen what was asked";
    click(tool("mask_cut_out"));
    const NodeId cut = m_window->viewport().viewed();
    ASSERT_EQ(document().graph().at(cut).type, "image.join_alpha");
    ASSERT_TRUE(wait([&] { return m_session->idle() && m_session->result(cut, "image").tryAs<Image>(); }, 60000));
    ASSERT_TRUE(wait([&] { return bar->isVisible(); })) << "what is made of the frames has them, too";
    QTest::keyClick(find<QWidget>(QStringLiteral("frame_line")), Qt::Key_End);
    ASSERT_TRUE(wait([this] { return track().frame() == 47 && m_session->idle(); }, 60000));
    QTest::qWait(60);
    const Image last = m_session->result(cut, "image").as<Image>();
    Image alpha(last.width(), last.height(), 1);
    for (std::size_t i = 0; i < alpha.valueCount(); ++i) alpha.edit()[i] = last.values()[4 * i + 3];
    EXPECT_GT(ochre::test::intersectionOverUnion(alpha, m_film.truth(47)), 0.85) << "the cut follows the tracked masks";
    shot(*m_window, QStringLiteral("track-cut-out"));
}

TEST_F(TrackTest, AnotherFrameIsCorrectedAndBothCount) {
    m_film = {.width = 160, .height = 96, .frames = 10};
    openFilm();
    click(tool("smart_select"));
    settle();
    clickAt(middle(0));
    trackBy("track_forward");
    settle();
    const NodeId node = track().node();
    EXPECT_EQ(text(node, "direction"), "forward");
    show(7);
    clickAt(middle(7));
    EXPECT_TRUE(track().note().contains(QStringLiteral("track again"))) << track().note().toStdString();
    QTest::keyClick(&view(), Qt::Key_T);
    settle();
    EXPECT_EQ(track().node(), node) << "the node that is there serves again";
    const std::string prompts = text(node, "prompts");
    EXPECT_TRUE(prompts.starts_with("0: ")) << prompts;
    EXPECT_NE(prompts.find("\n7: "), std::string::npos) << prompts;
    for (int frame = 0; frame < 10; ++frame)
        EXPECT_GT(ochre::test::intersectionOverUnion(track().masks()->frame(frame), m_film.truth(frame)), 0.85) << frame;
    NodeId shown = 0;
    for (const NodeId id : document().graph().consumers(node))
        if (document().graph().at(id).type == "video.frame") shown = id;
    ASSERT_NE(shown, 0u) << "the masks are a layer for others to take";
    EXPECT_EQ(std::get<std::int64_t>(document().graph().at(shown).parameters.at("frame")), 7);
    m_session->exportResult(node, "masks", m_folder / "masks.mp4");
    EXPECT_EQ(openClip(m_folder / "masks.mp4")->frames(), 10);
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(text(node, "prompts").find("\n7: "), std::string::npos) << "tracking is a step of undo";
}

TEST_F(TrackTest, ItCanBeStopped) {
    openFilm({1280, 800});
    click(tool("smart_select"));
    settle();
    clickAt(middle(0));
    trackBy("track_both");
    ASSERT_TRUE(wait([this] { return track().masks() && track().busy(); }, 60000));
    click(tool("mask_track_stop"));
    settle();
    EXPECT_TRUE(track().note().contains(QStringLiteral("stopped"))) << track().note().toStdString();
    EXPECT_TRUE(tool("mask_track")->isVisible());
    shot(*m_window, QStringLiteral("track-stopped-1280x800"));
}

TEST_F(TrackTest, AModelThatKnowsVideosTracks) {
    std::filesystem::copy_file(ochre::test::sourceFile("tests/parity/sam2/track_click_both_ways/weights.safetensors"),
                               m_models / "sam2_small.safetensors");
    m_film = {.width = 64, .height = 48, .frames = 3};
    openFilm();
    click(tool("smart_select"));
    settle();
    EXPECT_EQ(text(edits().node(), "model"), "sam2_small");
    clickAt(middle(0));
    trackBy("track_both");
    settle();
    EXPECT_EQ(text(track().node(), "model"), "sam2_small");
    EXPECT_TRUE(track().note().startsWith(QStringLiteral("sam2_small"))) << track().note().toStdString();
    ASSERT_TRUE(track().masks());
    EXPECT_EQ(track().masks()->frames(), 3);
}

} // namespace
} // namespace ochre::ui::shell
