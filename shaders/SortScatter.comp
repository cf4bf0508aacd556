#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Sort for devices of few lanes, step 2 of a digit: each invocation walks its run in order and puts every
// key where the scanned counts say; so it is stable.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { SortParams p; };
layout(binding = 0) uniform usamplerBuffer keysIn;
layout(binding = 1) uniform usamplerBuffer valuesIn;
layout(std430, binding = 2) buffer Offsets { uint offsets[]; }; // the scanned histogram
layout(std430, binding = 3) writeonly buffer KeysOut { uint keysOut[]; };
layout(std430, binding = 4) writeonly buffer ValuesOut { uint valuesOut[]; };

void main() {
    const uint chunk = gl_GlobalInvocationID.x;
    if (chunk >= p.chunks) return;
    const uint end = min(p.count, (chunk + 1) * kSortRun);
    for (uint i = chunk * kSortRun; i < end; ++i) {
        const uint key = texelFetch(keysIn, int(i)).x;
        const uint slot = ((key >> p.shift) & (kRadix - 1)) * p.chunks + chunk;
        const uint to = offsets[slot];
        offsets[slot] = to + 1;
        keysOut[to] = key;
        valuesOut[to] = texelFetch(valuesIn, int(i)).x;
    }
}
