// SPDX-License-Identifier: GPL-3.0-or-later
// What a detector found, in the list beside the picture and over it, by clicks and keys.
#include "core/image/Detections.h"
#include "tests/gui/ShellFixture.h"
#include "tests/support/Machine.h"
#include "ui/viewport/DetectionPanel.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/MaskEdits.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

class DetectionTest : public ShellTest {
protected:
    void openDetector(double threshold, QSize size = {1440, 900}) {
        open(size);
        m_load = add("image.load", 0, 0);
        m_detect = add("understand.detect", 300, 0);
        document().edit("Set", [&](graph::Graph& g) {
            g.setParameter(m_load, "path", std::string("resources:pictures/still_life.png"));
            g.setParameter(m_detect, "model",
                           ochre::test::sourceFile("tests/parity/yolox/depthwise/weights.safetensors").string());
            g.setParameter(m_detect, "threshold", threshold);
        });
        link(m_load, "image", m_detect, "image");
        m_window->runTo(m_detect);
        ASSERT_TRUE(wait([this] { return m_session->idle() && !view().shown().isNull(); }, 60000));
        QTest::qWait(80);
    }
    ImageView& view() { return m_window->viewport().imageView(); }
    MaskEdits& edits() { return m_window->viewport().maskEdits(); }
    DetectionPanel& panel() { return m_window->viewport().detectionPanel(); }
    QTreeWidget* list() { return find<QTreeWidget>(QStringLiteral("detections")); }
    void clickRow(int row) { click(list()->viewport(), list()->visualItemRect(list()->topLevelItem(row)).center()); }
    void settle() { ASSERT_TRUE(wait([this] { return !edits().busy() && m_session->idle(); })); }
    QRectF boxOf(std::size_t i) {
        const Detection& d = panel().detections()[i];
        return QRectF(QPointF(d.left, d.top), QPointF(d.right, d.bottom));
    }
    void expectBox(const QRectF& box) {
        ASSERT_TRUE(edits().prompt().box);
        const QRectF inside = box & QRectF(QPointF(), QSizeF(edits().size())), &got = *edits().prompt().box;
        EXPECT_NEAR(got.left(), inside.left(), 0.06);
        EXPECT_NEAR(got.bottom(), inside.bottom(), 0.06);
    }

    ochre::test::TemporaryFolder m_models;
    ochre::test::Setting m_setting{"OCHRE_MODELS_DIR", m_models.path()};
    NodeId m_load = 0, m_detect = 0;
};

TEST_F(DetectionTest, ARowLeadsToTheMaskOfItsBox) {
    openDetector(0.05);
    ASSERT_TRUE(panel().isVisible());
    ASSERT_GT(list()->topLevelItemCount(), 1);
    EXPECT_EQ(list()->topLevelItemCount(), static_cast<int>(panel().detections().size()));
    EXPECT_TRUE(list()->topLevelItem(0)->text(1).endsWith(QLatin1Char('%')));
    shot(*m_window, QStringLiteral("detect-list"));
    const QImage plain = shot(view());
    clickRow(1);
    settle();
    QTest::qWait(60);
    ASSERT_TRUE(edits().active());
    EXPECT_EQ(document().graph().at(edits().node()).inputs.at("image"), (graph::Link{m_load, "image"})) << "not the one with frames";
    EXPECT_EQ(panel().current(), std::optional<std::size_t>(1));
    expectBox(boxOf(1));
    EXPECT_GT(difference(plain, shot(view())), 0.1);
    shot(*m_window, QStringLiteral("detect-selected"));
    const NodeId select = edits().node();
    clickRow(0);
    settle();
    EXPECT_EQ(edits().node(), select);
    expectBox(boxOf(0));
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    settle();
    expectBox(boxOf(1));
}

TEST_F(DetectionTest, ABoxInThePictureLeadsToItsRow) {
    openDetector(0.05);
    std::size_t smallest = 0;
    for (std::size_t i = 1; i < panel().detections().size(); ++i)
        if (boxOf(i).width() * boxOf(i).height() < boxOf(smallest).width() * boxOf(smallest).height()) smallest = i;
    const QPointF inside = (boxOf(smallest) & QRectF(0, 0, view().image().width(), view().image().height())).center();
    const QPoint at = view().toWidget(inside).toPoint();
    const QImage plain = shot(view());
    QTest::mouseMove(&view(), at);
    QTest::qWait(20);
    EXPECT_GT(difference(plain, shot(view())), 0) << "the box under the pointer is outlined";
    QTest::mouseClick(&view(), Qt::LeftButton, {}, at);
    settle();
    EXPECT_EQ(panel().current(), std::optional(smallest));
    EXPECT_EQ(list()->currentItem(), list()->topLevelItem(static_cast<int>(smallest)));
    expectBox(boxOf(smallest));
}

TEST_F(DetectionTest, KeysWalkTheListAndReturnSelects) {
    openDetector(0.05);
    list()->setFocus();
    QTest::keyClick(list(), Qt::Key_Down);
    QTest::keyClick(list(), Qt::Key_Down);
    EXPECT_FALSE(edits().active()) << "walking selects nothing";
    ASSERT_TRUE(panel().current());
    QTest::keyClick(list(), Qt::Key_Return);
    settle();
    ASSERT_TRUE(edits().active());
    expectBox(boxOf(*panel().current()));
}

TEST_F(DetectionTest, WhereNothingIsFoundLessSureObjectsMayBeLookedFor) {
    openDetector(0.95);
    ASSERT_TRUE(panel().isVisible());
    ASSERT_TRUE(panel().detections().empty());
    shot(*m_window, QStringLiteral("detect-nothing"));
    QPushButton* button = nullptr;
    for (QPushButton* candidate : panel().findChildren<QPushButton*>())
        if (candidate->isVisible()) button = candidate;
    ASSERT_NE(button, nullptr);
    click(button);
    EXPECT_NEAR(number(m_detect, "threshold"), 0.475, 1e-9);
    ASSERT_TRUE(wait([this] { return m_session->idle(); }));
}

TEST_F(DetectionTest, OtherNodesHaveNoList) {
    openDetector(0.05, {1280, 800});
    EXPECT_TRUE(panel().isVisible());
    m_window->runTo(m_load);
    ASSERT_TRUE(wait([this] { return m_session->idle() && m_window->viewport().showsImage(); }));
    EXPECT_FALSE(panel().isVisible());
}

} // namespace
} // namespace ochre::ui::shell
