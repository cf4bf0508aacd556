// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/PromptField.h"

#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>

#include "core/base/PromptEdit.h"
#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

constexpr double kWeightStep = 0.1;
constexpr int kCompactLines = 4;

/// Offsets of the core count bytes of UTF-8, those of Qt count units of UTF-16.
std::size_t toBytes(const QString& text, int position) {
    return static_cast<std::size_t>(QStringView(text).left(position).toUtf8().size());
}

int toUnits(const std::string& text, std::size_t bytes) {
    return static_cast<int>(QString::fromUtf8(text.data(), static_cast<qsizetype>(bytes)).size());
}

} // namespace

void PromptField::changeWeight(double delta) {
    if (isReadOnly() || !isEnabled()) return;
    const QString before = toPlainText();
    QTextCursor cursor = textCursor();
    const ochre::PromptEdit edit =
        adjustWeight(before.toStdString(), toBytes(before, cursor.selectionStart()),
                     toBytes(before, cursor.selectionEnd()), delta);
    if (const QString after = QString::fromStdString(edit.text); after != before) {
        cursor.beginEditBlock();
        cursor.select(QTextCursor::Document);
        cursor.insertText(after);
        cursor.endEditBlock();
    }
    cursor.setPosition(toUnits(edit.text, edit.begin));
    cursor.setPosition(toUnits(edit.text, edit.end), QTextCursor::KeepAnchor);
    setTextCursor(cursor);
}

void PromptField::setCompact(bool compact) {
    m_compact = compact;
    setUndoRedoEnabled(!compact);
    const int line = fontMetrics().lineSpacing();
    setLines(1, compact && !hasFocus() ? 1 : kCompactLines, metrics::kControl - line);
    document()->setDocumentMargin(std::max(0, (metrics::kControl - line) / 2));
    setVerticalScrollBarPolicy(compact && !hasFocus() ? Qt::ScrollBarAlwaysOff : Qt::ScrollBarAsNeeded);
}

bool PromptField::event(QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (m_compact && (key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo))) {
            event->ignore(); // the document's undo knows each change of this text
            return true;
        }
    }
    return GrowingText::event(event);
}

void PromptField::keyPressEvent(QKeyEvent* event) {
    const bool weigh = event->modifiers() == Qt::ControlModifier &&
                       (event->key() == Qt::Key_Up || event->key() == Qt::Key_Down);
    if (!weigh) return GrowingText::keyPressEvent(event);
    changeWeight(event->key() == Qt::Key_Up ? kWeightStep : -kWeightStep);
    event->accept();
}

void PromptField::focusInEvent(QFocusEvent* event) {
    GrowingText::focusInEvent(event);
    if (m_compact) setCompact(true);
}

void PromptField::focusOutEvent(QFocusEvent* event) {
    GrowingText::focusOutEvent(event);
    if (!m_compact || event->reason() == Qt::PopupFocusReason) return;
    setCompact(true);
    verticalScrollBar()->setValue(0);
}

void PromptField::paintEvent(QPaintEvent* event) {
    if (!m_compact || hasFocus() || toPlainText().isEmpty()) return GrowingText::paintEvent(event);
    QPainter p(viewport());
    p.setPen(isEnabled() ? colors().textHigh : colors().textMid);
    const QRect area = viewport()->rect().adjusted(static_cast<int>(document()->documentMargin()), 0, 0, 0);
    p.drawText(area, Qt::AlignLeft | Qt::AlignVCenter,
               fontMetrics().elidedText(toPlainText().simplified(), Qt::ElideRight, area.width()));
}

} // namespace ochre::ui
