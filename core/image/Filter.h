// SPDX-License-Identifier: GPL-3.0-or-later
// Geometry and neighbourhoods: resize, crop, turn, pad, composite, blur, sharpen, masks. Rows in parallel,
// cancellable, the same result on every machine.
#pragma once

#include <array>
#include <string_view>

#include "core/base/Cancel.h"
#include "core/image/Image.h"

namespace ochre {

enum class ResizeFilter { Nearest, Bilinear, Bicubic, Lanczos, Area };

/// Anti-aliased when it shrinks; at the edges the kernel is cut and renormalised (as Pillow does). Alpha
/// weighs the colours, so that clear pixels do not bleed. Bicubic is Catmull-Rom (a = −0.5), Lanczos has
/// three lobes.
Image resize(const Image& image, int width, int height, ResizeFilter filter = ResizeFilter::Lanczos,
             const Cancel& cancel = {});

/// The part that begins at (x, y). Throws Error where it does not lie wholly inside.
Image crop(const Image& image, int x, int y, int width, int height);

enum class PadMode { Color, Edge, Mirror };
/// `color` is RGBA (its first value for grey); negative amounts are an Error.
Image pad(const Image& image, int left, int top, int right, int bottom, PadMode mode,
          std::array<float, 4> color = {0, 0, 0, 0});

Image flipHorizontal(const Image& image);
Image flipVertical(const Image& image);
/// Quarter turns clockwise, any integer.
Image rotated(const Image& image, int quarterTurns);
/// As EXIF's orientation 1…8 asks.
Image oriented(const Image& image, int orientation, const Cancel& cancel = {});

enum class BlendMode { Normal, Multiply, Screen, Overlay, SoftLight, Difference, Add, Subtract };

/// `over` upon `base` with its top left at (x, y), blended as in W3C Compositing 1 (source over). `over` is
/// brought to the base's colour space and channels; the result has alpha where the base has. The stronger
/// DigitalSourceType stays.
Image composite(const Image& base, const Image& over, int x = 0, int y = 0, float opacity = 1,
                BlendMode mode = BlendMode::Normal, const Cancel& cancel = {});

/// Standard deviation in pixels; 0 changes nothing. The kernel ends at 3 deviations (4 for small ones); edges
/// repeat; alpha weighs the colours.
Image gaussianBlur(const Image& image, float sigma, const Cancel& cancel = {});
/// Mean over a square of 2·radius+1.
Image boxBlur(const Image& image, int radius, const Cancel& cancel = {});
/// Unsharp mask: v + amount·(v − blurred) where the difference exceeds `threshold`.
Image sharpen(const Image& image, float sigma, float amount, float threshold = 0, const Cancel& cancel = {});

/// The mask's bright part grown (or with a negative radius shrunk) by a disc of |radius| pixels.
Image growMask(const Image& mask, int radius, const Cancel& cancel = {});
/// Soft edges: a Gaussian of standard deviation `radius`/2.
Image featherMask(const Image& mask, float radius, const Cancel& cancel = {});

} // namespace ochre
