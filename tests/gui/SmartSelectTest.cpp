// SPDX-License-Identifier: GPL-3.0-or-later
// Selecting in a picture with mouse and keys, with a network and without, and what is made of the selection.
#include "core/base/File.h"
#include "tests/gui/ShellFixture.h"
#include "tests/support/Machine.h"
#include "ui/panels/MessageBar.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/MaskBar.h"
#include "ui/viewport/MaskEdits.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

const QPointF kApple(139, 134), kPlum(117, 152); // on the still life

class SmartSelect : public ShellTest {
protected:
    /// A network of random numbers among the models, under a name that says what it is.
    void giveModel() {
        std::filesystem::copy_file(ochre::test::sourceFile("tests/parity/sam/end_to_end/weights.safetensors"),
                                   m_models / "sam_small.safetensors");
    }
    void openPicture(QSize size = {1440, 900}) {
        open(size);
        m_load = add("image.load", 0, 0);
        m_view = add("image.view", 300, 0);
        document().edit("Set", [this](graph::Graph& g) {
            g.setParameter(m_load, "path", std::string("resources:pictures/still_life.png"));
        });
        link(m_load, "image", m_view, "image");
        m_window->viewport().setViewed(m_view);
        runAndWait();
        ASSERT_TRUE(wait([this] { return !view().shown().isNull(); }));
    }
    void start() {
        click(tool("smart_select"));
        ASSERT_TRUE(edits().active());
        settle();
    }
    /// Until the mask of what is asked for is there and on screen.
    void settle() {
        ASSERT_TRUE(wait([this] { return !edits().busy() && m_session->idle(); }));
        QTest::qWait(30);
        ASSERT_TRUE(wait([this] { return maskTool().look().tint.isNull() == edits().mask().empty(); }));
    }
    ImageView& view() { return m_window->viewport().imageView(); }
    MaskEdits& edits() { return m_window->viewport().maskEdits(); }
    MaskTool& maskTool() { return m_window->viewport().maskBar().tool(); }
    QToolButton* tool(const char* name) { return find<QToolButton>(QLatin1String(name)); }
    QPoint at(QPointF picture) { return view().toWidget(picture).toPoint(); }
    void clickAt(QPointF picture, Qt::MouseButton button = Qt::LeftButton,
                 Qt::KeyboardModifiers modifiers = {}) {
        QTest::mouseClick(&view(), button, modifiers, at(picture));
        settle();
    }
    void key(int code, Qt::KeyboardModifiers modifiers = {}) {
        QTest::keyClick(&view(), static_cast<Qt::Key>(code), modifiers);
        settle();
    }
    std::string written(const char* parameter) {
        const auto& parameters = document().graph().at(edits().node()).parameters;
        const auto found = parameters.find(parameter);
        return found == parameters.end() ? std::string() : std::get<std::string>(found->second);
    }
    float maskAt(QPointF picture) {
        const Image& mask = edits().mask();
        return mask.empty() ? -1
                            : mask.pixel(static_cast<int>(picture.x()), static_cast<int>(picture.y()))[0];
    }
    std::vector<float> maskValues() {
        return {edits().mask().values().begin(), edits().mask().values().end()};
    }
    NodeId only(const std::string& type) {
        std::vector<NodeId> found;
        document().graph().forEach([&](const graph::Node& node) {
            if (node.type == type) found.push_back(node.id);
        });
        EXPECT_EQ(found.size(), 1u) << type;
        return found.empty() ? 0 : found.front();
    }
    /// What the viewer shows once the run that was asked for is over.
    const Image& shownAfterRun(const std::string& type) {
        EXPECT_TRUE(wait([&] {
            const graph::Node* node = document().graph().find(m_window->viewport().viewed());
            return node && node->type == type && m_session->idle() &&
                   m_session->result(node->id, "image").tryAs<Image>();
        }));
        QTest::qWait(60);
        return view().image();
    }

    ochre::test::TemporaryFolder m_models;
    ochre::test::StarterModel m_noStarter;
    ochre::test::Setting m_setting{"OCHRE_MODELS_DIR", m_models.path()};
    NodeId m_load = 0;
};

