// SPDX-License-Identifier: GPL-3.0-or-later
// The strip under a scene: the keys of its camera path in time, playing it, and films of it.
#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

#include "ui/viewport/CameraOverlay.h"
#include "ui/viewport/FilmJob.h"
#include "ui/viewport/PathEdits.h"

class QLabel;
class QToolButton;

namespace ochre::ui {

class ActionRow;
class FilmCard;
class NumberField;
class SceneActions;
class TimelineTrack;

/// Closed until it is asked for by its action "timeline" or by the first key. Looking along the path, the view shows what the
/// film will; moving the view leaves the path.
class Timeline : public QWidget {
    Q_OBJECT
public:
    Timeline(Bridge& bridge, SceneView& view, SceneActions& actions, QWidget* parent = nullptr);

    void follow(graph::NodeId viewed); ///< as the viewer does
    void setSceneShown(bool shown);    ///< whether the viewer shows a scene
    /// A path becomes the project's, other cameras are shown in the scene.
    void openCameras(const QString& file);
    /// .json: the path, or transforms.json where it is called that; others: COLMAP's files of its frames.
    void saveCameras(const QString& file);
    bool playing() const { return m_play.isActive(); }

    PathEdits& edits() { return m_edits; }
    CameraOverlay& overlay() { return m_overlay; }
    TimelineTrack& track() { return *m_track; }
    FilmJob& job() { return m_job; }
    FilmCard& card() { return *m_card; }

Q_SIGNALS:
    void failed(const QString& message, const QString& hint);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void addActions();
    void addCameras();
    void addEasings();
    QWidget* makeRow();
    void connectTrack();
    void refresh(); ///< what the path and the job say now
    void setOpen(bool open);
    void look(double seconds); ///< through the path, the playhead there
    void select(int key);
    void play(bool on);
    void step(); ///< of playing
    void setKey();
    void removeKey();
    void setEasing(Easing easing);
    void goAround();
    void keysFromCameras();
    int keyAtPlayhead() const; ///< the selected one, else that at or before the playhead; −1: none
    double nearest() const;    ///< what is nearer to a camera of the path is not drawn
    void startFilm();
    void told(quint64 done, quint64 total, double secondsLeft);

    SceneView& m_view;
    SceneActions& m_actions;
    PathEdits m_edits;
    CameraOverlay m_overlay;
    FilmJob m_job;
    TimelineTrack* m_track;
    ActionRow* m_row;
    FilmCard* m_card;
    NumberField *m_duration, *m_fps, *m_photo;
    QLabel* m_words;
    QToolButton* m_stop;
    QTimer m_play;
    QElapsedTimer m_clock;
    double m_from = 0; ///< where playing began
    bool m_open = false, m_sceneShown = false;
};

} // namespace ochre::ui
