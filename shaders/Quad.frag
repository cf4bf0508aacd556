#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// One splat at one pixel; the blender lays it under what is there already.

layout(location = 0) flat in vec2 centre;
layout(location = 1) flat in vec4 conic;
layout(location = 2) flat in vec3 color;
layout(location = 0) out vec4 result;

void main() {
    const vec2 d = gl_FragCoord.xy - centre;
    const float power = -0.5 * (conic.x * d.x * d.x + conic.z * d.y * d.y) - conic.y * d.x * d.y;
    const float alpha = min(0.99, conic.w * exp(power));
    result = power > 0 || alpha < 1.0 / 255.0 ? vec4(0) : vec4(color * alpha, alpha);
}
