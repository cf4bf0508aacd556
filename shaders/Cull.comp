#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Which splats of a part of a cloud are visible: a bit each, and how many a word of 32 has.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { ProjectParams p; };

layout(binding = 0) uniform usamplerBuffer geometry;
layout(std430, binding = 1) readonly buffer Extra { ProjectExtra extra[]; };
layout(std430, binding = 2) readonly buffer Marks { uint marks[]; }; // four splats each
layout(std430, binding = 3) buffer Bits { uint bits[]; };
layout(std430, binding = 4) buffer Counts { uint counts[]; };

#include "Place.glsl"

void main() {
    const uint i = gl_GlobalInvocationID.x;
    Placed s;
    if (i >= p.count || !placed(i, s) || !touches(s)) return;
    const uint word = p.first + i / 32;
    atomicOr(bits[word], 1u << (i % 32));
    atomicAdd(counts[word], 1);
}
