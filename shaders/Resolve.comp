#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// The blended picture as numbers that are read back: floats or packed bytes, over a background or not.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = 8, local_size_y = 8) in;
layout(push_constant) uniform Push { BlendParams p; };
layout(binding = 0) uniform sampler2D picture;
layout(std430, binding = 1) writeonly buffer Pixels { uint pixels[]; };

void main() {
    const uvec2 at = uvec2(gl_GlobalInvocationID.x, gl_GlobalInvocationID.y + p.firstRow);
    if (at.x >= p.width || at.y >= min(p.height, p.firstRow + p.rows)) return;
    vec4 c = texelFetch(picture, ivec2(at), 0);
    if (p.backgroundA > 0) c = vec4(c.rgb + (1 - c.a) * vec3(p.backgroundR, p.backgroundG, p.backgroundB), 1);
    const uint to = (at.y - p.firstRow) * p.width + at.x;
    if (p.words == 1) {
        const uvec4 b = uvec4(clamp(c, 0, 1) * 255 + 0.5);
        pixels[to] = b.r | b.g << 8 | b.b << 16 | b.a << 24;
    } else {
        pixels[4 * to] = floatBitsToUint(c.r);
        pixels[4 * to + 1] = floatBitsToUint(c.g);
        pixels[4 * to + 2] = floatBitsToUint(c.b);
        pixels[4 * to + 3] = floatBitsToUint(c.a);
    }
}
