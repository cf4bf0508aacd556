// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/ColorPicker.h"

#include <algorithm>

#include <QLineEdit>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QScreen>

#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {
constexpr int kSide = 200, kBar = 16, kGap = 8;
constexpr int kEdge = metrics::kPanelPadding;
} // namespace

ColorPicker::ColorPicker(const QColor& color, QWidget* parent)
    : QWidget(parent, Qt::Popup | Qt::FramelessWindowHint | Qt::NoDropShadowWindowHint),
      m_hex(new QLineEdit(this)) {
    setAttribute(Qt::WA_DeleteOnClose);
    setAttribute(Qt::WA_TranslucentBackground);
    const int margin = metrics::kShadow;
    setFixedSize(2 * margin + 2 * kEdge + kSide,
                 2 * margin + 2 * kEdge + kSide + 2 * (kGap + kBar) + kGap + metrics::kControl);
    float hue = 0;
    color.getHsvF(&hue, &m_saturation, &m_value, &m_alpha);
    m_hue = std::clamp(hue, 0.0f, 1.0f); // −1 for greys
    m_hex->setGeometry(margin + kEdge, height() - margin - kEdge - metrics::kControl, kSide,
                       metrics::kControl);
    m_hex->setText(color.name(color.alpha() < 255 ? QColor::HexArgb : QColor::HexRgb).toUpper());
    m_hex->setToolTip(tr("#RRGGBB or #AARRGGBB"));
    connect(m_hex, &QLineEdit::editingFinished, this, [this] {
        const QColor typed(m_hex->text().trimmed());
        if (!typed.isValid() || !m_hex->isModified()) return;
        float typedHue = 0;
        typed.getHsvF(&typedHue, &m_saturation, &m_value, &m_alpha);
        if (typedHue >= 0) m_hue = typedHue;
        change();
    });
}

void ColorPicker::openBelow(const QWidget* anchor) {
    const int margin = metrics::kShadow;
    QPoint at =
        anchor->mapToGlobal(QPoint(anchor->width() - width() + margin, anchor->height() - margin + kGap / 2));
    if (const QScreen* screen = anchor->screen()) {
        const QRect area = screen->availableGeometry();
        at.setX(std::clamp(at.x(), area.left(), std::max(area.left(), area.right() - width())));
        if (at.y() + height() > area.bottom())
            at.setY(anchor->mapToGlobal(QPoint(0, 0)).y() - height() + margin - kGap / 2);
    }
    move(at);
    show();
}

QRectF ColorPicker::square() const {
    const double at = metrics::kShadow + kEdge;
    return {at, at, kSide, kSide};
}

QRectF ColorPicker::bar(Part part) const {
    const QRectF s = square();
    const double y = s.bottom() + kGap + (part == Part::Alpha ? kBar + kGap : 0);
    return {s.left(), y, s.width(), kBar};
}

void ColorPicker::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const int margin = metrics::kShadow;
    paintFloatingCard(p, QRectF(rect()).adjusted(margin, margin, -margin, -margin), metrics::kRadiusControl);
    const auto fill = [&p](const QRectF& area, const QBrush& brush) {
        QPainterPath shape;
        shape.addRoundedRect(area, 4, 4);
        p.fillPath(shape, brush);
    };
    const QRectF s = square();
    QLinearGradient across(s.topLeft(), s.topRight());
    across.setColorAt(0, Qt::white);
    across.setColorAt(1, QColor::fromHsvF(m_hue, 1, 1));
    fill(s, across);
    QLinearGradient down(s.topLeft(), s.bottomLeft());
    down.setColorAt(0, QColor(0, 0, 0, 0));
    down.setColorAt(1, Qt::black);
    fill(s, down);
    QLinearGradient hues(bar(Part::Hue).topLeft(), bar(Part::Hue).topRight());
    for (int i = 0; i <= 6; ++i)
        hues.setColorAt(i / 6.0, QColor::fromHsvF(static_cast<float>(i % 6) / 6, 1, 1));
    fill(bar(Part::Hue), hues);
    QColor clear = color();
    clear.setAlphaF(0);
    QColor full = color();
    full.setAlphaF(1);
    QLinearGradient alphas(bar(Part::Alpha).topLeft(), bar(Part::Alpha).topRight());
    alphas.setColorAt(0, clear);
    alphas.setColorAt(1, full);
    fill(bar(Part::Alpha), colors().surface3);
    fill(bar(Part::Alpha), alphas);
    const auto knob = [&p](QPointF at) {
        p.setBrush(Qt::NoBrush);
        p.setPen(QPen(QColor(0, 0, 0, 160), 3));
        p.drawEllipse(at, 5, 5);
        p.setPen(QPen(Qt::white, 1.5));
        p.drawEllipse(at, 5, 5);
    };
    knob({s.left() + static_cast<double>(m_saturation) * s.width(),
          s.bottom() - static_cast<double>(m_value) * s.height()});
    knob({bar(Part::Hue).left() + static_cast<double>(m_hue) * s.width(), bar(Part::Hue).center().y()});
    knob({bar(Part::Alpha).left() + static_cast<double>(m_alpha) * s.width(), bar(Part::Alpha).center().y()});
}

void ColorPicker::mousePressEvent(QMouseEvent* event) {
    const QPointF at = event->position();
    m_part = Part::None;
    if (square().contains(at))
        m_part = Part::Square;
    else if (bar(Part::Hue).contains(at))
        m_part = Part::Hue;
    else if (bar(Part::Alpha).contains(at))
        m_part = Part::Alpha;
    if (m_part != Part::None)
        pick(at);
    else
        QWidget::mousePressEvent(event); // outside: closes the popup
}

void ColorPicker::mouseMoveEvent(QMouseEvent* event) {
    if (m_part != Part::None) pick(event->position());
}

void ColorPicker::mouseReleaseEvent(QMouseEvent*) {
    m_part = Part::None;
}

void ColorPicker::pick(QPointF at) {
    const QRectF s = square();
    const auto x = static_cast<float>(std::clamp((at.x() - s.left()) / s.width(), 0.0, 1.0));
    if (m_part == Part::Hue)
        m_hue = std::min(x, 0.9999f);
    else if (m_part == Part::Alpha)
        m_alpha = x;
    else {
        m_saturation = x;
        m_value = static_cast<float>(std::clamp((s.bottom() - at.y()) / s.height(), 0.0, 1.0));
    }
    change();
}

void ColorPicker::change() {
    const QColor now = color();
    m_hex->setText(now.name(now.alpha() < 255 ? QColor::HexArgb : QColor::HexRgb).toUpper());
    update();
    Q_EMIT colorChanged(now);
}

} // namespace ochre::ui
