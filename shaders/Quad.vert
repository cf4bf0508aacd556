#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// A splat as a quad along the axes of its ellipse, as large as alpha can reach the cut.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"
#include "Drawn.glsl"

layout(push_constant) uniform Push { QuadParams p; };
layout(binding = 0) uniform usamplerBuffer order; // nearest first
layout(binding = 1) uniform usamplerBuffer records;

layout(location = 0) flat out vec2 centre;
layout(location = 1) flat out vec4 shape; // slant, across, down and the opacity
layout(location = 2) flat out vec3 color;

void main() {
    const int at = 2 * int(texelFetch(order, gl_InstanceIndex).x);
    const Drawn s = drawnOf(texelFetch(records, at), texelFetch(records, at + 1));
    const vec2 corner = vec2(gl_VertexIndex & 1, gl_VertexIndex >> 1) * 2 - 1;
    centre = s.centre;
    shape = vec4(s.slant, s.across, s.down, s.opacity);
    color = s.color;
    // The eigenvectors of the covariance.
    const vec3 cov = covarianceOf(s);
    const float mid = 0.5 * (cov.x + cov.z), spread = length(vec2(0.5 * (cov.x - cov.z), cov.y));
    const vec2 axis = abs(cov.y) > 1e-6 * mid ? normalize(vec2(cov.y, mid + spread - cov.x))
                                              : (cov.x >= cov.z ? vec2(1, 0) : vec2(0, 1));
    const float reach = max(reachOf(s) / kHalfLog2e, 0);
    const vec2 half_ = sqrt(reach * max(vec2(mid + spread, mid - spread), vec2(0))) * 1.001 + 0.02;
    const vec2 pixel = centre + corner.x * half_.x * axis + corner.y * half_.y * vec2(-axis.y, axis.x);
    gl_Position = vec4(pixel / vec2(p.width, p.height) * 2 - 1, 0, 1);
}
