// SPDX-License-Identifier: GPL-3.0-or-later
// The names of COCO's classes (arXiv 1405.0312), by which detectors number what they find.
#pragma once

#include <string>

namespace ochre::models {

enum class CocoNumbers {
    Dense,  ///< 0…79
    Gapped, ///< 1…90, of which ten are no class, as in the annotations
};

/// The name; "class 12" for a number that has none.
std::string cocoName(int number, CocoNumbers numbers);

} // namespace ochre::models
