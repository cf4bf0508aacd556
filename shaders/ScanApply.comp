#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Exclusive sums, step 3: each value becomes the sum of those before it.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { ScanParams p; };
layout(std430, binding = 0) buffer Values { uint values[]; };
layout(std430, binding = 1) readonly buffer Sums { uint sums[]; };

void main() {
    const uint chunk = gl_GlobalInvocationID.x;
    if (chunk >= p.chunks) return;
    uint sum = sums[chunk];
    const uint end = min(p.count, (chunk + 1) * kScanChunk);
    for (uint i = chunk * kScanChunk; i < end; ++i) {
        const uint value = values[i];
        values[i] = sum;
        sum += value;
    }
}
