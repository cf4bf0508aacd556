// SPDX-License-Identifier: GPL-3.0-or-later
// The clouds of a scene as rows: an eye, a name, how many splats.
#pragma once

#include <optional>

#include <QWidget>

class QLineEdit;

namespace ochre::ui {

/// A click chooses a row, one on the eye shows or hides, a double-click renames, a drag changes the order. With the keyboard: up and
/// down, Space, F2, Delete.
class LayerList : public QWidget {
    Q_OBJECT
public:
    struct Row {
        QString name, note;
        bool visible = true, edited = false;
        bool operator==(const Row&) const = default;
    };

    explicit LayerList(QWidget* parent = nullptr);

    void setRows(const QList<Row>& rows, int current);
    const QList<Row>& rows() const { return m_rows; }
    QRect rowRect(int row) const;
    QRect eyeRect(int row) const;

Q_SIGNALS:
    void chosen(int row);
    void visibleToggled(int row);
    void renamed(int row, const QString& name);
    void moved(int from, int to); ///< to: its place afterwards
    void removeWanted(int row);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void leaveEvent(QEvent* event) override;
    bool event(QEvent* event) override;

private:
    int rowAt(QPoint at) const; ///< −1: none
    void rename(int row);
    void finishRename(bool keep);

    QList<Row> m_rows;
    int m_current = -1, m_hovered = -1, m_pressed = -1, m_renamed = -1;
    std::optional<int> m_target; ///< where a dragged row would go
    QPoint m_from;
    QLineEdit* m_editor;
};

} // namespace ochre::ui
