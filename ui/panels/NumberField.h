// SPDX-License-Identifier: GPL-3.0-or-later
// A number as a slider with its value inside: drag, type, wheel, keys.
#pragma once

#include <optional>

#include <QWidget>

class QLineEdit;

namespace ochre::ui {

struct NumberRange {
    std::optional<double> min, max;         ///< what may be typed
    std::optional<double> softMin, softMax; ///< what the slider spans; without both there is no slider
    double step = 0;                        ///< 0: chosen from the span
    bool integer = false;
    QString unit;
};

/// Drag changes (Shift a tenth, Ctrl ten times in round steps), double-click or Enter types, middle-click
/// resets, the wheel works only with focus, arrow keys step.
class NumberField : public QWidget {
    Q_OBJECT
public:
    explicit NumberField(NumberRange range, QWidget* parent = nullptr);

    double value() const { return m_value; }
    void setValue(double value); ///< tells nobody
    void setMixed(bool mixed);   ///< several nodes differ: shows "mixed"
    void setHeight(int height);
    QString text() const; ///< as shown, without the unit
    QSize sizeHint() const override { return {120, height()}; }

Q_SIGNALS:
    void edited(double value);
    void editEnded(); ///< the mouse was let go, or text was entered
    void resetRequested();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void enterEvent(QEnterEvent* event) override;
    void leaveEvent(QEvent* event) override;

private:
    bool hasSpan() const { return m_range.softMin && m_range.softMax && *m_range.softMax > *m_range.softMin; }
    double step() const;
    int decimals() const;
    void change(double value);
    void nudge(double steps, Qt::KeyboardModifiers modifiers);
    void type(const QString& first = {});
    void finishTyping(bool keep);

    NumberRange m_range;
    double m_value = 0;
    bool m_mixed = false, m_hovered = false, m_dragging = false, m_pressed = false;
    double m_dragValue = 0; ///< unrounded, so that slow drags add up
    QPoint m_last;
    QLineEdit* m_editor = nullptr;
};

} // namespace ochre::ui
