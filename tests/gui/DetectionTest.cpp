// SPDX-License-Identifier: GPL-3.0-or-later
// What a detector found, in the list beside the picture and over it, by clicks and keys.
#include <cstdlib>
#include <map>

#include "core/graph/RunContext.h"
#include "core/image/Detections.h"
#include "core/nodes/Make.h"
#include "tests/gui/ShellFixture.h"
#include "tests/support/Machine.h"
#include "ui/viewport/DetectionPanel.h"
#include "ui/viewport/ImageView.h"
#include "ui/viewport/MaskEdits.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

/// Knows the still life.
void addDetector(graph::NodeRegistry& registry) {
    registry.add(
        graph::NodeDeclaration("stub.detect", 1, "Detect fruit", "Understand")
            .describe("Finds what is on the table.")
            .input({.id = "image", .label = "Image", .type = "image"})
            .output({.id = "boxes", .label = "Boxes", .type = "detections"})
            .output({.id = "image", .label = "Image", .type = "image"})
            .parameter({.id = "threshold",
                        .label = "Threshold",
                        .help = "How sure.",
                        .defaultValue = 0.5,
                        .min = 0,
                        .max = 1})
            .onRun([](graph::RunContext& run) {
                Detections found{{118, 112, 162, 158, 0.93f, 47, "apple"},
                                 {51, 62, 108, 153, 0.88f, 75, "vase"},
                                 {164, 125, 204, 160, 0.71f, 49, "orange"},
                                 {102, 137, 133, 168, 0.64f, 32, "sports ball"}};
                std::erase_if(found, [&](const Detection& d) { return d.score < run.number("threshold"); });
                run.setOutput("image",
                              nodes::makeImageValue(drawDetections(run.inputAs<Image>("image"), found)));
                run.setOutput("boxes", nodes::makeDetectionsValue(std::move(found)));
            }));
}

class DetectionTest : public ShellTest {
protected:
    void openDetector(double threshold, QSize size = {1440, 900}) {
        open(size);
        addDetector(m_session->registry());
        build("stub.detect", threshold);
        runDetector();
    }
    void build(const char* type, double threshold) {
        m_load = add("image.load", 0, 0);
        m_detect = add(type, 300, 0);
        document().edit("Set", [&](graph::Graph& g) {
            g.setParameter(m_load, "path", std::string("resources:pictures/still_life.png"));
            g.setParameter(m_detect, "threshold", threshold);
        });
        link(m_load, "image", m_detect, "image");
    }
    void runDetector() {
        m_window->runTo(m_detect);
        ASSERT_TRUE(wait([this] { return m_session->idle() && !view().shown().isNull(); }, 60000));
        QTest::qWait(80);
    }
    ImageView& view() { return m_window->viewport().imageView(); }
    MaskEdits& edits() { return m_window->viewport().maskEdits(); }
    DetectionPanel& panel() { return m_window->viewport().detectionPanel(); }
    QTreeWidget* list() { return find<QTreeWidget>(QStringLiteral("detections")); }
    void clickRow(int row) {
        click(list()->viewport(), list()->visualItemRect(list()->topLevelItem(row)).center());
    }
    void settle() {
        ASSERT_TRUE(wait([this] { return !edits().busy() && m_session->idle(); }));
    }
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
    openDetector(0.5);
    ASSERT_TRUE(panel().isVisible());
    ASSERT_EQ(list()->topLevelItemCount(), 4);
    EXPECT_EQ(list()->topLevelItem(0)->text(0), QStringLiteral("apple"));
    EXPECT_EQ(list()->topLevelItem(0)->text(1), QStringLiteral("93 %"));
    shot(*m_window, QStringLiteral("detect-list"));
    const QImage plain = shot(view());
    clickRow(1);
    settle();
    QTest::qWait(60);
    ASSERT_TRUE(edits().active());
    EXPECT_EQ(document().graph().at(edits().node()).inputs.at("image"), (graph::Link{m_load, "image"}))
        << "not the one with frames";
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
    openDetector(0.5);
    std::size_t smallest = 0;
    for (std::size_t i = 1; i < panel().detections().size(); ++i)
        if (boxOf(i).width() * boxOf(i).height() < boxOf(smallest).width() * boxOf(smallest).height())
            smallest = i;
    const QPointF inside =
        (boxOf(smallest) & QRectF(0, 0, view().image().width(), view().image().height())).center();
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
    openDetector(0.5);
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
    ASSERT_TRUE(wait([this] { return panel().detections().size() == 4; })) << "the list follows the run";
    EXPECT_TRUE(list()->isVisible());
}

