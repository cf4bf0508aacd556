// SPDX-License-Identifier: GPL-3.0-or-later
// How a scene is shown: what is behind it, the ground among its splats, a box around it, pictures of it, and that all of it is kept.
#include <filesystem>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "tests/gui/ShellFixture.h"
#include "ui/viewport/PictureCard.h"
#include "ui/viewport/SceneFrame.h"
#include "ui/viewport/SceneView.h"
#include "ui/viewport/Timeline.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

class SceneLooks : public ShellTest {
protected:
    void openScene() {
        open();
        makeSceneGraph();
        runAndWait();
        view().setFocus();
        m_plain = still();
    }
    void openCard() {
        click(find<QToolButton>(QStringLiteral("view_settings")));
        ASSERT_TRUE(wait([this] { return card().isVisible(); }));
    }
    QWidget& card() { return *find<QWidget>(QStringLiteral("view_card")); }
    template <typename T = QWidget>
    T* control(const char* name) {
        return card().findChild<T*>(QLatin1String(name));
    }
    void choose(const char* combo, int index) {
        auto* box = control<QComboBox>(combo);
        box->setFocus();
        while (box->currentIndex() != index) {
            const int before = box->currentIndex();
            QTest::keyClick(box, before < index ? Qt::Key_Down : Qt::Key_Up);
            ASSERT_NE(box->currentIndex(), before);
        }
    }
    void type(QWidget* field, const char* number) {
        QTest::mouseDClick(field, Qt::LeftButton);
        QTest::keyClicks(QApplication::focusWidget(), QLatin1String(number));
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    }
    SceneView& view() { return m_window->viewport().sceneView(); }
    QImage still() {
        EXPECT_TRUE(wait([this] { return view().frameIsFull(); }));
        return view().frame().copy();
    }
    QImage m_plain;
};

void expectColor(const QColor& color, const QColor& meant, int within) {
    EXPECT_NEAR(color.red(), meant.red(), within);
    EXPECT_NEAR(color.green(), meant.green(), within);
    EXPECT_NEAR(color.blue(), meant.blue(), within);
}

TEST_F(SceneLooks, TheCardChoosesWhatIsBehindTheScene) {
    openScene();
    openCard();
    EXPECT_FALSE(control("background")->isVisible());
    choose("behind", 1);
    EXPECT_TRUE(control("background")->isVisible());
    EXPECT_FALSE(control("background_below")->isVisible());
    SceneDisplay d = view().display();
    d.top = QColor(20, 90, 160);
    d.bottom = QColor(200, 160, 90);
    view().setDisplay(d); // as the picker does
    QImage frame = still();
    expectColor(frame.pixelColor(2, 2), d.top, 1);
    expectColor(frame.pixelColor(2, frame.height() - 3), d.top, 1);
    choose("behind", 2);
    frame = still();
    expectColor(frame.pixelColor(2, 1), d.top, 2);
    expectColor(frame.pixelColor(2, frame.height() - 2), d.bottom, 2);
    shot(*m_window, QStringLiteral("looks-gradient"));
    EXPECT_TRUE(control("background_below")->isVisible());
    shot(card(), QStringLiteral("looks-card"));
    // Equirectangular: ahead green, behind magenta.
    Image sky(64, 32, 3, ColorSpace::Srgb);
    for (int y = 0; y < 32; ++y)
        for (int x = 0; x < 64; ++x) std::copy_n(std::array{x < 16 || x >= 48 ? 0.8f : 0.1f, x < 16 || x >= 48 ? 0.1f : 0.7f, 0.4f}.data(), 3, sky.edit().data() + 3 * (64 * y + x));
    writeImage(sky, m_folder / "sky.png");
    choose("behind", 3);
    auto* path = control<QLineEdit>("sky") ? control<QLineEdit>("sky") : control("sky")->findChild<QLineEdit*>();
    ASSERT_NE(path, nullptr);
    path->setFocus();
    QTest::keyClicks(path, QString::fromStdString((m_folder / "sky.png").string()));
    QTest::keyClick(path, Qt::Key_Return);
    ASSERT_TRUE(wait([this] { return view().display().sky != nullptr; }));
    view().changeCamera([](OrbitCamera& c) { c.face(Camera::Side::Front); });
    frame = still();
    EXPECT_GT(frame.pixelColor(2, 20).green(), frame.pixelColor(2, 20).red() + 60) << "ahead";
    shot(*m_window, QStringLiteral("looks-sky"));
    type(control("sky_turn"), "180");
    frame = still();
    EXPECT_GT(frame.pixelColor(2, 20).red(), frame.pixelColor(2, 20).green() + 60) << "turned by half";
    type(control("sky_turn"), "0");
    view().changeCamera([](OrbitCamera& c) { c.face(Camera::Side::Back); });
    frame = still();
    EXPECT_GT(frame.pixelColor(2, 20).red(), frame.pixelColor(2, 20).green() + 60) << "and behind";
    click(control<QPushButton>("view_reset"));
    EXPECT_EQ(view().display().behind, SceneDisplay::Behind::Theme);
}

