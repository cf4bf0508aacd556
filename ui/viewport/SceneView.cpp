// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SceneView.h"

#include <algorithm>
#include <cmath>

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include "core/scene/field/PlacedField.h"
#include "ui/bridge/Background.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/SceneGuides.h"
#include "ui/viewport/SceneOverlay.h"
#include "ui/viewport/SceneTool.h"

namespace ochre::ui {
namespace {
constexpr int kRestMilliseconds = 150;
constexpr int kNoteMilliseconds = 1200;
constexpr double kFrameBudget = 40; ///< milliseconds for a frame while moving
constexpr double kDegreesPerPixel = 0.35;
constexpr double kFaster = 4; ///< with Shift
constexpr double kSlowest = 0.01, kFastest = 100;
constexpr int kStill = 3; ///< pixels that a click may move
constexpr double kNearestFocus = 0.02; ///< radii of the scene
constexpr double kLeastFieldSide = 100; ///< pixels of the smaller side of a moving frame: smaller ones show too little of a field

std::size_t splatsOf(const std::vector<SceneItem>& items) {
    std::size_t count = 0;
    for (const SceneItem& item : items) count += item.visible ? item.cloud.count() : 0;
    return count;
}

std::array<float, 3> rgb(const QColor& color) {
    return {color.redF(), color.greenF(), color.blueF()};
}
} // namespace

Backdrop backdropOf(const SceneDisplay& display) {
    using Behind = SceneDisplay::Behind;
    if (display.behind == Behind::Sky && display.sky) return {.sky = display.sky, .turn = display.skyTurn};
    if (display.behind == Behind::Color) return {.top = rgb(display.top), .bottom = rgb(display.top)};
    if (display.behind == Behind::Gradient) return {.top = rgb(display.top), .bottom = rgb(display.bottom)};
    return {.top = rgb(colors().canvas), .bottom = rgb(colors().canvas)};
}

SceneView::SceneView(QWidget* parent) : QWidget(parent), m_governor(kFrameBudget) {
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_OpaquePaintEvent);
    setMouseTracking(true);
    m_rest.setSingleShot(true);
    m_rest.setInterval(kRestMilliseconds);
    m_noteTime.setSingleShot(true);
    m_noteTime.setInterval(kNoteMilliseconds);
    m_fly.setInterval(16);
    connect(&m_rest, &QTimer::timeout, this, [this] { request(false); });
    connect(&m_fly, &QTimer::timeout, this, &SceneView::flyStep);
    connect(&m_noteTime, &QTimer::timeout, this, [this] {
        m_note.clear();
        update();
    });
    connect(&Theme::instance(), &Theme::changed, this, [this] { request(false); });
    connect(&m_worker, &SceneWorker::failed, this, [this](const QString& message, const QString& hint) {
        m_busyMoving = false;
        Q_EMIT failed(message, hint);
    });
    connect(&m_worker, &SceneWorker::rendererReady, this, [this](const QString& name, const QString& reason) {
        m_renderer = name;
        m_governor.setThins(name.startsWith(QLatin1String("Vulkan"))); // the others draw all splats
        Q_EMIT rendererReady(name, reason);
    });
    connect(&m_worker, &SceneWorker::frameReady, this, &SceneView::take);
    connect(&m_worker, &SceneWorker::picked, this, [this](const std::optional<Picked>& what, quint64 turn) {
        if (turn != m_pickTurn || !m_answer) return;
        std::exchange(m_answer, nullptr)(what);
    });
}

void SceneView::take(const QImage& frame, double milliseconds, bool moving, quint64 turn) {
    m_frame = frame;
    m_full = !moving && turn == m_turn;
    m_busyMoving = false;
    if (moving) {
        const double ratio = devicePixelRatioF();
        m_governor.took(milliseconds, static_cast<double>(frame.width()) * frame.height(),
                        width() * ratio * height() * ratio);
    }
    update();
    Q_EMIT frameShown(milliseconds);
    if (m_again) request(true);
}

std::size_t SceneView::count() const {
    std::size_t all = 0;
    for (const SceneItem& item : m_items) all += item.cloud.count();
    return all;
}

