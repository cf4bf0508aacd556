// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Sprite.h"

#include <algorithm>
#include <cmath>

namespace ochre::training {
namespace {

constexpr std::uint8_t kVisible = 8;

double catmullRom(double x) {
    x = std::fabs(x);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

/// For the places [first, first + begin.size()) of a row of the canvas: which samples, with what weights.
struct Taps {
    int first = 0;
    std::vector<int> begin, count;
    std::vector<float> weights; ///< `most` a place
    std::size_t most = 0;
};

/// One axis: `from` samples whose centre comes to lie at `center` of a row of `to` places.
Taps tapsFor(int from, int to, double center, double scale, bool flip) {
    const double stretch = std::max(1.0, 1 / scale), support = 2 * stretch;
    const double half = (from / 2.0 + support) * scale;
    Taps taps;
    taps.first = std::clamp(static_cast<int>(std::floor(center - half)), 0, to);
    const int end = std::clamp(static_cast<int>(std::ceil(center + half)), taps.first, to);
    taps.most = static_cast<std::size_t>(std::ceil(2 * support)) + 2;
    taps.weights.resize(taps.most * static_cast<std::size_t>(end - taps.first));
    float* weights = taps.weights.data();
    for (int place = taps.first; place < end; ++place, weights += taps.most) {
        const double away = (place + 0.5 - center) / scale;
        const double at = from / 2.0 + (flip ? -away : away); // in samples, 0 is their left edge
        const int low = static_cast<int>(std::ceil(at - support - 0.5)),
                  high = static_cast<int>(std::floor(at + support - 0.5));
        const int begin = std::clamp(low, 0, from), last = std::clamp(high + 1, begin, from);
        double sum = 0; // of all taps, those beyond the sprite too: they are clear, not absent
        for (int i = low; i <= high; ++i) sum += catmullRom((i + 0.5 - at) / stretch);
        for (int i = begin; i < last; ++i)
            weights[i - begin] = static_cast<float>(catmullRom((i + 0.5 - at) / stretch) / sum);
        taps.begin.push_back(begin);
        taps.count.push_back(last - begin);
    }
    return taps;
}

/// Four channels of one place.
void gather(const float* from, std::size_t step, const float* weights, int count, float* to) {
    float sum[4] = {};
    for (int i = 0; i < count; ++i, from += step)
        for (int c = 0; c < 4; ++c) sum[c] += weights[i] * from[c];
    for (int c = 0; c < 4; ++c) to[c] = sum[c];
}

std::uint8_t rounded(float value) {
    return static_cast<std::uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f));
}

} // namespace

Box visibleBox(const Sprite& sprite) {
    int left = sprite.width, right = -1, top = sprite.height, bottom = -1;
    const std::uint8_t* alpha = sprite.rgba.data() + 3;
    for (int y = 0; y < sprite.height; ++y)
        for (int x = 0; x < sprite.width; ++x, alpha += 4) {
            if (*alpha < kVisible) continue;
            left = std::min(left, x);
            right = std::max(right, x);
            top = std::min(top, y);
            bottom = std::max(bottom, y);
        }
    if (right < 0) return {};
    return {left, top, right - left + 1, bottom - top + 1};
}

Canvas::Canvas(int side)
    : m_side(side), m_values(static_cast<std::size_t>(side) * static_cast<std::size_t>(side) * 4) {}

void Canvas::fill(const std::array<float, 3>& top, const std::array<float, 3>& bottom) {
    float* to = m_values.data();
    for (int y = 0; y < m_side; ++y) {
        const float t = m_side > 1 ? static_cast<float>(y) / static_cast<float>(m_side - 1) : 0;
        for (int x = 0; x < m_side; ++x, to += 4) {
            for (std::size_t c = 0; c < 3; ++c) to[c] = top[c] + (bottom[c] - top[c]) * t;
            to[3] = 255;
        }
    }
}

void Canvas::place(const Sprite& sprite, const Placement& placement) {
    const Taps columns = tapsFor(sprite.width, m_side, placement.x, placement.scale, placement.flip);
    const Taps rows = tapsFor(sprite.height, m_side, placement.y, placement.scale, false);
    const std::size_t width = columns.begin.size();
    if (width == 0 || rows.begin.empty()) return;
    // Every row of the sprite brought to the canvas's columns, then those brought to its rows.
    std::vector<float> source(static_cast<std::size_t>(sprite.width) * 4);
    std::vector<float> wide(width * 4 * static_cast<std::size_t>(sprite.height));
    for (int y = 0; y < sprite.height; ++y) {
        const std::uint8_t* from = sprite.rgba.data() + static_cast<std::size_t>(y) * source.size();
        for (std::size_t i = 0; i < source.size(); ++i) source[i] = from[i];
        for (std::size_t x = 0; x < width; ++x)
            gather(source.data() + 4 * static_cast<std::size_t>(columns.begin[x]), 4,
                   columns.weights.data() + x * columns.most, columns.count[x],
                   wide.data() + (static_cast<std::size_t>(y) * width + x) * 4);
    }
    for (std::size_t y = 0; y < rows.begin.size(); ++y) {
        const float* from = wide.data() + static_cast<std::size_t>(rows.begin[y]) * width * 4;
        float* to = m_values.data() +
                    (static_cast<std::size_t>(rows.first) + y) * static_cast<std::size_t>(m_side) * 4 +
                    static_cast<std::size_t>(columns.first) * 4;
        for (std::size_t x = 0; x < width; ++x, from += 4, to += 4) {
            float over[4];
            gather(from, width * 4, rows.weights.data() + y * rows.most, rows.count[y], over);
            const float alpha = std::clamp(over[3], 0.0f, 255.0f),
                        rest = 1 - alpha / 255; // the kernel overshoots a little
            for (int c = 0; c < 3; ++c) to[c] = to[c] * rest + std::clamp(over[c], 0.0f, alpha);
            to[3] = to[3] * rest + alpha;
        }
    }
}

std::vector<std::uint8_t> Canvas::rgb8() const {
    std::vector<std::uint8_t> out(m_values.size() / 4 * 3);
    for (std::size_t i = 0, k = 0; i < m_values.size(); i += 4)
        for (std::size_t c = 0; c < 3; ++c) out[k++] = rounded(m_values[i + c]);
    return out;
}

std::vector<std::uint8_t> Canvas::rgba8() const {
    std::vector<std::uint8_t> out(m_values.size());
    for (std::size_t i = 0; i < m_values.size(); i += 4) {
        const float alpha = m_values[i + 3];
        for (std::size_t c = 0; c < 3; ++c)
            out[i + c] = alpha > 0 ? rounded(m_values[i + c] * 255 / alpha) : 0;
        out[i + 3] = rounded(alpha);
    }
    return out;
}

} // namespace ochre::training