TEST_F(SceneLooks, NormalsAreAmongTheModesAndABoxClips) {
    openScene();
    openCard();
    choose("mode", 5);
    EXPECT_TRUE(view().display().normals);
    const QImage normals = still();
    EXPECT_GT(difference(m_plain, normals), 0.3);
    shot(view(), QStringLiteral("looks-normals"));
    choose("mode", 0);
    EXPECT_EQ(difference(m_plain, still()), 0);
    click(control("boxed"), {8, 14});
    ASSERT_TRUE(view().display().box);
    EXPECT_TRUE(control("box_x1")->isVisible());
    EXPECT_EQ(difference(m_plain, still()), 0) << "it begins around all of it";
    type(control("box_x1"), "0");
    EXPECT_EQ(view().display().box->max[0], 0);
    const QImage half = still();
    EXPECT_GT(difference(m_plain, half), 0.1);
    shot(*m_window, QStringLiteral("looks-box"));
    type(control("box_x0"), "1");
    EXPECT_LT(view().display().box->min[0], 0) << "a box of no size is none";
    click(control("boxed"), {8, 14});
    EXPECT_EQ(difference(m_plain, still()), 0);
}

TEST_F(SceneLooks, AllOfItIsKeptWithTheProjectAndItsHabitsForTheNext) {
    openScene();
    openCard();
    choose("behind", 2);
    choose("mode", 2);
    click(control("grid"), {8, 14});
    type(control("fov"), "70");
    click(control("limited"), {8, 14});
    QTest::keyClick(&card(), Qt::Key_Escape);
    view().setFocus();
    QTest::keyClick(&view(), Qt::Key_V);
    drag(&view(), view().rect().center(), view().rect().center() + QPoint(70, 20));
    view().setSpeed(3);
    const QImage before = still();
    const OrbitCamera::State camera = view().camera().state();
    const auto file = m_folder / "kept.ochre";
    ASSERT_TRUE(m_window->saveTo(file));
    QGuiApplication::setQuitOnLastWindowClosed(false);
    m_window->close();
    m_window.reset();
    open(); // as the next day
    EXPECT_TRUE(m_window->openProject(file));
    runAndWait();
    ASSERT_TRUE(wait([this] { return view().frameIsFull(); }));
    EXPECT_EQ(view().display().mode, SplatMode::Rings);
    EXPECT_EQ(view().display().behind, SceneDisplay::Behind::Gradient);
    EXPECT_TRUE(view().display().grid);
    EXPECT_EQ(view().navigation(), SceneView::Navigation::Fly);
    EXPECT_EQ(view().speed(), 3);
    const OrbitCamera::State after = view().camera().state();
    EXPECT_NEAR(after.yaw, camera.yaw, 1e-9);
    EXPECT_NEAR(after.pitch, camera.pitch, 1e-9);
    EXPECT_NEAR(after.distance, camera.distance, 1e-9);
    EXPECT_EQ(after.fov, 70);
    ASSERT_TRUE(after.limits);
    EXPECT_NEAR((*after.limits)[1], (*camera.limits)[1], 1e-9);
    if (before.size() == view().frame().size()) {
        EXPECT_LT(difference(before, still()), 0.1);
    }
    // Another project, which says nothing of it: the habits stay, the place does not.
    m_window->close();
    m_window.reset();
    open();
    m_window->viewport().followDocument();
    EXPECT_EQ(view().display().behind, SceneDisplay::Behind::Gradient);
    makeSceneGraph();
    runAndWait();
    ASSERT_TRUE(wait([this] { return view().frameIsFull(); }));
    EXPECT_EQ(view().camera().fov(), 70);
    EXPECT_NEAR(view().camera().yaw(), 25, 1e-9);
    EXPECT_FALSE(view().camera().limits());
}

