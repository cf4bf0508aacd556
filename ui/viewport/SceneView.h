// SPDX-License-Identifier: GPL-3.0-or-later
// A splat scene under the mouse: orbit, pan, dolly, fly. Frames come from a worker thread.
#pragma once

#include <QElapsedTimer>
#include <QImage>
#include <QSet>
#include <QTimer>
#include <QWidget>

#include "ui/viewport/OrbitCamera.h"
#include "ui/viewport/SceneWorker.h"

namespace ochre::ui {

/// Left drag orbits, middle or Shift+left pans, the wheel dollies, right held looks while W A S D Q E fly, F
/// frames, double-click sets the pivot. While it moves, frames are smaller so that they keep up; at rest one
/// full frame follows.
class SceneView : public QWidget {
    Q_OBJECT
public:
    explicit SceneView(QWidget* parent = nullptr);

    void setScene(const SplatCloud& cloud); ///< frames it when it is another one
    const SplatCloud& scene() const { return m_cloud; }
    const OrbitCamera& camera() const { return m_camera; }
    const QImage& frame() const { return m_frame; }
    bool frameIsFull() const { return m_full; } ///< full size, of the present camera
    QString rendererName() const { return m_renderer; }
    void frameScene();

Q_SIGNALS:
    void frameShown(double milliseconds);
    void rendererReady(const QString& name, const QString& reason);
    void failed(const QString& message, const QString& hint);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void keyReleaseEvent(QKeyEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    void moved(); ///< draws small now, full after a rest
    void request(bool moving);
    void flyStep();

    SplatCloud m_cloud;
    OrbitCamera m_camera;
    SceneWorker m_worker;
    QImage m_frame;
    QString m_renderer;
    QTimer m_rest, m_fly;
    QElapsedTimer m_flyClock;
    QSet<int> m_keys;
    QPoint m_last;
    Qt::MouseButton m_button = Qt::NoButton;
    double m_scale = 0.5; ///< of a moving frame, follows what the renderer can do
    bool m_full = false, m_busyMoving = false, m_again = false;
    quint64 m_turn = 0;
};

} // namespace ochre::ui
