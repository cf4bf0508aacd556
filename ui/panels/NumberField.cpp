// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/NumberField.h"

#include <algorithm>
#include <cmath>

#include <QKeyEvent>
#include <QLineEdit>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QWheelEvent>

#include "ui/theme/Theme.h"

namespace ochre::ui {
namespace {

/// Keeps the Return that ends it to itself, which would begin typing again.
class Line : public QLineEdit {
public:
    using QLineEdit::QLineEdit;

protected:
    void keyPressEvent(QKeyEvent* event) override {
        QLineEdit::keyPressEvent(event);
        if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) event->accept();
    }
};

} // namespace

NumberField::NumberField(NumberRange range, QWidget* parent) : QWidget(parent), m_range(std::move(range)) {
    setFixedHeight(metrics::kControl);
    setMinimumWidth(56);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setCursor(Qt::SizeHorCursor);
    setFont(ochre::ui::font(TextRole::Body));
}

void NumberField::setHeight(int height) {
    setFixedHeight(height);
}

void NumberField::setValue(double value) {
    if (m_value == value && !m_mixed) return;
    m_value = value;
    setAccessibleDescription(text());
    update();
}

void NumberField::setMixed(bool mixed) {
    m_mixed = mixed;
    update();
}

double NumberField::step() const {
    if (m_range.step > 0) return m_range.step;
    if (m_range.integer) return 1;
    if (!hasSpan()) return 0.1;
    return std::pow(10, std::floor(std::log10((*m_range.softMax - *m_range.softMin) / 100)));
}

int NumberField::decimals() const {
    if (m_range.integer) return 0;
    return std::clamp(static_cast<int>(std::ceil(-std::log10(step()) - 1e-9)), 1, 6);
}

QString NumberField::text() const {
    if (m_mixed) return tr("mixed");
    if (m_range.integer) return QString::number(static_cast<qint64>(std::llround(m_value)));
    return QString::number(m_value, 'f', decimals());
}

void NumberField::change(double value) {
    if (m_range.min) value = std::max(value, *m_range.min);
    if (m_range.max) value = std::min(value, *m_range.max);
    if (m_range.integer) value = std::round(value);
    if (value == m_value && !m_mixed) return;
    m_mixed = false;
    setValue(value);
    update();
    Q_EMIT edited(value);
}

void NumberField::nudge(double steps, Qt::KeyboardModifiers modifiers) {
    double size = step();
    if (modifiers & Qt::ShiftModifier && !m_range.integer) size /= 10;
    if (modifiers & Qt::ControlModifier) size *= 10;
    change(std::round((m_value + steps * size) / size) * size);
}

void NumberField::paintEvent(QPaintEvent*) {
    QPainter p(this);
    p.setRenderHint(QPainter::Antialiasing);
    const Colors& c = colors();
    const QRectF box(rect());
    const double radius = metrics::kRadiusControl;
    QPainterPath shape;
    shape.addRoundedRect(box, radius, radius);
    p.fillPath(shape, isEnabled() ? c.surface3 : c.surface2);
    if (hasSpan() && !m_mixed) {
        const double share =
            std::clamp((m_value - *m_range.softMin) / (*m_range.softMax - *m_range.softMin), 0.0, 1.0);
        p.save();
        p.setClipPath(shape);
        p.fillRect(QRectF(0, 0, box.width() * share, box.height()),
                   blend(c.surface3, c.textLow, m_hovered ? 0.42 : 0.32));
        p.restore();
    }
    if (hasFocus()) {
        p.setPen(QPen(c.accent, metrics::kFocusRing));
        p.drawRoundedRect(box.adjusted(1, 1, -1, -1), radius - 1, radius - 1);
    }
    QRectF inner = box.adjusted(8, 0, -8, 0);
    if (!m_range.unit.isEmpty()) {
        p.setPen(isEnabled() && hasSpan() ? c.textMid : c.textLow);
        p.drawText(inner, Qt::AlignRight | Qt::AlignVCenter, m_range.unit);
        inner.setRight(inner.right() - p.fontMetrics().horizontalAdvance(m_range.unit) - 4);
    }
    p.setPen(!isEnabled() || m_mixed ? c.textLow : c.textHigh);
    drawTabular(p, inner, Qt::AlignRight | Qt::AlignVCenter, text());
}

