// SPDX-License-Identifier: GPL-3.0-or-later
// A radiance field that is looked up in hashed grids: density and colour of every place in a box, by two small networks
// on features of 16 grids from coarse to fine, with a grid that says where there is anything.
// Paper: arXiv 2201.05989 (Instant Neural Graphics Primitives), written from its text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/scene/SplatCloud.h"

namespace ochre {

/// Cells of a grid that hold something, a bit each, x fastest. Cells are cubes of the box divided by `side`.
class OccupancyGrid {
public:
    OccupancyGrid() = default;
    explicit OccupancyGrid(int side); ///< a multiple of kCoarse, all empty

    static constexpr int kCoarse = 8; ///< cells along a coarse cell's side
    int side() const { return m_side; }
    bool occupied(int x, int y, int z) const { return m_bits[index(x, y, z) >> 3] >> (index(x, y, z) & 7) & 1; }
    /// Whether any cell of a coarse one is; in coarse cells.
    bool coarseOccupied(int x, int y, int z) const { return m_coarse[coarseIndex(x, y, z)] != 0; }
    void occupy(int x, int y, int z);
    std::size_t count() const;

    const std::vector<std::uint8_t>& bits() const { return m_bits; } ///< [side³ / 8]
    static OccupancyGrid fromBits(int side, std::vector<std::uint8_t> bits);

private:
    std::size_t index(int x, int y, int z) const {
        return (static_cast<std::size_t>(z) * static_cast<std::size_t>(m_side) + static_cast<std::size_t>(y)) *
                   static_cast<std::size_t>(m_side) +
               static_cast<std::size_t>(x);
    }
    std::size_t coarseIndex(int x, int y, int z) const {
        const auto side = static_cast<std::size_t>(m_side / kCoarse);
        return (static_cast<std::size_t>(z) * side + static_cast<std::size_t>(y)) * side + static_cast<std::size_t>(x);
    }

    int m_side = 0;
    std::vector<std::uint8_t> m_bits, m_coarse;
};

struct HashField {
    static constexpr int kLevels = 16, kFeatures = 2; ///< of each level
    static constexpr int kEncoded = kLevels * kFeatures;
    static constexpr int kDirections = 16; ///< spherical harmonics of degrees 0 to 3
    static constexpr int kHidden = 64, kGeometry = 16;
    static constexpr int kColors = 16; ///< of the last layer, of which 3 are used
    static constexpr int kMostLog2Entries = 19, kMostCells = 4096;

    struct Config {
        int log2Entries = 17; ///< most entries of a level, 4…19
        int coarsest = 16;    ///< cells along the box on the first level, at least 2
        int finest = 512;     ///< and on the last, at most 4096
        Bounds box = {{-1.5, -1.5, -1.5}, {1.5, 1.5, 1.5}}; ///< a cube, of the world or of device coordinates
        std::array<double, 3> up = {0, 0, 1};               ///< of the world, for views that nobody placed
        /// Not 0: the box is one of normalised device coordinates, as forward-facing scenes are learnt in: world (x, y, z) with
        /// z < 0 is at (−x / (scale₀·z), −y / (scale₁·z), 1 + 2 / z), so that from z = −1 to infinity everything lies between −1
        /// and 1. The cameras of such scenes stand about the origin and look along −z.
        std::array<double, 2> deviceScale = {0, 0};
        bool forwardFacing() const { return deviceScale[0] > 0; }
    };

    /// One grid: features lie on the corners of its cells.
    struct Level {
        std::uint32_t cells, entries, offset; ///< along a side; in the table
        bool dense;                           ///< every corner has an entry of its own, else they are hashed
    };

    /// Layers without biases, [in][out] each, one behind the other in `layers`.
    enum Layer : std::size_t {
        Density1 = 0,
        Density2 = Density1 + kEncoded * kHidden,               ///< ReLU before
        Color1 = Density2 + kHidden * kGeometry,                ///< sees the directions, then the geometry
        Color2 = Color1 + (kDirections + kGeometry) * kHidden,  ///< ReLU before
        Color3 = Color2 + kHidden * kHidden,                    ///< ReLU before; sigmoid after
        LayersEnd = Color3 + kHidden * kColors,
    };

    HashField() = default;
    /// All zero and empty. Throws Error on a configuration outside the limits.
    explicit HashField(const Config& config);

    /// From the world's (x, y, z, 1) to the box, 0…1 along each side times the last of the four, which is positive wherever the box
    /// can be; lines stay lines.
    std::array<double, 16> toBox() const;
    Bounds occupied() const; ///< the box of all occupied cells, 0…1 along the sides; of an empty field the whole
    Focus focus() const;     ///< where it is in the world
    double side() const { return config.box.max[0] - config.box.min[0]; } ///< of the box
    std::size_t tableSize() const { return table.size() / kFeatures; }    ///< entries

    Config config;
    std::array<Level, kLevels> levels{};
    std::vector<float> table;  ///< [entries][kFeatures]
    std::vector<float> layers; ///< [LayersEnd]
    OccupancyGrid occupancy;
};

} // namespace ochre
