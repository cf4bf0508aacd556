// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Edges.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/Color.h"
#include "core/image/Pixels.h"

namespace ochre {
namespace {

constexpr float kEpsilon = 1e-6f; // under the root of the gradient's length
constexpr int kDx[] = {1, 1, 0, -1, -1, -1, 0, 1}, kDy[] = {0, 1, 1, 1, 0, -1, -1, -1};

/// Index of a sample mirrored about the first and last one, which are not repeated; a side of one repeats it.
int mirrored(int i, int n) {
    if (n == 1) return 0;
    const int period = 2 * (n - 1);
    i = ((i % period) + period) % period;
    return i < n ? i : period - i;
}

Image grey(const Image& image, const Cancel& cancel) {
    const Image in =
        image.colorSpace() == ColorSpace::Raw ? image : toColorSpace(image, ColorSpace::Srgb, cancel);
    Image out(in.width(), in.height(), 1, ColorSpace::Raw);
    const auto channels = static_cast<std::size_t>(in.channels());
    const float* from = in.values().data();
    float* to = out.edit().data();
    for (std::size_t i = 0; i < in.pixelCount(); ++i, from += channels)
        to[i] = channels >= 3 ? 0.299f * from[0] + 0.587f * from[1] + 0.114f * from[2] : from[0];
    return out;
}

std::array<float, 5> gaussian() {
    std::array<float, 5> kernel{};
    float sum = 0;
    for (int i = 0; i < 5; ++i)
        sum += kernel[static_cast<std::size_t>(i)] = std::exp(-0.5f * static_cast<float>((i - 2) * (i - 2)));
    for (float& v : kernel) v /= sum;
    return kernel;
}

Image softened(const Image& in, const Cancel& cancel) {
    const std::array<float, 5> kernel = gaussian();
    const int width = in.width(), height = in.height();
    Image across = in, out = in;
    float *mid = across.edit().data(), *to = out.edit().data();
    const auto row = [&](int y) { return static_cast<std::size_t>(y) * static_cast<std::size_t>(width); };
    pixels::forEachRow(
        in,
        [&](int y) {
            for (int x = 0; x < width; ++x) {
                float sum = 0;
                for (int k = 0; k < 5; ++k)
                    sum += kernel[static_cast<std::size_t>(k)] * *in.pixel(mirrored(x + k - 2, width), y);
                mid[row(y) + static_cast<std::size_t>(x)] = sum;
            }
        },
        cancel);
    pixels::forEachRow(
        in,
        [&](int y) {
            for (int x = 0; x < width; ++x) {
                float sum = 0;
                for (int k = 0; k < 5; ++k)
                    sum += kernel[static_cast<std::size_t>(k)] *
                           mid[row(mirrored(y + k - 2, height)) + static_cast<std::size_t>(x)];
                to[row(y) + static_cast<std::size_t>(x)] = sum;
            }
        },
        cancel);
    return out;
}

struct Gradient {
    std::vector<float> length;
    std::vector<std::uint8_t> direction; ///< eighths of a turn, clockwise from the right
};

/// Sobel without scale; edges repeat.
Gradient gradientOf(const Image& in, const Cancel& cancel) {
    Gradient g{std::vector<float>(in.pixelCount()), std::vector<std::uint8_t>(in.pixelCount())};
    const int width = in.width(), height = in.height();
    pixels::forEachRow(
        in,
        [&](int y) {
            const float* rows[] = {in.pixel(0, std::max(y - 1, 0)), in.pixel(0, y),
                                   in.pixel(0, std::min(y + 1, height - 1))};
            for (int x = 0; x < width; ++x) {
                const int l = std::max(x - 1, 0), r = std::min(x + 1, width - 1);
                const float gx =
                    rows[0][r] - rows[0][l] + 2 * (rows[1][r] - rows[1][l]) + rows[2][r] - rows[2][l];
                const float gy =
                    rows[2][l] - rows[0][l] + 2 * (rows[2][x] - rows[0][x]) + rows[2][r] - rows[0][r];
                const std::size_t i = static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                                      static_cast<std::size_t>(x);
                g.length[i] = std::sqrt(gx * gx + gy * gy + kEpsilon);
                const int eighth =
                    static_cast<int>(std::nearbyint(std::atan2(gy, gx) * 4 / 3.14159265358979f));
                g.direction[i] = static_cast<std::uint8_t>((eighth + 8) % 8);
            }
        },
        cancel);
    return g;
}

/// 0: none, 1: between the thresholds, 2: above the high one; only where the gradient is longest across the
/// edge.
std::vector<std::uint8_t> thinned(const Gradient& g, int width, int height, float low, float high) {
    std::vector<std::uint8_t> edges(g.length.size());
    const auto at = [&](int x, int y) {
        const bool inside = x >= 0 && y >= 0 && x < width && y < height;
        return inside ? g.length[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                                 static_cast<std::size_t>(x)]
                      : 0.0f;
    };
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const std::size_t i =
                static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
            const int d = g.direction[i];
            const float length = g.length[i];
            if (length > at(x + kDx[d], y + kDy[d]) && length > at(x - kDx[d], y - kDy[d]))
                edges[i] = length > high ? 2 : length > low ? 1 : 0;
        }
    return edges;
}

/// Strong pixels make the weak ones beside them strong.
void follow(std::vector<std::uint8_t>& edges, int width, int height) {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < edges.size(); ++i)
        if (edges[i] == 2) open.push_back(i);
    while (!open.empty()) {
        const std::size_t i = open.back();
        open.pop_back();
        const int x = static_cast<int>(i % static_cast<std::size_t>(width)),
                  y = static_cast<int>(i / static_cast<std::size_t>(width));
        for (int d = 0; d < 8; ++d) {
            const int nx = x + kDx[d], ny = y + kDy[d];
            if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
            const std::size_t n =
                static_cast<std::size_t>(ny) * static_cast<std::size_t>(width) + static_cast<std::size_t>(nx);
            if (edges[n] != 1) continue;
            edges[n] = 2;
            open.push_back(n);
        }
    }
}

} // namespace

Image cannyEdges(const Image& image, float low, float high, const Cancel& cancel) {
    if (image.empty()) throw Error("there is no picture to find edges in");
    if (!(low <= high))
        throw Error(fmt::format("edges: the low threshold {} is above the high one, {}", low, high),
                    "lower the first");
    const Gradient gradient = gradientOf(softened(grey(image, cancel), cancel), cancel);
    std::vector<std::uint8_t> edges = thinned(gradient, image.width(), image.height(), low, high);
    follow(edges, image.width(), image.height());
    Image out(image.width(), image.height(), 1, ColorSpace::Raw);
    float* to = out.edit().data();
    for (std::size_t i = 0; i < edges.size(); ++i) to[i] = edges[i] == 2 ? 1.0f : 0.0f;
    return out;
}

} // namespace ochre
