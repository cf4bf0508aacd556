// SPDX-License-Identifier: GPL-3.0-or-later
// Training examples on one sheet with their captions below, to look at what a model is about to learn.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/image/Image.h"
#include "core/training/data/Dataset.h"

namespace ochre::training {

/// An example as a picture; `zoom` repeats its pixels.
Image imageOf(const Example& example, int zoom = 1);

/// `picture` over its caption, which is broken into lines, on paper of the given grey or colour (sRGB, 0…1).
Image captioned(const Image& picture, std::string_view caption, const std::array<float, 3>& paper);

/// `count` examples from `first` on (over the end it goes on at the start), each in four lines of caption.
/// `columns` 0: nearly a square. Throws Error.
Image exampleSheet(const Dataset& data, std::size_t first, std::size_t count, std::uint64_t draw = 0,
                   int columns = 0);

} // namespace ochre::training
