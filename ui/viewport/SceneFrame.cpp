// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/SceneFrame.h"

#include <algorithm>
#include <cmath>

#include "core/base/TaskPool.h"
#include "core/render/Picture.h"

namespace ochre::ui {
namespace {

using Rgb = std::array<float, 3>;
constexpr std::size_t kRows = 8; // of a task
constexpr double kFewPixels = 4, kManyPixels = 16; ///< between lines: so near they are not seen, so far apart they are whole
constexpr double kTall = 10; ///< steps that the upright axis is long

struct Spot { ///< of something thin in a pixel
    Rgb color{};
    float share = 0;
    double depth = 0;
};

void lay(const Spot& spot, Rgb& color) {
    for (std::size_t k = 0; k < 3; ++k) color[k] += spot.share * (spot.color[k] - color[k]);
}

double smooth(double from, double to, double v) {
    const double t = std::clamp((v - from) / (to - from), 0.0, 1.0);
    return t * t * (3 - 2 * t);
}

/// The ground as a camera sees it, a pixel at a time.
class GroundView {
public:
    GroundView(const Ground& ground, const Camera& camera) : m_ground(ground), m_camera(camera) {
        const CameraRay at = camera.ray(0, 0), right = camera.ray(1, 0), below = camera.ray(0, 1);
        for (std::size_t k = 0; k < 3; ++k) {
            m_origin[k] = {at.origin[k], right.origin[k] - at.origin[k], below.origin[k] - at.origin[k]};
            m_direction[k] = {at.direction[k], right.direction[k] - at.direction[k], below.direction[k] - at.direction[k]};
        }
        placeUpright();
    }

    Spot plane(double x, double y) const {
        const auto hit = hitAt(x, y), right = hitAt(x + 1, y), below = hitAt(x, y + 1);
        if (!hit || !right || !below) return {};
        const double gx = std::hypot((*right)[0] - (*hit)[0], (*below)[0] - (*hit)[0]), gz = std::hypot((*right)[1] - (*hit)[1], (*below)[1] - (*hit)[1]);
        const double fade = 1 - smooth(0.3, 1, std::hypot((*hit)[0] - m_ground.middle[0], (*hit)[1] - m_ground.middle[2]) / m_ground.reach);
        Spot spot{.depth = (*hit)[2]};
        const auto take = [&](double share, const Rgb& color) {
            if (share * fade > spot.share) spot.share = static_cast<float>(share * fade), spot.color = color;
        };
        for (const double step : {m_ground.step, 10 * m_ground.step}) {
            const double strength = step == m_ground.step ? 0.25 : 0.5;
            take(strength * lines((*hit)[0], step, gx), m_ground.line);
            take(strength * lines((*hit)[1], step, gz), m_ground.line);
        }
        take(0.9 * covered(std::abs((*hit)[1]) / gz), m_ground.x);
        take(0.9 * covered(std::abs((*hit)[0]) / gx), m_ground.z);
        return spot;
    }

    Spot upright(double x, double y) const {
        if (!m_upright) return {};
        const auto& [a, b, depthA, depthB] = *m_upright;
        const double dx = b[0] - a[0], dy = b[1] - a[1], square = std::max(dx * dx + dy * dy, 1e-12);
        const double t = std::clamp(((x + 0.5 - a[0]) * dx + (y + 0.5 - a[1]) * dy) / square, 0.0, 1.0);
        const double away = std::hypot(x + 0.5 - a[0] - t * dx, y + 0.5 - a[1] - t * dy);
        const double depth = m_camera.orthographic ? depthA + t * (depthB - depthA) : 1 / (1 / depthA + t * (1 / depthB - 1 / depthA));
        return {.color = m_ground.y, .share = static_cast<float>(0.9 * covered(away)), .depth = depth};
    }

private:
    struct Segment {
        std::array<double, 2> a, b;
        double depthA, depthB;
    };

    /// x and z of the plane's place, and its depth.
    std::optional<std::array<double, 3>> hitAt(double x, double y) const {
        const auto at = [x, y](const std::array<double, 3>& v) { return v[0] + x * v[1] + y * v[2]; };
        const double slope = at(m_direction[1]), depth = -at(m_origin[1]) / slope;
        if (!(depth > m_camera.near && depth < std::min(m_camera.far, 1e30))) return std::nullopt;
        return std::array{at(m_origin[0]) + depth * at(m_direction[0]), at(m_origin[2]) + depth * at(m_direction[2]), depth};
    }
    double covered(double away) const { return std::clamp(m_ground.width / 2 + 0.5 - away, 0.0, 1.0); }
    double lines(double v, double step, double pixel) const {
        return covered(std::abs(v - std::round(v / step) * step) / pixel) * smooth(kFewPixels, kManyPixels, step / pixel);
    }
    void placeUpright() {
        Vec3 foot = m_camera.toCamera({0, 0, 0}), top = m_camera.toCamera({0, -kTall * m_ground.step, 0});
        const double near = m_camera.near;
        if (foot[2] < near && top[2] < near) return;
        for (auto [cut, other] : {std::pair{&foot, &top}, std::pair{&top, &foot}}) {
            if ((*cut)[2] >= near) continue;
            const double share = (near - (*cut)[2]) / ((*other)[2] - (*cut)[2]);
            for (std::size_t k = 0; k < 3; ++k) (*cut)[k] += share * ((*other)[k] - (*cut)[k]);
        }
        const auto at = [this](const Vec3& p) {
            const double depth = m_camera.orthographic ? 1 : p[2];
            return std::array{m_camera.fx * p[0] / depth + m_camera.cx, m_camera.fy * p[1] / depth + m_camera.cy};
        };
        m_upright = Segment{at(foot), at(top), foot[2], top[2]};
    }