/// The checkpoint that set-up makes, of random numbers, with what it needs beside it.
bool makeModel(const char* kind, const std::filesystem::path& file) {
    std::filesystem::create_directories(file.parent_path());
    QProcess process;
    process.start(QString::fromLocal8Bit(std::getenv("OCHRE_TEST_BUILD")) + QStringLiteral("/bin/ochre"),
                  {QStringLiteral("bench"), QStringLiteral("--make-checkpoint"), QString::fromLatin1(kind), QString::fromStdString(file.string())});
    return process.waitForFinished(120000) && process.exitCode() == 0;
}

TEST_F(DetectionTest, RedoPaintsTheChosenObjectAnewWithTheStarterModel) {
    ASSERT_TRUE(makeModel("minilm-small", m_models / "text_encoders/all-minilm-l6-v2.safetensors"));
    ASSERT_TRUE(makeModel("starter-small", m_folder / "made.safetensors"));
    const ochre::test::StarterModel starter(m_folder / "made.safetensors");
    openDetector(0.5);
    m_window->loadRuntime();
    auto* redo = find<QPushButton>(QStringLiteral("detection_redo"));
    ASSERT_TRUE(redo->isVisible());
    EXPECT_FALSE(redo->isEnabled()) << "none is chosen";
    clickRow(2);
    settle();
    const Image before = m_session->result(m_load, "image").as<Image>();
    shot(*m_window, QStringLiteral("detect-redo-offered"));
    click(redo);
    const NodeId stitch = m_window->viewport().viewed();
    ASSERT_EQ(document().graph().at(stitch).type, "image.stitch_region");
    ASSERT_TRUE(wait([&] { return m_session->idle() && m_session->result(stitch, "image").tryAs<Image>(); }, 240000));
    QTest::qWait(80);
    NodeId prompt = 0, crop = 0;
    document().graph().forEach([&](const graph::Node& node) {
        if (node.type == "generate.prompt" && node.inputs.contains("model")) prompt = node.id;
        if (node.type == "image.crop_region") crop = node.id;
    });
    EXPECT_EQ(std::get<std::string>(document().graph().at(prompt).parameters.at("text")), "orange");
    EXPECT_EQ(std::get<std::int64_t>(document().graph().at(crop).parameters.at("size")), 128);
    const Image after = m_session->result(stitch, "image").as<Image>();
    ASSERT_EQ(after.width(), before.width());
    const QRectF box = boxOf(2);
    double inside = 0, outside = 0;
    for (int y = 0; y < after.height(); ++y)
        for (int x = 0; x < after.width(); ++x) {
            const bool near = box.adjusted(-40, -40, 40, 40).contains(QPointF(x, y));
            for (int c = 0; c < 3; ++c) {
                double& most = near ? inside : outside;
                most = std::max(most, static_cast<double>(std::abs(after.pixel(x, y)[c] - before.pixel(x, y)[c])));
            }
        }
    EXPECT_GT(inside, 0.05) << "something was painted";
    EXPECT_LT(outside, 1e-4) << "the rest stays as it was";
    shot(*m_window, QStringLiteral("detect-redone"));
    const std::size_t nodes = document().graph().size();
    m_window->viewport().setViewed(m_detect);
    ASSERT_TRUE(wait([this] { return panel().isVisible(); }));
    clickRow(0);
    settle();
    click(redo);
    EXPECT_EQ(document().graph().size(), nodes) << "the nodes that are there serve again";
    EXPECT_EQ(std::get<std::string>(document().graph().at(prompt).parameters.at("text")), "apple");
    m_session->cancelAll();
    ASSERT_TRUE(wait([this] { return m_session->idle(); }, 60000));
}

