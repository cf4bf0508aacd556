// SPDX-License-Identifier: GPL-3.0-or-later
// Gives a drawn object a colour by name: shading, highlights, dark outlines and small parts of other colours
// stay.
#pragma once

#include <optional>

#include "core/training/data/NamedColor.h"
#include "core/training/data/Sprite.h"

namespace ochre::training {

/// Share of the object, but for dark outlines, that people would call by this colour; 0…1.
double shareOf(const Sprite& sprite, NamedColor color);

/// The colour that most of the object has already, if there is one.
std::optional<NamedColor> naturalColor(const Sprite& sprite);

/// Moves the hues that dominate the object to those of `color`. An object without much hue (grey, white,
/// black) is tinted instead; one of many hues takes it in all of them.
Sprite recolored(const Sprite& sprite, NamedColor color);

} // namespace ochre::training