    Ground m_ground;
    Camera m_camera;
    std::array<std::array<double, 3>, 3> m_origin, m_direction; ///< of an axis: at the first pixel, and how much more each to the right and below
    std::optional<Segment> m_upright;
};

Image normalColors(const Planes& planes, const Camera& camera) {
    Image image(camera.width, camera.height, 4, ColorSpace::Raw);
    const auto to = image.edit();
    const auto& m = camera.worldToCamera;
    for (std::size_t i = 0; i < image.pixelCount(); ++i) {
        const float* n = planes.normals.values().data() + 3 * i;
        const float alpha = planes.alpha.values()[i];
        for (std::size_t k = 0; k < 3; ++k) {
            const double along = m[4 * k] * n[0] + m[4 * k + 1] * n[1] + m[4 * k + 2] * n[2];
            to[4 * i + k] = alpha * static_cast<float>(0.5 + (k == 0 ? 0.5 : -0.5) * along);
        }
        to[4 * i + 3] = alpha;
    }
    return image;
}

/// What lies behind what is drawn shows through it, what lies before it hides it.
void joinGround(const Ground& ground, const Camera& camera, const Image& drawn, const Image& depth, Image& behind) {
    const GroundView view(ground, camera);
    float* out = behind.edit().data();
    TaskPool::shared().parallelFor(static_cast<std::size_t>(camera.height), kRows, [&](std::size_t first, std::size_t last) {
        for (std::size_t y = first; y < last; ++y)
            for (int x = 0; x < camera.width; ++x) {
                const std::size_t i = y * static_cast<std::size_t>(camera.width) + static_cast<std::size_t>(x);
                const float* c = drawn.values().data() + 4 * i;
                const double surface = depth.values()[i] > 0 ? depth.values()[i] : INFINITY;
                std::array spots{view.plane(x, static_cast<double>(y)), view.upright(x, static_cast<double>(y))};
                if (spots[0].depth < spots[1].depth) std::swap(spots[0], spots[1]);
                // Where only a little is in the way, and has no surface, all is behind it.
                const auto before = [&](const Spot& s) { return s.depth < surface && surface < INFINITY; };
                Rgb color{out[4 * i], out[4 * i + 1], out[4 * i + 2]};
                for (const Spot& s : spots)
                    if (!before(s)) lay(s, color);
                for (std::size_t k = 0; k < 3; ++k) color[k] = c[k] + (1 - c[3]) * color[k];
                for (const Spot& s : spots)
                    if (before(s)) lay(s, color);
                std::ranges::copy(color, out + 4 * i);
            }
    });
}

} // namespace

void drawFrame(Renderer& renderer, const Camera& camera, const FrameOptions& options, std::span<std::uint8_t> pixels, const Cancel& cancel) {
    SplatOptions splats = options.splats;
    splats.background.reset();
    if (!options.ground && !options.normals) {
        if (options.backdrop.plain()) splats.background = options.backdrop.top;
        renderer.renderSplats8(camera, splats, pixels, cancel);
        if (!options.backdrop.plain()) layUnder8(options.backdrop, camera, pixels);
        return;
    }
    std::vector<Plane> wanted{Plane::MedianDepth};
    if (options.normals) wanted.insert(wanted.end(), {Plane::Normals, Plane::Alpha});
    else wanted.push_back(Plane::Color);
    const Planes planes = renderer.renderPlanes(camera, splats, wanted, cancel);
    Image drawn = options.normals ? normalColors(planes, camera) : planes.color;
    if (!options.ground) {
        layUnder(options.backdrop, camera, drawn);
        return packRgba8(drawn, pixels);
    }
    Image behind(camera.width, camera.height, 4, ColorSpace::Raw);
    layUnder(options.backdrop, camera, behind);
    joinGround(*options.ground, camera, drawn, planes.medianDepth, behind);
    packRgba8(behind, pixels);
}

} // namespace ochre::ui
