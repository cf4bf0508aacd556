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
    uint width, height, count, degree;
    uint tilesAcross, tilesDown, antialiased;
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
    uint pack;      // 1: RGBA8, 0: four floats
    float backgroundR, backgroundG, backgroundB, backgroundA; // A 0: none
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
#undef OCHRE_CONST
#endif
