// SPDX-License-Identifier: GPL-3.0-or-later
// The tiles that a splat can reach, a row of them at a time: counted by one kernel, written by another. Expects ExpandParams `p`.
#include "Drawn.glsl"

const float kSpare = 0.02; // pixels; rounding must not lose one at the cut

struct Reach {
    Drawn splat;
    float most;        // as reachOf
    vec2 extent;
    float tip;         // how far below the centre the ellipse reaches furthest to the right
    int first, last;   // rows of tiles; none where first > last
    bool box;          // all within the extent counts
};

Reach reachedBy(Drawn s) {
    const vec3 covariance = covarianceOf(s);
    Reach r;
    r.splat = s;
    r.most = reachOf(s);
    r.box = p.mode == kModeRings || p.mode == kModeCentres;
    r.extent = sqrt(max(r.most, 0) / kHalfLog2e * covariance.xz) * 1.001 + kSpare;
    if (p.mode == kModeRings) r.extent = 2 * sqrt(covariance.xz) + 1.01;
    if (p.mode == kModeCentres) r.extent = vec2(p.pointRadius + 0.01);
    r.tip = s.slant * max(r.most, 0) / s.down / max(r.extent.x, 1e-6);
    const vec2 y = (s.centre.y + vec2(-r.extent.y, r.extent.y)) / float(p.tileSize);
    r.first = int(clamp(floor(y.x), p.firstRow, p.lastRow));
    r.last = int(clamp(floor(y.y), p.firstRow - 1.0, p.lastRow - 1.0));
    if (!(r.most > 0)) r.last = r.first - 1;
    return r;
}

// The first and the last tile of a row; none where the last is before the first.
ivec2 tilesOfRow(Reach r, int row) {
    vec2 x = vec2(-r.extent.x, r.extent.x);
    if (!r.box) {
        // Within the strip of the row the ellipse reaches furthest where that is nearest to its own tip.
        const vec2 strip = vec2(row, row + 1) * float(p.tileSize) + vec2(0.5, -0.5) - r.splat.centre.y;
        const vec2 at = clamp(vec2(-r.tip, r.tip), strip.x, strip.y);
        const vec2 left = vec2(r.most) - r.splat.down * at * at;
        const vec2 width = sqrt(max(left, vec2(0)) / r.splat.across) * 1.001 + kSpare;
        if (max(left.x, left.y) < -0.01 * r.most - kSpare) return ivec2(0, -1);
        x = r.splat.slant * at + vec2(-width.x, width.y);
    }
    // Tiles that hold the centre of a pixel in between.
    const vec2 tiles = vec2(ceil(r.splat.centre.x + x.x - 0.5), floor(r.splat.centre.x + x.y - 0.5)) / float(p.tileSize);
    return ivec2(clamp(floor(tiles.x), 0, p.tilesAcross), clamp(floor(tiles.y), -1, p.tilesAcross - 1.0));
}
