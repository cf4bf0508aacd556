// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/DockTitle.h"

#include <QHBoxLayout>
#include <QPainter>

#include "ui/theme/Theme.h"

namespace ochre::ui {

DockTitle::DockTitle(QString text, QWidget* parent) : QWidget(parent), m_text(std::move(text)) {
    setFont(ochre::ui::font(TextRole::Title));
}

DockTitle::DockTitle(QWidget* content, QWidget* parent) : QWidget(parent) {
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(content);
    layout->addStretch(1);
}

void DockTitle::setText(const QString& text) {
    m_text = text;
    setToolTip(text);
    update();
}

QSize DockTitle::sizeHint() const {
    return {120, metrics::kToolBar};
}

QSize DockTitle::minimumSizeHint() const {
    return {60, metrics::kToolBar};
}

void DockTitle::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.fillRect(rect(), colors().surface1);
    if (m_text.isEmpty()) return;
    p.setPen(colors().textHigh);
    const QRect area = rect().adjusted(metrics::kPanelPadding, 0, -metrics::kPanelPadding, 0);
    p.drawText(area, Qt::AlignLeft | Qt::AlignVCenter,
               fontMetrics().elidedText(m_text, Qt::ElideRight, area.width()));
}

} // namespace ochre::ui
