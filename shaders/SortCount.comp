#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Sort for devices of few lanes, step 1 of a digit: each invocation counts the digits of its own run of keys.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { SortParams p; };
layout(binding = 0) uniform usamplerBuffer keys;
layout(std430, binding = 1) buffer Histogram { uint histogram[]; }; // [digit][chunk]

void main() {
    const uint chunk = gl_GlobalInvocationID.x;
    if (chunk >= p.chunks) return;
    for (uint d = 0; d < kRadix; ++d) histogram[d * p.chunks + chunk] = 0;
    const uint end = min(p.count, (chunk + 1) * kSortRun);
    for (uint i = chunk * kSortRun; i < end; ++i) histogram[((texelFetch(keys, int(i)).x >> p.shift) & (kRadix - 1)) * p.chunks + chunk] += 1;
}
