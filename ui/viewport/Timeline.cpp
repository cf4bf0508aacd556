// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/Timeline.h"

#include <algorithm>
#include <cmath>

#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QToolButton>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "ui/bridge/Bridge.h"
#include "ui/panels/NumberField.h"
#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/FilmCard.h"
#include "ui/viewport/SceneActions.h"
#include "ui/viewport/SceneView.h"
#include "ui/viewport/TimelineTrack.h"

namespace ochre::ui {
namespace {
constexpr int kWide = 1600, kHigh = 900;   ///< of what is looked at along the path
constexpr int kSavedWide = 1280, kSavedHigh = 720;
constexpr double kSecondsApart = 1;        ///< of keys made from a capture's cameras
constexpr int kPlayMilliseconds = 15;
constexpr double kMinute = 60;

struct EasingName {
    Easing easing;
    const char* name;
};
const EasingName kNames[] = {{Easing::Linear, QT_TRANSLATE_NOOP("Timeline", "Even")},
                             {Easing::In, QT_TRANSLATE_NOOP("Timeline", "Begin slowly")},
                             {Easing::Out, QT_TRANSLATE_NOOP("Timeline", "End slowly")},
                             {Easing::InOut, QT_TRANSLATE_NOOP("Timeline", "Begin and end slowly")},
                             {Easing::Hold, QT_TRANSLATE_NOOP("Timeline", "Stay, then jump")}};

QString leftText(double seconds) {
    if (seconds < 0) return {};
    if (seconds < kMinute) return Timeline::tr(", %1 s left").arg(seconds, 0, 'f', 0);
    return Timeline::tr(", %1 min left").arg(seconds / kMinute, 0, 'f', 0);
}
} // namespace

Timeline::Timeline(Bridge& bridge, SceneView& view, SceneActions& actions, QWidget* parent)
    : QWidget(parent), m_view(view), m_actions(actions), m_edits(bridge), m_overlay(view, m_edits), m_track(new TimelineTrack),
      m_row(new ActionRow), m_card(new FilmCard(this)) {
    setObjectName(QStringLiteral("timeline_strip"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 1, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_track);
    layout->addWidget(makeRow());
    m_play.setInterval(kPlayMilliseconds);
    m_play.setTimerType(Qt::PreciseTimer);
    m_view.setOverlay(&m_overlay);
    addActions();
    connectTrack();
    connect(&m_play, &QTimer::timeout, this, &Timeline::step);
    connect(&m_edits, &PathEdits::changed, this, &Timeline::refresh);
    connect(&m_edits, &PathEdits::camerasChanged, this, [this] { m_overlay.setCameras(m_edits.cameras()); });
    connect(&m_edits, &PathEdits::failed, this, &Timeline::failed);
    connect(&m_view, &SceneView::throughLeft, this, [this] { play(false); });
    connect(&m_overlay, &CameraOverlay::photoChanged, this, &Timeline::refresh);
    connect(&m_overlay, &CameraOverlay::keyClicked, this, [this](int key) {
        select(key);
        look(m_edits.path().keys[static_cast<std::size_t>(key)].time);
    });
    connect(m_card, &FilmCard::wanted, this, &Timeline::startFilm);
    connect(&m_job, &FilmJob::progressed, this, &Timeline::told, Qt::QueuedConnection);
    connect(&m_job, &FilmJob::ended, this, [this](const QString& file, const QString& message, const QString& hint) {
        m_track->setProgress(std::nullopt);
        m_words->setText(file.isEmpty() ? QString() : tr("%1 is there").arg(QFileInfo(file).fileName()));
        if (!file.isEmpty()) log::info("{}: saved", file.toStdString());
        if (!message.isEmpty()) Q_EMIT failed(message, hint);
        refresh();
    }, Qt::QueuedConnection);
    refresh();
    hide();
}

QWidget* Timeline::makeRow() {
    auto* row = new QWidget;
    row->setFixedHeight(metrics::kToolBar);
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(metrics::kPanelPadding - metrics::kGrid, 0, metrics::kPanelPadding, 0);
    layout->setSpacing(metrics::kGrid);
    layout->addWidget(m_row, 1);
    m_words = new QLabel;
    m_words->setObjectName(QStringLiteral("film_progress"));
    m_words->setProperty("role", "secondary");
    layout->addWidget(m_words);
    m_stop = new QToolButton;
    m_stop->setObjectName(QStringLiteral("film_cancel"));
    m_stop->setIcon(icon(QStringLiteral("cancel")));
    m_stop->setToolTip(tr("Cancel the film; frames that are finished serve the next try"));
    m_stop->setAccessibleName(m_stop->toolTip());
    m_stop->setFixedSize(metrics::kControl, metrics::kControl);
    connect(m_stop, &QToolButton::clicked, this, [this] { m_job.cancel(); });
    layout->addWidget(m_stop);
    const auto number = [&](const char* id, const QString& tip, NumberRange range, int width) {
        auto* field = new NumberField(std::move(range));
        field->setObjectName(QLatin1String(id));
        field->setToolTip(tip);
        field->setFixedWidth(width);
        layout->addWidget(field);
        return field;
    };
    m_photo = number("photo_opacity", tr("How much of the photo is seen over the scene"), {0, 100, 0, 100, 1, true, QStringLiteral("%")}, 76);
    m_photo->setValue(100 * m_overlay.photoOpacity());
    connect(m_photo, &NumberField::edited, this, [this](double v) { m_overlay.setPhotoOpacity(v / 100); });
    m_duration = number("path_duration", tr("How long the path takes"), {0.1, CameraPath::kLongest, {}, {}, 0.1, false, tr("s")}, 76);
    m_fps = number("path_fps", tr("Frames a second"), {1, CameraPath::kMostFps, {}, {}, 1, false, tr("fps")}, 76);
    connect(m_duration, &NumberField::edited, this, [this](double v) {
        m_edits.change(tr("Duration of the path"), [v](CameraPath& path) { path.duration = v; }, QStringLiteral("path duration"));
    });
    connect(m_fps, &NumberField::edited, this, [this](double v) {
        m_edits.change(tr("Frames a second"), [v](CameraPath& path) { path.fps = v; }, QStringLiteral("path fps"));
    });
    for (NumberField* field : {m_duration, m_fps}) connect(field, &NumberField::editEnded, this, [this] { m_edits.endMerge(); });
    return row;
}

void Timeline::addActions() {
    const auto add = [this](const char* id, const char* iconName, const QString& text, const QList<QKeySequence>& keys,
                            std::function<void()> run) {
        return m_actions.add(QLatin1String(id), QLatin1String(iconName), text, keys, std::move(run));
    };
    QAction* open = add("timeline", "timeline", tr("Camera path and films"), {QKeySequence(Qt::Key_T)}, [this] { setOpen(!m_open); });
    open->setCheckable(true);
    QAction* play = add("play", "run", tr("Play"), {QKeySequence(Qt::Key_Space)}, [this] { this->play(!playing()); });
    play->setCheckable(true);
    m_row->addAction(play);
    QAction* loop = add("path_loop", "loop", tr("Loop: the last key leads to the first"), {}, [this] {
        m_edits.change(tr("Loop"), [](CameraPath& path) { path.loop = !path.loop; });
    });
    loop->setCheckable(true);
    m_row->addAction(loop);
    m_row->addGap();
    m_row->addAction(add("key_set", "key", tr("Set a key at the playhead, of the view as it is"), {QKeySequence(Qt::Key_K)}, [this] { setKey(); }));
    m_row->addAction(add("key_remove", "trash", tr("Remove the key"), {}, [this] { removeKey(); }));
    addEasings();
    m_row->addGap();
    m_row->addAction(add("turntable", "turntable", tr("Once around the scene, instead of the keys"), {}, [this] { goAround(); }));
    addCameras();
    QAction* film = add("film", "video", tr("Render film…"), {}, nullptr);
    QToolButton* button = m_row->addAction(film);
    connect(film, &QAction::triggered, this, [this, button] {
        m_card->openBelow(button->isVisible() ? static_cast<QWidget*>(button) : m_row);
    });
}

void Timeline::addEasings() {
    QAction* easing = m_actions.add(QStringLiteral("easing"), QStringLiteral("easing"), tr("How the way to the next key is gone"), {}, nullptr);
    auto* menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("easing_menu"));
    for (const EasingName& entry : kNames) {
        QAction* action = menu->addAction(tr(entry.name), this, [this, entry] { setEasing(entry.easing); });
        action->setCheckable(true);
        action->setData(static_cast<int>(entry.easing));
    }
    connect(menu, &QMenu::aboutToShow, this, [this, menu] {
        const int key = keyAtPlayhead();
        for (QAction* action : menu->actions())
            action->setChecked(key >= 0 && action->data().toInt() == static_cast<int>(m_edits.path().keys[static_cast<std::size_t>(key)].easing));
    });
    easing->setMenu(menu);
    m_row->addAction(easing)->setPopupMode(QToolButton::InstantPopup);
}

void Timeline::addCameras() {
    QAction* cameras = m_actions.add(QStringLiteral("cameras"), QStringLiteral("camera"), tr("Cameras from and to files"), {}, nullptr);
    auto* menu = new QMenu(this);
    menu->addAction(tr("Open cameras…"), this, [this] {
        const QString file = QFileDialog::getOpenFileName(window(), tr("A camera path, transforms.json, or COLMAP's cameras"), {},
                                                          tr("Cameras (*.json *.bin *.txt)"));
        if (!file.isEmpty()) openCameras(file);
    });
    QAction* keys = menu->addAction(tr("Make these cameras the keys"), this, &Timeline::keysFromCameras);
    QAction* away = menu->addAction(tr("Take these cameras away"), this, [this] { m_edits.setCameras({}, {}); });
    menu->addSeparator();
    QAction* save = menu->addAction(tr("Save the path…"), this, [this] {
        const QString file = QFileDialog::getSaveFileName(window(), tr("Save the path"), QStringLiteral("path.json"),
                                                          tr("Camera path, or transforms.json (*.json);;COLMAP's text files (*.txt)"));
        if (!file.isEmpty()) saveCameras(file);
    });
    connect(menu, &QMenu::aboutToShow, this, [this, keys, away, save] {
        for (QAction* action : {keys, away}) action->setEnabled(!m_overlay.cameras().cameras.empty());
        save->setEnabled(!m_edits.path().keys.empty());
    });
    cameras->setMenu(menu);
    m_row->addAction(cameras)->setPopupMode(QToolButton::InstantPopup);
}

void Timeline::connectTrack() {
    connect(m_track, &TimelineTrack::scrubbed, this, [this](double seconds) {
        play(false);
        look(seconds);
    });
    connect(m_track, &TimelineTrack::keySelected, this, &Timeline::select);
    connect(m_track, &TimelineTrack::removeRequested, this, &Timeline::removeKey);
    connect(m_track, &TimelineTrack::keyDropped, this, [this] { m_edits.endMerge(); });
    connect(m_track, &TimelineTrack::keyMoved, this, [this](int key, double seconds) {
        // Between its neighbours, so that it stays the same one.
        const auto& keys = m_edits.path().keys;
        const auto i = static_cast<std::size_t>(key);
        const double frame = 1 / m_edits.path().fps;
        const double least = i > 0 ? keys[i - 1].time + frame : 0;
        const double most = i + 1 < keys.size() ? keys[i + 1].time - frame : m_edits.path().duration;
        if (least > most) return;
        const double time = std::clamp(seconds, least, most);
        m_edits.change(tr("Move a key"), [i, time](CameraPath& path) { path.keys[i].time = time; }, QStringLiteral("path key"));
        look(time);
    });
}

void Timeline::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.fillRect(rect(), colors().surface1);
    p.fillRect(0, 0, width(), 1, colors().hairline);
}

