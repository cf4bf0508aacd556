// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers stored as the bytes of a lossless WebP picture, as .sog scenes keep them. Straight to libwebp:
// nothing may be premultiplied, and colour under clear alpha counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ochre {

struct Texture {
    std::size_t width = 0, height = 0;
    std::vector<std::uint8_t> rgba; ///< row by row

    std::size_t count() const { return width * height; }
    const std::uint8_t* texel(std::size_t i) const { return &rgba[4 * i]; }
    std::uint8_t* texel(std::size_t i) { return &rgba[4 * i]; }
};

/// Throws Error (Broken) that starts with `subject`: no WebP, damaged, or of fewer than `least` or more than
/// `most` texels, which is known before anything is allocated.
Texture readTexture(std::span<const std::byte> webp, const std::string& subject, std::size_t least,
                    std::size_t most);

/// Every byte comes back as it was. Throws Error beyond 16383 texels a side.
std::vector<std::byte> writeTexture(const Texture& texture);

} // namespace ochre