TEST_F(SmartSelect, KeyAndButtonPutASelectionBehindThePictureOnce) {
    openPicture();
    EXPECT_FALSE(tool("mask_add")->isVisible());
    view().setFocus();
    QTest::keyClick(&view(), Qt::Key_S);
    ASSERT_TRUE(edits().active());
    const NodeId node = edits().node();
    EXPECT_EQ(document().graph().at(node).inputs.at("image"), (graph::Link{m_view, "image"}));
    EXPECT_EQ(m_window->viewport().viewed(), m_view) << "the picture stays in view";
    settle();
    EXPECT_TRUE(tool("mask_add")->isVisible());
    EXPECT_TRUE(tool("smart_select")->isChecked());
    EXPECT_FALSE(tool("mask_cut_out")->isEnabled()) << "nothing is selected";
    EXPECT_TRUE(edits().note().startsWith(QStringLiteral("GrabCut, no model:")))
        << edits().note().toStdString();
    shot(*m_window, QStringLiteral("select-empty"));
    QTest::keyClick(&view(), Qt::Key_Escape);
    EXPECT_FALSE(edits().active());
    EXPECT_FALSE(tool("mask_add")->isVisible());
    click(tool("smart_select"));
    EXPECT_EQ(edits().node(), node) << "the node that is there serves again";
    settle();
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(document().graph().find(node), nullptr);
    EXPECT_FALSE(edits().active());
    EXPECT_FALSE(tool("smart_select")->isChecked());
}

TEST_F(SmartSelect, ClicksAndBoxesAreStepsOfUndo) {
    openPicture();
    start();
    const QImage plain = shot(view());
    clickAt(kApple);
    EXPECT_TRUE(written("points").starts_with("1")) << written("points");
    EXPECT_EQ(maskAt(kApple), 1);
    EXPECT_EQ(maskAt(kApple - QPointF(0, 14)), 1) << "all of it";
    EXPECT_EQ(maskAt({5, 5}), 0);
    const std::string one = written("points");
    const auto first = maskValues();
    EXPECT_GT(difference(plain, shot(*m_window, QStringLiteral("select-point"))), 0);
    EXPECT_GT(difference(plain, shot(view())), 0.3) << "it is tinted";
    clickAt(kPlum, Qt::RightButton);
    EXPECT_TRUE(written("points").ends_with(",0")) << written("points");
    clickAt({20, 20}, Qt::LeftButton, Qt::AltModifier);
    EXPECT_EQ(edits().prompt().points.size(), 3u);
    EXPECT_FALSE(edits().prompt().points.back().belongs);
    drag(&view(), at({114, 108}), at({168, 160}));
    settle();
    ASSERT_TRUE(edits().prompt().box);
    EXPECT_NEAR(edits().prompt().box->left(), 114, 1);
    EXPECT_NEAR(edits().prompt().box->bottom(), 160, 1);
    shot(*m_window, QStringLiteral("select-box"));
    for (int i = 0; i < 3; ++i) key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(written("points"), one);
    EXPECT_FALSE(edits().prompt().box);
    EXPECT_EQ(maskValues(), first) << "the mask goes back with the points";
    key(Qt::Key_Y, Qt::ControlModifier);
    EXPECT_EQ(edits().prompt().points.size(), 2u);
    EXPECT_EQ(m_session->jobs().size(), 1u) << "the queue does not fill up";
}

TEST_F(SmartSelect, ModesClearAndInvertHaveButtonsAndKeys) {
    openPicture();
    start();
    key(Qt::Key_M);
    EXPECT_TRUE(tool("mask_remove")->isChecked());
    clickAt(kApple);
    EXPECT_FALSE(edits().prompt().points.back().belongs);
    clickAt(kApple, Qt::RightButton);
    EXPECT_TRUE(edits().prompt().points.back().belongs);
    key(Qt::Key_D, Qt::ControlModifier);
    EXPECT_TRUE(edits().prompt().empty());
    click(tool("mask_box"));
    clickAt(kApple);
    EXPECT_TRUE(edits().prompt().empty()) << "a click is no box";
    drag(&view(), at({168, 160}), at({114, 108}));
    settle();
    EXPECT_NEAR(edits().prompt().box->top(), 108, 1) << "whichever way it is drawn";
    const auto before = maskValues();
    key(Qt::Key_I, Qt::ControlModifier);
    for (std::size_t i = 0; i < before.size(); ++i) ASSERT_EQ(maskValues().size(), before.size());
    EXPECT_EQ(maskAt({5, 5}), 1);
    shot(*m_window, QStringLiteral("select-inverted"));
    click(tool("mask_invert"));
    settle();
    EXPECT_EQ(maskValues(), before);
    click(tool("mask_clear"));
    settle();
    EXPECT_TRUE(edits().prompt().empty());
    EXPECT_EQ(maskAt(kApple), 0);
}

