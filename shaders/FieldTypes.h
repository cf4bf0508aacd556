// SPDX-License-Identifier: GPL-3.0-or-later
// What Field.comp is told.
#ifndef OCHRE_FIELD_TYPES_H
#define OCHRE_FIELD_TYPES_H

#include "ScalarTypes.h"

#ifdef __cplusplus
namespace ochre::shared {
#endif

struct FieldParams {
    float toBox[16]; // rows of box coordinates times the last: by x and y in the picture, along z, and the origin
    float device[4]; // box to directions of the world, where coordinates are those of a device: side and least of x, of y, by the scale
    float nearPlane, farPlane, stepLength; // z; of the box's side
    float opacity;
    float greyBegin, greyEnd; // z, with kFieldGrey
    uint width, firstRow, rows;
    uint side;     // of the occupancy grid
    uint mask;     // of hashed entries
    uint flags;    // the number of layers above the lowest eight bits
};

OCHRE_CONST kFieldOrthographic = 1; // FieldParams.flags
OCHRE_CONST kFieldDevice = 2;
OCHRE_CONST kFieldGrey = 4;
OCHRE_CONST kFieldGoesOn = 8;       // the frame holds what the rays gathered so far
OCHRE_CONST kFieldBatchLoops = 1000; // times through all loops for four samples
OCHRE_CONST kFieldPassLoops = 50000; // in a pass at the most: drivers that compute on the CPU leave a shader after 65535
OCHRE_CONST kFieldLayersShift = 8;

#ifdef __cplusplus
} // namespace ochre::shared
#endif
#endif
