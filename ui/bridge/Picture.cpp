// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/bridge/Picture.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/base/TaskPool.h"

namespace ochre::ui {
namespace {

// IEC 61966-2-1 and ITU-R BT.709; odd extensions keep negative values ordered.
float srgbToLinear(float v) {
    const float a = std::abs(v);
    const float l = a <= 0.04045f ? a / 12.92f : std::pow((a + 0.055f) / 1.055f, 2.4f);
    return std::copysign(l, v);
}
float linearToSrgb(float v) {
    const float a = std::abs(v);
    const float s = a <= 0.0031308f ? a * 12.92f : 1.055f * std::pow(a, 1 / 2.4f) - 0.055f;
    return std::copysign(s, v);
}
float rec709ToLinear(float v) {
    const float a = std::abs(v);
    const float l = a < 0.081f ? a / 4.5f : std::pow((a + 0.099f) / 1.099f, 1 / 0.45f);
    return std::copysign(l, v);
}

std::uint8_t toByte(float v) {
    if (!(v > 0)) return 0; // also what is not a number
    return static_cast<std::uint8_t>(std::min(v, 1.0f) * 255.0f + 0.5f);
}

/// From a stored value to the screen's, for one colour space and one set of settings.
class Curve {
public:
    Curve(ColorSpace space, const DisplaySettings& settings)
        : m_space(space), m_scale(static_cast<float>(std::exp2(settings.exposure))),
          m_inverseGamma(static_cast<float>(1 / std::max(settings.gamma, 0.01))),
          m_plain(settings.exposure == 0 && settings.gamma == 1) {}

    std::uint8_t operator()(float v) const {
        if (m_plain && (m_space == ColorSpace::Srgb || m_space == ColorSpace::Raw)) return toByte(v);
        float shown =
            m_plain && m_space == ColorSpace::Linear ? linearToSrgb(v) : linearToSrgb(linear(v) * m_scale);
        if (m_inverseGamma != 1 && shown > 0) shown = std::pow(shown, m_inverseGamma);
        return toByte(shown);
    }

private:
    float linear(float v) const {
        switch (m_space) {
        case ColorSpace::Linear:
            return v;
        case ColorSpace::Rec709:
            return rec709ToLinear(v);
        case ColorSpace::Srgb:
        case ColorSpace::Raw:
            break;
        }
        return srgbToLinear(v);
    }

