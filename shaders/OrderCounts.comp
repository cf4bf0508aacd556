#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Tile counts in the order of depth, ready to be summed.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { ExpandParams p; };
layout(std430, binding = 0) readonly buffer Order { uint order[]; };
layout(std430, binding = 1) readonly buffer Counts { uint counts[]; };
layout(std430, binding = 2) writeonly buffer Offsets { uint offsets[]; };

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i < p.count) offsets[i] = counts[order[i]];
}