bool SceneView::setScene(std::vector<SceneItem> items) {
    const bool other = std::ranges::none_of(items, [this](const SceneItem& item) {
        return std::ranges::any_of(m_items, [&](const SceneItem& old) {
            return item.cloud.name() == old.cloud.name() && item.cloud.count() == old.cloud.count();
        });
    });
    m_items = std::move(items);
    if (!other) {
        moved();
        return false;
    }
    m_through.reset();
    m_camera = OrbitCamera();
    m_camera.frame(focus());
    m_camera.orbit(25, 12);
    if (const auto own = ownView(scene(), std::max(1, width()), std::max(1, height()))) m_camera.adopt(own->first, own->second);
    if (const auto place = std::exchange(m_remembered, nullptr)) place(m_camera);
    m_governor.reset();
    m_frame = {};
    Q_EMIT viewChanged();
    request(false);
    return true;
}

void SceneView::setEdited(std::vector<SceneItem> items) {
    m_items = std::move(items);
    moved();
}

void SceneView::setNavigation(Navigation navigation) {
    stopFlying();
    m_navigation = navigation;
    Q_EMIT viewChanged();
}

void SceneView::remember(std::function<void(OrbitCamera&)> place) {
    m_remembered = std::move(place);
    m_items = {{}}; // whatever comes is another one
}

void SceneView::changeFrame(const Similarity& frame) {
    if (frame.isIdentity()) return;
    leaveThrough();
    m_camera.enter(frame);
    moved();
}

void SceneView::say(const QString& note) {
    m_note = note;
    m_noteTime.start();
    update();
}

void SceneView::setSpeed(double speed) {
    m_speed = std::clamp(speed, kSlowest, kFastest);
    Q_EMIT viewChanged();
}

void SceneView::readSky() {
    const QString file = m_display.skyFile;
    struct Read {
        std::shared_ptr<const Sky> sky;
        Error error{""};
    };
    inBackground(
        this,
        [path = file.toStdString()] {
            try {
                return Read{.sky = ochre::readSky(path)};
            } catch (const Error& e) {
                return Read{.error = e};
            }
        },
        [this, file](const Read& read) {
            if (file != m_display.skyFile) return; // another one by now
            m_display.sky = read.sky;
            if (!read.sky) Q_EMIT failed(QString::fromStdString(read.error.message()), QString::fromStdString(read.error.hint()));
            request(false);
        });
}

void SceneView::setDisplay(const SceneDisplay& display) {
    const bool otherSky = display.skyFile != m_display.skyFile;
    m_display = display;
    if (otherSky) {
        m_display.sky.reset();
        if (!m_display.skyFile.isEmpty()) readSky();
    }
    request(false);
    update();
    Q_EMIT viewChanged();
}

void SceneView::changeCamera(const std::function<void(OrbitCamera&)>& change) {
    leaveThrough();
    change(m_camera);
    moved();
}

void SceneView::frameScene() {
    leaveThrough();
    m_camera.frame(focus());
    moved();
}

void SceneView::focusUnderMouse() {
    focusAt(m_pointer.value_or(QRectF(rect()).center()), true);
}

void SceneView::focusAt(QPointF at, bool orAll) {
    pick(at, [this, orAll](const std::optional<Picked>& what) {
        if (what) {
            leaveThrough();
            m_camera.approach(what->place, kNearestFocus * m_camera.sceneRadius());
            moved();
        } else if (orAll) {
            frameScene();
        }
    });
}

void SceneView::pick(QPointF at, std::function<void(const std::optional<Picked>&)> answer) {
    m_answer = std::move(answer);
    m_worker.pick({m_items, viewCamera(), m_display.box, at.x(), at.y(), ++m_pickTurn});
}

void SceneView::setTool(SceneTool* tool) {
    cancelTool();
    m_tool = tool;
    setCursor(tool ? tool->cursor() : Qt::ArrowCursor);
    update();
}

void SceneView::setThrough(const std::optional<Camera>& camera, double distance) {
    m_through = camera;
    m_throughDistance = distance;
    moved();
}

void SceneView::leaveThrough() {
    if (!m_through) return;
    m_camera.adopt(viewCamera(), m_throughDistance);
    m_through.reset();
    Q_EMIT throughLeft();
}

Camera SceneView::viewCamera(int width, int height) const {
    if (!m_through) return m_camera.camera(width, height);
    return m_through->fitted(width, height);
}

void SceneView::setOverlay(SceneOverlay* overlay) {
    m_overlay = overlay;
    update();
}

bool SceneView::cancelTool() {
    if (!m_tool || m_button != Qt::ExtraButton24) return false;
    m_button = Qt::NoButton;
    m_tool->cancel();
    return true;
}

