// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/Backdrop.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/TaskPool.h"
#include "core/image/ImageIo.h"
#include "core/render/Picture.h"

namespace ochre {
namespace {

using Rgb = std::array<float, 3>;
constexpr std::size_t kRows = 8; // of a task

Image half(const Image& from) {
    Image to(std::max(1, from.width() / 2), std::max(1, from.height() / 2), 3, ColorSpace::Srgb);
    const auto values = to.edit();
    std::size_t i = 0;
    for (int y = 0; y < to.height(); ++y)
        for (int x = 0; x < to.width(); ++x)
            for (int k = 0; k < 3; ++k, ++i) {
                const int x1 = std::min(2 * x + 1, from.width() - 1), y1 = std::min(2 * y + 1, from.height() - 1);
                values[i] = (from.pixel(2 * x, 2 * y)[k] + from.pixel(x1, 2 * y)[k] + from.pixel(2 * x, y1)[k] + from.pixel(x1, y1)[k]) / 4;
            }
    return to;
}

/// Which way the pixels of a picture look, in the world.
class Directions {
public:
    Directions(const Camera& camera, bool panorama, int width, int height)
        : m_camera(camera), m_panorama(panorama), m_width(width), m_height(height) {}

    double angle() const { return m_panorama ? 2 * std::numbers::pi / m_width : 1 / m_camera.fy; }
    Vec3 at(int x, int y) const {
        Vec3 d{0, 0, 1};
        if (m_panorama) {
            const double yaw = ((x + 0.5) / m_width - 0.5) * 2 * std::numbers::pi, pitch = ((y + 0.5) / m_height - 0.5) * std::numbers::pi;
            d = {std::sin(yaw) * std::cos(pitch), std::sin(pitch), std::cos(yaw) * std::cos(pitch)};
        } else if (!m_camera.orthographic) {
            d = {(x + 0.5 - m_camera.cx) / m_camera.fx, (y + 0.5 - m_camera.cy) / m_camera.fy, 1};
        }
        const auto& m = m_camera.worldToCamera;
        return {m[0] * d[0] + m[4] * d[1] + m[8] * d[2], m[1] * d[0] + m[5] * d[1] + m[9] * d[2], m[2] * d[0] + m[6] * d[1] + m[10] * d[2]};
    }

private:
    const Camera& m_camera;
    bool m_panorama;
    int m_width, m_height;
};

/// `put(pixel, colour)` for each pixel of a picture.
template <typename Put>
void forEach(const Backdrop& backdrop, const Camera& camera, bool panorama, int width, int height, const Put& put) {
    const Directions directions(camera, panorama, width, height);
    TaskPool::shared().parallelFor(static_cast<std::size_t>(height), kRows, [&](std::size_t first, std::size_t last) {
        for (std::size_t y = first; y < last; ++y) {
            const float share = (static_cast<float>(y) + 0.5f) / static_cast<float>(height);
            Rgb color;
            for (std::size_t k = 0; k < 3; ++k) color[k] = backdrop.top[k] + share * (backdrop.bottom[k] - backdrop.top[k]);
            for (int x = 0; x < width; ++x) {
                if (backdrop.sky) color = backdrop.sky->at(directions.at(x, static_cast<int>(y)), directions.angle(), backdrop.turn);
                put(y * static_cast<std::size_t>(width) + static_cast<std::size_t>(x), color);
            }
        }
    });
}

void lay(const Backdrop& backdrop, const Camera& camera, bool panorama, Image& image) {
    float* values = image.edit().data();
    forEach(backdrop, camera, panorama, image.width(), image.height(), [values](std::size_t pixel, const Rgb& color) {
        float* p = values + 4 * pixel;
        for (std::size_t k = 0; k < 3; ++k) p[k] += (1 - p[3]) * color[k];
        p[3] = 1;
    });
}

std::optional<Rgb> colorOfText(const std::string& text) {
    float r = 0, g = 0, b = 0;
    char rest = 0;
    if (std::sscanf(text.c_str(), "%f,%f,%f%c", &r, &g, &b, &rest) != 3 || !(std::min({r, g, b}) >= 0 && std::max({r, g, b}) <= 255))
        return std::nullopt;
    const float scale = std::max({r, g, b}) > 1 ? 255.0f : 1.0f;
    return Rgb{r / scale, g / scale, b / scale};
}

/// What the renderer itself can lay under.
std::optional<Rgb> plainOf(const std::optional<Backdrop>& backdrop) {
    return backdrop && backdrop->plain() ? std::optional(backdrop->top) : std::nullopt;
}

} // namespace

Sky::Sky(const Image& picture) {
    if (picture.empty()) throw Error("a sky without pixels", "choose an equirectangular picture");
    const Image rgba = displayRgba(picture);
    Image full(rgba.width(), rgba.height(), 3, ColorSpace::Srgb);
    const auto from = rgba.values();
    const auto to = full.edit();
    for (std::size_t i = 0; i < rgba.pixelCount(); ++i)
        for (std::size_t k = 0; k < 3; ++k) to[3 * i + k] = std::clamp(from[4 * i + k] * from[4 * i + 3], 0.0f, 1.0f);
    m_hash = Hasher().add(full.width()).bytes(std::as_bytes(full.values())).finish();
    m_levels.push_back(std::move(full));
    while (m_levels.back().width() > 4 && m_levels.back().height() > 2) m_levels.push_back(half(m_levels.back()));
}

Rgb Sky::at(const Vec3& d, double angle, double turn) const {
    const double texels = angle * m_levels.front().width() / (2 * std::numbers::pi);
    const auto level = static_cast<std::size_t>(std::clamp(std::floor(std::log2(std::max(texels, 1.0)) + 0.5), 0.0,
                                                           static_cast<double>(m_levels.size() - 1)));
    const Image& image = m_levels[level];
    const double length = std::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
    const double u = std::atan2(d[0], d[2]) / (2 * std::numbers::pi) + 0.5 - turn / 360,
                 v = std::asin(std::clamp(d[1] / length, -1.0, 1.0)) / std::numbers::pi + 0.5;
    const double left = (u - std::floor(u)) * image.width() - 0.5, top = std::clamp(v * image.height() - 0.5, 0.0, image.height() - 1.0);
    const double x0 = std::floor(left), y0 = std::floor(top);
    const auto fx = static_cast<float>(left - x0), fy = static_cast<float>(top - y0);
    const int w = image.width(), xa = (static_cast<int>(x0) + w) % w, xb = (static_cast<int>(x0) + 1) % w;
    const int ya = static_cast<int>(y0), yb = std::min(ya + 1, image.height() - 1);
    const float *a = image.pixel(xa, ya), *b = image.pixel(xb, ya), *c = image.pixel(xa, yb), *e = image.pixel(xb, yb);
    Rgb color;
    for (std::size_t k = 0; k < 3; ++k) color[k] = (1 - fy) * ((1 - fx) * a[k] + fx * b[k]) + fy * ((1 - fx) * c[k] + fx * e[k]);
    return color;
}

Hash128 Backdrop::hash() const {
    Hasher hasher;
    for (const float v : top) hasher.add(v);
    for (const float v : bottom) hasher.add(v);
    if (sky) hasher.add(sky->hash()).add(turn);
    return hasher.finish();
}

std::shared_ptr<const Sky> readSky(const std::filesystem::path& file) {
    return std::make_shared<const Sky>(readImage(file));
}

std::optional<Backdrop> backdropFromText(std::string_view text, std::string_view subject) {
    if (text == "none") return std::nullopt;
    const std::string all(text);
    const std::size_t middle = all.find('/');
    const auto top = colorOfText(all.substr(0, middle));
    const auto bottom = middle == std::string::npos ? top : colorOfText(all.substr(middle + 1));
    if (top && bottom) return Backdrop{.top = *top, .bottom = *bottom};
    std::error_code ignored;
    if (std::filesystem::is_regular_file(all, ignored)) return Backdrop{.sky = readSky(all)};
    throw Error(fmt::format("{} {}: neither a colour nor a picture", subject, all),
                "such as 0.1,0.1,0.1, or 0.5,0.6,0.8/0.1,0.1,0.1 for a gradient, or sky.exr, or none");
}

void layUnder(const Backdrop& backdrop, const Camera& camera, Image& premultiplied) {
    lay(backdrop, camera, false, premultiplied);
}

void layUnderPanorama(const Backdrop& backdrop, const Camera& camera, Image& premultiplied) {
    lay(backdrop, camera, true, premultiplied);
}

void layUnder8(const Backdrop& backdrop, const Camera& camera, std::span<std::uint8_t> premultiplied) {
    forEach(backdrop, camera, false, camera.width, camera.height, [&](std::size_t pixel, const Rgb& color) {
        std::uint8_t* p = &premultiplied[4 * pixel];
        const float light = static_cast<float>(255 - p[3]);
        for (std::size_t k = 0; k < 3; ++k) p[k] = static_cast<std::uint8_t>(std::min(255.0f, static_cast<float>(p[k]) + light * color[k] + 0.5f));
        p[3] = 255;
    });
}

Image renderBefore(const std::optional<Backdrop>& backdrop, Renderer& renderer, const Camera& camera, SplatOptions options, const Cancel& cancel) {
    options.background = plainOf(backdrop);
    Image image = renderer.renderSplats(camera, options, cancel);
    if (backdrop && !backdrop->plain()) layUnder(*backdrop, camera, image);
    return image;
}

Planes renderWithDepth(const std::optional<Backdrop>& backdrop, Renderer& renderer, const Camera& camera, SplatOptions options, const Cancel& cancel) {
    options.background = plainOf(backdrop);
    const Plane wanted[] = {Plane::Color, Plane::Depth};
    Planes planes = renderer.renderPlanes(camera, options, wanted, cancel);
    if (backdrop && !backdrop->plain()) layUnder(*backdrop, camera, planes.color);
    return planes;
}

} // namespace ochre
