#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// The weights of some visible splats of a part of a cloud, counted.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { ProjectParams p; };

layout(binding = 0) uniform usamplerBuffer geometry;
layout(std430, binding = 1) readonly buffer Extra { ProjectExtra extra[]; };
layout(std430, binding = 2) readonly buffer Marks { uint marks[]; }; // four splats each
layout(std430, binding = 3) buffer Bins { uint bins[]; };

#include "Place.glsl"

void main() {
    const uint i = gl_GlobalInvocationID.x * kSampled + scattered(gl_GlobalInvocationID.x) % kSampled;
    Placed s;
    if (i >= p.count || !placed(i, s) || !touches(s)) return;
    atomicAdd(bins[uint(clamp(2 * (log2(s.weight) + kOctavesBelow), 0, kWeightBins - 1.0))], 1);
}