void Timeline::follow(graph::NodeId viewed) {
    m_edits.follow(viewed);
}

void Timeline::setSceneShown(bool shown) {
    m_sceneShown = shown;
    if (!shown) play(false);
    refresh();
}

void Timeline::setOpen(bool open) {
    m_open = open;
    if (!open) {
        play(false);
        m_overlay.showPhoto(-1);
    }
    refresh();
}

void Timeline::refresh() {
    const CameraPath& path = m_edits.path();
    const bool keys = !path.keys.empty(), shown = m_open && m_sceneShown;
    m_track->setPath(path);
    m_card->setPath(path);
    m_duration->setValue(path.duration);
    m_fps->setValue(path.fps);
    m_actions.at(QStringLiteral("timeline"))->setChecked(m_open);
    m_actions.at(QStringLiteral("play"))->setEnabled(shown && path.keys.size() > 1);
    m_actions.at(QStringLiteral("play"))->setChecked(playing());
    m_actions.at(QStringLiteral("play"))->setIcon(icon(playing() ? QStringLiteral("pause") : QStringLiteral("run")));
    m_actions.at(QStringLiteral("path_loop"))->setChecked(path.loop);
    for (const char* id : {"key_remove", "easing"}) m_actions.at(QLatin1String(id))->setEnabled(keys);
    m_actions.at(QStringLiteral("film"))->setEnabled(keys && !m_job.running());
    m_stop->setVisible(m_job.running());
    m_words->setVisible(!m_words->text().isEmpty());
    m_photo->setVisible(m_overlay.photo() >= 0 && m_overlay.hasPhoto());
    m_overlay.setVisible(shown);
    m_overlay.setSelected(m_track->selected());
    setVisible(shown);
}

