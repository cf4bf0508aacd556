// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/LayerList.h"

#include <algorithm>

#include <QApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include "ui/theme/Icons.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {
constexpr int kRow = 40, kEye = 32;
}

LayerList::LayerList(QWidget* parent) : QWidget(parent), m_editor(new QLineEdit(this)) {
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setAccessibleName(tr("Clouds of the scene"));
    m_editor->hide();
    connect(m_editor, &QLineEdit::editingFinished, this, [this] { finishRename(true); });
}

void LayerList::setRows(const QList<Row>& rows, int current) {
    if (rows == m_rows && current == m_current) return;
    if (rows.size() != m_rows.size()) finishRename(false);
    m_rows = rows;
    m_current = current;
    setFixedHeight(kRow * static_cast<int>(rows.size()));
    update();
}

QRect LayerList::rowRect(int row) const {
    return {0, kRow * row, width(), kRow};
}

QRect LayerList::eyeRect(int row) const {
    return {0, kRow * row, kEye, kRow};
}

int LayerList::rowAt(QPoint at) const {
    return rect().contains(at) && at.y() / kRow < m_rows.size() ? at.y() / kRow : -1;
}

void LayerList::rename(int row) {
    if (row < 0 || row >= m_rows.size()) return;
    m_renamed = row;
    m_editor->setText(m_rows[row].name);
    m_editor->setGeometry(rowRect(row).adjusted(kEye, 6, -metrics::kGrid, -6));
    m_editor->show();
    m_editor->selectAll();
    m_editor->setFocus();
}

void LayerList::finishRename(bool keep) {
    if (m_renamed < 0) return;
    const int row = std::exchange(m_renamed, -1);
    const QString name = m_editor->text().trimmed();
    m_editor->hide();
    setFocus();
    if (keep && row < m_rows.size() && !name.isEmpty() && name != m_rows[row].name) Q_EMIT renamed(row, name);
}

void LayerList::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    for (int i = 0; i < m_rows.size(); ++i) {
        const Row& row = m_rows[i];
        const QRect all = rowRect(i);
        if (i == m_current || i == m_hovered) {
            p.setPen(Qt::NoPen);
            p.setBrush(i == m_current ? colors().surface3 : colors().surface2);
            p.drawRoundedRect(all.adjusted(1, 1, -1, -1), metrics::kRadiusControl, metrics::kRadiusControl);
        }
        if (i == m_current && hasFocus()) {
            p.setPen(QPen(colors().accent, metrics::kFocusRing));
            p.setBrush(Qt::NoBrush);
            p.drawRoundedRect(QRectF(all).adjusted(1, 1, -1, -1), metrics::kRadiusControl, metrics::kRadiusControl);
        }
        const QRectF eye(QRectF(eyeRect(i)).center() - QPointF(8, 8), QSizeF(16, 16));
        paintIcon(p, row.visible ? QStringLiteral("eye") : QStringLiteral("eye-off"), eye, row.visible ? colors().textMid : colors().textLow);
        const int right = row.edited ? 24 : 2 * metrics::kGrid;
        const QRect text = all.adjusted(kEye, 4, -right, -4);
        if (row.edited)
            paintIcon(p, QStringLiteral("edit"), QRectF(all.right() - 22, all.center().y() - 7, 16, 16), colors().accent);
        p.setFont(ochre::ui::font(TextRole::Body));
        p.setPen(row.visible ? colors().textHigh : colors().textLow);
        p.drawText(text, Qt::AlignLeft | Qt::AlignTop, p.fontMetrics().elidedText(row.name, Qt::ElideMiddle, text.width()));
        p.setFont(ochre::ui::font(TextRole::Secondary));
        p.setPen(row.visible ? colors().textMid : colors().textLow);
        p.drawText(text, Qt::AlignLeft | Qt::AlignBottom, row.note);
    }
    if (m_target) {
        const int y = std::clamp(kRow * (*m_target + (*m_target > m_pressed ? 1 : 0)), 1, height() - 1);
        p.setPen(QPen(colors().accent, 2));
        p.drawLine(2, y, width() - 2, y);
    }
}

void LayerList::mousePressEvent(QMouseEvent* event) {
    setFocus();
    if (event->button() != Qt::LeftButton) return;
    finishRename(true);
    const int row = rowAt(event->pos());
    if (row < 0) return;
    if (eyeRect(row).contains(event->pos())) {
        Q_EMIT visibleToggled(row);
        return;
    }
    m_pressed = row;
    m_from = event->pos();
    Q_EMIT chosen(row);
}

void LayerList::mouseMoveEvent(QMouseEvent* event) {
    const int hovered = rowAt(event->pos());
    if (std::exchange(m_hovered, hovered) != hovered) update();
    if (m_pressed < 0 || (!m_target && (event->pos() - m_from).manhattanLength() < QApplication::startDragDistance())) return;
    m_target = std::clamp(event->pos().y() / kRow, 0, static_cast<int>(m_rows.size()) - 1);
    update();
}

void LayerList::mouseReleaseEvent(QMouseEvent*) {
    const int from = std::exchange(m_pressed, -1);
    const std::optional<int> to = std::exchange(m_target, std::nullopt);
    update();
    if (from >= 0 && to && *to != from) Q_EMIT moved(from, *to);
}

void LayerList::mouseDoubleClickEvent(QMouseEvent* event) {
    const int row = rowAt(event->pos());
    if (row < 0 || event->button() != Qt::LeftButton) return;
    if (eyeRect(row).contains(event->pos())) return mousePressEvent(event);
    rename(row);
}

void LayerList::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
    case Qt::Key_Up: return void(m_current > 0 ? Q_EMIT chosen(m_current - 1) : void());
    case Qt::Key_Down: return void(m_current + 1 < m_rows.size() ? Q_EMIT chosen(m_current + 1) : void());
    case Qt::Key_Space: return void(m_current >= 0 ? Q_EMIT visibleToggled(m_current) : void());
    case Qt::Key_F2: return rename(m_current);
    case Qt::Key_Delete: return void(m_current >= 0 ? Q_EMIT removeWanted(m_current) : void());
    case Qt::Key_Escape: return finishRename(false);
    default: return QWidget::keyPressEvent(event);
    }
}

void LayerList::leaveEvent(QEvent*) {
    m_hovered = -1;
    update();
}

bool LayerList::event(QEvent* event) {
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int row = rowAt(help->pos());
        if (row >= 0)
            QToolTip::showText(help->globalPos(), eyeRect(row).contains(help->pos()) ? m_rows[row].visible ? tr("Hide") : tr("Show")
                                                                                     : tr("%1. Double-click to rename, drag to change the order").arg(m_rows[row].name),
                               this);
        return true;
    }
    return QWidget::event(event);
}

} // namespace ochre::ui
