#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// One splat at one pixel; the blender lays it under what is there already.
#extension GL_GOOGLE_include_directive : require
#include "Drawn.glsl"

layout(location = 0) flat in vec2 centre;
layout(location = 1) flat in vec4 shape; // slant, across, down and the opacity
layout(location = 2) flat in vec3 color;
layout(location = 0) out vec4 result;

void main() {
    const float alpha = weightAt(Drawn(centre, shape.x, shape.y, shape.z, shape.w, color, 0), gl_FragCoord.xy - centre);
    result = alpha < kAlphaCut ? vec4(0) : vec4(color * alpha, alpha);
}