TEST_F(SceneLooks, PicturesOfTheViewForBothEyesAndAllAround) {
    openScene();
    const struct {
        int kind;
        const char *name, *width;
        int w, h;
    } kinds[] = {{0, "seen.png", "320", 320, 0}, {1, "eyes.png", "160", 320, 0}, {2, "around.jpg", "256", 256, 128}};
    for (const auto& k : kinds) {
        click(find<QToolButton>(QStringLiteral("picture")));
        auto* card = find<PictureCard>(QStringLiteral("picture_card"));
        ASSERT_TRUE(wait([card] { return card->isVisible(); }));
        auto* kind = card->findChild<QComboBox*>();
        kind->setFocus();
        for (int i = kind->currentIndex(); i < k.kind; ++i) QTest::keyClick(kind, Qt::Key_Down);
        auto* width = card->findChild<QWidget*>(QStringLiteral("picture_width"));
        width->setFocus();
        QTest::keyClick(width, Qt::Key_Return);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(QApplication::focusWidget(), QLatin1String(k.width));
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
        const auto file = m_folder / k.name;
        card->setFile(QString::fromStdString(file.string()));
        shot(*card, QStringLiteral("looks-picture-card-%1").arg(k.kind));
        click(card->findChild<QWidget*>(QStringLiteral("picture_save")));
        ASSERT_TRUE(wait([card] { return !card->job().running(); })) << k.name;
        const Image picture = readImage(file);
        EXPECT_EQ(picture.width(), k.w) << k.name;
        if (k.h > 0) {
            EXPECT_EQ(picture.height(), k.h);
        }
        if (k.kind == 2) {
            EXPECT_NE(probeImage(file).metadata.at("XMP").find("equirectangular"), std::string::npos);
        }
        if (k.kind == 1) {
            double apart = 0;
            for (int x = 0; x < 160; ++x)
                for (int y = 0; y < picture.height(); ++y) apart += std::abs(picture.pixel(x, y)[0] - picture.pixel(x + 160, y)[0]);
            EXPECT_GT(apart, 1) << "the eyes see different pictures";
        }
        QTest::qWait(20);
    }
}

/// A colour for each direction of the camera's rays.
std::array<float, 3> patternAt(double x, double y) {
    return {static_cast<float>(0.5 + 0.5 * std::sin(8 * x)), static_cast<float>(0.5 + 0.5 * std::sin(8 * y)), 0.5f};
}