double Timeline::nearest() const {
    return std::min(Camera().near, m_view.focus().radius / 20);
}

void Timeline::look(double seconds) {
    m_track->setTime(seconds);
    if (m_edits.path().keys.empty()) return;
    m_overlay.showPhoto(-1);
    const CameraKey key = m_edits.path().at(seconds);
    m_view.setThrough(key.camera(kWide, kHigh, nearest()), key.focus);
}

void Timeline::select(int key) {
    m_track->setSelected(key);
    m_overlay.setSelected(key);
}

void Timeline::play(bool on) {
    if (on == playing()) return;
    if (on) {
        const CameraPath& path = m_edits.path();
        m_from = m_track->time() >= path.duration - 0.5 / path.fps ? 0 : m_track->time();
        m_clock.start();
        m_play.start();
    } else {
        m_play.stop();
    }
    refresh();
}

void Timeline::step() {
    const CameraPath& path = m_edits.path();
    if (path.keys.size() < 2) return play(false);
    double time = m_from + static_cast<double>(m_clock.elapsed()) / 1000;
    if (path.loop) time = std::fmod(time, path.duration);
    const bool over = time >= path.duration;
    look(std::floor(std::min(time, path.duration) * path.fps) / path.fps);
    if (over) play(false);
}

void Timeline::setKey() {
    if (!m_sceneShown) return;
    play(false);
    m_open = true;
    const Camera seen = m_view.through() ? *m_view.through() : m_view.viewCamera();
    CameraKey key = keyOf(seen, m_view.camera().distance());
    key.time = std::round(m_track->time() * m_edits.path().fps) / m_edits.path().fps;
    std::size_t index = 0;
    m_edits.change(tr("Set a key"), [&](CameraPath& path) {
        for (const CameraKey& there : path.keys)
            if (std::abs(there.time - key.time) < 0.5 / path.fps) key.easing = there.easing;
        index = path.put(key);
    });
    select(static_cast<int>(index));
    refresh();
}

