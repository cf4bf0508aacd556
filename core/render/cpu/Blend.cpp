// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/cpu/Blend.h"

#include <algorithm>

namespace ochre::raster {
namespace {

void layOver(const std::array<float, 3>& background, Tile& tile) {
    for (std::size_t i = 0; i < 4 * kTilePixels; i += 4) {
        float* p = tile.rgba + i;
        for (std::size_t k = 0; k < 3; ++k) p[k] += background[k] * (1 - p[3]);
        p[3] = 1;
    }
}

/// What of the tile lies within the picture.
void put(const Tile& tile, int x, int y, const Target& target) {
    const auto values = static_cast<std::size_t>(4 * std::min(kTile, target.width - x));
    for (int row = 0; row < std::min(kTile, target.height - y); ++row) {
        const float* from = tile.rgba + 4 * kTile * row;
        const std::size_t to = 4 * (static_cast<std::size_t>(y + row) * static_cast<std::size_t>(target.width) + static_cast<std::size_t>(x));
        if (target.floats) std::copy_n(from, values, target.floats + to);
        else
            for (std::size_t i = 0; i < values; ++i)
                target.bytes[to + i] = static_cast<std::uint8_t>(static_cast<int>(std::clamp(from[i], 0.0f, 1.0f) * 255 + 0.5f));
    }
}

} // namespace

void blendTiles(const Kernels& kernels, const Drawn* all, const TileLists& lists, Band band, const Target& target, TaskPool& pool,
                const Cancel& cancel) {
    const int across = (target.width + kTile - 1) / kTile;
    const auto tiles = static_cast<std::size_t>(band.last - band.first) * static_cast<std::size_t>(across);
    pool.parallelFor(tiles, 1, [&](std::size_t first, std::size_t last) {
        Tile tile;
        for (std::size_t t = first; t < last; ++t) {
            cancel.check();
            const int row = band.first + static_cast<int>(t) / across, column = static_cast<int>(t) % across;
            const std::span<const std::uint32_t> list = lists.list(row, column);
            kernels.blend(all, list.data(), static_cast<long>(list.size()), column * kTile, row * kTile, tile);
            if (target.background) layOver(*target.background, tile);
            put(tile, column * kTile, row * kTile, target);
        }
    }, cancel);
}

} // namespace ochre::raster
