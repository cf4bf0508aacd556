#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Sort for devices of many lanes, step 1 of a digit: each group counts the digits of its own block of keys.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kSortLanes) in;
layout(push_constant) uniform Push { SortParams p; };
layout(binding = 0) uniform usamplerBuffer keys;
layout(std430, binding = 1) writeonly buffer Histogram { uint histogram[]; }; // [digit][block]

shared uint counts[kRadix];

void main() {
    const uint lane = gl_LocalInvocationIndex, block = gl_WorkGroupID.x;
    counts[lane] = 0;
    barrier();
    for (uint k = 0; k < kSortKeys; ++k) {
        const uint i = block * kSortBlock + k * kSortLanes + lane;
        if (i < p.count) atomicAdd(counts[texelFetch(keys, int(i)).x >> p.shift & (kRadix - 1)], 1);
    }
    barrier();
    histogram[lane * p.chunks + block] = counts[lane];
}
