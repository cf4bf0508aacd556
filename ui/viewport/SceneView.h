// SPDX-License-Identifier: GPL-3.0-or-later
// A scene of splats and fields under the mouse: orbit, pan, dolly, fly. Frames come from a worker thread.
#pragma once

#include <functional>

#include <QElapsedTimer>
#include <QImage>
#include <QSet>
#include <QTimer>
#include <QWidget>

#include "ui/viewport/FrameGovernor.h"
#include "ui/viewport/OrbitCamera.h"
#include "ui/viewport/SceneDisplay.h"
#include "ui/viewport/SceneWorker.h"

namespace ochre::ui {

class SceneOverlay;
class SceneTool;

/// Left drag orbits, middle or Shift+left pans, the wheel dollies, right held looks while W A S D Q E fly.
/// Flying, left drag looks too, the keys need no button, the wheel changes the speed and Shift makes it
/// faster. A double-click brings what it hits nearer and to the middle. A tool, where there is one, gets the
/// left button, and the right one orbits. While it moves, frames are smaller so that they keep up; at rest
/// one full frame follows.
class SceneView : public QWidget {
    Q_OBJECT
public:
    enum class Navigation { Orbit, Fly };

    explicit SceneView(QWidget* parent = nullptr);

    bool setScene(const SplatCloud& cloud) { return setScene(std::vector{SceneItem{.cloud = cloud}}); }
    /// Frames all and gives true where none of it was there before; else the camera stays.
    bool setScene(std::vector<SceneItem> items);
    /// The same scene while it is edited: the camera stays.
    void setEdited(std::vector<SceneItem> items);
    const SplatCloud& scene() const { return m_items.front().cloud; } ///< the first
    const std::vector<SceneItem>& items() const { return m_items; }
    Focus focus() const { return focusOf(m_items); } ///< of all that is visible
    std::size_t count() const; ///< splats of all items
    const OrbitCamera& camera() const { return m_camera; }
    Camera viewCamera() const { return viewCamera(width(), height()); } ///< in logical pixels
    const QImage& frame() const { return m_frame; }
    bool frameIsFull() const { return m_full; } ///< full size, of the present camera
    QString rendererName() const { return m_renderer; }

    Navigation navigation() const { return m_navigation; }
    void setNavigation(Navigation navigation);
    const SceneDisplay& display() const { return m_display; }
    void setDisplay(const SceneDisplay& display);
    /// Changes the camera and shows it: view.changeCamera([](OrbitCamera& c) { c.setFov(30); }).
    void changeCamera(const std::function<void(OrbitCamera&)>& change);
    void frameScene();
    void focusUnderMouse(); ///< what the pointer is at, else the middle; where nothing is, all of the scene
    double speed() const { return m_speed; } ///< of flying, radii of the scene a second
    void setSpeed(double speed);
    /// From where the next scene is looked at: changes the camera that would show all of it.
    void remember(std::function<void(OrbitCamera&)> place);
    bool remembers() const { return static_cast<bool>(m_remembered); } ///< no scene has come since
    /// The scene goes on in another frame, which stands in the present one as told; what is seen stays.
    void changeFrame(const Similarity& frame);
    void say(const QString& note); ///< for a moment

    /// Owned by others; null: none. Repaints.
    void setTool(SceneTool* tool);
    bool cancelTool(); ///< what it has begun; false when that is nothing
    /// Shows what this camera sees, in the middle of the view, until the view is moved; `distance` is that of what it looks at, or 0.
    void setThrough(const std::optional<Camera>& camera, double distance = 0);
    const std::optional<Camera>& through() const { return m_through; }
    void setOverlay(SceneOverlay* overlay); ///< owned by others
    /// Tells, later, what is seen at a place of the widget; an older question that has no answer yet gets
    /// none.
    void pick(QPointF at, std::function<void(const std::optional<Picked>&)> answer);

Q_SIGNALS:
    void frameShown(double milliseconds);
    void rendererReady(const QString& name, const QString& reason);
    void failed(const QString& message, const QString& hint);
    void viewChanged(); ///< camera, navigation or display
    void throughLeft(); ///< the view was moved away from the camera that it looked through

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
    void leaveEvent(QEvent* event) override;
    void showEvent(QShowEvent* event) override;

private:
    Camera viewCamera(int width, int height) const;
    void readSky();
    void leaveThrough(); ///< goes on from there
    void moved();        ///< draws small now, full after a rest
    void request(bool moving);
    void take(const QImage& frame, double milliseconds, bool moving, quint64 turn);
    void focusAt(QPointF at, bool orAll);
    bool looks() const; ///< dragging turns the head
    void flyStep();
    void stopFlying();
    void paintNote(QPainter& painter);

    std::vector<SceneItem> m_items{{}}; ///< never empty
    SceneDisplay m_display;
    OrbitCamera m_camera;
    std::function<void(OrbitCamera&)> m_remembered;
    SceneWorker m_worker;
    FrameGovernor m_governor;
    QImage m_frame;
    QString m_renderer, m_note; ///< m_note: shown for a moment
    QTimer m_rest, m_fly, m_noteTime;
    QElapsedTimer m_flyClock;
    QSet<int> m_keys;
    QPoint m_last;
    std::optional<QPointF> m_pointer;
    Qt::MouseButton m_button = Qt::NoButton;
    Qt::KeyboardModifiers m_modifiers;
    Navigation m_navigation = Navigation::Orbit;
    SceneTool* m_tool = nullptr;
    SceneOverlay* m_overlay = nullptr;
    std::optional<Camera> m_through;
    double m_throughDistance = 0;
    std::optional<QPointF> m_pressed; ///< where the left button went down, until the mouse moves
    double m_speed = 1;
    bool m_full = false, m_busyMoving = false, m_again = false;
    quint64 m_turn = 0, m_pickTurn = 0;
    std::function<void(const std::optional<Picked>&)> m_answer;
};

} // namespace ochre::ui
