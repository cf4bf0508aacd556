// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/PicturePairs.h"

namespace ochre::training {
namespace {

constexpr int kGrid = 8; // of JPEG's blocks: examples begin anywhere in it
constexpr std::uint64_t kSeed = 0x9a1e5;

/// A part that begins at (left, top).
std::vector<std::uint8_t> cut(const Pixels& pixels, std::size_t left, std::size_t top, std::size_t side) {
    std::vector<std::uint8_t> out;
    for (std::size_t y = top; y < top + side; ++y) {
        const std::uint8_t* row = &pixels.rgb[3 * (y * static_cast<std::size_t>(pixels.width) + left)];
        out.insert(out.end(), row, row + 3 * side);
    }
    return out;
}

} // namespace

PicturePairs::PicturePairs(const std::filesystem::path& folder, const PicturePairOptions& options, const Cancel& cancel)
    : m_pictures(folder, cancel), m_options(options) {}

Example PicturePairs::example(std::size_t index, std::uint64_t number) const {
    Draw draw(kSeed, index, number);
    const bool parts = m_options.least <= 0;
    Pixels pixels = parts ? m_pictures.patch(index, m_options.side + kGrid, draw)
                          : m_pictures.view(index, m_options.side, m_options.least, draw);
    turn(pixels, draw);
    Pixels degraded = pixels;
    degrade(degraded, m_options.degradation, draw);
    const auto side = static_cast<std::size_t>(m_options.side);
    const std::size_t left = parts ? draw.below(kGrid) : 0, top = parts ? draw.below(kGrid) : 0;
    const std::vector<std::uint8_t> given = cut(degraded, left, top, side), wanted = cut(pixels, left, top, side);
    Example example{m_options.side, m_options.side, 6, {}, {}};
    example.pixels.reserve(2 * given.size());
    for (std::size_t i = 0; i < given.size(); i += 3) {
        example.pixels.insert(example.pixels.end(), &given[i], &given[i] + 3);
        example.pixels.insert(example.pixels.end(), &wanted[i], &wanted[i] + 3);
    }
    return example;
}

} // namespace ochre::training
