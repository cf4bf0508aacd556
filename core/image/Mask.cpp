// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Mask.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/image/Pixels.h"

namespace ochre {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kMiddleGrey = 0.5f;

float combined(MaskOperation operation, float a, float b) {
    switch (operation) {
    case MaskOperation::Multiply:
        return a * b;
    case MaskOperation::Add:
        return a + b;
    case MaskOperation::Subtract:
        return a - b;
    case MaskOperation::And:
        return a != 0 && b != 0 ? 1.0f : 0.0f;
    case MaskOperation::Or:
        return a != 0 || b != 0 ? 1.0f : 0.0f;
    case MaskOperation::Xor:
        return (a != 0) != (b != 0) ? 1.0f : 0.0f;
    }
    return a;
}

void requireMask(const Image& mask, const char* what) {
    if (mask.empty()) throw Error(fmt::format("{}: there is none", what));
    if (mask.channels() != 1)
        throw Error(fmt::format("{}: it has {} channels, not one", what, mask.channels()),
                    "turn the picture into a mask first");
}

void requireBorders(const Borders& b) {
    if (b.left < 0 || b.top < 0 || b.right < 0 || b.bottom < 0)
        throw Error(fmt::format("borders of {}, {}, {}, {} are negative", b.left, b.top, b.right, b.bottom),
                    "use 0 or more");
}

/// Squared distances along one line: out[i] = min over j of (i − j)² + in[j], by the lower envelope of
/// parabolas.
class LineDistance {
public:
    void run(std::vector<float>& line) {
        const int n = static_cast<int>(line.size());
        m_at.clear();
        m_from.clear();
        for (int i = 0; i < n; ++i) {
            if (line[static_cast<std::size_t>(i)] == kInfinity) continue;
            double cross = -std::numeric_limits<double>::infinity();
            while (!m_at.empty()) {
                const int k = m_at.back();
                cross = ((line[static_cast<std::size_t>(i)] + double(i) * i) -
                         (line[static_cast<std::size_t>(k)] + double(k) * k)) /
                        (2.0 * (i - k));
                if (cross > m_from.back()) break;
                m_at.pop_back();
                m_from.pop_back();
                cross = -std::numeric_limits<double>::infinity();
            }
            m_at.push_back(i);
            m_from.push_back(cross);
        }
        if (m_at.empty()) return;
        m_in = line;
        std::size_t k = 0;
        for (int i = 0; i < n; ++i) {
            while (k + 1 < m_at.size() && m_from[k + 1] < i) ++k;
            const double d = i - m_at[k];
            line[static_cast<std::size_t>(i)] =
                static_cast<float>(d * d + m_in[static_cast<std::size_t>(m_at[k])]);
        }
    }

private:
    std::vector<int> m_at;      ///< where the parabolas of the envelope stand
    std::vector<double> m_from; ///< from where on each is the lowest
    std::vector<float> m_in;
};

} // namespace

Image solidMask(int width, int height, float value) {
    Image mask(width, height, 1, ColorSpace::Raw);
    std::ranges::fill(mask.edit(), value);
    return mask;
}

Image combineMasks(const Image& a, const Image& b, int x, int y, MaskOperation operation) {
    requireMask(a, "first mask");
    requireMask(b, "second mask");
    Image out = a;
    float* const values = out.edit().data();
    const int right = static_cast<int>(std::min<std::int64_t>(std::int64_t{x} + b.width(), a.width())),
              bottom = static_cast<int>(std::min<std::int64_t>(std::int64_t{y} + b.height(), a.height()));
    for (int row = std::max(y, 0); row < bottom; ++row)
        for (int column = std::max(x, 0); column < right; ++column) {
            float& v = values[static_cast<std::size_t>(row) * static_cast<std::size_t>(a.width()) +
                              static_cast<std::size_t>(column)];
            v = combined(operation, v, *b.pixel(column - x, row - y));
        }
    for (float& v : out.edit()) v = std::clamp(v, 0.0f, 1.0f);
    return out;
}

