// SPDX-License-Identifier: GPL-3.0-or-later
// A camera path by mouse and keys: keys set, dragged, eased, played and undone, cameras clicked, a film drawn and cancelled.
#include <filesystem>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "tests/gui/ShellFixture.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/FilmCard.h"
#include "ui/viewport/SceneView.h"
#include "ui/viewport/Timeline.h"
#include "ui/viewport/TimelineTrack.h"
#include "ui/viewport/Viewport.h"

namespace ochre::ui::shell {
namespace {

class SceneFilm : public ShellTest {
protected:
    void openScene(QSize size = {1280, 800}) {
        open(size);
        makeSceneGraph();
        runAndWait();
        ASSERT_TRUE(wait([this] { return view().frameIsFull(); }));
        view().setFocus();
    }
    SceneView& view() { return m_window->viewport().sceneView(); }
    Timeline& timeline() { return m_window->viewport().timeline(); }
    TimelineTrack& track() { return timeline().track(); }
    const CameraPath& path() { return timeline().edits().path(); }
    QToolButton* tool(const char* name) { return find<QToolButton>(QLatin1String(name)); }
    QImage still() {
        EXPECT_TRUE(wait([this] { return view().frameIsFull(); }));
        return view().frame().copy();
    }
    void orbit(int pixels) { drag(&view(), view().rect().center(), view().rect().center() + QPoint(pixels, 0)); }
    void scrub(double seconds) { click(&track(), {track().placeOf(seconds).x(), 8}); }
    /// Two keys, the second 2 s later from further round.
    void setTwoKeys() {
        QTest::keyClick(&view(), Qt::Key_K);
        scrub(2);
        orbit(-160);
        view().setFocus();
        QTest::keyClick(&view(), Qt::Key_K);
        ASSERT_EQ(path().keys.size(), 2u);
    }
    double yawOf(const Camera& camera) {
        OrbitCamera c;
        c.adopt(camera, 1);
        return c.yaw();
    }
};

TEST_F(SceneFilm, KSetsAKeyInANodeOfTheGraphAndUndoTakesItBack) {
    openScene();
    EXPECT_FALSE(timeline().isVisible());
    const QImage first = still();
    QTest::keyClick(&view(), Qt::Key_K);
    EXPECT_TRUE(timeline().isVisible()) << "the first key shows where it went";
    ASSERT_EQ(path().keys.size(), 1u);
    const graph::NodeId node = timeline().edits().node();
    ASSERT_NE(document().graph().find(node), nullptr);
    EXPECT_EQ(document().graph().at(node).inputs.at("scene").node, m_cloud);
    scrub(2);
    orbit(-160);
    click(tool("key_set"));
    ASSERT_EQ(path().keys.size(), 2u);
    EXPECT_NEAR(path().keys[1].time, 2, 1e-9);
    const QImage second = still();
    EXPECT_GT(difference(first, second), 0.2);
    scrub(0);
    EXPECT_LT(difference(still(), first.scaled(still().size())), 3) << "the first key's view is there again";
    scrub(1);
    EXPECT_NEAR(yawOf(*view().through()), (yawOf(path().keys[0].camera(16, 9)) + yawOf(path().keys[1].camera(16, 9))) / 2, 0.5);
    view().setFocus();
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(path().keys.size(), 1u);
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(path().keys.size(), 0u);
    EXPECT_EQ(document().graph().find(node), nullptr) << "one step made node and key";
    QTest::keyClick(&view(), Qt::Key_Y, Qt::ControlModifier);
    EXPECT_EQ(path().keys.size(), 1u);
}

TEST_F(SceneFilm, KeysAreDraggedInOneStepAndRemoved) {
    openScene();
    setTwoKeys();
    const std::uint64_t before = document().revision();
    drag(&track(), track().placeOf(2), track().placeOf(3.5));
    EXPECT_NEAR(path().keys[1].time, 3.5, 0.05);
    EXPECT_GT(document().revision(), before);
    EXPECT_EQ(track().selected(), 1);
    drag(&track(), track().placeOf(path().keys[1].time), track().placeOf(0) - QPoint(40, 0));
    EXPECT_NEAR(path().keys[1].time, 1 / path().fps, 1e-6) << "not past its neighbour";
    view().setFocus();
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    EXPECT_NEAR(path().keys[1].time, 3.5, 0.05);
    QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier);
    EXPECT_NEAR(path().keys[1].time, 2, 1e-9) << "a drag is one step";
    click(&track(), track().placeOf(2));
    track().setFocus();
    QTest::keyClick(&track(), Qt::Key_Delete);
    EXPECT_EQ(path().keys.size(), 1u);
    scrub(1);
    track().setFocus();
    QTest::keyClick(&track(), Qt::Key_Right);
    EXPECT_NEAR(track().time(), 1 + 1 / path().fps, 1e-6);
    QTest::keyClick(&track(), Qt::Key_Left, Qt::ShiftModifier);
    EXPECT_NEAR(track().time(), 0, 1e-9);
    click(tool("key_remove"));
    EXPECT_TRUE(path().keys.empty());
    EXPECT_FALSE(tool("film")->isEnabled());
}

TEST_F(SceneFilm, EasingLoopDurationAndRateAreThePathsOwn) {
    openScene();
    setTwoKeys();
    click(&track(), track().placeOf(0));
    auto* menu = find<QMenu>(QStringLiteral("easing_menu"));
    menu->popup(view().mapToGlobal(QPoint(0, 0)));
    menu->setActiveAction(menu->actions().at(3));
    QTest::keyClick(menu, Qt::Key_Return);
    EXPECT_EQ(path().keys[0].easing, Easing::InOut);
    click(tool("path_loop"));
    EXPECT_TRUE(path().loop);
    EXPECT_TRUE(tool("path_loop")->isChecked());
    auto* duration = find<QWidget>(QStringLiteral("path_duration"));
    QTest::mouseDClick(duration, Qt::LeftButton);
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("8"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    EXPECT_NEAR(path().duration, 8, 1e-9);
    auto* fps = find<QWidget>(QStringLiteral("path_fps"));
    QTest::mouseDClick(fps, Qt::LeftButton);
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("24"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    EXPECT_EQ(path().frames(), 192u);
    click(tool("turntable"));
    EXPECT_EQ(path().keys.size(), 24u);
    EXPECT_NEAR(path().duration, 8, 1e-9);
    EXPECT_TRUE(path().loop);
}

TEST_F(SceneFilm, SpacePlaysAndStopsAndMovingTheViewLeavesThePath) {
    openScene();
    setTwoKeys();
    scrub(0);
    view().setFocus();
    QTest::keyClick(&view(), Qt::Key_Space);
    EXPECT_TRUE(timeline().playing());
    EXPECT_TRUE(wait([this] { return track().time() > 0.3; }));
    QTest::keyClick(&view(), Qt::Key_Space);
    EXPECT_FALSE(timeline().playing());
    EXPECT_TRUE(view().through().has_value());
    const Camera there = view().viewCamera();
    click(tool("play"));
    EXPECT_TRUE(timeline().playing());
    orbit(30);
    EXPECT_FALSE(timeline().playing());
    EXPECT_FALSE(view().through().has_value());
    EXPECT_NEAR(view().viewCamera().fy, there.fy, there.fy * 0.05) << "it goes on from there";
    QTest::keyClick(&view(), Qt::Key_T);
    EXPECT_FALSE(timeline().isVisible());
}

TEST_F(SceneFilm, CamerasInTheViewAreClicked) {
    openScene();
    setTwoKeys();
    scrub(0);
    orbit(0);
    view().frameScene();
    view().changeCamera([](OrbitCamera& c) {
        c.dolly(3);
        c.orbit(40, 30);
    });
    still();
    const auto place = timeline().overlay().placeOfKey(1);
    ASSERT_TRUE(place.has_value());
    shot(*m_window, QStringLiteral("film-keys"));
    click(&view(), place->toPoint());
    ASSERT_TRUE(view().through().has_value());
    EXPECT_NEAR(track().time(), 2, 1e-9);
    EXPECT_EQ(track().selected(), 1);
}

TEST_F(SceneFilm, PhotosLieOverTheSceneOfTheirCamera) {
    openScene();
    CameraSet set = framesOf(turntable(view().scene().focus(), 1, 6), 320, 240);
    set.cameras[3].picture.clear();
    std::filesystem::create_directory(m_folder / "capture");
    writeCameras(set, m_folder / "capture/transforms.json");
    Image photo(320, 240, 3, ColorSpace::Srgb);
    for (float& v : photo.edit()) v = 1;
    for (int i = 0; i < 3; ++i) writeImage(photo, m_folder / "capture" / set.cameras[static_cast<std::size_t>(i)].picture);
    timeline().openCameras(QString::fromStdString((m_folder / "capture/transforms.json").string()));
    EXPECT_TRUE(timeline().isVisible());
    ASSERT_EQ(timeline().overlay().cameras().cameras.size(), 6u);
    view().changeCamera([](OrbitCamera& c) {
        c.dolly(2.5);
        c.orbit(20, 35);
    });
    still();
    shot(*m_window, QStringLiteral("film-cameras"));
    auto place = timeline().overlay().placeOfPhoto(0);
    ASSERT_TRUE(place.has_value());
    click(&view(), place->toPoint());
    EXPECT_EQ(timeline().overlay().photo(), 0);
    EXPECT_TRUE(wait([this] { return timeline().overlay().hasPhoto(); }));
    auto* opacity = find<QWidget>(QStringLiteral("photo_opacity"));
    EXPECT_TRUE(opacity->isVisible());
    still();
    const QImage half = shot(view(), QStringLiteral("film-photo"));
    const QPoint middle = view().rect().center();
    QTest::mouseDClick(opacity, Qt::LeftButton);
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("100"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    EXPECT_EQ(shot(view()).pixelColor(middle), QColor(Qt::white));
    EXPECT_NE(half.pixelColor(middle), QColor(Qt::white));
    orbit(20);
    EXPECT_EQ(timeline().overlay().photo(), -1);
    EXPECT_FALSE(opacity->isVisible());
    timeline().overlay().showPhoto(4);
    QTest::qWait(50);
    EXPECT_FALSE(timeline().overlay().hasPhoto()) << "missing pictures are no error";
}

TEST_F(SceneFilm, AFilmIsDrawnInTheBackgroundAndCancelled) {
    openScene();
    setTwoKeys();
    const auto type = [this](const char* field, const char* number) {
        QTest::mouseDClick(timeline().card().findChild<QWidget*>(QLatin1String(field)), Qt::LeftButton);
        QTest::keyClicks(QApplication::focusWidget(), QLatin1String(number));
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    };
    auto* duration = find<QWidget>(QStringLiteral("path_duration"));
    QTest::mouseDClick(duration, Qt::LeftButton);
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("60"));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    const auto render = [this] { return timeline().card().findChild<QPushButton*>(QStringLiteral("film_render")); };
    click(tool("film"));
    ASSERT_TRUE(wait([this] { return timeline().card().isVisible(); }));
    type("film_width", "161");
    timeline().card().setFile(QString::fromStdString((m_folder / "film.mp4").string()));
    EXPECT_FALSE(render()->isEnabled()) << "odd sides";
    EXPECT_TRUE(timeline().card().findChild<QLabel*>(QStringLiteral("film_words"))->text().contains(QStringLiteral("even")));
    type("film_width", "160");
    type("film_height", "90");
    EXPECT_TRUE(render()->isEnabled());
    shot(timeline().card(), QStringLiteral("film-card"));
    click(render());
    EXPECT_TRUE(timeline().job().running());
    auto* words = find<QLabel>(QStringLiteral("film_progress"));
    EXPECT_TRUE(wait([words] { return words->text().contains(QStringLiteral(" of 1800")); }));
    shot(*m_window, QStringLiteral("film-progress"));
    orbit(-20); // the window goes on
    click(tool("film_cancel"));
    EXPECT_TRUE(wait([this] { return !timeline().job().running(); }));
    EXPECT_FALSE(std::filesystem::exists(m_folder / "film.mp4")) << "no half film";
    EXPECT_TRUE(std::filesystem::exists(m_folder / "film.mp4.frames/00001.png"));
    click(tool("film"));
    type("film_last", "12");
    click(render());
    EXPECT_TRUE(wait([this] { return !timeline().job().running(); }, 60000));
    EXPECT_GT(std::filesystem::file_size(m_folder / "film.mp4"), 500u);
    EXPECT_TRUE(words->text().contains(QStringLiteral("film.mp4")));
}

TEST_F(SceneFilm, TheCardOffersFormatsSizesAndRates) {
    openScene();
    setTwoKeys();
    click(tool("film"));
    ASSERT_TRUE(wait([this] { return timeline().card().isVisible(); }));
    const auto choose = [this](const char* combo, int entry) {
        auto* box = timeline().card().findChild<QComboBox*>(QLatin1String(combo));
        box->setFocus();
        QTest::keyClick(box, Qt::Key_Home);
        for (int i = 0; i < entry; ++i) QTest::keyClick(box, Qt::Key_Down);
    };
    timeline().card().setFile(QString::fromStdString((m_folder / "film.mp4").string()));
    choose("film_size", 4); // upright
    Film film = timeline().card().film();
    EXPECT_EQ(film.cameras.front().width, 1080);
    EXPECT_EQ(film.cameras.front().height, 1920);
    EXPECT_EQ(film.output.extension(), ".mp4");
    EXPECT_EQ(film.fps, path().fps);
    EXPECT_EQ(film.cameras.size(), path().frames());
    choose("film_format", 1);
    EXPECT_EQ(timeline().card().film().output.filename(), "film.mov");
    choose("film_format", 3);
    EXPECT_EQ(timeline().card().film().output.filename(), "film.exr");
    auto* width = timeline().card().findChild<QWidget*>(QStringLiteral("film_width"));
    const auto type = [](QWidget* field, const char* number) {
        QTest::mouseDClick(field, Qt::LeftButton);
        QTest::keyClicks(QApplication::focusWidget(), QLatin1String(number));
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
    };
    type(width, "64");
    EXPECT_EQ(timeline().card().findChild<QComboBox*>(QStringLiteral("film_size"))->currentText(), QStringLiteral("As below"));
    const std::size_t frames = path().frames();
    type(timeline().card().findChild<QWidget*>(QStringLiteral("film_fps")), "60");
    film = timeline().card().film();
    EXPECT_EQ(film.fps, 60);
    EXPECT_NEAR(static_cast<double>(film.cameras.size()), 2.0 * static_cast<double>(frames), 2) << "the same time";
    EXPECT_NE(path().fps, 60) << "the path keeps its own";
    shot(timeline().card(), QStringLiteral("film-card-choices"));
}

TEST_F(SceneFilm, CamerasOfPhotosStayWithTheProject) {
    openScene();
    setTwoKeys();
    CameraSet set;
    for (int i = 0; i < 4; ++i) set.cameras.push_back({Camera::orbit({}, 3, 90.0 * i, 10, 45, 320, 240), "photo.png"});
    writeCameras(set, m_folder / "transforms.json");
    timeline().openCameras(QString::fromStdString((m_folder / "transforms.json").string()));
    ASSERT_EQ(timeline().overlay().cameras().cameras.size(), 4u);
    document().undo();
    EXPECT_TRUE(timeline().overlay().cameras().cameras.empty());
    document().redo();
    EXPECT_EQ(timeline().overlay().cameras().cameras.size(), 4u);
    const CameraPath keys = path();
    const graph::Graph saved = document().graph();
    const project::View seen = document().view();
    document().reset({}, {}, {});
    ASSERT_TRUE(wait([this] { return timeline().overlay().cameras().cameras.empty(); }));
    document().reset(saved, seen, {});
    ASSERT_TRUE(wait([this] { return timeline().overlay().cameras().cameras.size() == 4; }));
    EXPECT_EQ(path(), keys);
    timeline().edits().setCameras({}, {});
    EXPECT_TRUE(timeline().overlay().cameras().cameras.empty());
    EXPECT_EQ(path(), keys);
}

TEST_F(SceneFilm, PathsAreSavedAndOpened) {
    openScene();
    setTwoKeys();
    const CameraPath before = path();
    const auto file = [this](const char* name) { return QString::fromStdString((m_folder / name).string()); };
    for (const char* name : {"path.json", "transforms.json", "images.txt"}) timeline().saveCameras(file(name));
    EXPECT_EQ(readCameraPath(m_folder / "path.json"), before);
    EXPECT_EQ(readCameras(m_folder / "transforms.json").set.cameras.size(), before.frames());
    EXPECT_EQ(readCameras(m_folder / "images.txt").set.cameras.size(), before.frames());
    click(tool("turntable"));
    timeline().openCameras(file("path.json"));
    EXPECT_EQ(path(), before);
    ochre::writeFileAtomic(m_folder / "bad.json", "{}");
    QSignalSpy failed(&timeline(), &Timeline::failed);
    timeline().openCameras(file("bad.json"));
    EXPECT_EQ(failed.count(), 1);
}

TEST_F(SceneFilm, TheStripLooksRightInBothThemes) {
    openScene();
    setTwoKeys();
    view().changeCamera([](OrbitCamera& c) {
        c.dolly(2.5);
        c.orbit(30, 25);
    });
    for (const Mode mode : {Mode::Dark, Mode::Light}) {
        Theme::instance().setMode(mode);
        still();
        shot(*m_window, QStringLiteral("film-strip-") + (mode == Mode::Dark ? QStringLiteral("dark") : QStringLiteral("light")));
        shot(timeline(), QStringLiteral("film-strip-only-") + (mode == Mode::Dark ? QStringLiteral("dark") : QStringLiteral("light")));
    }
    Theme::instance().setMode(Mode::Dark);
}

} // namespace
} // namespace ochre::ui::shell