void SceneView::moved() {
    request(true);
    m_rest.start();
    update();
    Q_EMIT viewChanged();
}

void SceneView::request(bool moving) {
    if (std::ranges::all_of(m_items, [](const SceneItem& item) { return item.cloud.empty(); }) || !isVisible() || width() < 2 || height() < 2) return;
    m_full = false;
    ++m_turn;
    m_again = moving && m_busyMoving;
    if (m_again) return; // one small frame at a time; the next starts when it has come
    m_busyMoving = moving;
    const bool fields = std::ranges::any_of(m_items, [](const SceneItem& item) { return !item.cloud.fields().empty(); });
    m_governor.setLeast(fields ? kLeastFieldSide / (devicePixelRatioF() * std::min(width(), height())) : 0);
    const double scale = devicePixelRatioF() * (moving ? m_governor.scale() : 1);
    SceneRequest r;
    r.items = m_items;
    r.camera = viewCamera(std::max(2, static_cast<int>(width() * scale)), std::max(2, static_cast<int>(height() * scale)));
    SplatOptions& splats = r.options.splats;
    splats.mode = m_display.mode;
    splats.pointSize *= scale;
    splats.box = m_display.box;
    if (moving && m_governor.share() < 1) splats.most = static_cast<std::size_t>(std::max(1.0, m_governor.share() * static_cast<double>(splatsOf(m_items))));
    splats.selected = {rgb(colors().accent), 0.75f};
    splats.locked = {rgb(colors().textLow), 0.75f};
    r.options.backdrop = backdropOf(m_display);
    r.options.normals = m_display.normals;
    if (m_display.grid) r.options.ground = groundAround(m_camera, scale);
    r.moving = moving;
    r.turn = m_turn;
    m_worker.draw(std::move(r));
}

void SceneView::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.fillRect(rect(), m_display.behind == SceneDisplay::Behind::Theme ? colors().canvas : m_display.top);
    if (m_frame.isNull()) return;
    p.setRenderHint(QPainter::SmoothPixmapTransform, m_frame.width() != width() * devicePixelRatioF());
    p.drawImage(QRectF(rect()), m_frame);
    p.setRenderHint(QPainter::Antialiasing);
    const Camera camera = viewCamera();
    if (m_display.axes) paintAxes(p, camera, rect(), m_display.behind != SceneDisplay::Behind::Theme);
    if (m_display.box) paintBox(p, camera, *m_display.box);
    if (m_overlay) m_overlay->paint(p, camera);
    if (m_tool) m_tool->paint(p);
    if (!m_note.isEmpty()) paintNote(p);
}

void SceneView::paintNote(QPainter& p) {
    p.setFont(ochre::ui::font(TextRole::Secondary));
    const QFontMetricsF m(p.font());
    const QRectF box((width() - m.horizontalAdvance(m_note)) / 2 - 2 * metrics::kGrid, height() - 40,
                     m.horizontalAdvance(m_note) + 4 * metrics::kGrid, 24);
    p.setPen(Qt::NoPen);
    p.setBrush(colors().surface2);
    p.drawRoundedRect(box, metrics::kRadiusControl, metrics::kRadiusControl);
    p.setPen(colors().textHigh);
    p.drawText(box, Qt::AlignCenter, m_note);
}

void SceneView::resizeEvent(QResizeEvent*) {
    moved();
}

void SceneView::showEvent(QShowEvent*) {
    request(false);
}

bool SceneView::looks() const {
    if (m_navigation == Navigation::Fly) return m_button == Qt::LeftButton || m_button == Qt::RightButton;
    return m_button == Qt::RightButton && !m_tool;
}

void SceneView::mousePressEvent(QMouseEvent* event) {
    setFocus();
    if (m_button != Qt::NoButton) return;
    m_last = event->pos();
    m_pressed.reset();
    if (m_tool && event->button() == Qt::LeftButton && m_tool->press(event->position(), event->modifiers())) {
        m_button = Qt::ExtraButton24; // the tool's
        return;
    }
    m_button = event->button();
    if (m_button == Qt::LeftButton) m_pressed = event->position();
    if (looks() && !m_fly.isActive()) {
        m_flyClock.start();
        m_fly.start();
    }
}

