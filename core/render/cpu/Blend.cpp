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

void put(const PlaneTile& tile, int x, int y, const PlaneTarget& target) {
    for (int row = 0; row < std::min(kTile, target.height - y); ++row)
        for (int column = 0; column < std::min(kTile, target.width - x); ++column) {
            const int i = kTile * row + column;
            target.writer.put(static_cast<std::size_t>(y + row) * static_cast<std::size_t>(target.width) + static_cast<std::size_t>(x + column),
                              {.red = tile.red[i], .green = tile.green[i], .blue = tile.blue[i], .alpha = 1 - tile.transmittance[i],
                               .depth = tile.depth[i], .median = tile.median[i],
                               .normal = {tile.normal[0][i], tile.normal[1][i], tile.normal[2][i]},
                               .splat = static_cast<std::uint32_t>(tile.splat[i])});
        }
}

/// Calls draw(list, x, y of the first pixel, tile) for the tiles of a band.
template <typename T, typename Draw>
void overTiles(const TileLists& lists, Band band, int width, TaskPool& pool, const Cancel& cancel, const Draw& draw) {
    const int across = (width + kTile - 1) / kTile;
    const auto tiles = static_cast<std::size_t>(band.last - band.first) * static_cast<std::size_t>(across);
    pool.parallelFor(tiles, 1, [&](std::size_t first, std::size_t last) {
        T tile;
        for (std::size_t t = first; t < last; ++t) {
            cancel.check();
            const int row = band.first + static_cast<int>(t) / across, column = static_cast<int>(t) % across;
            draw(lists.list(row, column), column * kTile, row * kTile, tile);
        }
    }, cancel);
}

} // namespace

void blendTiles(const Kernels& kernels, const Drawn* all, const TileLists& lists, Band band, const Target& target, TaskPool& pool,
                const Cancel& cancel) {
    overTiles<Tile>(lists, band, target.width, pool, cancel, [&](std::span<const std::uint32_t> list, int x, int y, Tile& tile) {
        kernels.blend(all, list.data(), static_cast<long>(list.size()), x, y, tile);
        if (target.background) layOver(*target.background, tile);
        put(tile, x, y, target);
    });
}

void blendTiles(const Kernels& kernels, const Drawn* all, const TileLists& lists, Band band, const PlaneTarget& target, TaskPool& pool,
                const Cancel& cancel) {
    overTiles<PlaneTile>(lists, band, target.width, pool, cancel, [&](std::span<const std::uint32_t> list, int x, int y, PlaneTile& tile) {
        kernels.blendPlanes(all, target.normals, list.data(), static_cast<long>(list.size()), x, y, tile);
        put(tile, x, y, target);
    });
}

} // namespace ochre::raster
