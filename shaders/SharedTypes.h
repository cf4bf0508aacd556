// SPDX-License-Identifier: GPL-3.0-or-later
// Push constants and sizes that C++ and GLSL agree on. Only 4-byte scalars, so that both lay them out alike.
#ifndef OCHRE_SHARED_TYPES_H
#define OCHRE_SHARED_TYPES_H

#ifdef __cplusplus
#include <cstdint>
namespace ochre::shared {
using uint = std::uint32_t;
#define OCHRE_CONST inline constexpr uint
#else
#define OCHRE_CONST const uint
#endif

OCHRE_CONST kTileSize = 16;   // pixels a side
OCHRE_CONST kGroupSize = 64;  // invocations of the one-dimensional kernels
OCHRE_CONST kScanChunk = 256; // values that one invocation sums
OCHRE_CONST kRadix = 256;     // values of one digit of the sort

struct ProjectParams {
    float view[12]; // world to camera, three rows of four
    float eyeX, eyeY, eyeZ, nearPlane;
    float fx, fy, cx, cy;
    uint width, height, first, count; // splats of an item: from which place on they go, and how many
    uint degree, flags;
    float farPlane, opacity;
    uint item;                        // of ProjectExtra
};

OCHRE_CONST kAntialiased = 1;  // ProjectParams.flags
OCHRE_CONST kOrthographic = 2; // then eye is the direction of view
OCHRE_CONST kExtra = 4;        // ProjectExtra counts
OCHRE_CONST kMarked = 8;       // so do the marks

// As SplatMark, a byte a splat.
OCHRE_CONST kMarkSelected = 1;
OCHRE_CONST kMarkLocked = 2;
OCHRE_CONST kMarkHidden = 3;

// As SplatMode.
OCHRE_CONST kModeCentres = 1;
OCHRE_CONST kModeRings = 2;
OCHRE_CONST kModeOpacity = 3;
OCHRE_CONST kModeOverdraw = 4;
OCHRE_CONST kModeDepth = 5;

// What most frames have no need of.
struct ProjectExtra {
    float world[12]; // from the item's frame, three rows of four
    float boxLowX, boxLowY, boxLowZ, boxHighX, boxHighY, boxHighZ;
    float pointRadius, depthLow, depthHigh;
    uint mode;
    float selectedR, selectedG, selectedB, selectedShare, lockedR, lockedG, lockedB, lockedShare; // of marked splats
};

struct ScanParams {
    uint count;  // values
    uint chunks; // ceil(count / kScanChunk)
    uint total;  // where the sum goes
};

struct SortParams {
    uint count;  // keys
    uint chunks; // invocations, each with its own run of keys
    uint run;    // keys an invocation
    uint shift;  // of the digit
};

struct ExpandParams {
    uint count, tilesAcross, tilesDown;
};

struct BlendParams {
    uint width, height, tilesAcross;
    uint firstRow; // of the band that is drawn now
    uint rows;
    uint words;     // a pixel: 1: RGBA8, 4: four floats, 10: PlanePixel (Planes.comp alone)
    float backgroundR, backgroundG, backgroundB, backgroundA; // A 0: none
    uint normals;   // whether they are wanted
    uint mode;
    float pointRadius;
};

struct NormalParams {
    float world[12]; // without scale
    float eyeX, eyeY, eyeZ;
    uint first, count, orthographic;
};

struct QuadParams {
    float width, height; // of the view, pixels
};

struct PictureParams {
    uint width, height;
    uint pictureWidth, pictureHeight;
    float zoom, panX, panY, exposure, gamma;
    uint channel, checkerboard;
    float backgroundR, backgroundG, backgroundB;
};

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
#undef OCHRE_CONST
#endif