Image featherBorders(const Image& mask, const Borders& borders) {
    requireMask(mask, "mask");
    requireBorders(borders);
    const auto ramps = [](int side, int first, int last) {
        std::vector<float> ramp(static_cast<std::size_t>(side), 1.0f);
        first = std::min(first, side);
        last = std::min(last, side);
        for (int i = 0; i < first; ++i)
            ramp[static_cast<std::size_t>(i)] *= static_cast<float>(i + 1) / static_cast<float>(first);
        for (int i = 0; i < last; ++i)
            ramp[static_cast<std::size_t>(side - 1 - i)] *=
                static_cast<float>(i + 1) / static_cast<float>(last);
        return ramp;
    };
    const std::vector<float> across = ramps(mask.width(), borders.left, borders.right),
                             down = ramps(mask.height(), borders.top, borders.bottom);
    Image out = mask;
    float* p = out.edit().data();
    for (const float y : down)
        for (const float x : across) *p++ *= x * y;
    return out;
}

Image maskOfColor(const Image& image, const std::array<float, 4>& color, float tolerance,
                  const Cancel& cancel) {
    if (image.empty()) throw Error("there is no picture to find a colour in");
    const Image rgb = withChannels(toColorSpace(image, ColorSpace::Srgb, cancel), 3, cancel);
    const auto level = [](float v) {
        return static_cast<int>(std::lround(std::clamp(v, 0.0f, 1.0f) * 255.0f));
    };
    const int wanted[] = {level(color[0]), level(color[1]), level(color[2])};
    const float reach = tolerance * 255.0f;
    Image mask(image.width(), image.height(), 1, ColorSpace::Raw);
    float* out = mask.edit().data();
    TaskPool::shared().parallelFor(
        image.pixelCount(), pixels::kGrain,
        [&](std::size_t begin, std::size_t end) {
            const float* in = rgb.values().data() + 3 * begin;
            for (std::size_t i = begin; i < end; ++i, in += 3) {
                bool near = true;
                for (int c = 0; c < 3; ++c)
                    near = near && static_cast<float>(std::abs(level(in[c]) - wanted[c])) <= reach;
                out[i] = near ? 1.0f : 0.0f;
            }
        },
        cancel);
    return mask;
}

std::pair<Image, Image> padForOutpaint(const Image& image, const Borders& b, int feather) {
    requireBorders(b);
    Image canvas = pad(image, b.left, b.top, b.right, b.bottom, PadMode::Color,
                       {kMiddleGrey, kMiddleGrey, kMiddleGrey, 1});
    Image mask = solidMask(canvas.width(), canvas.height(), 1);
    float* const values = mask.edit().data();
    const int width = image.width(), height = image.height();
    const bool soft = feather > 0 && 2 * std::int64_t{feather} < std::min(width, height);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            float v = 0;
            if (soft) {
                const int distance = std::min({b.top ? y : height, b.bottom ? height - y : height,
                                               b.left ? x : width, b.right ? width - x : width});
                if (distance < feather)
                    v = static_cast<float>(feather - distance) / static_cast<float>(feather);
            }
            values[static_cast<std::size_t>(y + b.top) * static_cast<std::size_t>(mask.width()) +
                   static_cast<std::size_t>(x + b.left)] = v * v;
        }
    return {std::move(canvas), std::move(mask)};
}

Image distanceInside(const Image& mask, const Cancel& cancel) {
    requireMask(mask, "mask");
    Image out = mask;
    const auto width = static_cast<std::size_t>(mask.width()),
               height = static_cast<std::size_t>(mask.height());
    float* const values = out.edit().data();
    for (std::size_t i = 0; i < width * height; ++i) values[i] = values[i] == 0 ? 0 : kInfinity;
    TaskPool::shared().parallelFor(
        width, 16,
        [&](std::size_t begin, std::size_t end) {
            LineDistance distance;
            std::vector<float> column(height);
            for (std::size_t x = begin; x < end; ++x) {
                for (std::size_t y = 0; y < height; ++y) column[y] = values[y * width + x];
                distance.run(column);
                for (std::size_t y = 0; y < height; ++y) values[y * width + x] = column[y];
            }
        },
        cancel);
    TaskPool::shared().parallelFor(
        height, 16,
        [&](std::size_t begin, std::size_t end) {
            LineDistance distance;
            std::vector<float> row(width);
            for (std::size_t y = begin; y < end; ++y) {
                std::copy_n(values + y * width, width, row.begin());
                distance.run(row);
                for (std::size_t x = 0; x < width; ++x) values[y * width + x] = std::sqrt(row[x]);
            }
        },
        cancel);
    return out;
}

} // namespace ochre
