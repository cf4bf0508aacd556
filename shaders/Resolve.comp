#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// The blended picture as numbers that are read back: floats or packed bytes, over a background or not.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = 8, local_size_y = 8) in;
layout(push_constant) uniform Push { BlendParams p; };
layout(binding = 0) uniform sampler2D picture;
layout(std430, binding = 1) writeonly buffer Pixels { uint pixels[]; };

#include "Store.glsl"

void main() {
    const uvec2 at = gl_GlobalInvocationID.xy;
    if (at.x >= p.width || at.y >= p.rows) return;
    writeColor(p.words * (at.y * p.width + at.x), texelFetch(picture, ivec2(at.x, at.y + p.firstRow), 0));
}
