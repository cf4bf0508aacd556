// SPDX-License-Identifier: GPL-3.0-or-later
// The fast CPU renderer's plain data, and its kernels for several generations of processors. All of them do the same
// operations on floats in the same order, none of them fused: a picture has the same bits on every machine.
#pragma once

#include <cstdint>

namespace ochre::raster {

inline constexpr int kTile = 16;                   ///< pixels a side
inline constexpr int kTilePixels = kTile * kTile;

/// A cloud's arrays as SplatData holds them.
struct Splats {
    const float *positions = nullptr, *logScales = nullptr, *rotations = nullptr, *opacities = nullptr, *sh0 = nullptr,
                *shRest = nullptr;
    long count = 0;
    int restCount = 0; ///< SH coefficients a channel beyond the first
};

/// What the kernels need of camera and options.
struct View {
    double world[12];                     ///< three rows, from the splats' frame to the camera
    double fx, fy, cx, cy, near, far;     ///< near > 0
    double eye[3];                        ///< in the splats' frame; orthographic: the direction of view
    bool orthographic;
    float fade;                           ///< log₂ of an opacity that all of them get
    bool graded;                          ///< the look of the item: else the next four do not count
    float gain, most;                     ///< log₂ of what opacities are times, and of what they are at most
    float larger;                         ///< what sizes are times
    float color[12];                      ///< three rows of r, g, b, 1
    bool boxed;                           ///< only splats whose centres lie within the box are drawn
    float toWorld[12], boxLow[3], boxHigh[3];
    float lowX, highX, lowY, highY;       ///< of x/z and y/z, where the Jacobian is taken
    float width, height;
    int usedRest;                         ///< SH coefficients a channel that are looked at: 0, 3, 8 or 15
    bool antialiased;
};

/// A splat as it lies in the picture. Its strength at distance (dx, dy) from the centre is 2^(level − a·u² − c·dy²) with
/// u = dx − slant·dy: a sum of squares, which loses nothing to rounding however long and thin the splat is.
struct alignas(64) Drawn {
    float x, y;                           ///< centre in pixels
    float a, slant, c, level;             ///< level: log₂ of the opacity
    float depth;                          ///< z in the camera
    float extentX, extentY;               ///< half-size of the box where it can be seen, with a little to spare
    float tipY;                           ///< dy where dx is extentX
    float spanWidth, spanFall;            ///< at dy it is seen where u² ≤ spanWidth − spanFall·dy²
    float red, green, blue;
    float unused;
};

/// One tile's pixels, row by row: premultiplied red, green, blue and alpha.
struct Tile {
    alignas(64) float rgba[4 * kTilePixels];
};

struct Normal {
    float axis[3];
};

/// One tile's pixels of every plane, row by row; the sums of PlanePixel.
struct PlaneTile {
    alignas(64) float red[kTilePixels], green[kTilePixels], blue[kTilePixels], transmittance[kTilePixels], depth[kTilePixels],
        median[kTilePixels], normal[3][kTilePixels];
    int splat[kTilePixels]; ///< −1: none
};

struct Kernels {
    const char* name; ///< "AVX2"
    /// Splats begin … end − 1: fills `all` at those that can be seen but for their colours, writes their indices to `visible`
    /// and their exact depths to `depths`, both with room for all of them. Returns how many.
    long (*project)(const Splats&, const View&, long begin, long end, Drawn* all, std::uint32_t* visible, double* depths);
    /// Colours of some splats.
    void (*shade)(const Splats&, const View&, const std::uint32_t* which, long count, Drawn* all);
    /// Blends a list, nearest first, over the tile whose first pixel is (x, y).
    void (*blend)(const Drawn* all, const std::uint32_t* list, long count, int x, int y, Tile&);
    /// The same for every plane. `normals`: one a splat, or null.
    void (*blendPlanes)(const Drawn* all, const Normal* normals, const std::uint32_t* list, long count, int x, int y, PlaneTile&);
    /// Test access: 2^x for x ≥ −126 and log₂ of positive normal numbers, of 16 values at a time.
    void (*exp2)(const float* from, float* to);
    void (*log2)(const float* from, float* to);
};

extern const Kernels kPlain, kAvx2, kAvx512;

/// The best of this machine.
const Kernels& bestKernels();
/// Those that run here, from the plainest.
int usableKernels(const Kernels* (&found)[3]);

} // namespace ochre::raster