TEST_F(SceneLooks, PhotosOfABentLensLieOverTheSceneOfItsCamera) {
    openScene();
    CameraSet set = framesOf(turntable(view().scene().focus(), 1, 2), 320, 240);
    set.cameras.resize(1);
    const Lens lens{.radial = {-0.3, 0.1}, .tangential = {0.01, -0.005}};
    Json json = transformsToJson(set);
    json.update(Json{{"k1", -0.3}, {"k2", 0.1}, {"p1", 0.01}, {"p2", -0.005}});
    std::filesystem::create_directory(m_folder / "capture");
    writeFileAtomic(m_folder / "capture/transforms.json", dumpJson(json));
    // The photo that the lens takes of the pattern.
    const Camera& c = set.cameras[0].camera;
    Image photo(320, 240, 3, ColorSpace::Srgb);
    float* out = photo.edit().data();
    for (int y = 0; y < 240; ++y)
        for (int x = 0; x < 320; ++x, out += 3) {
            const double wx = (x + 0.5 - c.cx) / c.fx, wy = (y + 0.5 - c.cy) / c.fy;
            double rx = wx, ry = wy;
            for (int i = 0; i < 80; ++i) {
                const auto [bx, by] = lens.bent(rx, ry);
                rx += 0.8 * (wx - bx), ry += 0.8 * (wy - by);
            }
            std::ranges::copy(patternAt(rx, ry), out);
        }
    writeImage(photo, m_folder / "capture" / set.cameras[0].picture);
    m_window->viewport().timeline().openCameras(QString::fromStdString((m_folder / "capture/transforms.json").string()));
    CameraOverlay& overlay = m_window->viewport().timeline().overlay();
    overlay.showPhoto(0);
    ASSERT_TRUE(wait([&] { return overlay.hasPhoto(); }));
    overlay.setPhotoOpacity(1);
    still();
    const QImage shown = shot(view(), QStringLiteral("looks-undistorted"));
    // What a ray of the pinhole camera sees lies where the view shows that ray.
    const Camera seen = view().viewCamera();
    for (const auto& [x, y] : {std::pair{-0.25, -0.15}, {0.3, 0.1}, {0.1, 0.25}, {-0.3, 0.2}, {0.0, 0.0}}) {
        const QPoint at(static_cast<int>(seen.fx * x + seen.cx), static_cast<int>(seen.fy * y + seen.cy));
        const QColor color = shown.pixelColor(at);
        const auto meant = patternAt((at.x() + 0.5 - seen.cx) / seen.fx, (at.y() + 0.5 - seen.cy) / seen.fy);
        expectColor(color, QColor::fromRgbF(meant[0], meant[1], meant[2]), 12);
    }
}

SplatCloud wall(double y) {
    SplatData d;
    for (int i = 0; i < 400; ++i) {
        const float x = static_cast<float>(i % 20) * 0.1f - 1, z = static_cast<float>(i / 20) * 0.1f - 1;
        d.positions.insert(d.positions.end(), {x, static_cast<float>(y), z});
        d.logScales.insert(d.logScales.end(), {-2.3f, -4, -2.3f});
        d.rotations.insert(d.rotations.end(), {1, 0, 0, 0});
        d.opacities.push_back(8);
        d.sh0.insert(d.sh0.end(), {1.5f, -1.5f, -1.5f});
    }
    return SplatCloud(std::move(d), "wall");
}

TEST(SceneFrame, TheGroundIsHiddenByWhatIsBeforeItAndHidesWhatIsBehind) {
    const auto renderer = makeFastCpuRenderer();
    const Camera above = Camera::lookAt({0.5, -3, -2.5}, {0, 0, 0}, {0, 1, 0}, 40, 240, 240);
    const auto frame = [&](double y, bool ground) {
        renderer->setSplats(wall(y));
        FrameOptions options;
        if (ground) options.ground = Ground{.step = 0.1, .reach = 50, .line = {0, 1, 0}, .x = {0, 1, 0}, .y = {0, 1, 0}, .z = {0, 1, 0}};
        std::vector<std::uint8_t> pixels(240 * 240 * 4);
        drawFrame(*renderer, above, options, pixels);
        return pixels;
    };
    const auto inside = [](const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) { // the middle, which the wall fills
        int most = 0;
        for (int y = 90; y < 150; ++y)
            for (int x = 90; x < 150; ++x) most = std::max(most, std::abs(a[4 * (240 * y + x) + 1] - b[4 * (240 * y + x) + 1]));
        return most;
    };
    EXPECT_LE(inside(frame(-0.5, true), frame(-0.5, false)), 3) << "a wall above the ground hides it";
    EXPECT_GT(inside(frame(0.5, true), frame(0.5, false)), 80) << "one below it is behind its lines";
    const auto with = frame(-0.5, true), without = frame(-0.5, false);
    int outside = 0;
    for (int x = 0; x < 240; ++x) outside = std::max(outside, with[4 * (240 * 8 + x) + 1] - without[4 * (240 * 8 + x) + 1]);
    EXPECT_GT(outside, 40) << "beside the wall its lines are seen";
}

} // namespace
} // namespace ochre::ui::shell
