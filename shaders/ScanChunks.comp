#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Exclusive sums, step 2: the chunks' sums, in one invocation.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = 1) in;
layout(push_constant) uniform Push { ScanParams p; };
layout(std430, binding = 0) buffer Sums { uint sums[]; };
layout(std430, binding = 1) writeonly buffer Totals { uint totals[]; };

void main() {
    uint sum = 0;
    for (uint i = 0; i < p.chunks; ++i) {
        const uint value = sums[i];
        sums[i] = sum;
        sum += value;
    }
    totals[p.total] = sum;
}
