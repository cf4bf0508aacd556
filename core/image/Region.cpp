// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Region.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Math.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/image/ImageIo.h"
#include "core/image/Mask.h"
#include "core/image/Pixels.h"

namespace ochre {
namespace {

struct Span {
    int first, length;
};

/// `first`…`last` with `padding` on both sides, clipped to the side, then lengthened to a multiple: evenly,
/// moved inside while there is room, else over the far end.
Span lengthened(int first, int last, int padding, int multiple, int side) {
    const std::int64_t from = std::max<std::int64_t>(std::int64_t{first} - padding, 0),
                       to = std::min<std::int64_t>(std::int64_t{last} + 1 + padding, side);
    const std::int64_t length = ceilDivide<std::int64_t>(to - from, multiple) * multiple;
    const std::int64_t begin = from - (length - (to - from)) / 2;
    return {static_cast<int>(std::clamp<std::int64_t>(begin, 0, std::max<std::int64_t>(side - length, 0))),
            static_cast<int>(length)};
}

void requireSame(const Image& image, const WorkRegion& region, const char* what) {
    if (image.width() != region.pictureWidth || image.height() != region.pictureHeight)
        throw Error(fmt::format("{}: it has {}×{} pixels, the region is of a picture of {}×{}", what,
                                image.width(), image.height(), region.pictureWidth, region.pictureHeight),
                    "take the picture that the region was cut from");
    const bool sound = region.x >= 0 && region.y >= 0 && region.width >= 1 && region.height >= 1 &&
                       region.x < image.width() && region.y < image.height() && region.workWidth >= 1 &&
                       region.workHeight >= 1;
    if (!sound)
        throw Error(fmt::format("region: {}×{} at {}, {} does not lie in a picture of {}×{}", region.width,
                                region.height, region.x, region.y, image.width(), image.height()));
}

/// The part at the picture's own scale.
Image cut(const Image& image, const WorkRegion& r, PadMode beyond) {
    const int width = std::min(r.width, image.width() - r.x),
              height = std::min(r.height, image.height() - r.y);
    const Image inside = crop(image, r.x, r.y, width, height);
    if (width == r.width && height == r.height) return inside;
    return pad(inside, 0, 0, r.width - width, r.height - height, beyond);
}

/// How much of the patch shows, at the picture's scale.
Image weights(const Image& mask, const WorkRegion& r, float feather, const Cancel& cancel) {
    Image part;
    if (mask.empty())
        part = solidMask(r.width, r.height, 1);
    else if (mask.width() == r.pictureWidth && mask.height() == r.pictureHeight)
        part = cut(mask, r, PadMode::Color);
    else
        part = resize(mask, r.width, r.height, ResizeFilter::Bilinear, cancel);
    if (part.channels() != 1)
        throw Error(fmt::format("mask: it has {} channels, not one", part.channels()),
                    "turn the picture into a mask first");
    if (mask.empty() || feather <= 0) return part;
    const Image distance = distanceInside(part, cancel);
    float* w = part.edit().data();
    const float* d = distance.values().data();
    for (std::size_t i = 0; i < part.pixelCount(); ++i) {
        const float t = std::min(d[i] / (feather + 1), 1.0f);
        w[i] = std::clamp(w[i], 0.0f, 1.0f) * t * t * (3 - 2 * t);
    }
    return part;
}

} // namespace

WorkRegion regionAbout(const Image& mask, const RegionOptions& options) {
    if (mask.empty() || mask.channels() != 1)
        throw Error(fmt::format("mask: {} channels, not one", mask.channels()),
                    "turn the picture into a mask first");
    if (options.multiple < 1 || options.padding < 0 || options.size < 0)
        throw Error(fmt::format("region: multiple {}, padding {} or size {} is out of range",
                                options.multiple, options.padding, options.size));
    int left = mask.width(), right = -1, top = mask.height(), bottom = -1;
    for (int y = 0; y < mask.height(); ++y) {
        const float* row = mask.pixel(0, y);
        for (int x = 0; x < mask.width(); ++x) {
            if (!(row[x] > 0)) continue;
            left = std::min(left, x);
            right = std::max(right, x);
            top = std::min(top, y);
            bottom = y;
        }
    }
    if (right < 0)
        throw Error("mask: it is black everywhere, so there is nothing to cut out",
                    "paint the mask where the picture is to change");
    const Span across = lengthened(left, right, options.padding, options.multiple, mask.width()),
               down = lengthened(top, bottom, options.padding, options.multiple, mask.height());
    WorkRegion r{mask.width(),  mask.height(), across.first,  down.first,
                 across.length, down.length,   across.length, down.length};
    if (options.size > 0) {
        const double scale = static_cast<double>(options.size) / std::max(r.width, r.height);
        const auto scaled = [&](int side) {
            const double units = static_cast<double>(side) * scale / options.multiple;
            return std::max(1, static_cast<int>(std::lround(units))) * options.multiple;
        };
        r.workWidth = scaled(r.width);
        r.workHeight = scaled(r.height);
    }
    return r;
}

Image cropRegion(const Image& image, const WorkRegion& region, const Cancel& cancel) {
    requireSame(image, region, "picture");
    const Image part = cut(image, region, PadMode::Edge);
    if (part.width() == region.workWidth && part.height() == region.workHeight) return part;
    return resize(part, region.workWidth, region.workHeight, ResizeFilter::Lanczos, cancel);
}

Image cropRegionMask(const Image& mask, const WorkRegion& region, const Cancel& cancel) {
    requireSame(mask, region, "mask");
    const Image part = cut(mask, region, PadMode::Color);
    if (part.width() == region.workWidth && part.height() == region.workHeight) return part;
    return resize(part, region.workWidth, region.workHeight, ResizeFilter::Bilinear, cancel);
}

Image stitchRegion(const Image& image, const Image& patch, const WorkRegion& r, const Image& mask,
                   float feather, const Cancel& cancel) {
    requireSame(image, r, "picture");
    if (patch.empty()) throw Error("there is no patch to put back");
    if (image.channels() > 4 || patch.channels() > 4)
        throw Error(fmt::format("pictures of {} and {} channels cannot be joined", image.channels(),
                                patch.channels()),
                    "choose their colour channels first");
    const Image weight = weights(mask, r, feather, cancel);
    Image above = toColorSpace(patch, image.colorSpace(), cancel);
    if (above.width() != r.width || above.height() != r.height)
        above = resize(above, r.width, r.height, ResizeFilter::Lanczos, cancel);
    const bool keepAlpha = image.hasAlpha() && !patch.hasAlpha();
    above = withChannels(above, image.channels(), cancel);
    Image out = image;
    markDigitalSourceType(out, digitalSourceTypeOf(patch));
    const auto channels = static_cast<std::size_t>(out.channels());
    float* const values = out.edit().data();
    const int right = std::min(r.x + r.width, out.width()), bottom = std::min(r.y + r.height, out.height());
    for (int y = r.y; y < bottom; ++y) {
        cancel.check();
        for (int x = r.x; x < right; ++x) {
            const float w = std::min(*weight.pixel(x - r.x, y - r.y), 1.0f);
            if (!(w > 0)) continue;
            const float* from = above.pixel(x - r.x, y - r.y);
            float* to = values + (static_cast<std::size_t>(y) * static_cast<std::size_t>(out.width()) +
                                  static_cast<std::size_t>(x)) *
                                     channels;
            for (std::size_t c = 0; c < channels - (keepAlpha ? 1 : 0); ++c)
                to[c] = w >= 1 ? from[c] : mix(to[c], from[c], w);
        }
    }
    return out;
}

} // namespace ochre
