#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// How many tiles each splat can reach, in the order of depth, ready to be summed.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { ExpandParams p; };
layout(binding = 0) uniform usamplerBuffer order;
layout(binding = 1) uniform usamplerBuffer records;
layout(std430, binding = 2) writeonly buffer Offsets { uint offsets[]; };

#include "Tiles.glsl"

void main() {
    const uint i = gl_GlobalInvocationID.y * kMostGroups * kGroupSize + gl_GlobalInvocationID.x;
    if (i >= p.count) return;
    const int at = 2 * int(texelFetch(order, int(i)).x);
    const Reach r = reachedBy(drawnOf(texelFetch(records, at), texelFetch(records, at + 1)));
    uint count = 0;
    for (int row = r.first; row <= r.last; ++row) {
        const ivec2 tiles = tilesOfRow(r, row);
        count += uint(max(tiles.y - tiles.x + 1, 0));
    }
    offsets[i] = count;
}
