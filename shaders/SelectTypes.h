// SPDX-License-Identifier: GPL-3.0-or-later
// What Select.comp asks.
#ifndef OCHRE_SELECT_TYPES_H
#define OCHRE_SELECT_TYPES_H

#include "ScalarTypes.h"

#ifdef __cplusplus
namespace ochre::shared {
#endif

OCHRE_CONST kSelectScreen = 0;    // v: three rows of world to camera, fx, fy, cx, cy, near, far, whether it is orthographic
OCHRE_CONST kSelectSphere = 1;    // v: centre, square of the radius
OCHRE_CONST kSelectBox = 2;       // v: centre, half of the sides, three rows of its rotation
OCHRE_CONST kSelectColor = 3;     // v: colour, square of the tolerance
OCHRE_CONST kSelectLuminance = 4; // v: from, to
OCHRE_CONST kSelectLargest = 5;   // of three values: from low to high
OCHRE_CONST kSelectValue = 6;     // from low to high

struct SelectParams {
    uint kind, count;   // splats
    uint width, height; // of the picture
    uint low, high;     // numbers in the order of floats
    float v[19];
};

#ifdef __cplusplus
} // namespace ochre::shared
#endif
#endif