void SceneView::mouseMoveEvent(QMouseEvent* event) {
    m_pointer = event->position();
    if (m_button == Qt::ExtraButton24)
        return m_tool ? m_tool->move(event->position(), event->modifiers()) : void();
    if (m_button == Qt::NoButton) {
        if (m_tool) m_tool->hover(event->position());
        return;
    }
    const QPoint d = event->pos() - m_last;
    if (m_pressed && (event->position() - *m_pressed).manhattanLength() < kStill) return;
    m_pressed.reset();
    m_last = event->pos();
    leaveThrough();
    const bool pan = m_button == Qt::MiddleButton ||
                     (m_button == Qt::LeftButton && event->modifiers() & Qt::ShiftModifier && !looks());
    if (pan)
        m_camera.pan(d.x(), d.y(), height());
    else if (looks())
        m_camera.look(-d.x() * kDegreesPerPixel * 0.5, d.y() * kDegreesPerPixel * 0.5);
    else
        m_camera.orbit(-d.x() * kDegreesPerPixel, d.y() * kDegreesPerPixel);
    moved();
}

void SceneView::mouseReleaseEvent(QMouseEvent* event) {
    const bool tools = m_button == Qt::ExtraButton24 && event->button() == Qt::LeftButton;
    if (!tools && event->button() != m_button) return; // another one than it began with
    m_button = Qt::NoButton;
    if (std::exchange(m_pressed, std::nullopt) && m_overlay && m_overlay->click(event->position(), viewCamera())) return;
    if (tools && m_tool) m_tool->release(event->position(), event->modifiers());
    if (m_navigation == Navigation::Orbit) stopFlying();
}

void SceneView::mouseDoubleClickEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    if (m_tool) return mousePressEvent(event);
    m_button = event->button();
    m_pressed.reset();
    focusAt(event->position(), false);
}

void SceneView::wheelEvent(QWheelEvent* event) {
    const double notches = event->angleDelta().y() / 120.0;
    event->accept();
    if (m_tool && m_tool->wheel(notches, event->modifiers())) return;
    if (m_navigation == Navigation::Fly || looks()) {
        m_speed = std::clamp(m_speed * std::pow(1.25, notches), kSlowest, kFastest);
        say(tr("Speed %1×").arg(m_speed, 0, 'g', 2));
        Q_EMIT viewChanged();
        return;
    }
    leaveThrough();
    m_camera.dolly(std::pow(0.88, notches));
    moved();
}

void SceneView::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape && cancelTool()) return;
    m_modifiers = event->modifiers();
    const bool flies = m_navigation == Navigation::Fly || looks();
    const bool mine =
        flies && !(event->modifiers() & (Qt::ControlModifier | Qt::AltModifier)) &&
        QList<int>{Qt::Key_W, Qt::Key_A, Qt::Key_S, Qt::Key_D, Qt::Key_Q, Qt::Key_E, Qt::Key_Shift}.contains(
            event->key());
    if (!mine) return QWidget::keyPressEvent(event);
    if (event->isAutoRepeat()) return;
    m_keys.insert(event->key());
    if (m_fly.isActive()) return;
    m_flyClock.start();
    m_fly.start();
}

void SceneView::keyReleaseEvent(QKeyEvent* event) {
    m_modifiers = event->modifiers();
    if (event->isAutoRepeat()) return;
    m_keys.remove(event->key());
    if (m_keys.isEmpty() && m_button == Qt::NoButton) m_fly.stop();
}

void SceneView::focusOutEvent(QFocusEvent*) {
    stopFlying();
    cancelTool();
    m_button = Qt::NoButton;
}

void SceneView::leaveEvent(QEvent*) {
    m_pointer.reset();
}

void SceneView::stopFlying() {
    m_keys.clear();
    m_fly.stop();
}

void SceneView::flyStep() {
    const double seconds = static_cast<double>(m_flyClock.restart()) / 1000;
    const auto held = [this](int plus, int minus) {
        return (m_keys.contains(plus) ? 1.0 : 0.0) - (m_keys.contains(minus) ? 1.0 : 0.0);
    };
    const double right = held(Qt::Key_D, Qt::Key_A), down = held(Qt::Key_Q, Qt::Key_E),
                 ahead = held(Qt::Key_W, Qt::Key_S);
    if (right == 0 && down == 0 && ahead == 0) return;
    const double fast = m_keys.contains(Qt::Key_Shift) || m_modifiers & Qt::ShiftModifier ? kFaster : 1;
    const double step = m_camera.sceneRadius() * seconds * m_speed * fast;
    leaveThrough();
    m_camera.fly(right * step, down * step, ahead * step);
    moved();
}

} // namespace ochre::ui
