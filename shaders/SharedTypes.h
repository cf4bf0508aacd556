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
OCHRE_CONST kGraded = 16;      // and the look

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
    float look[12]; // of colours, three rows of r, g, b, 1
    float gain, mostOpacity, larger; // opacities: times, and at most; squares of sizes: times
};

// What Select.comp asks.
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
    float toBox[12]; // a ray in units of the box: three rows of x, y, z in the camera and the origin
    float fx, fy, cx, cy;
    float nearPlane, farPlane, stepLength; // z; of the box's side
    uint width, firstRow, rows;
    uint side;     // of the occupancy grid
    uint mask;     // of hashed entries
    uint flags;
};

OCHRE_CONST kFieldOrthographic = 1; // FieldParams.flags
OCHRE_CONST kFieldLayer = 2;

#ifdef __cplusplus
} // namespace ochre::shared
#endif
#undef OCHRE_CONST
#endif
