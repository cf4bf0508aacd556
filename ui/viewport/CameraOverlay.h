// SPDX-License-Identifier: GPL-3.0-or-later
// Cameras seen in the scene: the keys of its path with the way between them, and those that photos were taken with.
#pragma once

#include <QImage>
#include <QObject>

#include "core/scene/cameras/CameraSet.h"
#include "ui/viewport/SceneOverlay.h"

namespace ochre::ui {

class PathEdits;
class SceneView;

/// A click on a camera tells which one. Looked through, a photo's camera shows the photo over the scene.
class CameraOverlay : public QObject, public SceneOverlay {
    Q_OBJECT
public:
    CameraOverlay(SceneView& view, PathEdits& edits, QObject* parent = nullptr);

    void setVisible(bool visible);
    void setSelected(int key); ///< −1: none
    void setCameras(CameraSet set);
    const CameraSet& cameras() const { return m_set; }
    void showPhoto(int camera); ///< looks through it; −1: none any more
    int photo() const { return m_photo; }
    bool hasPhoto() const { return !m_picture.isNull(); }
    double photoOpacity() const { return m_opacity; }
    void setPhotoOpacity(double opacity); ///< 0…1

    void paint(QPainter& painter, const Camera& view) override;
    bool click(QPointF at, const Camera& view) override;
    /// Where a key or a photo's camera is in the view; nothing where it lies behind.
    std::optional<QPointF> placeOfKey(int key) const;
    std::optional<QPointF> placeOfPhoto(int camera) const;

Q_SIGNALS:
    void keyClicked(int key);
    void photoChanged(); ///< which one, or its picture has come

private:
    void paintPath(QPainter& painter, const Camera& view) const;
    void paintCamera(QPainter& painter, const Camera& view, const Camera& camera, double length) const;
    void paintPhoto(QPainter& painter, const Camera& view) const;
    double length() const; ///< of a camera's pyramid, in the world

    SceneView& m_view;
    PathEdits& m_edits;
    CameraSet m_set;
    QImage m_picture;
    int m_selected = -1, m_photo = -1;
    double m_opacity = 0.5;
    bool m_visible = false;
};

} // namespace ochre::ui
