// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/LatentOps.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Resample.h"

namespace ochre::models {
namespace {

using nn::Tensor;

constexpr int kLeastSide = 64; ///< pixels, of latents that are resized or cropped

std::string sizeOf(const Tensor& x) {
    return fmt::format("{} of {}×{} pixels", x.size(0), x.size(3) * kLatentSide, x.size(2) * kLatentSide);
}

/// To the nearest whole number, ties to the even one.
int rounded(double value) {
    return static_cast<int>(std::nearbyint(value));
}

LatentBatch with(const LatentBatch& latent, Tensor samples) {
    LatentBatch result = latent;
    result.samples = std::move(samples).contiguous();
    if (result.batchIndex.size() != static_cast<std::size_t>(result.count())) result.batchIndex.clear();
    return result;
}

/// The same for what is made of two: how either was sampled stays known.
LatentBatch with(const LatentBatch& a, const LatentBatch& b, Tensor samples) {
    LatentBatch result = with(a, std::move(samples));
    if (result.parameters.empty()) result.parameters = b.parameters;
    return result;
}

bool sameSize(const Tensor& a, const Tensor& b) {
    return a.size(1) == b.size(1) && a.size(2) == b.size(2) && a.size(3) == b.size(3);
}

/// `b` in the size of `a`.
Tensor fitted(const Tensor& a, const Tensor& b, LatentResize method) {
    if (sameSize(a, b)) return b;
    return resizeCenter(b, static_cast<int>(a.size(3)), static_cast<int>(a.size(2)), method);
}

/// `b` in the size of `a` and as many.
Tensor matched(const LatentBatch& a, const LatentBatch& b) {
    return toBatch(fitted(a.samples, b.samples, LatentResize::Bilinear), a.samples.size(0));
}

/// Numbers of the pictures, also where they were not given.
std::vector<int> numbersOf(const LatentBatch& latent) {
    if (!latent.batchIndex.empty()) return latent.batchIndex;
    std::vector<int> numbers;
    for (int i = 0; i < latent.count(); ++i) numbers.push_back(i);
    return numbers;
}

/// The row that fade `t` of the far edge meets. A fade longer than the side runs over it and, after one row
/// that it leaves out, back from the end again: places below 0 count from the end there.
std::int64_t farRow(std::int64_t size, int t) {
    if (t < size) return size - 1 - t;
    return t == size ? -1 : 2 * size - 1 - t;
}

/// Weights of a source of h×w at (x, y), falling off over `feather` latent pixels towards edges that lie
/// inside.
Tensor featherMask(const Tensor& source, const Tensor& destination, int x, int y, int feather) {
    const std::int64_t height = source.size(2), width = source.size(3);
    Tensor mask = source.new_ones({1, 1, height, width});
    const auto fade = [&mask](std::int64_t dimension, std::int64_t row, double factor) {
        if (row >= 0 && row < mask.size(dimension)) mask.narrow(dimension, row, 1).mul_(factor);
    };
    for (int t = 0; t < feather; ++t) {
        const double factor = 1.0 / feather * (t + 1);
        if (y != 0) fade(2, t, factor);
        if (y + height < destination.size(2)) fade(2, farRow(height, t), factor);
        if (x != 0) fade(3, t, factor);
        if (x + width < destination.size(3)) fade(3, farRow(width, t), factor);
    }
    return mask;
}

/// Weights of the whole source, or undefined where it covers all.
Tensor compositeMask(const Tensor& source, const CompositeOptions& options) {
    if (!options.mask.defined()) return {};
    return toBatch(nn::resizeBilinear(options.mask, source.size(2), source.size(3)), source.size(0));
}

} // namespace

LatentResize latentResizeFromName(std::string_view name) {
    if (name == "nearest" || name == "nearest-exact") return LatentResize::Nearest;
    if (name == "bilinear") return LatentResize::Bilinear;
    if (name == "area") return LatentResize::Area;
    if (name == "bicubic") return LatentResize::Bicubic;
    if (name == "bislerp") return LatentResize::Bislerp;
    throw Error(fmt::format("resize: \"{}\" is no method", name),
                "choose nearest, bilinear, area, bicubic or bislerp");
}

Tensor resizeLatent(const Tensor& x, int width, int height, LatentResize method) {
    if (width < 1 || height < 1)
        throw Error(fmt::format("resize: the new size is {}×{} latent pixels", width, height),
                    "both sides are at least 1, which is 8 pixels of the picture");
    switch (method) {
    case LatentResize::Bilinear:
        return nn::resizeBilinear(x, height, width);
    case LatentResize::Area:
        return nn::resizeArea(x, height, width);
    case LatentResize::Bicubic:
        return nn::resizeBicubic(x, height, width);
    case LatentResize::Bislerp:
        return bislerp(x, width, height);
    default:
        return nn::resizeNearestExact(x, height, width);
    }
}

Tensor bislerp(const Tensor& x, int width, int height) {
    return nn::resizeBislerp(x, height, width);
}

Tensor resizeCenter(const Tensor& x, int width, int height, LatentResize method) {
    const Tensor middle = croppedToProportions(x, width, height);
    if (middle.numel() == 0)
        throw Error(fmt::format("resize: nothing of {}×{} is left in the proportions {}:{}", x.size(3),
                                x.size(2), width, height),
                    "choose proportions that are more alike, or no cropping");
    return resizeLatent(middle, width, height, method);
}

LatentBatch resized(const LatentBatch& latent, int width, int height, LatentResize method, bool cropCenter) {
    if (width == 0 && height == 0) return latent;
    if (width < 0 || height < 0)
        throw Error(fmt::format("resize: the new size is {}×{} pixels", width, height), "give 0 or more");
    const double oldWidth = latent.width(), oldHeight = latent.height();
    if (width != 0) width = std::max(kLeastSide, width);
    if (height != 0) height = std::max(kLeastSide, height);
    if (width == 0) width = std::max(kLeastSide, rounded(oldWidth * height / oldHeight));
    if (height == 0) height = std::max(kLeastSide, rounded(oldHeight * width / oldWidth));
    const int columns = width / kLatentSide, rows = height / kLatentSide;
    return with(latent, cropCenter ? resizeCenter(latent.samples, columns, rows, method)
                                   : resizeLatent(latent.samples, columns, rows, method));
}

LatentBatch scaledBy(const LatentBatch& latent, double factor, LatentResize method) {
    return with(latent, resizeLatent(latent.samples, rounded(latent.width() * factor),
                                     rounded(latent.height() * factor), method));
}

LatentBatch composite(const LatentBatch& destination, const LatentBatch& source,
                      const CompositeOptions& options) {
    if (options.x < 0 || options.y < 0 || options.feather < 0)
        throw Error(fmt::format("composite: the source lies at {}, {} with a feather of {}", options.x,
                                options.y, options.feather),
                    "give 0 or more; crop the source where it is to reach beyond the left or upper edge");
    const Tensor& under = destination.samples;
    Tensor over = source.samples;
    if (options.resizeSource) over = nn::resizeBilinear(over, under.size(2), under.size(3));
    over = toBatch(over, under.size(0));
    const Tensor mask = compositeMask(over, options);
    const std::int64_t x = std::min<std::int64_t>(options.x / kLatentSide, under.size(3)),
                       y = std::min<std::int64_t>(options.y / kLatentSide, under.size(2));
    const std::int64_t width = std::min(over.size(3), under.size(3) - x),
                       height = std::min(over.size(2), under.size(2) - y);
    if (width == 0 || height == 0) return destination;

    const auto visible = [&](const Tensor& t) { return t.narrow(2, 0, height).narrow(3, 0, width); };
    over = visible(over);
    Tensor samples = under.clone();
    Tensor place = samples.narrow(2, y, height).narrow(3, x, width);
    Tensor weight = mask.defined() ? visible(mask) : mask;
    if (const int feather = options.feather / kLatentSide; feather > 0) {
        const Tensor fade = featherMask(over, under, static_cast<int>(x), static_cast<int>(y), feather);
        weight = weight.defined() ? weight.mul(fade) : fade;
    }
    place.copy_(weight.defined() ? over.mul(weight).add_(place.mul(weight.neg().add_(1.0))) : over);
    return with(destination, source, samples);
}

LatentBatch blended(const LatentBatch& a, const LatentBatch& b, double factor) {
    const Tensor other = fitted(a.samples, b.samples, LatentResize::Bicubic);
    if (other.size(0) != a.count() && other.size(0) != 1 && a.count() != 1)
        throw Error(fmt::format("blend: {} cannot be joined with {}", sizeOf(a.samples), sizeOf(b.samples)),
                    "use as many pictures on both sides, or one");
    return with(a, b, a.samples.mul(factor).add(other.mul(1 - factor)));
}

LatentBatch added(const LatentBatch& a, const LatentBatch& b) {
    return with(a, b, a.samples.add(matched(a, b)));
}

LatentBatch subtracted(const LatentBatch& a, const LatentBatch& b) {
    return with(a, b, a.samples.sub(matched(a, b)));
}

LatentBatch multiplied(const LatentBatch& a, double factor) {
    return with(a, a.samples.mul(factor));
}

LatentBatch interpolated(const LatentBatch& a, const LatentBatch& b, double ratio) {
    const auto lengthOf = [](const Tensor& x) { return x.norm(2, {1}, true); };
    const auto directionOf = [](const Tensor& x, const Tensor& length) {
        return x.div(length).nan_to_num_();
    };
    const Tensor other = matched(a, b);
    const Tensor lengthA = lengthOf(a.samples), lengthB = lengthOf(other);
    const Tensor mixed =
        directionOf(a.samples, lengthA).mul_(ratio).add_(directionOf(other, lengthB).mul_(1 - ratio));
    const Tensor length = lengthA.mul(ratio).add_(lengthB.mul(1 - ratio));
    return with(a, b, directionOf(mixed, lengthOf(mixed)).mul_(length));
}

LatentBatch cropped(const LatentBatch& latent, int width, int height, int x, int y) {
    const int columns = width / kLatentSide, rows = height / kLatentSide;
    if (columns < 1 || rows < 1 || x < 0 || y < 0)
        throw Error(fmt::format("crop: {}×{} at {}, {} is no part of a latent", width, height, x, y),
                    "sides are at least 8 pixels, places 0 or more");
    // What is left is at least 64 pixels wide and high, or all there is.
    const auto begin = [](int place, int side) {
        return std::min(place / kLatentSide, std::max(0, side - kLeastSide / kLatentSide));
    };
    const int left = begin(x, latent.width()), top = begin(y, latent.height());
    return with(latent, latent.samples.narrow(2, top, std::min(rows, latent.height() - top))
                            .narrow(3, left, std::min(columns, latent.width() - left)));
}

LatentBatch flipped(const LatentBatch& latent, FlipAxis axis) {
    return with(latent, latent.samples.flip({axis == FlipAxis::Vertical ? 2 : 3}));
}

LatentBatch rotated(const LatentBatch& latent, int degrees) {
    if (degrees % 90 != 0)
        throw Error(fmt::format("rotate: {}° is no quarter turn", degrees), "choose 0, 90, 180 or 270");
    return with(latent, latent.samples.rot90(degrees / 90, {3, 2}));
}

LatentBatch fromBatch(const LatentBatch& latent, int index, int length) {
    if (index < 0 || length < 1)
        throw Error(fmt::format("batch: {} pictures from number {} on", length, index),
                    "numbers begin at 0, and at least one picture is taken");
    index = std::min(latent.count() - 1, index);
    length = std::min(latent.count() - index, length);
    const std::vector<int> numbers = numbersOf(latent);
    LatentBatch result = latent;
    result.batchIndex.assign(numbers.begin() + index, numbers.begin() + index + length);
    if (latent.noiseMask.defined() && latent.noiseMask.size(0) > 1)
        result.noiseMask = toBatch(latent.noiseMask, latent.count()).narrow(0, index, length).contiguous();
    result.samples = latent.samples.narrow(0, index, length).contiguous();
    return result;
}

LatentBatch repeated(const LatentBatch& latent, int count) {
    if (count < 1) throw Error(fmt::format("repeat: {} times", count), "give 1 or more");
    LatentBatch result = latent;
    result.samples = latent.samples.repeat({count, 1, 1, 1});
    if (latent.noiseMask.defined() && latent.noiseMask.size(0) > 1)
        result.noiseMask = toBatch(latent.noiseMask, latent.count()).repeat({count, 1, 1, 1});
    if (!latent.batchIndex.empty()) {
        const auto [least, most] = std::minmax_element(latent.batchIndex.begin(), latent.batchIndex.end());
        const int stride = *most - *least + 1;
        result.batchIndex.clear();
        for (int i = 0; i < count; ++i)
            for (const int number : latent.batchIndex) result.batchIndex.push_back(number + i * stride);
    }
    return result;
}

LatentBatch batched(const LatentBatch& a, const LatentBatch& b) {
    LatentBatch result =
        with(a, b, nn::cat({a.samples, fitted(a.samples, b.samples, LatentResize::Bilinear)}, 0));
    result.batchIndex = numbersOf(a);
    for (const int number : numbersOf(b)) result.batchIndex.push_back(number);
    // One mask for each picture, over again for those that come with b.
    if (a.noiseMask.defined() && a.noiseMask.size(0) > 1)
        result.noiseMask = toBatch(a.noiseMask, result.count()).contiguous();
    return result;
}

} // namespace ochre::models