void NumberField::mousePressEvent(QMouseEvent* event) {
    if (event->button() == Qt::MiddleButton) {
        Q_EMIT resetRequested();
        return;
    }
    if (event->button() != Qt::LeftButton) return;
    m_pressed = true;
    m_dragging = false;
    m_dragValue = m_value;
    m_last = event->pos();
}

void NumberField::mouseMoveEvent(QMouseEvent* event) {
    if (!m_pressed) return;
    if (!m_dragging && (event->pos() - m_last).manhattanLength() < 3) return;
    m_dragging = true;
    const double pixels = event->pos().x() - m_last.x();
    m_last = event->pos();
    double perPixel = hasSpan() ? (*m_range.softMax - *m_range.softMin) / std::max(1, width()) : step();
    if (event->modifiers() & Qt::ShiftModifier) perPixel /= 10;
    m_dragValue += pixels * perPixel;
    if (m_range.min) m_dragValue = std::max(m_dragValue, *m_range.min);
    if (m_range.max) m_dragValue = std::min(m_dragValue, *m_range.max);
    if (hasSpan()) m_dragValue = std::clamp(m_dragValue, *m_range.softMin, *m_range.softMax);
    double grid = step();
    if (event->modifiers() & Qt::ShiftModifier && !m_range.integer) grid /= 10;
    if (event->modifiers() & Qt::ControlModifier) grid *= 10;
    change(std::round(m_dragValue / grid) * grid);
}

void NumberField::mouseReleaseEvent(QMouseEvent* event) {
    if (event->button() != Qt::LeftButton || !m_pressed) return;
    m_pressed = false;
    if (m_dragging) Q_EMIT editEnded();
    m_dragging = false;
}

void NumberField::mouseDoubleClickEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton) type();
}

void NumberField::wheelEvent(QWheelEvent* event) {
    if (!hasFocus()) {
        event->ignore();
        return;
    }
    nudge(event->angleDelta().y() / 120.0, event->modifiers());
    event->accept();
}

void NumberField::keyPressEvent(QKeyEvent* event) {
    switch (event->key()) {
    case Qt::Key_Up:
    case Qt::Key_Right:
        nudge(1, event->modifiers());
        return;
    case Qt::Key_Down:
    case Qt::Key_Left:
        nudge(-1, event->modifiers());
        return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        type();
        return;
    case Qt::Key_Escape: // comes through from the line that is being typed
        if (!m_editor) break;
        finishTyping(false);
        return;
    default:
        break;
    }
    const QString typed = event->text();
    if (!typed.isEmpty() &&
        (typed[0].isDigit() || typed[0] == QLatin1Char('-') || typed[0] == QLatin1Char('.')))
        type(typed);
    else
        QWidget::keyPressEvent(event);
}

void NumberField::type(const QString& first) {
    if (m_editor || !isEnabled()) return;
    m_editor = new Line(
        first.isEmpty() ? (m_mixed ? QString() : QString::number(m_value, 'g', 9)) : first, this);
    m_editor->setAlignment(Qt::AlignRight);
    m_editor->setGeometry(rect());
    if (first.isEmpty()) m_editor->selectAll();
    m_editor->show();
    m_editor->setFocus();
    setFocusProxy(m_editor);
    connect(m_editor, &QLineEdit::editingFinished, this, [this] { finishTyping(true); });
}

void NumberField::finishTyping(bool keep) {
    if (!m_editor) return;
    QLineEdit* editor = m_editor;
    m_editor = nullptr;
    setFocusProxy(nullptr);
    bool ok = false;
    QString typed = editor->text().trimmed();
    typed.replace(QLatin1Char(','), QLatin1Char('.'));
    const double value = QLocale::c().toDouble(typed, &ok);
    const bool hadFocus = editor->hasFocus();
    editor->hide();
    editor->deleteLater();
    if (hadFocus) setFocus();
    if (keep && ok && std::isfinite(value)) {
        change(value);
        Q_EMIT editEnded();
    }
    update();
}

void NumberField::resizeEvent(QResizeEvent*) {
    if (m_editor) m_editor->setGeometry(rect());
}

void NumberField::enterEvent(QEnterEvent*) {
    m_hovered = true;
    update();
}

void NumberField::leaveEvent(QEvent*) {
    m_hovered = false;
    update();
}

} // namespace ochre::ui
