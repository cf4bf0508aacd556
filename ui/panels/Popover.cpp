// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/Popover.h"

#include <algorithm>

#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QScreen>

#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {
constexpr int kControlWidth = 160;
} // namespace

Popover::Popover(QWidget* parent)
    : QWidget(parent, Qt::Popup | Qt::FramelessWindowHint | Qt::NoDropShadowWindowHint),
      m_grid(new QGridLayout(this)) {
    setAttribute(Qt::WA_TranslucentBackground);
    const int edge = metrics::kShadow + metrics::kPanelPadding;
    m_grid->setContentsMargins(edge, edge, edge, edge);
    m_grid->setHorizontalSpacing(metrics::kPanelPadding);
    m_grid->setVerticalSpacing(metrics::kGrid);
    m_grid->setColumnStretch(1, 1);
}

void Popover::place(const QString& label, QWidget* control) {
    const int row = m_grid->rowCount();
    auto* name = new QLabel(label);
    name->setMinimumHeight(metrics::kControl);
    m_grid->addWidget(name, row, 0);
    control->setAccessibleName(label);
    control->setMinimumWidth(kControlWidth);
    m_grid->addWidget(control, row, 1);
}

void Popover::addWide(QWidget* widget) {
    m_grid->addWidget(widget, m_grid->rowCount(), 0, 1, 2);
}

QLabel* Popover::addWords(int width, int lines) {
    auto* words = new QLabel;
    words->setProperty("role", "secondary");
    words->setTextFormat(Qt::PlainText);
    words->setWordWrap(true);
    words->setFixedWidth(width);
    words->setMinimumHeight(lines * words->fontMetrics().lineSpacing());
    addWide(words);
    return words;
}

void Popover::setRowShown(QWidget* control, bool shown) {
    int row = 0, column = 0, rows = 0, columns = 0;
    m_grid->getItemPosition(m_grid->indexOf(control), &row, &column, &rows, &columns);
    if (column == 1) m_grid->itemAtPosition(row, 0)->widget()->setVisible(shown);
    control->setVisible(shown);
    if (isVisible()) adjustSize();
}

void Popover::openBelow(QWidget* anchor) {
    adjustSize();
    constexpr int kMargin = metrics::kShadow;
    QPoint at = anchor->mapToGlobal(
        QPoint(anchor->width() - width() + kMargin, anchor->height() - kMargin + metrics::kGrid));
    if (const QScreen* screen = anchor->screen()) {
        const QRect area = screen->availableGeometry();
        at.setX(std::clamp(at.x(), area.left() - kMargin,
                           std::max(area.left(), area.right() - width() + kMargin)));
        at.setY(std::min(at.y(), std::max(area.top(), area.bottom() - height() + kMargin)));
    }
    move(at);
    show();
}

void Popover::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    constexpr int kMargin = metrics::kShadow;
    paintFloatingCard(p, QRectF(rect()).adjusted(kMargin, kMargin, -kMargin, -kMargin));
}

} // namespace ochre::ui
