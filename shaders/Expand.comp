#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Each splat, in the order of depth, is written once for every tile that it can reach.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { ExpandParams p; };
layout(binding = 0) uniform usamplerBuffer order;
layout(binding = 1) uniform usamplerBuffer records;
layout(std430, binding = 2) readonly buffer Offsets { uint offsets[]; };
layout(std430, binding = 3) readonly buffer Totals { uint entries; };
layout(std430, binding = 4) writeonly buffer TileNumbers { uint numbers[]; };
layout(std430, binding = 5) writeonly buffer Splats { uint splats[]; };

#include "Tiles.glsl"

void main() {
    const uint i = gl_GlobalInvocationID.y * kMostGroups * kGroupSize + gl_GlobalInvocationID.x;
    if (i >= p.count) return;
    const uint splat = texelFetch(order, int(i)).x;
    const Reach r = reachedBy(drawnOf(texelFetch(records, int(2 * splat)), texelFetch(records, int(2 * splat + 1))));
    uint to = offsets[i];
    const uint end = i + 1 < p.count ? min(offsets[i + 1], entries) : entries;
    for (int row = r.first; row <= r.last; ++row) {
        const ivec2 tiles = tilesOfRow(r, row);
        for (int x = tiles.x; x <= tiles.y && to < end; ++x, ++to) {
            numbers[to] = (row - p.firstRow) * p.tilesAcross + x;
            splats[to] = splat;
        }
    }
    // None are left, unless the kernel that counted rounded otherwise: the last tile and one more, which nobody draws.
    for (; to < end; ++to) numbers[to] = (p.lastRow - p.firstRow) * p.tilesAcross;
}
