// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Panorama.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/TaskPool.h"
#include "core/scene/Directions.h"

namespace ochre {
namespace {

using Rows = std::array<Vec3, 3>; ///< right, down and forward of a face, in the camera's axes

constexpr Rows kFaces[] = {{Vec3{1, 0, 0}, Vec3{0, 1, 0}, Vec3{0, 0, 1}},   {Vec3{0, 0, -1}, Vec3{0, 1, 0}, Vec3{1, 0, 0}},
                           {Vec3{-1, 0, 0}, Vec3{0, 1, 0}, Vec3{0, 0, -1}}, {Vec3{0, 0, 1}, Vec3{0, 1, 0}, Vec3{-1, 0, 0}},
                           {Vec3{1, 0, 0}, Vec3{0, 0, 1}, Vec3{0, -1, 0}},  {Vec3{1, 0, 0}, Vec3{0, 0, -1}, Vec3{0, 1, 0}}};
constexpr double kMargin = 0.2; ///< of a face's half-width: beyond its edge, and within it, faces fade into each other
constexpr int kSamples = 2;     ///< across a pixel, and as many down

Camera faceCamera(const Camera& camera, const Rows& face, int width) {
    Camera c = camera;
    c.fx = c.fy = width / 4.0; // a face without margin is as many pixels wide as the panorama is high
    c.width = c.height = 2 * static_cast<int>(std::ceil(c.fx * (1 + kMargin)));
    c.cx = c.cy = c.width / 2.0;
    for (std::size_t r = 0; r < 3; ++r)
        for (std::size_t k = 0; k < 4; ++k)
            c.worldToCamera[4 * r + k] = dot(face[r], {camera.worldToCamera[k], camera.worldToCamera[4 + k], camera.worldToCamera[8 + k]});
    return c;
}

/// Adds what is at (x, y), in pixels, times a weight.
void addSample(const Image& face, double x, double y, double weight, std::array<double, 4>& sum) {
    const double left = std::clamp(x - 0.5, 0.0, face.width() - 1.0), top = std::clamp(y - 0.5, 0.0, face.height() - 1.0);
    const int x0 = static_cast<int>(left), y0 = static_cast<int>(top);
    const int x1 = std::min(x0 + 1, face.width() - 1), y1 = std::min(y0 + 1, face.height() - 1);
    const double fx = left - x0, fy = top - y0;
    const float *a = face.pixel(x0, y0), *b = face.pixel(x1, y0), *c = face.pixel(x0, y1), *d = face.pixel(x1, y1);
    for (std::size_t k = 0; k < 4; ++k)
        sum[k] += weight * ((1 - fy) * ((1 - fx) * a[k] + fx * b[k]) + fy * ((1 - fx) * c[k] + fx * d[k]));
}

double smooth(double t) {
    t = std::clamp(t, 0.0, 1.0);
    return t * t * (3 - 2 * t);
}

/// In the camera's axes, for a place from 0 to 1 in the panorama.
Vec3 directionAt(double x, double y) {
    const double yaw = (x - 0.5) * 2 * std::numbers::pi, pitch = (y - 0.5) * std::numbers::pi;
    return {std::sin(yaw) * std::cos(pitch), std::sin(pitch), std::cos(yaw) * std::cos(pitch)};
}

/// How much a face counts in some direction, before the weights of all faces are made to add up to 1.
double weightOf(const Rows& face, const Vec3& direction) {
    const double z = dot(face[2], direction);
    if (!(z > 0)) return 0;
    const double out = std::max(std::abs(dot(face[0], direction)), std::abs(dot(face[1], direction))) / z;
    return smooth((1 + kMargin - out) / (2 * kMargin));
}

void addFace(const Image& drawn, const Camera& camera, const Rows& face, int y, std::span<float> row) {
    const int width = static_cast<int>(row.size()) / 4;
    for (int x = 0; x < width; ++x) {
        std::array<double, 4> sum{};
        for (int s = 0; s < kSamples * kSamples; ++s) {
            const Vec3 d = directionAt((x + (s % kSamples + 0.5) / kSamples) / width, (y + (s / kSamples + 0.5) / kSamples) / (width / 2));
            const double weight = weightOf(face, d);
            if (weight == 0) continue;
            double all = 0;
            for (const Rows& other : kFaces) all += weightOf(other, d);
            const double z = dot(face[2], d);
            addSample(drawn, camera.fx * dot(face[0], d) / z + camera.cx, camera.fy * dot(face[1], d) / z + camera.cy, weight / all, sum);
        }
        for (std::size_t k = 0; k < 4; ++k) row[4 * static_cast<std::size_t>(x) + k] += static_cast<float>(sum[k] / (kSamples * kSamples));
    }
}

/// Google's "Photo Sphere XMP Metadata" (GPano 1.0), by which viewers know that the picture goes all around.
std::string packetOf(int width) {
    return fmt::format("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
                       "<rdf:Description rdf:about=\"\" xmlns:GPano=\"http://ns.google.com/photos/1.0/panorama/\" "
                       "GPano:ProjectionType=\"equirectangular\" GPano:UsePanoramaViewer=\"True\" GPano:FullPanoWidthPixels=\"{0}\" "
                       "GPano:FullPanoHeightPixels=\"{1}\" GPano:CroppedAreaImageWidthPixels=\"{0}\" GPano:CroppedAreaImageHeightPixels=\"{1}\" "
                       "GPano:CroppedAreaLeftPixels=\"0\" GPano:CroppedAreaTopPixels=\"0\"/></rdf:RDF></x:xmpmeta>",
                       width, width / 2);
}

} // namespace

Image renderPanorama(Renderer& renderer, const Camera& camera, const SplatOptions& options, int width, const Cancel& cancel,
                     const std::optional<Backdrop>& backdrop) {
    if (width < 2 || width > 16384 || width % 2 != 0)
        throw Error(fmt::format("panorama: a width of {}: it must be even and from 2 to 16384", width), "for example 4096");
    if (camera.orthographic) throw Error("panorama: an orthographic camera sees one direction only", "use one with perspective");
    Image panorama(width, width / 2, 4, ColorSpace::Raw);
    float* values = panorama.edit().data();
    const std::size_t rowValues = std::size_t{4} * static_cast<std::size_t>(width);
    for (const Rows& face : kFaces) {
        const Camera view = faceCamera(camera, face, width);
        const Image drawn = renderBefore({}, renderer, view, options, cancel);
        TaskPool::shared().parallelFor(static_cast<std::size_t>(width / 2), 4, [&](std::size_t first, std::size_t last) {
            for (std::size_t y = first; y < last; ++y)
                addFace(drawn, view, face, static_cast<int>(y), {values + y * rowValues, rowValues});
        }, cancel);
    }
    if (backdrop) layUnderPanorama(*backdrop, camera, panorama);
    panorama.setMetadata("XMP", packetOf(width));
    return panorama;
}

Image sideBySide(const Image& left, const Image& right) {
    Image both(2 * left.width(), left.height(), left.channels(), left.colorSpace());
    const auto to = both.edit();
    const auto row = static_cast<std::ptrdiff_t>(left.width()) * left.channels();
    for (int y = 0; y < left.height(); ++y) {
        std::copy_n(left.pixel(0, y), row, to.begin() + 2 * y * row);
        std::copy_n(right.pixel(0, y), row, to.begin() + (2 * y + 1) * row);
    }
    return both;
}

} // namespace ochre
