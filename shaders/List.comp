#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// The visible splats, one after the other in their own order, counted over the scene. Counts are summed before.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { ListParams p; };
layout(std430, binding = 0) readonly buffer Bits { uint bits[]; };
layout(std430, binding = 1) readonly buffer Offsets { uint offsets[]; };
layout(std430, binding = 2) writeonly buffer List { uint list[]; };

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i >= p.count) return;
    uint to = offsets[p.first + i];
    for (uint rest = bits[p.first + i]; rest != 0; rest &= rest - 1) list[to++] = p.base + 32 * i + findLSB(rest);
}
