#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Where each tile's part of the sorted list begins and ends. The ranges are zero before.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { ExpandParams p; };
layout(std430, binding = 0) readonly buffer Tiles { uint tiles[]; };
layout(std430, binding = 1) writeonly buffer Ranges { uvec2 ranges[]; };

void main() {
    const uint i = gl_GlobalInvocationID.y * kMostGroups * kGroupSize + gl_GlobalInvocationID.x;
    if (i >= p.count) return;
    const uint tile = tiles[i];
    if (tile >= (p.lastRow - p.firstRow) * p.tilesAcross) return;
    if (i == 0 || tiles[i - 1] != tile) ranges[tile].x = i;
    if (i + 1 == p.count || tiles[i + 1] != tile) ranges[tile].y = i + 1;
}
