// SPDX-License-Identifier: GPL-3.0-or-later
// Radiance fields in the window: dropped in, looked around in, among splats, learnt from a network.
#include <cmath>
#include <filesystem>

#include "core/base/Paths.h"
#include "core/models/field/FieldFile.h"
#include "core/scene/field/PlacedField.h"
#include "tests/core/scene/field/RandomField.h"
#include "tests/gui/ShellFixture.h"
#include "ui/panels/MessageBar.h"
#include "ui/panels/QueuePanel.h"
#include "ui/viewport/SceneEdits.h"
#include "ui/viewport/SceneView.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

/// A ring in the box, upright, in colours that change from place to place.
HashField ringField() {
    HashField field({.log2Entries = 12, .coarsest = 2, .finest = 32, .box = {{-1, -1, -1}, {1, 1, 1}}});
    field.table = test::randomNumbers(field.table.size(), -0.5f, 0.5f, 3);
    field.layers = test::randomNumbers(field.layers.size(), -0.5f, 0.5f, 4);
    for (std::size_t i = 0; i < HashField::kHidden; ++i) field.layers[HashField::Density2 + i * HashField::kGeometry] = 0.5f;
    constexpr int kSide = 64;
    field.occupancy = OccupancyGrid(kSide);
    for (int i = 0; i < kSide * kSide * kSide; ++i) {
        const int cell[3] = {i % kSide, i / kSide % kSide, i / kSide / kSide};
        const auto at = [&](int k) { return (cell[k] + 0.5) / kSide * 2 - 1; };
        const double ring = std::hypot(at(0), at(1)) - 0.7;
        if (std::hypot(ring, at(2)) < 0.22) field.occupancy.occupy(cell[0], cell[1], cell[2]);
    }
    return field;
}

/// Drawn by the CPU: where Vulkan is computed as well, full frames take seconds. MixedRendererTest holds both against each other.
class SceneFields : public ShellTest {
protected:
    SceneFields() { qputenv("OCHRE_RENDERER", "fast"); }
    ~SceneFields() override { qputenv("OCHRE_RENDERER", m_renderer); }

    void dropField() {
        open();
        m_file = m_folder / "ring.field.safetensors";
        models::writeField(ringField(), m_file, "a test");
        drop(m_window.get(), {QString::fromStdString(m_file.string())});
        ASSERT_TRUE(wait([this] { return m_window->viewport().showsScene() && view().frameIsFull(); }));
        view().setFocus();
    }
    SceneView& view() { return m_window->viewport().sceneView(); }
    QImage still() {
        EXPECT_TRUE(wait([this] { return view().frameIsFull(); }));
        return view().frame().copy();
    }
    NodeId nodeOf(const std::string& type) {
        NodeId found = 0;
        document().graph().forEach([&](const graph::Node& node) {
            if (node.type == type) found = node.id;
        });
        return found;
    }
    std::filesystem::path m_file;

private:
    const QByteArray m_renderer = qgetenv("OCHRE_RENDERER");
};

TEST_F(SceneFields, AFieldThatIsDroppedInIsLookedAroundIn) {
    dropField();
    const QImage first = still();
    shot(*m_window, QStringLiteral("field-dropped"));
    EXPECT_GT(difference(first, QImage(first.size(), first.format())), 5) << "something is seen";
    bool labelled = false;
    for (const QLabel* label : m_window->viewport().findChildren<QLabel*>()) labelled |= label->text().contains(QStringLiteral("field"));
    EXPECT_TRUE(labelled);
    EXPECT_FALSE(find<QToolButton>(QStringLiteral("edit"))->isVisible()) << "there are no splats to edit";
    drag(&view(), {300, 200}, {420, 230});
    EXPECT_GT(difference(first, still()), 2);
    const QImage turned = still();
    view().setFocus();
    QTest::keyClick(&view(), Qt::Key_V);
    QTest::keyPress(&view(), Qt::Key_W);
    QTest::qWait(250);
    QTest::keyRelease(&view(), Qt::Key_W);
    EXPECT_GT(difference(turned, still()), 1);
    QTest::keyClick(&view(), Qt::Key_Home);
    QTest::keyClick(&view(), Qt::Key_7);
    still();
    EXPECT_NEAR(view().camera().camera(64, 64).worldToCamera[9], 1, 1e-9);
    shot(*m_window, QStringLiteral("field-from-above"));
}

TEST_F(SceneFields, MovingFramesAreSmallButNeverTooSmall) {
    dropField();
    const QSize full = still().size();
    QSize least = full;
    int moving = 0;
    QObject::connect(&view(), &SceneView::frameShown, &view(), [&] {
        if (view().frameIsFull()) return;
        ++moving;
        least = QSize(std::min(least.width(), view().frame().width()), std::min(least.height(), view().frame().height()));
    });
    drag(&view(), {300, 200}, {340, 210});
    ASSERT_TRUE(wait([&] { return moving > 0; }));
    EXPECT_LT(least.width(), full.width());
    EXPECT_GE(std::min(least.width(), least.height()), 99);
    EXPECT_EQ(still().size(), full) << "at rest a full frame follows";
}

