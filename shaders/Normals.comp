#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// The shortest axis of each visible splat, turned to the camera, in the world.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { NormalParams p; };
layout(binding = 0) uniform usamplerBuffer geometry;
layout(binding = 1) uniform usamplerBuffer list;
layout(std430, binding = 2) writeonly buffer Normals { uvec2 normals[]; }; // 16 bits of each number

#include "Shape.glsl"

void main() {
    if (gl_GlobalInvocationID.x >= p.count) return;
    const uint to = p.first + gl_GlobalInvocationID.x, i = texelFetch(list, int(to)).x - p.base;
    const vec3 at = uintBitsToFloat(texelFetch(geometry, int(2 * i)).xyz);
    const uvec4 shape = texelFetch(geometry, int(2 * i + 1));
    const uvec3 codes = scaleCodes(shape);
    const vec3 own = codes.x <= min(codes.y, codes.z) ? vec3(1, 0, 0) : codes.y <= codes.z ? vec3(0, 1, 0) : vec3(0, 0, 1);
    vec4 turn = turnOf(shape);
    turn.yzw = -turn.yzw;
    const vec3 axis = turnedBack(turn, own);
    const vec3 eye = vec3(p.eyeX, p.eyeY, p.eyeZ);
    const vec3 n = dot(axis, p.orthographic != 0 ? eye : at - eye) > 0 ? -axis : axis;
    const vec3 world = vec3(dot(vec3(p.world[0], p.world[1], p.world[2]), n), dot(vec3(p.world[4], p.world[5], p.world[6]), n),
                            dot(vec3(p.world[8], p.world[9], p.world[10]), n));
    normals[to] = uvec2(packSnorm2x16(world.xy), packSnorm2x16(vec2(world.z, 0)));
}
