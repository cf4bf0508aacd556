// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/CameraOverlay.h"

#include <algorithm>
#include <cmath>

#include <QPainter>

#include "core/image/ImageIo.h"
#include "core/render/Undistort.h"
#include "ui/bridge/Background.h"
#include "ui/bridge/Picture.h"
#include "ui/theme/Theme.h"
#include "ui/viewport/PathEdits.h"
#include "ui/viewport/SceneGuides.h"
#include "ui/viewport/SceneView.h"

namespace ochre::ui {
namespace {
constexpr double kReach = 10;          ///< pixels around a camera that a click may miss it by
constexpr double kPyramid = 0.25;      ///< radii of the scene
constexpr int kSteps = 160;            ///< lines of a path
constexpr int kPhotoSide = 2048;       ///< a larger photo is shown smaller
constexpr int kWide = 1600, kHigh = 900; ///< of a key, which has no size of its own

Camera cameraOf(const CameraKey& key) {
    return key.camera(kWide, kHigh, 1e-6);
}
} // namespace

CameraOverlay::CameraOverlay(SceneView& view, PathEdits& edits, QObject* parent) : QObject(parent), m_view(view), m_edits(edits) {
    connect(&m_edits, &PathEdits::changed, &m_view, [this] { m_view.update(); });
    connect(&m_view, &SceneView::throughLeft, this, [this] { showPhoto(-1); });
}

void CameraOverlay::setVisible(bool visible) {
    m_visible = visible;
    m_view.update();
}

void CameraOverlay::setSelected(int key) {
    m_selected = key;
    m_view.update();
}

void CameraOverlay::setCameras(CameraSet set) {
    showPhoto(-1);
    m_set = std::move(set);
    m_view.update();
}

void CameraOverlay::showPhoto(int camera) {
    if (camera == m_photo) return;
    m_photo = camera;
    m_picture = {};
    if (camera >= 0) {
        m_view.setThrough(m_set.cameras.at(static_cast<std::size_t>(camera)).camera);
        if (const auto file = m_set.pictureOf(static_cast<std::size_t>(camera)); !file.empty())
            inBackground(
                this,
                [file, taken = m_set.cameras.at(static_cast<std::size_t>(camera))]() -> QImage {
                    try {
                        return toDisplay(undistorted(readThumbnail(file, kPhotoSide), taken));
                    } catch (const Error&) {
                        return {}; // a photo that cannot be read is none
                    }
                },
                [this, camera](const QImage& picture) {
                    if (camera != m_photo) return;
                    m_picture = picture;
                    m_view.update();
                    Q_EMIT photoChanged();
                });
    }
    m_view.update();
    Q_EMIT photoChanged();
}

void CameraOverlay::setPhotoOpacity(double opacity) {
    m_opacity = opacity;
    m_view.update();
}

double CameraOverlay::length() const {
    return kPyramid * m_view.camera().sceneRadius();
}

void CameraOverlay::paint(QPainter& p, const Camera& view) {
    if (m_photo >= 0) return paintPhoto(p, view);
    if (!m_visible || m_view.through()) return;
    p.setPen(QPen(colors().textMid, 1));
    for (const PhotoCamera& photo : m_set.cameras) paintCamera(p, view, photo.camera, length());
    paintPath(p, view);
}

void CameraOverlay::paintPath(QPainter& p, const Camera& view) const {
    const CameraPath& path = m_edits.path();
    if (path.keys.empty()) return;
    p.setPen(QPen(colors().textHigh, 1.5));
    const double begin = path.loop ? 0 : path.keys.front().time, end = path.loop ? path.duration : path.keys.back().time;
    Vec3 before = path.at(begin).position;
    for (int i = 1; i <= kSteps && end > begin; ++i) {
        const Vec3 here = path.at(begin + (end - begin) * i / kSteps).position;
        if (const auto line = seenLine(view, before, here)) p.drawLine(*line);
        before = here;
    }
    for (std::size_t i = 0; i < path.keys.size(); ++i) {
        const bool selected = static_cast<int>(i) == m_selected;
        p.setPen(QPen(selected ? colors().accent : colors().textHigh, selected ? 2 : 1.5));
        paintCamera(p, view, cameraOf(path.keys[i]), length());
    }
}

void CameraOverlay::paintCamera(QPainter& p, const Camera& view, const Camera& camera, double length) const {
    const Vec3 eye = camera.position(), here = view.position();
    if (std::hypot(eye[0] - here[0], eye[1] - here[1], eye[2] - here[2]) < length) return; // it would frame the view
    const double w = camera.width, h = camera.height;
    const Vec3 corners[] = {unprojected(camera, 0, 0, length), unprojected(camera, w, 0, length), unprojected(camera, w, h, length),
                            unprojected(camera, 0, h, length)};
    for (std::size_t k = 0; k < 4; ++k) {
        if (const auto edge = seenLine(view, eye, corners[k])) p.drawLine(*edge);
        if (const auto side = seenLine(view, corners[k], corners[(k + 1) % 4])) p.drawLine(*side);
    }
    // A mark above the picture says which side is up.
    const Vec3 up = unprojected(camera, w / 2, -0.25 * h, length);
    for (const Vec3& from : {unprojected(camera, 0.4 * w, 0, length), unprojected(camera, 0.6 * w, 0, length)})
        if (const auto line = seenLine(view, from, up)) p.drawLine(*line);
}

void CameraOverlay::paintPhoto(QPainter& p, const Camera& view) const {
    const Camera& camera = m_set.cameras.at(static_cast<std::size_t>(m_photo)).camera;
    const double scale = std::min(static_cast<double>(view.width) / camera.width, static_cast<double>(view.height) / camera.height);
    const QRectF frame((view.width - camera.width * scale) / 2, (view.height - camera.height * scale) / 2, camera.width * scale,
                       camera.height * scale);
    if (!m_picture.isNull()) {
        p.save();
        p.setRenderHint(QPainter::SmoothPixmapTransform);
        p.setOpacity(m_opacity);
        p.drawImage(frame, m_picture);
        p.restore();
    }
    p.setPen(QPen(colors().textMid, 1));
    p.setBrush(Qt::NoBrush);
    p.drawRect(frame);
}

std::optional<QPointF> CameraOverlay::placeOfKey(int key) const {
    const auto at = projected(m_view.viewCamera(), m_edits.path().keys.at(static_cast<std::size_t>(key)).position);
    return at ? std::optional(QPointF((*at)[0], (*at)[1])) : std::nullopt;
}

std::optional<QPointF> CameraOverlay::placeOfPhoto(int camera) const {
    const auto at = projected(m_view.viewCamera(), m_set.cameras.at(static_cast<std::size_t>(camera)).camera.position());
    return at ? std::optional(QPointF((*at)[0], (*at)[1])) : std::nullopt;
}

bool CameraOverlay::click(QPointF at, const Camera& view) {
    if (!m_visible || m_view.through()) return false;
    double nearest = kReach * kReach;
    int key = -1, photo = -1;
    const auto closer = [&](const Vec3& place) {
        const auto seen = projected(view, place);
        if (!seen) return false;
        const QPointF d = QPointF((*seen)[0], (*seen)[1]) - at;
        const double square = QPointF::dotProduct(d, d);
        if (square >= nearest) return false;
        nearest = square;
        return true;
    };
    const auto& keys = m_edits.path().keys;
    for (std::size_t i = 0; i < keys.size(); ++i)
        if (closer(keys[i].position)) key = static_cast<int>(i);
    for (std::size_t i = 0; i < m_set.cameras.size(); ++i)
        if (closer(m_set.cameras[i].camera.position())) photo = static_cast<int>(i), key = -1;
    if (photo >= 0) showPhoto(photo);
    else if (key >= 0) Q_EMIT keyClicked(key);
    return photo >= 0 || key >= 0;
}

} // namespace ochre::ui
