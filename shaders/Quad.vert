#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// A splat as a quad along the axes of its ellipse, as large as alpha can reach the cut.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(push_constant) uniform Push { QuadParams p; };
layout(std430, binding = 0) readonly buffer Order { uint order[]; }; // nearest first
layout(std430, binding = 1) readonly buffer Place { vec4 place[]; };
layout(std430, binding = 2) readonly buffer Shape { vec4 shape[]; };
layout(std430, binding = 3) readonly buffer Colors { vec4 colors[]; };

layout(location = 0) flat out vec2 centre;
layout(location = 1) flat out vec4 conic; // and the opacity
layout(location = 2) flat out vec3 color;

void main() {
    const uint splat = order[gl_InstanceIndex];
    const vec2 corner = vec2(gl_VertexIndex & 1, gl_VertexIndex >> 1) * 2 - 1;
    conic = shape[splat];
    centre = place[splat].xy;
    color = colors[splat].rgb;
    // The covariance again, and its eigenvectors.
    const vec3 cov = vec3(conic.z, -conic.y, conic.x) / (conic.x * conic.z - conic.y * conic.y);
    const float mid = 0.5 * (cov.x + cov.z), spread = length(vec2(0.5 * (cov.x - cov.z), cov.y));
    vec2 axis = abs(cov.y) > 1e-6 * mid ? normalize(vec2(cov.y, mid + spread - cov.x))
                                        : (cov.x >= cov.z ? vec2(1, 0) : vec2(0, 1));
    const float reach = max(2 * log(conic.w * 255), 0);
    const vec2 half_ = sqrt(reach * max(vec2(mid + spread, mid - spread), vec2(0))) * 1.001 + 0.02;
    const vec2 pixel = centre + corner.x * half_.x * axis + corner.y * half_.y * vec2(-axis.y, axis.x);
    gl_Position = vec4(pixel / vec2(p.width, p.height) * 2 - 1, 0, 1);
}