TEST_F(SceneFields, OnlyWhatFieldsCanShowIsOffered) {
    dropField();
    click(find<QToolButton>(QStringLiteral("view_settings")));
    auto* card = find<QWidget>(QStringLiteral("view_card"));
    ASSERT_TRUE(wait([&] { return card->isVisible(); }));
    auto* modes = find<QComboBox>(QStringLiteral("mode"));
    const auto* rows = static_cast<QListView*>(modes->view());
    QStringList offered;
    for (int i = 0; i < modes->count(); ++i)
        if (!rows->isRowHidden(i)) offered << modes->itemText(i);
    EXPECT_EQ(offered, (QStringList{QStringLiteral("Colours"), QStringLiteral("Depth")}));
    const QImage colors = still();
    modes->setCurrentIndex(modes->findText(QStringLiteral("Depth")));
    const QImage depth = still();
    EXPECT_GT(difference(colors, depth), 1);
    const QRgb pixel = depth.pixel(depth.width() / 2, depth.height() / 2);
    EXPECT_NEAR(qRed(pixel), qBlue(pixel), 12) << "greys";
}

TEST_F(SceneFields, FieldsAndSplatsHideEachOther) {
    dropField();
    const NodeId join = add("scene.combine", 300, 400), cloud = add("shell.cloud", 0, 500), load = nodeOf("scene.load_field"),
                 look = nodeOf("scene.view");
    link(cloud, "scene", join, "scene_1");
    link(load, "scene", join, "scene_2");
    link(join, "scene", look, "scene");
    const auto place = [&](const char* layers) {
        document().edit("Place", [&](graph::Graph& graph) { graph.setParameter(join, "layers", std::string(layers)); });
        runAndWait();
    };
    const auto fields = [&] {
        std::size_t count = 0;
        for (const SceneItem& item : view().items()) count += item.cloud.fields().size();
        return count;
    };
    place(R"([{"input": "scene_1", "turn": [90, 0, 0]}])");
    ASSERT_TRUE(wait([&] { return view().count() > 0 && view().frameIsFull(); }));
    EXPECT_EQ(fields(), 1u);
    EXPECT_TRUE(find<QToolButton>(QStringLiteral("edit"))->isVisible());
    QTest::keyClick(&view(), Qt::Key_1);
    const QImage front = still();
    shot(*m_window, QStringLiteral("field-among-splats"));
    // Alone each shows what the other hides of it.
    std::vector<SceneItem> alone = view().items();
    for (SceneItem& item : alone) item.cloud = item.cloud.withFieldsOf({});
    view().setEdited(alone);
    const QImage splats = still();
    EXPECT_GT(difference(front, splats), 1);
    place(R"([{"input": "scene_1", "turn": [90, 0, 0], "move": [0, 0, -1]}])");
    ASSERT_TRUE(wait([&] { return fields() == 1 && view().frameIsFull(); }));
    EXPECT_GT(difference(front, still()), 1);
    click(find<QToolButton>(QStringLiteral("edit")));
    ASSERT_TRUE(wait([&] { return m_window->viewport().sceneEdits().active() && view().frameIsFull(); }));
    EXPECT_EQ(fields(), 1u) << "editing splats keeps the field";
    shot(*m_window, QStringLiteral("field-edited"));
}

TEST_F(SceneFields, ADoubleClickComesNearerToAField) {
    dropField();
    const QImage frame = still();
    const double distance = view().camera().distance();
    QPoint best;
    int most = 0;
    for (int y = 20; y + 20 < frame.height(); y += 4)
        for (int x = 20; x + 20 < frame.width(); x += 4) {
            const int bright = qRed(frame.pixel(x, y)) + qGreen(frame.pixel(x, y)) + qBlue(frame.pixel(x, y));
            if (bright > most) most = bright, best = QPoint(x, y);
        }
    QTest::mouseDClick(&view(), Qt::LeftButton, {}, best / view().devicePixelRatioF());
    EXPECT_TRUE(wait([&] { return view().camera().distance() < 0.8 * distance; }));
}

TEST_F(SceneFields, AFieldIsSavedAsWhatItIs) {
    dropField();
    const auto file = m_folder / "again.field.safetensors";
    m_session->exportResult(nodeOf("scene.load_field"), "scene", file);
    EXPECT_EQ(models::readField(file).table, ringField().table);
    try {
        m_session->exportResult(nodeOf("scene.load_field"), "scene", m_folder / "again.ply");
        FAIL();
    } catch (const Error& e) {
        EXPECT_NE(e.hint().find(".field.safetensors"), std::string::npos);
    }
}

TEST_F(SceneFields, ANetworkIsOfferedToBeLearntAndCanBeStopped) {
    OCHRE_SHARED_OR_SKIP(chair, "data/models/nerf/chair-lowres.ckpt");
    open();
    std::filesystem::remove_all(paths::cache() / "fields");
    drop(m_window.get(), {QString::fromStdString(chair.string())});
    ASSERT_TRUE(wait([&] { return m_window->messages().message().contains(QStringLiteral("NeRF")); }));
    EXPECT_TRUE(m_session->idle()) << "minutes of work are not begun unasked";
    const NodeId node = nodeOf("scene.distil_field");
    ASSERT_NE(node, 0u);
    shot(*m_window, QStringLiteral("field-offered"));
    QPushButton* action = nullptr;
    for (QPushButton* button : m_window->messages().findChildren<QPushButton*>())
        if (button->text().contains(QStringLiteral("Distil"))) action = button;
    ASSERT_NE(action, nullptr);
    click(action);
    ASSERT_TRUE(wait([&] { return m_session->state(node).status == graph::NodeStatus::Running && m_session->state(node).share > 0.001; }, 60000));
    click(find<QWidget>(QStringLiteral("bottom.queue")));
    shot(*m_window, QStringLiteral("field-learning"));
    m_session->cancelAll();
    EXPECT_TRUE(wait([&] { return m_session->idle(); }));
    EXPECT_FALSE(m_window->viewport().showsScene());
}

} // namespace
} // namespace ochre::ui::shell