    ColorSpace m_space;
    float m_scale, m_inverseGamma;
    bool m_plain;
};

struct Rgba {
    float r, g, b, a;
};

Rgba read(const float* p, int channels) {
    switch (channels) {
    case 1:
        return {p[0], p[0], p[0], 1};
    case 2:
        return {p[0], p[0], p[0], p[1]};
    case 3:
        return {p[0], p[1], p[2], 1};
    default:
        return {p[0], p[1], p[2], channels == 4 ? p[3] : 1};
    }
}

QRgb shade(const Rgba& c, Channels channels, const Curve& curve) {
    const auto grey = [](std::uint8_t v) { return qRgb(v, v, v); };
    switch (channels) {
    case Channels::Red:
        return grey(curve(c.r));
    case Channels::Green:
        return grey(curve(c.g));
    case Channels::Blue:
        return grey(curve(c.b));
    case Channels::Alpha:
        return grey(toByte(c.a));
    case Channels::Luminance:
        return grey(curve(0.2126f * c.r + 0.7152f * c.g + 0.0722f * c.b));
    case Channels::Color:
        break;
    }
    return qRgba(curve(c.r), curve(c.g), curve(c.b), toByte(c.a));
}

QImage makeTarget(const Image& image, const DisplaySettings& settings, int width, int height) {
    const bool alpha = image.hasAlpha() && settings.channels == Channels::Color;
    return QImage(width, height, alpha ? QImage::Format_ARGB32 : QImage::Format_RGB32);
}

} // namespace

QImage toDisplay(const Image& image, const DisplaySettings& settings) {
    if (image.empty()) return {};
    QImage out = makeTarget(image, settings, image.width(), image.height());
    if (out.isNull()) return {};
    const Curve curve(image.colorSpace(), settings);
    const int channels = image.channels(), width = image.width();
    auto* const rows = out.bits();
    const auto stride = static_cast<std::size_t>(out.bytesPerLine());
    TaskPool::shared().parallelFor(static_cast<std::size_t>(image.height()), 16,
                                   [&](std::size_t begin, std::size_t end) {
                                       for (std::size_t y = begin; y < end; ++y) {
                                           auto* line = reinterpret_cast<QRgb*>(rows + y * stride);
                                           const float* p = image.pixel(0, static_cast<int>(y));
                                           for (int x = 0; x < width; ++x, p += channels)
                                               line[x] = shade(read(p, channels), settings.channels, curve);
                                       }
                                   });
    return out;
}

QImage thumbnailOf(const graph::Value& value, int side) {
    const Image* image = value.tryAs<Image>();
    if (!image || image->empty() || side < 1) return {};
    const double scale = std::min(1.0, static_cast<double>(side) / std::max(image->width(), image->height()));
    const int width = std::max(1, static_cast<int>(std::lround(image->width() * scale)));
    const int height = std::max(1, static_cast<int>(std::lround(image->height() * scale)));
    QImage out = makeTarget(*image, {}, width, height);
    if (out.isNull()) return {};
    const Curve curve(image->colorSpace(), {});
    const int channels = image->channels();
    for (int y = 0; y < height; ++y) {
        auto* line = reinterpret_cast<QRgb*>(out.scanLine(y));
        const int y0 = static_cast<int>(std::int64_t{y} * image->height() / height);
        const int y1 = std::max(y0 + 1, static_cast<int>((std::int64_t{y} + 1) * image->height() / height));
        for (int x = 0; x < width; ++x) {
            const int x0 = static_cast<int>(std::int64_t{x} * image->width() / width);
            const int x1 = std::max(x0 + 1, static_cast<int>((std::int64_t{x} + 1) * image->width() / width));
            Rgba sum{};
            for (int v = y0; v < y1; ++v)
                for (int u = x0; u < x1; ++u) {
                    const Rgba c = read(image->pixel(u, v), channels);
                    sum = {sum.r + c.r, sum.g + c.g, sum.b + c.b, sum.a + c.a};
                }
            const float n = 1.0f / static_cast<float>((x1 - x0) * (y1 - y0));
            line[x] = shade({sum.r * n, sum.g * n, sum.b * n, sum.a * n}, Channels::Color, curve);
        }
    }
    return out;
}

Probe probe(const Image& image, int x, int y) {
    Probe p{x, y, std::min(image.channels(), 4)};
    const float* values = image.pixel(x, y);
    std::copy_n(values, p.channels, p.values.begin());
    const QRgb shown = shade(read(values, image.channels()), Channels::Color, Curve(image.colorSpace(), {}));
    p.shown = {static_cast<std::uint8_t>(qRed(shown)), static_cast<std::uint8_t>(qGreen(shown)),
               static_cast<std::uint8_t>(qBlue(shown)), static_cast<std::uint8_t>(qAlpha(shown))};
    return p;
}

QString probeText(const Probe& p) {
    QString bytes, floats;
    const bool alpha = p.channels == 2 || p.channels == 4;
    for (int c = 0; c < 3 + (alpha ? 1 : 0); ++c)
        bytes += QStringLiteral(" %1").arg(p.shown[static_cast<std::size_t>(c)], 3);
    for (int c = 0; c < p.channels; ++c)
        floats +=
            QStringLiteral(" %1").arg(static_cast<double>(p.values[static_cast<std::size_t>(c)]), 0, 'f', 4);
    const QString hex = QStringLiteral("#%1%2%3")
                            .arg(p.shown[0], 2, 16, QLatin1Char('0'))
                            .arg(p.shown[1], 2, 16, QLatin1Char('0'))
                            .arg(p.shown[2], 2, 16, QLatin1Char('0'))
                            .toUpper();
    return QStringLiteral("x %1  y %2    8-bit%3    float%4    %5").arg(p.x).arg(p.y).arg(bytes, floats, hex);
}

} // namespace ochre::ui
