#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Exclusive sums, step 1: one invocation a chunk of values.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { ScanParams p; };
layout(std430, binding = 0) readonly buffer Values { uint values[]; };
layout(std430, binding = 1) writeonly buffer Sums { uint sums[]; };

void main() {
    const uint chunk = gl_GlobalInvocationID.x;
    if (chunk >= p.chunks) return;
    uint sum = 0;
    const uint end = min(p.count, (chunk + 1) * kScanChunk);
    for (uint i = chunk * kScanChunk; i < end; ++i) sum += values[i];
    sums[chunk] = sum;
}
