// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of the canvas in its states, for eyes; and what of them a test can hold to.
#include "tests/gui/CanvasFixture.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui::test {
namespace {

using graph::NodeState;
using graph::NodeStatus;

NodeState state(NodeStatus status, double share = 0) {
    NodeState s;
    s.status = status;
    s.share = share;
    s.seconds = 1.42;
    s.bytes = 24 << 20;
    return s;
}

QImage gradient() {
    QImage image(320, 214, QImage::Format_RGB32);
    QPainter p(&image);
    QLinearGradient sky(0, 0, 0, 214);
    sky.setColorAt(0, QColor(38, 66, 110));
    sky.setColorAt(0.6, QColor(226, 150, 96));
    sky.setColorAt(1, QColor(24, 34, 52));
    p.fillRect(image.rect(), sky);
    return image;
}

} // namespace

class CanvasLooks : public CanvasTest {
protected:
    /// A dozen nodes in every state.
    void makeDozen() {
        const NodeId load = add("test.load", 0, 60), prompt = add("test.prompt", 0, 420),
                     number = add("test.number", 0, 620);
        const NodeId blur = add("test.blur", 320, 40), mask = add("test.blur", 320, 420, "Edge mask");
        const NodeId mix = add("test.mix", 620, 120), upscale = add("test.upscale", 920, 80);
        const NodeId save = add("test.save", 1240, 60), muted = add("test.blur", 620, 480, "Muted blur");
        const NodeId bypassed = add("test.blur", 920, 400, "A blur with a very long name of its own");
        const NodeId broken = add("test.save", 1240, 330, "Broken save"),
                     splats = add("test.scene", 1240, 560);
        link(load, "image", blur, "image");
        link(load, "alpha", mask, "image");
        link(number, "value", mask, "radius");
        link(blur, "image", mix, "below");
        link(mask, "image", mix, "above");
        link(mask, "image", muted, "image");
        link(mix, "image", upscale, "image");
        link(muted, "image", bypassed, "image");
        link(upscale, "image", save, "image");
        link(bypassed, "image", broken, "image");
        m_document.edit("States", [&](Graph& g) {
            graph::Node a = g.at(muted), b = g.at(bypassed);
            a.muted = true;
            b.bypassed = true;
            g.replace(a);
            g.replace(b);
            g.setFrames({{1, "Prepare", "", -30, 0, 580, 760}});
        });
        m_canvas->setNodeState(load, state(NodeStatus::Cached));
        m_canvas->setNodeState(blur, state(NodeStatus::Done));
        m_canvas->setNodeState(mix, state(NodeStatus::Done));
        m_canvas->setNodeState(upscale, state(NodeStatus::Running, 0.42));
        m_canvas->setNodeState(save, state(NodeStatus::Queued));
        NodeState failed = state(NodeStatus::Failed);
        failed.error = Error("out.png: the disk is full: 4.2 MB more are needed",
                             "free some space, or choose another folder");
        m_canvas->setNodeState(broken, failed);
        m_canvas->setThumbnail(blur, gradient(), "1920 × 1284");
        m_canvas->setThumbnail(mix, gradient(), "1920 × 1284");
        m_canvas->setViewedNode(mix);
        m_broken = broken;
        m_mix = mix;
        m_splats = splats;
        m_prompt = prompt;
        m_canvas->fitAll();
    }

    NodeId m_broken = 0, m_mix = 0, m_splats = 0, m_prompt = 0;
};

TEST_F(CanvasLooks, ADozenNodesInEveryState) {
    m_canvas->resize(1600, 900);
    makeDozen();
    m_canvas->setZoom(1, {});
    m_canvas->lookAt({720, 380});
    m_canvas->select({m_mix});
    const QImage image = screenshot(*m_canvas, "canvas_dozen");
    const QColor ground = image.pixelColor(4, 4);
    EXPECT_EQ(ground, colors().canvas);
    EXPECT_LE(std::abs(ground.red() - ground.blue()), 4) << "neutral behind pictures";
}

TEST_F(CanvasLooks, TheWholeGraphStaysInViewWhilePicturesArriveUntilTheViewIsMoved) {
    makeDozen();
    const QRectF before = m_canvas->canvasScene().contents();
    m_canvas->setThumbnail(m_broken, gradient(), "1920 × 1284");
    m_canvas->setThumbnail(m_splats, gradient(), "1920 × 1284");
    ASSERT_GT(m_canvas->canvasScene().contents().height(), before.height()) << "the lowest node has grown";
    EXPECT_TRUE(m_canvas->sceneInView().contains(m_canvas->canvasScene().contents()));
    m_canvas->setZoom(1, {});
    m_canvas->lookAt({760, 300});
    const QRectF view = m_canvas->sceneInView();
    m_canvas->setThumbnail(m_prompt, gradient(), "1920 × 1284");
    EXPECT_EQ(m_canvas->sceneInView(), view);
}

