// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Resample.h"

#include <ATen/ops/_upsample_bicubic2d_aa.h>
#include <ATen/ops/_upsample_nearest_exact2d.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/where.h>

namespace ochre::nn {
namespace {

/// Where the pixels of a new axis lie between those of the old one.
struct Places {
    Tensor first, second; ///< int64 [new]
    Tensor share;         ///< float32 [new], of the second
};

Places placesOf(std::int64_t from, std::int64_t to) {
    const Tensor indices = at::arange(from, at::TensorOptions().dtype(at::kFloat));
    const auto along = [to](const Tensor& axis) {
        return resizeBilinear(axis.view({1, 1, 1, -1}), 1, to).view({to});
    };
    const Tensor first = along(indices);
    // The index after each is resized as a map of its own, and cut, which matters near the end.
    const Tensor second = along(indices.add(1).clamp_max_(static_cast<double>(from - 1)));
    return {first.to(at::kLong), second.to(at::kLong), first.sub(first.floor())};
}

/// Vectors in dimension 1, turned from a to b and mixed in length by `share`.
Tensor slerp(const Tensor& a, const Tensor& b, const Tensor& share) {
    constexpr double kSame = 1e-5;
    const auto lengthOf = [](const Tensor& v) { return v.norm(2, {1}, true); };
    const auto unit = [](const Tensor& v, const Tensor& length) {
        return v.div(length).masked_fill_(length.eq(0), 0.0);
    };
    const Tensor rest = share.neg().add_(1.0);
    const Tensor lengthA = lengthOf(a), lengthB = lengthOf(b);
    const Tensor unitA = unit(a, lengthA), unitB = unit(b, lengthB);
    const Tensor cosine = unitA.mul(unitB).sum({1}, true);
    const Tensor angle = cosine.acos(), sine = angle.sin();
    const auto part = [&](const Tensor& weight, const Tensor& direction) {
        return weight.mul(angle).sin_().div_(sine).mul(direction);
    };
    const Tensor length = lengthA.mul(rest).add_(lengthB.mul(share));
    const Tensor turned = part(rest, unitA).add_(part(share, unitB)).mul_(length);
    // The formula has no value where both point the same way, or away from each other.
    const Tensor straight = a.mul(rest).add_(b.mul(share));
    return at::where(cosine.gt(1 - kSame), a, at::where(cosine.lt(kSame - 1), straight, turned));
}

} // namespace

Tensor resizeNearestExact(const Tensor& x, std::int64_t height, std::int64_t width) {
    return at::_upsample_nearest_exact2d(x, {height, width});
}

Tensor resizeArea(const Tensor& x, std::int64_t height, std::int64_t width) {
    return at::adaptive_avg_pool2d(x, {height, width});
}

Tensor resizeBicubicBy(const Tensor& x, std::int64_t height, std::int64_t width, double scaleDown, double scaleAcross) {
    return at::upsample_bicubic2d(x, {height, width}, false, scaleDown, scaleAcross);
}

Tensor resizeBicubicSmooth(const Tensor& x, std::int64_t height, std::int64_t width) {
    return at::_upsample_bicubic2d_aa(x, {height, width}, false);
}

Tensor resizeBislerp(const Tensor& x, std::int64_t height, std::int64_t width) {
    const auto along = [](const Tensor& map, std::int64_t dimension, std::int64_t length) {
        const Places places = placesOf(map.size(dimension), length);
        std::vector<std::int64_t> shape(4, 1);
        shape[static_cast<std::size_t>(dimension)] = length;
        return slerp(map.index_select(dimension, places.first), map.index_select(dimension, places.second),
                     places.share.view(shape));
    };
    return along(along(x, 3, width), 2, height);
}

Tensor maxPool(const Tensor& x, int kernel, int stride) {
    return at::max_pool2d(x, {kernel, kernel}, {stride, stride});
}

} // namespace ochre::nn
