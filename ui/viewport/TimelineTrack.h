// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of a camera path on a line of time: click and drag to look along it, drag keys to other times.
#pragma once

#include <optional>

#include <QWidget>

#include "core/scene/cameras/CameraPath.h"

namespace ochre::ui {

/// With the keyboard: Left and Right go a frame, with Shift to the key before or after, Delete removes the selected key.
class TimelineTrack : public QWidget {
    Q_OBJECT
public:
    explicit TimelineTrack(QWidget* parent = nullptr);

    void setPath(const CameraPath& path);
    void setTime(double seconds);
    double time() const { return m_time; }
    void setSelected(int key); ///< −1: none
    int selected() const { return m_selected; }
    void setProgress(std::optional<double> share); ///< of a film that is drawn
    QPoint placeOf(double seconds) const;
    QSize sizeHint() const override { return {400, kHeight}; }

    static constexpr int kHeight = 40;

Q_SIGNALS:
    void scrubbed(double seconds); ///< on a frame
    void keySelected(int key);
    void keyMoved(int key, double seconds); ///< while it is dragged
    void keyDropped();
    void removeRequested();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    double timeAt(double x) const; ///< on a frame, within the path
    int keyAt(QPointF at) const;
    void paintRuler(QPainter& painter) const;

    CameraPath m_path;
    double m_time = 0;
    int m_selected = -1, m_dragged = -1;
    bool m_scrubbing = false;
    std::optional<double> m_progress;
};

} // namespace ochre::ui
