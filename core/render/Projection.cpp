// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Projection.h"

#include <algorithm>

#include "core/render/Panorama.h"

namespace ochre {
namespace {
constexpr double kEyes = 30; // as many times as far away as eyes are apart
}

double middleDistance(const Camera& camera, const Focus& focus) {
    return std::max(camera.toCamera(focus.center)[2], focus.radius);
}

std::array<Camera, 2> eyesOf(const Camera& camera, const Focus& focus, double eyeDistance) {
    const double distance = middleDistance(camera, focus);
    return camera.stereo(eyeDistance > 0 ? eyeDistance : distance / kEyes, distance);
}

Image renderProjected(Projection projection, const std::optional<Backdrop>& backdrop, Renderer& renderer, const Camera& camera,
                      const SplatOptions& options, const Focus& focus, double eyeDistance, const Cancel& cancel) {
    if (projection == Projection::Panorama) return renderPanorama(renderer, camera, options, camera.width, cancel, backdrop);
    if (projection == Projection::Camera) return renderBefore(backdrop, renderer, camera, options, cancel);
    const auto [left, right] = eyesOf(camera, focus, eyeDistance);
    const Image first = renderBefore(backdrop, renderer, left, options, cancel);
    return sideBySide(first, renderBefore(backdrop, renderer, right, options, cancel));
}

} // namespace ochre
