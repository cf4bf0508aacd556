// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/LossPlot.h"

#include <algorithm>
#include <cmath>

#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>

#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

constexpr double kLeft = 52, kBottom = 20, kRateHeight = 36, kGap = 10, kTop = 10, kRight = 12;
constexpr double kMeanShare = 0.95; // of what was before, in the moving mean

QString shortNumber(double value) {
    const double size = std::abs(value);
    return QString::number(value, size != 0 && (size < 0.01 || size >= 10000) ? 'e' : 'g', size < 0.01 || size >= 10000 ? 0 : 3);
}

} // namespace

LossPlot::LossPlot(QWidget* parent) : QWidget(parent) {
    setMouseTracking(true);
    setMinimumSize(200, 110);
    setAccessibleName(tr("Loss over steps"));
}

void LossPlot::setPoints(const std::vector<TrainingPoint>& points, std::int64_t total) {
    if (points.size() == m_points.size() && total == m_total) return;
    m_points = points;
    m_total = total;
    m_means.clear();
    double mean = 0, weight = 0;
    for (const TrainingPoint& point : m_points) {
        mean = kMeanShare * mean + (1 - kMeanShare) * point.loss;
        weight = kMeanShare * weight + (1 - kMeanShare);
        m_means.push_back(mean / weight);
    }
    m_probe = std::min(m_probe, static_cast<int>(m_points.size()) - 1);
    update();
}

QRectF LossPlot::lossArea() const {
    return {kLeft, kTop, width() - kLeft - kRight, height() - kTop - kBottom - kRateHeight - kGap};
}

double LossPlot::xOf(double step) const {
    const double last = std::max<double>(static_cast<double>(m_total), m_points.empty() ? 1 : static_cast<double>(m_points.back().step + 1));
    const QRectF area = lossArea();
    return area.left() + area.width() * (step + 0.5) / std::max(1.0, last);
}

void LossPlot::paintAxes(QPainter& painter, double low, double high) const {
    const QRectF area = lossArea();
    painter.setFont(ochre::ui::font(TextRole::Secondary));
    for (const double share : {0.0, 0.5, 1.0}) {
        const double y = std::round(area.bottom() - share * area.height()) + 0.5;
        painter.setPen(QPen(colors().hairline, 1));
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y));
        painter.setPen(colors().textMid);
        drawTabular(painter, {0, y - 8, kLeft - 8, 16}, Qt::AlignRight | Qt::AlignVCenter, shortNumber(std::exp(low + share * (high - low))));
    }
    const double bottom = height() - kBottom;
    painter.setPen(QPen(colors().hairline, 1));
    painter.drawLine(QPointF(area.left(), bottom + 0.5), QPointF(area.right(), bottom + 0.5));
    painter.setPen(colors().textMid);
    painter.drawText(QRectF(0, bottom - kRateHeight, kLeft - 8, kRateHeight), Qt::AlignRight | Qt::AlignVCenter, tr("rate"));
    const std::int64_t last = std::max<std::int64_t>(m_total, static_cast<std::int64_t>(m_points.size()));
    drawTabular(painter, {area.left(), bottom + 2, area.width(), kBottom - 2}, Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("0"));
    drawTabular(painter, {area.left(), bottom + 2, area.width(), kBottom - 2}, Qt::AlignRight | Qt::AlignVCenter, tr("step %1").arg(last));
}

void LossPlot::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    if (m_points.empty()) return;
    double low = 1e30, high = -1e30, rate = 0;
    for (std::size_t i = 0; i < m_points.size(); ++i) {
        rate = std::max(rate, m_points[i].rate);
        if (m_points[i].loss <= 0) continue;
        low = std::min(low, std::log(m_points[i].loss));
        high = std::max(high, std::log(m_points[i].loss));
    }
    if (high < low) return;
    if (high - low < 0.1) low -= 0.05, high += 0.05;
    paintAxes(painter, low, high);
    const QRectF area = lossArea();
    const auto y = [&](double loss) { return area.bottom() - area.height() * (std::log(std::max(loss, 1e-30)) - low) / (high - low); };
    QPainterPath steps, means, rates;
    const double base = height() - kBottom;
    for (std::size_t i = 0; i < m_points.size(); ++i) {
        const double x = xOf(static_cast<double>(m_points[i].step));
        const QPointF step(x, std::clamp(y(m_points[i].loss), area.top(), area.bottom()));
        const QPointF mean(x, std::clamp(y(m_means[i]), area.top(), area.bottom()));
        const QPointF level(x, base - (kRateHeight - 6) * (rate > 0 ? m_points[i].rate / rate : 0));
        if (i == 0) {
            steps.moveTo(step);
            means.moveTo(mean);
            rates.moveTo(level);
        }
        steps.lineTo(step);
        means.lineTo(mean);
        rates.lineTo(level);
    }
    painter.setPen(QPen(blend(colors().surface2, colors().textLow, 0.5), 1));
    painter.drawPath(steps);
    painter.setPen(QPen(colors().textMid, 1.5));
    painter.drawPath(rates);
    painter.setPen(QPen(colors().info, 2, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawPath(means);
    paintProbe(painter);
}

void LossPlot::paintProbe(QPainter& painter) const {
    if (m_probe < 0) return;
    const TrainingPoint& point = m_points[static_cast<std::size_t>(m_probe)];
    const QRectF area = lossArea();
    const double x = std::round(xOf(static_cast<double>(point.step))) + 0.5;
    painter.setPen(QPen(colors().textLow, 1));
    painter.drawLine(QPointF(x, area.top()), QPointF(x, height() - kBottom));
    const QString text = tr("step %1 · loss %2 · rate %3")
                             .arg(point.step)
                             .arg(shortNumber(m_means[static_cast<std::size_t>(m_probe)]), shortNumber(point.rate));
    painter.setPen(colors().textHigh);
    painter.drawText(area.adjusted(0, 0, -4, 0), Qt::AlignRight | Qt::AlignTop, text);
}

void LossPlot::mouseMoveEvent(QMouseEvent* event) {
    int nearest = -1;
    double distance = 1e30;
    for (std::size_t i = 0; i < m_points.size(); ++i)
        if (const double d = std::abs(xOf(static_cast<double>(m_points[i].step)) - event->position().x()); d < distance) {
            distance = d;
            nearest = static_cast<int>(i);
        }
    m_probe = nearest;
    update();
}

void LossPlot::leaveEvent(QEvent*) {
    m_probe = -1;
    update();
}

} // namespace ochre::ui
