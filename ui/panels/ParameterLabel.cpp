// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/ParameterLabel.h"

#include <QMouseEvent>
#include <QPainter>

#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {
constexpr int kDot = 6;
}

ParameterLabel::ParameterLabel(QString text, QWidget* parent) : QWidget(parent), m_text(std::move(text)) {
    setFixedSize(kWidth, metrics::kControl);
    setFont(ochre::ui::font(TextRole::Body));
}

QSize ParameterLabel::sizeHint() const {
    return {kWidth, metrics::kControl};
}

void ParameterLabel::setChanged(bool changed) {
    m_changed = changed;
    update();
}

void ParameterLabel::setDriver(const QString& driver) {
    m_driver = driver;
    update();
}

void ParameterLabel::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    QRect area = rect();
    if (!m_driver.isEmpty()) {
        paintIcon(p, QStringLiteral("link"), QRectF(area.right() - 16, (height() - 14) / 2.0, 14, 14),
                  colors().textLow);
        area.setRight(area.right() - 20);
    } else if (m_changed) {
        p.setPen(Qt::NoPen);
        p.setBrush(colors().accent);
        p.drawEllipse(QRectF(area.right() - kDot - 2, (height() - kDot) / 2.0, kDot, kDot));
        area.setRight(area.right() - kDot - 6);
    }
    p.setPen(colors().textMid);
    p.drawText(area, Qt::AlignLeft | Qt::AlignVCenter,
               fontMetrics().elidedText(m_text, Qt::ElideRight, area.width()));
}

void ParameterLabel::mouseReleaseEvent(QMouseEvent* event) {
    const bool onDot = event->pos().x() > width() - kDot - 8;
    if (m_changed && ((event->button() == Qt::LeftButton && onDot) || event->button() == Qt::MiddleButton))
        Q_EMIT resetRequested();
}

FoldHeader::FoldHeader(const QString& text, QWidget* parent) : QAbstractButton(parent) {
    setText(text);
    setFixedHeight(metrics::kControl);
    setFont(ochre::ui::font(TextRole::BodyBold));
    connect(this, &QAbstractButton::clicked, this, [this] {
        setFolded(!m_folded);
        Q_EMIT toggled(m_folded);
    });
}

QSize FoldHeader::sizeHint() const {
    return {200, metrics::kControl};
}

void FoldHeader::setFolded(bool folded) {
    m_folded = folded;
    update();
}

void FoldHeader::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    p.setPen(QPen(colors().hairline, 1));
    p.drawLine(QPointF(0, 0.5), QPointF(width(), 0.5));
    const QColor color = underMouse() || hasFocus() ? colors().textHigh : colors().textMid;
    paintIcon(p, m_folded ? QStringLiteral("chevron-right") : QStringLiteral("chevron-down"),
              QRectF(0, (height() - 16) / 2.0, 16, 16), color);
    p.setPen(color);
    p.drawText(rect().adjusted(20, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, text());
    if (hasFocus()) {
        p.setPen(QPen(colors().accent, metrics::kFocusRing));
        p.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 5, 5);
    }
}

} // namespace ochre::ui
