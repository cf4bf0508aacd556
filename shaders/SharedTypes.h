// SPDX-License-Identifier: GPL-3.0-or-later
// Push constants and sizes that C++ and GLSL agree on. Only 4-byte scalars, so that both lay them out alike.
#ifndef OCHRE_SHARED_TYPES_H
#define OCHRE_SHARED_TYPES_H

#include "ScalarTypes.h"

#ifdef __cplusplus
namespace ochre::shared {
#endif

OCHRE_CONST kTileSize = 16;   // pixels a side, or half of that where splats are small
OCHRE_CONST kGroupSize = 64;  // invocations of the one-dimensional kernels
OCHRE_CONST kMostGroups = 32768; // of those side by side; more go into further rows
OCHRE_CONST kScanChunk = 256; // values that one invocation sums
OCHRE_CONST kRadix = 256;     // values of one digit of the sort
OCHRE_CONST kSortRun = 2048;  // keys that one invocation of the sort walks on devices of few lanes
OCHRE_CONST kSortLanes = 256; // of a group that sorts a block of keys on devices of many, kRadix
OCHRE_CONST kSortKeys = 8;    // of each of those
OCHRE_CONST kSortBlock = kSortLanes * kSortKeys;

// A splat in memory, see PackedSplats.h: logarithms of scales from kScaleLow on, kScaleStep each; 0: no extent at all.
#ifdef __cplusplus
inline constexpr float kScaleLow = -40, kScaleStep = 64.0f / 2097151;
#else
const float kScaleLow = -40, kScaleStep = 64.0 / 2097151;
#endif
OCHRE_CONST kScaleCodes = 2097152; // 21 bits

struct ProjectParams {
    float view[12]; // world to camera, three rows of four
    float eyeX, eyeY, eyeZ, nearPlane;
    float fx, fy, cx, cy;
    uint width, height;
    uint first, count;     // of what the kernel goes through: splats of a part of a cloud, or the visible ones of those
    uint base, within;     // the part's first splat, counted over the scene and within its item
    uint degrees;          // of the harmonics: that is used, and << 8 that is stored
    uint flags;            // and << 16 the stamp of colours that are right
    float farPlane, opacity;
    uint item;             // of ProjectExtra
    float thin;            // weight below which splats are drawn in part, larger ones in their stead; 0: all are drawn
};

OCHRE_CONST kAntialiased = 1;  // ProjectParams.flags
OCHRE_CONST kOrthographic = 2; // then eye is the direction of view
OCHRE_CONST kExtra = 4;        // ProjectExtra counts
OCHRE_CONST kMarked = 8;       // so do the marks
OCHRE_CONST kGraded = 32;      // and the look

// Weights of splats are counted in bins of half octaves, by what one splat of kSampled tells.
OCHRE_CONST kSampled = 16;
OCHRE_CONST kWeightBins = 64;
OCHRE_CONST kOctavesBelow = 10; // 1

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
    float gain, mostOpacity, larger; // opacities: times, and at most; sizes: times
};

struct ScanParams {
    uint count;  // values
    uint chunks; // ceil(count / kScanChunk)
    uint total;  // where the sum goes
};

struct SortParams {
    uint count;  // keys
    uint chunks; // invocations, each with its own run of keys, or groups with their blocks
    uint shift;  // of the digit
};

struct ListParams {
    uint first, count; // words of 32 splats each
    uint base;         // the first splat of those, counted over the scene
};

struct ExpandParams {
    uint count;              // splats, or entries of tiles
    uint tileSize, tilesAcross, firstRow, lastRow; // of tiles
    uint mode;
    float pointRadius;
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
    uint first, count, base, orthographic; // as in ProjectParams
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

#ifdef __cplusplus
} // namespace ochre::shared
#endif
#endif
