// SPDX-License-Identifier: GPL-3.0-or-later
// A colour by eye: saturation and value in a square, hue and alpha in bars, hex to type. Closes when clicked
// elsewhere.
#pragma once

#include <QColor>
#include <QWidget>

class QLineEdit;

namespace ochre::ui {

class ColorPicker : public QWidget {
    Q_OBJECT
public:
    ColorPicker(const QColor& color, QWidget* parent);
    void openBelow(const QWidget* anchor);

Q_SIGNALS:
    void colorChanged(const QColor& color);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

private:
    enum class Part { None, Square, Hue, Alpha };
    QRectF square() const;
    QRectF bar(Part part) const;
    void pick(QPointF at);
    void change();
    QColor color() const { return QColor::fromHsvF(m_hue, m_saturation, m_value, m_alpha); }

    float m_hue = 0, m_saturation = 0, m_value = 0, m_alpha = 1;
    Part m_part = Part::None;
    QLineEdit* m_hex;
};

} // namespace ochre::ui