TEST_F(SmartSelect, EscapeDropsABoxAndTheMiddleButtonStillMoves) {
    openPicture();
    start();
    QTest::mousePress(&view(), Qt::LeftButton, {}, at({114, 108}));
    QMouseEvent move(QEvent::MouseMove, QPointF(at({150, 140})), view().mapToGlobal(QPointF(at({150, 140}))),
                     Qt::NoButton, Qt::LeftButton, {});
    QApplication::sendEvent(&view(), &move);
    QTest::keyClick(&view(), Qt::Key_Escape);
    QTest::mouseRelease(&view(), Qt::LeftButton, {}, at({150, 140}));
    EXPECT_TRUE(edits().active());
    EXPECT_TRUE(edits().prompt().empty());
    const QPointF before = view().toPicture({0, 0});
    drag(&view(), at({114, 108}), at({150, 140}), Qt::MiddleButton);
    EXPECT_NE(view().toPicture({0, 0}), before);
    EXPECT_TRUE(edits().prompt().empty());
}

TEST_F(SmartSelect, AModelOfTheFolderSelectsAndMayBeChosen) {
    giveModel();
    openPicture();
    m_window->loadRuntime();
    start();
    EXPECT_EQ(written("model"), "sam_small");
    EXPECT_TRUE(edits().note().startsWith(QStringLiteral("sam_small: click")))
        << edits().note().toStdString();
    clickAt(kApple);
    EXPECT_TRUE(edits().note().contains(QStringLiteral("sure to"))) << edits().note().toStdString();
    ASSERT_FALSE(edits().mask().empty());
    const auto network = maskValues();
    QMenu* menu = tool("mask_model")->defaultAction()->menu();
    QStringList entries;
    QTimer::singleShot(50, menu, [&] {
        for (const QAction* action : menu->actions()) entries << action->text();
        shot(*menu, QStringLiteral("select-models"));
        QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(menu->actions().last()).center());
    });
    click(tool("mask_model"));
    settle();
    EXPECT_EQ(entries, QStringList({QStringLiteral("sam_small"), QStringLiteral("GrabCut, no model")}));
    EXPECT_EQ(written("model"), "");
    EXPECT_NE(maskValues(), network);
    key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(maskValues(), network);
}

TEST_F(SmartSelect, OurOwnSelectsWhereThereIsNoOther) {
    const ochre::test::Setting ours("OCHRE_RESOURCES_DIR", ochre::test::sourceFile("resources").string());
    openPicture();
    m_window->loadRuntime();
    start();
    EXPECT_EQ(written("model"), "segment");
    EXPECT_TRUE(edits().note().startsWith(QStringLiteral("Ochre's small model: click"))) << edits().note().toStdString();
    clickAt(kApple);
    EXPECT_EQ(maskAt(kApple), 1);
    EXPECT_EQ(maskAt({2, 2}), 0);
    EXPECT_TRUE(edits().note().contains(QStringLiteral("sure to"))) << edits().note().toStdString();
    shot(*m_window, QStringLiteral("select-own-model"));
}

TEST_F(SmartSelect, WhatCannotBeReadIsToldInTheNote) {
    writeFileAtomic(m_models / "sam_broken.safetensors", "nothing");
    openPicture();
    start();
    EXPECT_TRUE(edits().note().startsWith(QStringLiteral("sam_broken: "))) << edits().note().toStdString();
    EXPECT_FALSE(m_window->messages().message().isEmpty());
    clickAt(kApple);
    EXPECT_TRUE(edits().mask().empty());
}

TEST_F(SmartSelect, CutOutGivesThePictureWithAnAlpha) {
    openPicture();
    start();
    clickAt(kApple);
    click(tool("mask_cut_out"));
    const Image& cut = shownAfterRun("image.join_alpha");
    ASSERT_EQ(cut.channels(), 4);
    EXPECT_NEAR(cut.pixel(139, 134)[3], 1, 1e-4f) << "softened at the edge alone";
    EXPECT_EQ(cut.pixel(5, 5)[3], 0);
    EXPECT_FALSE(edits().active());
    shot(*m_window, QStringLiteral("select-cut-out"));
    m_window->viewport().setViewed(m_view);
    start();
    click(tool("mask_cut_out"));
    shownAfterRun("image.join_alpha");
    only("image.join_alpha");
    view().setFocus();
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier); // nothing was made the second time
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    QTest::qWait(30);
    EXPECT_EQ(m_window->viewport().viewed(), m_view) << "back to what was viewed before";
}

