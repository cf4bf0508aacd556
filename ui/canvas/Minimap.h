// SPDX-License-Identifier: GPL-3.0-or-later
// The whole canvas in a corner, with the part in view; drag in it to go there. Hidden while everything is in
// view.
#pragma once

#include <QTransform>
#include <QWidget>

namespace ochre::ui {

class Canvas;

class Minimap : public QWidget {
    Q_OBJECT
public:
    explicit Minimap(Canvas& canvas);
    /// Looks again at what there is and what is in view; cheap when hidden.
    void refresh();
    void setWanted(bool wanted);
    bool wanted() const { return m_wanted; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;

private:
    QTransform fromScene() const;

    Canvas& m_canvas;
    bool m_wanted = true;
    QRectF m_world; ///< contents and view, kept while dragging so that the map does not slide away under the
                    ///< mouse
};

} // namespace ochre::ui
