// SPDX-License-Identifier: GPL-3.0-or-later
// What the renderers share of pictures: the display transform on the CPU, and packing to 8 bits.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/image/Image.h"
#include "core/render/Renderer.h"

namespace ochre {

/// Lays premultiplied pixels over an opaque colour.
void layOver(const std::array<float, 3>& background, Image& premultiplied);

/// floor(v·255 + ½), clamped; four channels.
void packRgba8(const Image& rgba, std::span<std::uint8_t> pixels);

/// The picture pass as the shader does it, see PictureView.
void drawPicture(const Image& picture, const PictureView& view, int width, int height, std::span<std::uint8_t> pixels);

/// Any picture as straight RGBA display sRGB floats: what is uploaded.
Image displayRgba(const Image& picture);

} // namespace ochre
