#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// One pixel an invocation: its tile's splats front to back.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kTileSize, local_size_y = kTileSize) in;
layout(push_constant) uniform Push { BlendParams p; };
layout(std430, binding = 0) readonly buffer Ranges { uvec2 ranges[]; };
layout(std430, binding = 1) readonly buffer Splats { uint splats[]; };
layout(std430, binding = 2) readonly buffer Place { vec4 place[]; };
layout(std430, binding = 3) readonly buffer Shape { vec4 shape[]; };
layout(std430, binding = 4) readonly buffer Colors { vec4 colors[]; };
layout(std430, binding = 5) writeonly buffer Pixels { uint pixels[]; };

void main() {
    const uvec2 at = uvec2(gl_GlobalInvocationID.x, gl_GlobalInvocationID.y + p.firstRow);
    if (at.x >= p.width || at.y >= min(p.height, p.firstRow + p.rows)) return;
    const uvec2 range = ranges[at.y / kTileSize * p.tilesAcross + at.x / kTileSize];
    const vec2 pixel = vec2(at) + 0.5;
    vec3 color = vec3(0);
    float transmittance = 1;
    for (uint i = range.x; i < range.y; ++i) {
        const uint splat = splats[i];
        const vec2 d = pixel - place[splat].xy;
        const vec4 s = shape[splat];
        const float power = -0.5 * (s.x * d.x * d.x + s.z * d.y * d.y) - s.y * d.x * d.y;
        if (power > 0) continue;
        const float alpha = min(0.99, s.w * exp(power));
        if (alpha < 1.0 / 255.0) continue;
        const float next = transmittance * (1 - alpha);
        if (next < 9.9995e-5) break; // a hair below 1e-4, so that floats stop where doubles do
        color += colors[splat].rgb * (alpha * transmittance);
        transmittance = next;
    }
    vec4 result = vec4(color, 1 - transmittance);
    if (p.backgroundA > 0) result = vec4(color + transmittance * vec3(p.backgroundR, p.backgroundG, p.backgroundB), 1);
    const uint to = (at.y - p.firstRow) * p.width + at.x;
    if (p.words == 1) {
        const uvec4 b = uvec4(clamp(result, 0, 1) * 255 + 0.5);
        pixels[to] = b.r | b.g << 8 | b.b << 16 | b.a << 24;
    } else {
        pixels[4 * to] = floatBitsToUint(result.r);
        pixels[4 * to + 1] = floatBitsToUint(result.g);
        pixels[4 * to + 2] = floatBitsToUint(result.b);
        pixels[4 * to + 3] = floatBitsToUint(result.a);
    }
}