TEST_F(DetectionTest, RedoAllPaintsEachObjectAnewOneAfterTheOther) {
    ASSERT_TRUE(makeModel("minilm-small", m_models / "text_encoders/all-minilm-l6-v2.safetensors"));
    ASSERT_TRUE(makeModel("starter-small", m_folder / "made.safetensors"));
    const ochre::test::StarterModel starter(m_folder / "made.safetensors");
    openDetector(0.9);
    m_window->loadRuntime();
    ASSERT_EQ(panel().detections().size(), 1u);
    document().edit("Lower", [this](graph::Graph& g) { g.setParameter(m_detect, "threshold", 0.8); });
    runDetector();
    ASSERT_EQ(panel().detections().size(), 2u);
    auto* all = find<QPushButton>(QStringLiteral("detection_redo_all"));
    ASSERT_TRUE(all->isVisible() && all->isEnabled()) << "no choice is needed";
    const Image before = m_session->result(m_load, "image").as<Image>();
    click(all);
    const NodeId last = m_window->viewport().viewed();
    ASSERT_EQ(document().graph().at(last).type, "image.stitch_region");
    ASSERT_TRUE(wait([&] { return m_session->idle() && m_session->result(last, "image").tryAs<Image>(); }, 240000));
    QTest::qWait(80);
    std::map<std::string, int> kinds;
    std::vector<std::string> words;
    document().graph().forEach([&](const graph::Node& node) {
        ++kinds[node.type];
        if (node.type == "generate.prompt" && node.inputs.contains("model")) words.push_back(std::get<std::string>(node.parameters.at("text")));
    });
    EXPECT_EQ(words, (std::vector<std::string>{"apple", "vase"}));
    EXPECT_EQ(kinds["image.stitch_region"], 2);
    EXPECT_EQ(kinds["understand.select"], 2);
    EXPECT_EQ(kinds["generate.load_checkpoint"], 1) << "one checkpoint serves all";
    const NodeId first = document().graph().at(last).inputs.at("image").node;
    EXPECT_EQ(document().graph().at(first).type, "image.stitch_region") << "each goes on with what the one before gave";
    const Image after = m_session->result(last, "image").as<Image>();
    const QRectF places[]{boxOf(0), boxOf(1)};
    std::vector<double> inside{0, 0};
    double outside = 0;
    for (int y = 0; y < after.height(); ++y)
        for (int x = 0; x < after.width(); ++x) {
            double most = 0;
            for (int c = 0; c < 3; ++c) most = std::max(most, static_cast<double>(std::abs(after.pixel(x, y)[c] - before.pixel(x, y)[c])));
            bool near = false;
            for (std::size_t i = 0; i < 2; ++i) {
                const QRectF& box = places[i];
                if (box.contains(QPointF(x, y))) inside[i] = std::max(inside[i], most);
                near = near || box.adjusted(-40, -40, 40, 40).contains(QPointF(x, y));
            }
            if (!near) outside = std::max(outside, most);
        }
    for (const double one : inside) EXPECT_GT(one, 0.05) << "each was painted";
    EXPECT_LT(outside, 1e-4) << "the rest stays as it was";
    shot(*m_window, QStringLiteral("detect-redone-all"));
    const std::size_t nodes = document().graph().size();
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(document().graph().find(last), nullptr) << "it is one step of undo";
    for (int i = 0; i < 2; ++i) {
        m_window->viewport().setViewed(m_detect);
        ASSERT_TRUE(wait([this] { return panel().isVisible(); }));
        click(all);
        EXPECT_EQ(document().graph().size(), nodes) << "the nodes that are there serve again";
        m_session->cancelAll();
        ASSERT_TRUE(wait([this] { return m_session->idle(); }, 60000));
    }
}

TEST_F(DetectionTest, TheDetectNodeHasTheListAndOthersHaveNone) {
    open({1280, 800});
    m_window->loadRuntime();
    build("understand.detect", 0.05);
    document().edit("Set", [&](graph::Graph& g) {
        g.setParameter(m_detect, "model",
                       ochre::test::sourceFile("tests/parity/yolox/depthwise/weights.safetensors").string());
    });
    m_window->runTo(m_detect);
    ASSERT_TRUE(wait([this] { return m_session->idle() && !panel().detections().empty(); }, 60000));
    EXPECT_TRUE(panel().isVisible());
    m_window->runTo(m_load);
    ASSERT_TRUE(wait([this] { return m_session->idle() && m_window->viewport().showsImage(); }));
    EXPECT_FALSE(panel().isVisible());
}

} // namespace
} // namespace ochre::ui::shell
