// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/FeatheredTiles.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace ochre::models {
namespace {

std::vector<std::int64_t> starts(std::int64_t side, std::int64_t tile, std::int64_t overlap) {
    if (side <= tile) return {0};
    std::vector<std::int64_t> places;
    for (std::int64_t at = 0; at < side - overlap; at += tile - overlap) places.push_back(at);
    return places;
}

/// Rises over `feather` pixels from each end of both sides.
nn::Tensor featherOf(const nn::Tensor& tile, std::int64_t feather) {
    nn::Tensor weight = tile.new_ones({1, 1, tile.size(2), tile.size(3)});
    for (const int side : {2, 3}) {
        const std::int64_t length = weight.size(side);
        if (feather >= length) continue;
        for (std::int64_t t = 0; t < feather; ++t) {
            const double share = static_cast<double>(t + 1) / static_cast<double>(feather);
            weight.narrow(side, t, 1).mul_(share);
            weight.narrow(side, length - 1 - t, 1).mul_(share);
        }
    }
    return weight;
}

std::uint64_t tileCount(const nn::Tensor& x, const Tiles& tiles) {
    return starts(x.size(2), tiles.height, tiles.overlap).size() *
           starts(x.size(3), tiles.width, tiles.overlap).size();
}

} // namespace

nn::Tensor inTiles(const nn::Tensor& x, const Tiles& tiles, double scale, const Piecewise& function,
                   const std::function<void()>& done) {
    if (x.size(2) <= tiles.height && x.size(3) <= tiles.width) {
        nn::Tensor whole = function(x);
        if (done) done();
        return whole;
    }
    const auto scaled = [scale](std::int64_t v) {
        return static_cast<std::int64_t>(std::nearbyint(static_cast<double>(v) * scale));
    };
    nn::Tensor sum, weights;
    for (const std::int64_t y : starts(x.size(2), tiles.height, tiles.overlap))
        for (const std::int64_t left : starts(x.size(3), tiles.width, tiles.overlap)) {
            const std::int64_t h = std::min(tiles.height, x.size(2) - y),
                               w = std::min(tiles.width, x.size(3) - left);
            const nn::Tensor tile = function(x.narrow(2, y, h).narrow(3, left, w));
            if (!sum.defined()) {
                sum = tile.new_zeros({1, tile.size(1), scaled(x.size(2)), scaled(x.size(3))});
                weights = tile.new_zeros({1, 1, sum.size(2), sum.size(3)});
            }
            const nn::Tensor weight = featherOf(tile, scaled(tiles.overlap));
            const auto place = [&](const nn::Tensor& t) {
                return t.narrow(2, scaled(y), tile.size(2)).narrow(3, scaled(left), tile.size(3));
            };
            place(sum).add_(tile.mul(weight));
            place(weights).add_(weight);
            if (done) done();
        }
    return sum.div_(weights);
}

nn::Tensor inThreeCuts(const nn::Tensor& x, std::int64_t tile, std::int64_t overlap, double scale,
                       const Piecewise& function, const Progress& progress, const Cancel& cancel) {
    const Tiles cuts[] = {
        {tile * 2, tile / 2, overlap}, {tile / 2, tile * 2, overlap}, {tile, tile, overlap}};
    std::uint64_t total = 0, count = 0;
    for (const Tiles& cut : cuts) total += tileCount(x, cut) * static_cast<std::uint64_t>(x.size(0));
    const auto done = [&] {
        cancel.check();
        progress.report(++count, total, fmt::format("tile {} of {}", count, total));
    };
    std::vector<nn::Tensor> pictures;
    for (std::int64_t n = 0; n < x.size(0); ++n) {
        nn::Tensor sum;
        for (const Tiles& cut : cuts) {
            const nn::Tensor part = inTiles(x.narrow(0, n, 1), cut, scale, function, done);
            sum = sum.defined() ? sum.add_(part) : part;
        }
        pictures.push_back(sum.div_(3.0));
    }
    return pictures.size() == 1 ? pictures.front() : nn::cat(pictures, 0);
}

} // namespace ochre::models
