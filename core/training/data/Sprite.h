// SPDX-License-Identifier: GPL-3.0-or-later
// A small picture with clear parts, and a canvas that it is laid on at any place and scale without hard or
// dark edges.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ochre::training {

/// RGBA, 8 bit, sRGB, premultiplied: colours are never more than alpha.
struct Sprite {
    int width = 0, height = 0;
    std::vector<std::uint8_t> rgba;
};

struct Box {
    int x = 0, y = 0, width = 0, height = 0;
};
/// The smallest box with all pixels of alpha ≥ 8; empty for a clear sprite.
Box visibleBox(const Sprite& sprite);

/// Where the sprite's centre comes to lie, in pixels of the canvas (0 is its left or upper edge), and how
/// large.
struct Placement {
    double x = 0, y = 0;
    double scale = 1; ///< pixels of the canvas for one of the sprite, > 0
    bool flip = false;
};

/// Premultiplied float RGBA, 0…255, clear at first.
class Canvas {
public:
    explicit Canvas(int side);

    int side() const { return m_side; }
    /// Opaque; from `top` at the upper edge to `bottom` at the lower one, 0…255.
    void fill(const std::array<float, 3>& top, const std::array<float, 3>& bottom);
    /// Over what is there, resampled with a Catmull-Rom kernel (anti-aliased where it shrinks); what lies
    /// beyond the sprite is clear, what falls beside the canvas is cut.
    void place(const Sprite& sprite, const Placement& placement);

    std::vector<std::uint8_t> rgb8() const;  ///< 3·side² values, as they stand over black
    std::vector<std::uint8_t> rgba8() const; ///< 4·side² values, alpha straight

private:
    int m_side;
    std::vector<float> m_values;
};

} // namespace ochre::training