TEST_F(SmartSelect, TheBackgroundBecomesAColourOrAPicture) {
    openPicture();
    start();
    clickAt(kApple);
    const Image before = view().image();
    click(tool("mask_background"));
    auto* card = find<QWidget>(QStringLiteral("background_card"));
    ASSERT_TRUE(wait([card] { return card && card->isVisible(); }));
    shot(*card, QStringLiteral("select-background-card"));
    click(card->findChild<QWidget*>(QStringLiteral("background_plain")));
    const Image plain = shownAfterRun("image.composite");
    EXPECT_EQ(plain.pixel(5, 5)[0], 1);
    EXPECT_EQ(plain.pixel(5, 5)[2], 1);
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(plain.pixel(139, 134)[c], before.pixel(139, 134)[c], 1e-6f);
    shot(*m_window, QStringLiteral("select-background"));
    const NodeId composite = only("image.composite");
    document().edit("Background", [&](graph::Graph& g) {
        const MaskPlace place{
            {only("understand.select"), "mask"}, {m_view, "image"}, QSize(before.width(), before.height())};
        EXPECT_EQ(addBackground(g, place, QStringLiteral("resources:pictures/smile.png")), composite);
    });
    runAndWait();
    m_session->enqueue({composite});
    m_session->waitUntilIdle();
    const Image& other = m_session->result(composite, "image").as<Image>();
    EXPECT_EQ(other.width(), before.width());
    EXPECT_EQ(other.height(), before.height());
    EXPECT_NE(other.pixel(5, 5)[0], 1);
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(other.pixel(139, 134)[c], before.pixel(139, 134)[c], 1e-6f);
}

TEST_F(SmartSelect, InpaintingIsOfferedWhereACheckpointIs) {
    openPicture();
    start();
    EXPECT_FALSE(tool("mask_inpaint")->isVisible());
    click(tool("smart_select"));
    std::filesystem::create_directories(m_models / "checkpoints");
    writeFileAtomic(m_models / "checkpoints/own.safetensors", "x");
    start();
    EXPECT_TRUE(tool("mask_inpaint")->isVisible());
    EXPECT_FALSE(tool("mask_inpaint")->isEnabled()) << "nothing is selected";
    clickAt(kApple);
    const std::size_t before = document().graph().size();
    const NodeId select = edits().node();
    click(tool("mask_inpaint"));
    EXPECT_GT(document().graph().size(), before + 5);
    const NodeId stitch = only("image.stitch_region"), crop = only("image.crop_region");
    EXPECT_EQ(m_window->viewport().viewed(), stitch);
    EXPECT_EQ(document().graph().at(crop).inputs.at("mask"), (graph::Link{select, "mask"}));
    for (const NodeId node : {crop, stitch})
        EXPECT_EQ(document().graph().at(node).inputs.at("image"), (graph::Link{m_view, "image"}));
    for (const graph::Problem& problem : graph::checkGraph(document().graph(), m_session->registry()))
        ADD_FAILURE() << problem.message;
    shot(*m_window, QStringLiteral("select-inpaint"));
    view().setFocus();
    QTest::keyClick(&m_window->viewport(), Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(document().graph().size(), before) << "one step";
    EXPECT_EQ(m_window->viewport().viewed(), m_view);
}

TEST_F(SmartSelect, TheViewedMaskLeadsToItsPicture) {
    openPicture();
    start();
    clickAt(kApple);
    const NodeId select = edits().node();
    m_window->viewport().setViewed(select);
    EXPECT_FALSE(edits().active());
    click(tool("smart_select"));
    EXPECT_EQ(m_window->viewport().viewed(), m_view);
    EXPECT_EQ(edits().node(), select);
    settle();
}

TEST_F(SmartSelect, TheRowFitsTheSmallestWindow) {
    openPicture({1280, 800});
    start();
    clickAt(kApple);
    for (const char* name : {"mask_add", "mask_remove", "mask_box", "mask_clear", "mask_invert", "mask_model",
                             "mask_cut_out", "mask_background"})
        EXPECT_TRUE(tool(name)->isVisible()) << name;
    auto* note = find<QLabel>(QStringLiteral("mask_note"));
    EXPECT_GT(note->width(), 120);
    EXPECT_LE(note->geometry().right(), note->parentWidget()->width());
    shot(*m_window, QStringLiteral("select-1280x800"));
}

} // namespace
} // namespace ochre::ui::shell
