#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Each splat's shortest axis, turned to the camera, in the world.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { NormalParams p; };
layout(std430, binding = 0) readonly buffer Positions { float positions[]; };
layout(std430, binding = 1) readonly buffer Axes { float axes[]; };
layout(std430, binding = 2) writeonly buffer Normals { vec4 normals[]; };

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i >= p.count) return;
    const vec3 axis = vec3(axes[3 * i], axes[3 * i + 1], axes[3 * i + 2]);
    const vec3 eye = vec3(p.eyeX, p.eyeY, p.eyeZ);
    const vec3 sight = p.orthographic != 0 ? eye : vec3(positions[3 * i], positions[3 * i + 1], positions[3 * i + 2]) - eye;
    const vec3 n = dot(axis, sight) > 0 ? -axis : axis;
    normals[p.first + i] = vec4(dot(vec3(p.world[0], p.world[1], p.world[2]), n), dot(vec3(p.world[4], p.world[5], p.world[6]), n),
                                dot(vec3(p.world[8], p.world[9], p.world[10]), n), 0);
}
