// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/image/Pixels.h"

namespace ochre {
namespace {

constexpr double kPi = 3.14159265358979323846;

double sinc(double x) {
    return x == 0 ? 1 : std::sin(kPi * x) / (kPi * x);
}

double kernel(ResizeFilter filter, double x) {
    x = std::fabs(x);
    switch (filter) {
    case ResizeFilter::Bilinear:
        return x < 1 ? 1 - x : 0;
    case ResizeFilter::Bicubic:
        // Keys (1981) with a = −0.5.
        if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
        return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
    case ResizeFilter::Lanczos:
        return x < 3 ? sinc(x) * sinc(x / 3) : 0;
    default:
        return 0;
    }
}

double supportOf(ResizeFilter filter) {
    return filter == ResizeFilter::Bilinear ? 1 : filter == ResizeFilter::Bicubic ? 2 : 3;
}

/// For each place of the result: where its samples begin, how many, and their weights (sum 1).
struct Taps {
    std::vector<int> begin, count;
    std::vector<float> weights; ///< `most` a place
    int most = 0;
};

void normalise(std::vector<double>& weights) {
    double sum = 0;
    for (const double w : weights) sum += w;
    for (double& w : weights) w /= sum;
}

/// The samples of one place of the result, in double.
void tapsAt(int place, int from, double scale, ResizeFilter filter, int& begin,
            std::vector<double>& weights) {
    weights.clear();
    if (filter == ResizeFilter::Nearest) {
        begin = std::min(from - 1, static_cast<int>((place + 0.5) * scale));
        weights.push_back(1);
        return;
    }
    if (filter == ResizeFilter::Area) {
        const double low = place * scale, high = std::min((place + 1) * scale, static_cast<double>(from));
        begin = std::min(from - 1, static_cast<int>(low));
        for (int i = begin; i < from && i < high; ++i)
            weights.push_back(std::min(high, i + 1.0) - std::max(low, static_cast<double>(i)));
        return normalise(weights);
    }
    const double stretch = std::max(scale, 1.0), support = supportOf(filter) * stretch;
    const double center = (place + 0.5) * scale;
    begin = std::max(0, static_cast<int>(center - support + 0.5));
    const int end = std::min(from, static_cast<int>(center + support + 0.5));
    for (int i = begin; i < end; ++i) weights.push_back(kernel(filter, (i - center + 0.5) / stretch));
    normalise(weights);
}

Taps makeTaps(int from, int to, ResizeFilter filter) {
    const double scale = static_cast<double>(from) / to;
    Taps taps;
    std::vector<std::vector<double>> all(static_cast<std::size_t>(to));
    for (int i = 0; i < to; ++i) {
        int begin = 0;
        tapsAt(i, from, scale, filter, begin, all[static_cast<std::size_t>(i)]);
        taps.begin.push_back(begin);
        taps.count.push_back(static_cast<int>(all[static_cast<std::size_t>(i)].size()));
        taps.most = std::max(taps.most, taps.count.back());
    }
    taps.weights.resize(static_cast<std::size_t>(to) * static_cast<std::size_t>(taps.most));
    for (std::size_t i = 0; i < all.size(); ++i)
        std::transform(all[i].begin(), all[i].end(),
                       taps.weights.begin() + static_cast<std::ptrdiff_t>(i) * taps.most,
                       [](double w) { return static_cast<float>(w); });
    return taps;
}

template <int kChannels>
void resizeRow(const float* from, float* to, const Taps& taps, int channels) {
    const int step = kChannels > 0 ? kChannels : channels;
    for (std::size_t x = 0; x < taps.begin.size(); ++x, to += step) {
        const float* weights = taps.weights.data() + x * static_cast<std::size_t>(taps.most);
        const float* p = from + static_cast<std::ptrdiff_t>(taps.begin[x]) * step;
        float sum[kChannels > 0 ? kChannels : 64] = {};
        for (int i = 0; i < taps.count[x]; ++i, p += step)
            for (int c = 0; c < step; ++c) sum[c] += weights[i] * p[c];
        for (int c = 0; c < step; ++c) to[c] = sum[c];
    }
}

Image resizeWidth(const Image& image, int width, ResizeFilter filter, const Cancel& cancel) {
    const Taps taps = makeTaps(image.width(), width, filter);
    Image out(width, image.height(), image.channels(), image.colorSpace());
    float* to = out.edit().data();
    const std::size_t stride = static_cast<std::size_t>(width) * static_cast<std::size_t>(image.channels());
    const auto row = image.channels() == 1   ? resizeRow<1>
                     : image.channels() == 3 ? resizeRow<3>
                     : image.channels() == 4 ? resizeRow<4>
                                             : resizeRow<0>;
    pixels::forEachRow(
        image,
        [&](int y) {
            row(image.pixel(0, y), to + static_cast<std::size_t>(y) * stride, taps, image.channels());
        },
        cancel);
    return out;
}

Image resizeHeight(const Image& image, int height, ResizeFilter filter, const Cancel& cancel) {
    const Taps taps = makeTaps(image.height(), height, filter);
    Image out(image.width(), height, image.channels(), image.colorSpace());
    float* values = out.edit().data();
    const std::size_t stride =
        static_cast<std::size_t>(image.width()) * static_cast<std::size_t>(image.channels());
    // Strips that stay in the first cache while their source rows pass by.
    constexpr std::size_t kStrip = 2048;
    pixels::forEachRow(
        out,
        [&](int y) {
            const auto place = static_cast<std::size_t>(y);
            const float* weights = taps.weights.data() + place * static_cast<std::size_t>(taps.most);
            float* to = values + place * stride;
            for (std::size_t begin = 0; begin < stride; begin += kStrip) {
                const std::size_t end = std::min(stride, begin + kStrip);
                for (int i = 0; i < taps.count[place]; ++i) {
                    const float* from = image.pixel(0, taps.begin[place] + i);
                    const float w = weights[i];
                    for (std::size_t k = begin; k < end; ++k) to[k] += w * from[k];
                }
            }
        },
        cancel);
    return out;
}

} // namespace

Image resize(const Image& image, int width, int height, ResizeFilter filter, const Cancel& cancel) {
    if (image.empty()) throw Error("there is no picture to resize");
    if (width < 1 || height < 1 || width > 65536 || height > 65536)
        throw Error(fmt::format("a picture cannot be resized to {}×{}", width, height),
                    "sides go from 1 to 65536");
    if (width == image.width() && height == image.height()) return image;
    const bool weigh = image.hasAlpha() && filter != ResizeFilter::Nearest;
    Image out = weigh ? premultiplied(image, cancel) : image;
    // The direction that leaves fewer pixels first.
    const bool widthFirst = static_cast<std::int64_t>(width) * image.height() <=
                            static_cast<std::int64_t>(height) * image.width();
    for (const bool horizontal : {widthFirst, !widthFirst}) {
        if (horizontal && width != out.width()) out = resizeWidth(out, width, filter, cancel);
        if (!horizontal && height != out.height()) out = resizeHeight(out, height, filter, cancel);
    }
    if (weigh) {
        const auto step = static_cast<std::size_t>(out.channels());
        std::span<float> values = out.edit();
        for (std::size_t i = step - 1; i < values.size(); i += step)
            values[i] = std::clamp(values[i], 0.0f, 1.0f);
        out = unpremultiplied(out, cancel);
    }
    out.setMetadata(image.metadata());
    return out;
}

} // namespace ochre
