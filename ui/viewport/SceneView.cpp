// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SceneView.h"

#include <algorithm>
#include <cmath>

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {
constexpr int kRestMilliseconds = 150;
constexpr double kFrameBudget = 50; ///< milliseconds for a frame while moving
constexpr double kDegreesPerPixel = 0.35;
} // namespace

SceneView::SceneView(QWidget* parent) : QWidget(parent) {
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_OpaquePaintEvent);
    m_rest.setSingleShot(true);
    m_rest.setInterval(kRestMilliseconds);
    m_fly.setInterval(16);
    connect(&m_rest, &QTimer::timeout, this, [this] { request(false); });
    connect(&m_fly, &QTimer::timeout, this, &SceneView::flyStep);
    connect(&Theme::instance(), &Theme::changed, this, [this] { request(false); });
    connect(&m_worker, &SceneWorker::failed, this, [this](const QString& message, const QString& hint) {
        m_busyMoving = false;
        Q_EMIT failed(message, hint);
    });
    connect(&m_worker, &SceneWorker::rendererReady, this, [this](const QString& name, const QString& reason) {
        m_renderer = name;
        Q_EMIT rendererReady(name, reason);
    });
    connect(&m_worker, &SceneWorker::frameReady, this,
            [this](const QImage& frame, double ms, bool moving, quint64 turn) {
                m_frame = frame;
                m_full = !moving && turn == m_turn;
                m_busyMoving = false;
                if (moving)
                    m_scale = std::clamp(m_scale * std::sqrt(kFrameBudget / std::max(ms, 1.0)), 0.15, 1.0);
                update();
                Q_EMIT frameShown(ms);
                if (m_again) request(true);
            });
}

void SceneView::setScene(const SplatCloud& cloud) {
    const bool other = cloud.name() != m_cloud.name() || cloud.count() != m_cloud.count();
    m_cloud = cloud;
    if (other) {
        m_camera = OrbitCamera();
        m_camera.frame(cloud.focus());
        m_camera.orbit(25, 12);
        m_frame = {};
    }
    request(false);
}

void SceneView::frameScene() {
    m_camera.frame(m_cloud.focus());
    moved();
}

void SceneView::moved() {
    request(true);
    m_rest.start();
}

void SceneView::request(bool moving) {
    if (m_cloud.count() == 0 || !isVisible() || width() < 2 || height() < 2) return;
    m_full = false;
    ++m_turn;
    m_again = moving && m_busyMoving;
    if (m_again) return; // one small frame at a time; the next starts when it has come
    m_busyMoving = moving;
    const double scale = devicePixelRatioF() * (moving ? m_scale : 1);
    const QColor ground = colors().canvas;
    SceneRequest r;
    r.cloud = m_cloud;
    r.camera = m_camera.camera(std::max(2, static_cast<int>(width() * scale)),
                               std::max(2, static_cast<int>(height() * scale)));
    r.options.background = std::array<float, 3>{ground.redF(), ground.greenF(), ground.blueF()};
    r.moving = moving;
    r.turn = m_turn;
    m_worker.draw(std::move(r));
}

void SceneView::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.fillRect(rect(), colors().canvas);
    if (m_frame.isNull()) return;
    p.setRenderHint(QPainter::SmoothPixmapTransform, m_frame.width() != width() * devicePixelRatioF());
    p.drawImage(QRectF(rect()), m_frame);
}

void SceneView::resizeEvent(QResizeEvent*) {
    moved();
}

void SceneView::showEvent(QShowEvent*) {
    request(false);
}

void SceneView::mousePressEvent(QMouseEvent* event) {
    setFocus();
    m_button = event->button();
    m_last = event->pos();
    if (m_button == Qt::RightButton) {
        m_flyClock.start();
        m_fly.start();
    }
}

void SceneView::mouseMoveEvent(QMouseEvent* event) {
    if (m_button == Qt::NoButton) return;
    const QPoint d = event->pos() - m_last;
    m_last = event->pos();
    const bool pan = m_button == Qt::MiddleButton ||
                     (m_button == Qt::LeftButton && event->modifiers() & Qt::ShiftModifier);
    if (pan)
        m_camera.pan(d.x(), d.y(), height());
    else if (m_button == Qt::RightButton)
        m_camera.look(-d.x() * kDegreesPerPixel * 0.5, d.y() * kDegreesPerPixel * 0.5);
    else
        m_camera.orbit(-d.x() * kDegreesPerPixel, d.y() * kDegreesPerPixel);
    moved();
}

void SceneView::mouseReleaseEvent(QMouseEvent*) {
    m_button = Qt::NoButton;
    m_fly.stop();
    m_keys.clear();
}

void SceneView::mouseDoubleClickEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    const Camera camera = m_camera.camera(width(), height());
    if (const auto point = pickSplat(m_cloud, camera, event->position().x(), event->position().y())) {
        m_camera.setPivot(*point);
        moved();
    }
}

void SceneView::wheelEvent(QWheelEvent* event) {
    m_camera.dolly(std::pow(0.88, event->angleDelta().y() / 120.0));
    moved();
    event->accept();
}

void SceneView::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_F) {
        frameScene();
        return;
    }
    const bool flying = m_button == Qt::RightButton;
    if (!flying || event->isAutoRepeat()) {
        if (!flying) QWidget::keyPressEvent(event);
        return;
    }
    m_keys.insert(event->key());
}

void SceneView::keyReleaseEvent(QKeyEvent* event) {
    if (!event->isAutoRepeat()) m_keys.remove(event->key());
}

void SceneView::focusOutEvent(QFocusEvent*) {
    m_keys.clear();
    m_fly.stop();
    m_button = Qt::NoButton;
}

void SceneView::flyStep() {
    const double seconds = static_cast<double>(m_flyClock.restart()) / 1000;
    const auto held = [this](int plus, int minus) {
        return (m_keys.contains(plus) ? 1.0 : 0.0) - (m_keys.contains(minus) ? 1.0 : 0.0);
    };
    const double right = held(Qt::Key_D, Qt::Key_A), down = held(Qt::Key_Q, Qt::Key_E),
                 ahead = held(Qt::Key_W, Qt::Key_S);
    if (right == 0 && down == 0 && ahead == 0) return;
    const double step = m_camera.sceneRadius() * seconds;
    m_camera.fly(right * step, down * step, ahead * step);
    moved();
}

} // namespace ochre::ui
