#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Each splat, in the order of depth, is written once for every tile it can reach.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { ExpandParams p; };
layout(std430, binding = 0) readonly buffer Order { uint order[]; };
layout(std430, binding = 1) readonly buffer Offsets { uint offsets[]; };
layout(std430, binding = 2) readonly buffer Counts { uint counts[]; };
layout(std430, binding = 3) readonly buffer Place { vec4 place[]; };
layout(std430, binding = 4) writeonly buffer Tiles { uint tiles[]; };
layout(std430, binding = 5) writeonly buffer Splats { uint splats[]; };

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i >= p.count) return;
    const uint splat = order[i];
    if (counts[splat] == 0) return;
    const vec4 at = place[splat];
    const vec2 grid = vec2(p.tilesAcross, p.tilesDown) - 1;
    const uvec2 first = uvec2(clamp(floor((at.xy - at.zw) / kTileSize), vec2(0), grid));
    const uvec2 last = uvec2(clamp(floor((at.xy + at.zw) / kTileSize), vec2(0), grid));
    uint to = offsets[i];
    for (uint y = first.y; y <= last.y; ++y)
        for (uint x = first.x; x <= last.x; ++x, ++to) {
            tiles[to] = y * p.tilesAcross + x;
            splats[to] = splat;
        }
}