TEST_F(CanvasLooks, HoverShowsTheFooterWithoutMovingAnything) {
    makeDozen();
    m_canvas->setZoom(1, {});
    m_canvas->lookAt({760, 300});
    const QRectF before = m_canvas->canvasScene().node(m_mix)->frame();
    const QImage plain = screenshot(*m_canvas, "canvas_plain");
    moveTo(at(before.center()), Qt::NoButton);
    const QImage hovered = screenshot(*m_canvas, "canvas_hover");
    EXPECT_EQ(m_canvas->canvasScene().node(m_mix)->frame(), before);
    EXPECT_NE(plain, hovered);
}

TEST_F(CanvasLooks, TheErrorIsReadInFullAfterAClick) {
    makeDozen();
    m_canvas->setZoom(1, {});
    m_canvas->lookAt({1240, 420});
    const NodeItem* item = m_canvas->canvasScene().node(m_broken);
    EXPECT_EQ(item->errorText().section('\n', 0, 0), "out.png: the disk is full: 4.2 MB more are needed");
    click(at(item->pos() + QPointF(60, metrics::kNodeHeader + 12)));
    auto* card = m_canvas->findChild<QWidget*>("errorCard");
    ASSERT_TRUE(card->isVisible());
    screenshot(*m_canvas, "canvas_error");
    auto* copy = card->findChildren<QPushButton*>().at(0);
    QTest::mouseClick(copy, Qt::LeftButton);
    EXPECT_TRUE(QApplication::clipboard()->text().contains("free some space"));
}

TEST_F(CanvasLooks, SearchShowsCategoryAndHelp) {
    makeDozen();
    moveTo(at({200, 100}), Qt::NoButton);
    key(Qt::Key_Tab);
    screenshot(*m_canvas, "canvas_search");
    type("up");
    screenshot(*m_canvas, "canvas_search_typed");
    EXPECT_EQ(search().highlighted(), "test.upscale");
    EXPECT_TRUE(m_canvas->rect().contains(search().geometry().adjusted(16, 16, -16, -16)))
        << "never cut by the edge";
}

TEST_F(CanvasLooks, ZoomedOutTitlesTakeOver) {
    makeDozen();
    m_canvas->setZoom(0.3, {});
    m_canvas->lookAt({700, 380});
    screenshot(*m_canvas, "canvas_zoom_30");
    m_canvas->setZoom(0.1, {});
    m_canvas->lookAt({700, 380});
    screenshot(*m_canvas, "canvas_zoom_10");
    m_canvas->setZoom(2, {});
    m_canvas->lookAt({720, 260});
    screenshot(*m_canvas, "canvas_zoom_200");
}

TEST_F(CanvasLooks, LightThemeAndFineScreens) {
    makeDozen();
    for (const double ratio : {1.25, 1.5, 2.0})
        screenshot(*m_canvas, QStringLiteral("canvas_ratio_%1").arg(ratio), ratio);
    Theme::instance().setMode(Mode::Light);
    m_canvas->setZoom(1, {});
    m_canvas->lookAt({620, 300});
    const QImage light = screenshot(*m_canvas, "canvas_light");
    key(Qt::Key_Tab);
    screenshot(*m_canvas, "canvas_light_search");
    Theme::instance().setMode(Mode::Dark);
    EXPECT_EQ(light.pixelColor(2, 2), QColor(0xe9, 0xea, 0xec));
}

TEST_F(CanvasLooks, ALinkWhoseTypesNoLongerFitIsRed) {
    makeRow();
    const NodeId scene = add("test.scene", 0, 460);
    link(scene, "scene", m_blur, "mask"); // as a file might say
    m_canvas->fitAll();
    const QImage image = screenshot(*m_canvas, "canvas_bad_link");
    const QPoint middle = linkMiddle(m_blur, "mask");
    int red = 0;
    for (int dx = -6; dx <= 6; ++dx)
        for (int dy = -6; dy <= 6; ++dy) red += image.pixelColor(middle + QPoint(dx, dy)).red() > 150;
    EXPECT_GT(red, 5);
}

TEST_F(CanvasLooks, LettersNeverFallBelowTheContrastTheyNeed) {
    for (const Mode mode : {Mode::Dark, Mode::Light}) {
        Theme::instance().setMode(mode);
        const Colors& c = colors();
        for (const QColor& ground : {c.surface1, c.surface2, c.surface3, c.canvas}) {
            EXPECT_GE(contrast(c.textHigh, ground), 7.0);
            EXPECT_GE(contrast(c.textMid, ground), 4.5);
        }
        EXPECT_GE(contrast(c.onAccent, c.accent), 4.3); // semibold
        EXPECT_GE(contrast(c.textHigh, look::sliderFill()), 4.5);
        for (const char* type : {"image", "mask", "scene", "float", "text", "any", "something_new"})
            EXPECT_GE(contrast(socketColor(type), c.surface2), 3.0) << type;
    }
    Theme::instance().setMode(Mode::Dark);
}

} // namespace ochre::ui::test