int Timeline::keyAtPlayhead() const {
    if (m_track->selected() >= 0) return m_track->selected();
    const auto& keys = m_edits.path().keys;
    const auto after = std::ranges::upper_bound(keys, m_track->time() + 1e-9, {}, &CameraKey::time);
    return static_cast<int>(after - keys.begin()) - 1;
}

void Timeline::removeKey() {
    const int key = keyAtPlayhead();
    if (key < 0) return;
    select(-1);
    m_edits.change(tr("Remove a key"), [key](CameraPath& path) { path.keys.erase(path.keys.begin() + key); });
}

void Timeline::setEasing(Easing easing) {
    const int key = keyAtPlayhead();
    if (key < 0) return;
    m_edits.change(tr("Easing"), [=](CameraPath& path) { path.keys[static_cast<std::size_t>(key)].easing = easing; });
}

void Timeline::goAround() {
    const OrbitCamera& camera = m_view.camera();
    select(-1);
    m_edits.change(tr("Turntable"), [&](CameraPath& path) {
        path = turntable(m_view.focus(), path.duration, path.fps, camera.pitch(), camera.fov());
    });
    look(0);
}

void Timeline::keysFromCameras() {
    select(-1);
    m_edits.change(tr("Keys from cameras"), [this](CameraPath& path) {
        const CameraPath through = pathThrough(m_overlay.cameras(), kSecondsApart);
        path.keys = through.keys;
        path.duration = through.duration;
    });
}

void Timeline::openCameras(const QString& file) {
    try {
        CameraSource source = readCameras(file.toStdString());
        m_open = true;
        if (source.path) m_edits.change(tr("Open a camera path"), [&](CameraPath& path) { path = std::move(*source.path); });
        else m_edits.setCameras(std::move(source.set), file);
        refresh();
    } catch (const Error& e) {
        Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
    }
}

void Timeline::saveCameras(const QString& file) {
    const QFileInfo info(file);
    try {
        if (info.suffix() == QLatin1String("json") && !info.fileName().startsWith(QLatin1String("transforms")))
            writeCameraPath(m_edits.path(), file.toStdString());
        else
            writeCameras(framesOf(m_edits.path(), kSavedWide, kSavedHigh, nearest()), file.toStdString());
        log::info("{}: saved", file.toStdString());
    } catch (const Error& e) {
        Q_EMIT failed(QString::fromStdString(e.message()), QString::fromStdString(e.hint()));
    }
}

void Timeline::startFilm() {
    Film film = m_card->film();
    for (Camera& camera : film.cameras) camera.near = nearest();
    if (m_card->asView()) film.backdrop = backdropOf(m_view.display());
    m_words->setText(tr("Beginning…"));
    m_track->setProgress(0);
    m_job.start(std::move(film), m_view.items());
    refresh();
}

void Timeline::told(quint64 done, quint64 total, double secondsLeft) {
    if (!m_job.running()) return;
    m_words->setText(tr("Frame %1 of %2").arg(done).arg(total) + leftText(secondsLeft));
    m_track->setProgress(static_cast<double>(done) / static_cast<double>(total));
}

} // namespace ochre::ui
