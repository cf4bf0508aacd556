// SPDX-License-Identifier: GPL-3.0-or-later
// The head of a dock, as high as the viewer's tools beside it, so that the three stand on one line.
#pragma once

#include <QWidget>

namespace ochre::ui {

/// Shows a title, or in its place a widget (the tabs of the dock). Dragging it moves the dock.
class DockTitle : public QWidget {
    Q_OBJECT
public:
    explicit DockTitle(QString text, QWidget* parent = nullptr);
    explicit DockTitle(QWidget* content, QWidget* parent = nullptr);
    void setText(const QString& text);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_text;
};

} // namespace ochre::ui
