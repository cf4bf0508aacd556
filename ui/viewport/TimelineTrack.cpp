// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/TimelineTrack.h"

#include <algorithm>
#include <cmath>

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {
constexpr int kEdge = 12;         ///< pixels left and right of the line of time
constexpr int kKeyY = 28;         ///< where keys are
constexpr double kKeyRadius = 5;  ///< of their diamonds
constexpr double kReach = 7;      ///< pixels beside a key that still hit it
constexpr double kLabelRoom = 56; ///< pixels between two labels at least

QPolygonF diamond(QPointF middle, double radius) {
    return QPolygonF(QList<QPointF>{middle + QPointF(0, -radius), middle + QPointF(radius, 0), middle + QPointF(0, radius),
                                    middle + QPointF(-radius, 0)});
}
} // namespace

TimelineTrack::TimelineTrack(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("timeline_track"));
    setAccessibleName(tr("Time"));
    setFixedHeight(kHeight);
    setFocusPolicy(Qt::StrongFocus);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void TimelineTrack::setPath(const CameraPath& path) {
    m_path = path;
    m_selected = std::min(m_selected, static_cast<int>(path.keys.size()) - 1);
    m_time = std::min(m_time, path.duration);
    update();
}

void TimelineTrack::setTime(double seconds) {
    m_time = std::clamp(seconds, 0.0, m_path.duration);
    update();
}

void TimelineTrack::setSelected(int key) {
    m_selected = key;
    update();
}

void TimelineTrack::setProgress(std::optional<double> share) {
    m_progress = share;
    update();
}

QPoint TimelineTrack::placeOf(double seconds) const {
    return {static_cast<int>(std::round(kEdge + seconds / m_path.duration * (width() - 2 * kEdge))), kKeyY};
}

double TimelineTrack::timeAt(double x) const {
    const double seconds = (x - kEdge) / std::max(1, width() - 2 * kEdge) * m_path.duration;
    return std::clamp(std::round(seconds * m_path.fps) / m_path.fps, 0.0, m_path.duration);
}

int TimelineTrack::keyAt(QPointF at) const {
    if (std::abs(at.y() - kKeyY) > kReach + 2) return -1;
    int found = -1;
    double nearest = kReach;
    for (std::size_t i = 0; i < m_path.keys.size(); ++i)
        if (const double away = std::abs(placeOf(m_path.keys[i].time).x() - at.x()); away <= nearest)
            nearest = away, found = static_cast<int>(i);
    return found;
}

void TimelineTrack::paintRuler(QPainter& p) const {
    static constexpr double kSteps[] = {0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600};
    const double perSecond = (width() - 2 * kEdge) / m_path.duration;
    double step = kSteps[0];
    for (const double s : kSteps)
        if (step * perSecond < kLabelRoom) step = s;
    p.setFont(ochre::ui::font(TextRole::Secondary));
    for (int i = 0; i * step <= m_path.duration + 1e-9; ++i) {
        const double x = kEdge + i * step * perSecond;
        p.setPen(colors().hairline);
        p.drawLine(QPointF(x, 16), QPointF(x, 20));
        p.setPen(colors().textLow);
        const QString text = tr("%1 s").arg(i * step, 0, 'g', 5);
        const double width = tabularWidth(QFontMetricsF(p.font()), text);
        const double left = std::clamp(x - width / 2, 2.0, std::max(2.0, this->width() - width - 2));
        drawTabular(p, QRectF(left, 1, width + 2, 14), Qt::AlignLeft | Qt::AlignVCenter, text);
    }
}

void TimelineTrack::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    paintRuler(p);
    p.setPen(QPen(colors().hairline, 1));
    p.drawLine(QPointF(kEdge, kKeyY + 0.5), QPointF(width() - kEdge, kKeyY + 0.5));
    if (m_progress) {
        p.setPen(QPen(colors().accent, 2));
        p.drawLine(QPointF(kEdge, height() - 2), QPointF(kEdge + *m_progress * (width() - 2 * kEdge), height() - 2));
    }
    const QPointF now(placeOf(m_time).x() + 0.5, 0);
    p.setPen(QPen(colors().textHigh, 1));
    p.drawLine(now + QPointF(0, 16), now + QPointF(0, height()));
    for (std::size_t i = 0; i < m_path.keys.size(); ++i) {
        const bool selected = static_cast<int>(i) == m_selected;
        p.setPen(QPen(colors().surface1, 1.5));
        p.setBrush(selected ? colors().accent : colors().textMid);
        if (m_path.keys[i].time <= m_path.duration + 1e-9)
            p.drawPolygon(diamond(QPointF(placeOf(m_path.keys[i].time)) + QPointF(0.5, 0.5), kKeyRadius + (selected ? 1 : 0)));
    }
    if (hasFocus()) {
        p.setPen(QPen(colors().accent, metrics::kFocusRing));
        p.setBrush(Qt::NoBrush);
        p.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), metrics::kRadiusControl, metrics::kRadiusControl);
    }
}

void TimelineTrack::mousePressEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    m_dragged = keyAt(event->position());
    m_scrubbing = m_dragged < 0;
    setSelected(m_dragged);
    Q_EMIT keySelected(m_dragged);
    Q_EMIT scrubbed(m_scrubbing ? timeAt(event->position().x()) : m_path.keys[static_cast<std::size_t>(m_dragged)].time);
}

void TimelineTrack::mouseMoveEvent(QMouseEvent* event) {
    const double time = timeAt(event->position().x());
    if (m_scrubbing) Q_EMIT scrubbed(time);
    else if (m_dragged >= 0) Q_EMIT keyMoved(m_dragged, time);
}

void TimelineTrack::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton) return;
    if (m_dragged >= 0) Q_EMIT keyDropped();
    m_dragged = -1;
    m_scrubbing = false;
}

void TimelineTrack::keyPressEvent(QKeyEvent* event) {
    const bool right = event->key() == Qt::Key_Right;
    if (event->key() == Qt::Key_Delete || event->key() == Qt::Key_Backspace) return Q_EMIT removeRequested();
    if (!right && event->key() != Qt::Key_Left) return QWidget::keyPressEvent(event);
    if (!(event->modifiers() & Qt::ShiftModifier))
        return Q_EMIT scrubbed(std::clamp((std::round(m_time * m_path.fps) + (right ? 1 : -1)) / m_path.fps, 0.0, m_path.duration));
    int next = -1;
    for (std::size_t i = 0; i < m_path.keys.size(); ++i) {
        const double time = m_path.keys[i].time;
        if (right && time > m_time + 1e-9 && next < 0) next = static_cast<int>(i);
        if (!right && time < m_time - 1e-9) next = static_cast<int>(i);
    }
    if (next < 0) return;
    setSelected(next);
    Q_EMIT keySelected(next);
    Q_EMIT scrubbed(m_path.keys[static_cast<std::size_t>(next)].time);
}

} // namespace ochre::ui
