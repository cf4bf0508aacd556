#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// A tile a group: its splats front to back, several pixels an invocation, so that what is read of a splat serves all of those.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "SharedTypes.h"
#include "Drawn.glsl"

layout(local_size_x_id = 0) in;              // kTile²/(kColumns·kRows)
layout(constant_id = 1) const uint kColumns = 2;
layout(constant_id = 2) const uint kRows = 2;
layout(constant_id = 3) const uint kTogether = 1; // splats of a turn of the loop, of which some CPU drivers allow 65535
layout(constant_id = 4) const uint kTile = kTileSize;

layout(push_constant) uniform Push { BlendParams p; };
layout(std430, binding = 0) readonly buffer Ranges { uvec2 ranges[]; };
layout(binding = 1) uniform usamplerBuffer splats;
layout(binding = 2) uniform usamplerBuffer records;
layout(std430, binding = 3) writeonly buffer Pixels { uint pixels[]; };

#include "Store.glsl"

void main() {
    const uint across = kTile / kColumns, l = gl_LocalInvocationIndex;
    const uvec2 corner = gl_WorkGroupID.xy * kTile + uvec2(l % across * kColumns, l / across * kRows); // of the band
    const uvec2 range = ranges[gl_WorkGroupID.y * p.tilesAcross + gl_WorkGroupID.x];
    const vec2 first = vec2(corner.x, corner.y + p.firstRow) + 0.5;
    vec4 canvas[kColumns * kRows]; // premultiplied colour; the light that is left, below 0 once the pixel is full
    [[unroll]] for (uint k = 0; k < kColumns * kRows; ++k) canvas[k] = vec4(0, 0, 0, 1);
    float most = 1; // light that is left in any pixel
    for (uint i = range.x; i < range.y && most >= 0; i += kTogether)
        [[unroll]] for (uint j = 0; j < kTogether; ++j) {
            if (i + j >= range.y) continue;
            const int at = 2 * int(texelFetch(splats, int(i + j)).x);
            const Drawn s = drawnOf(texelFetch(records, at), texelFetch(records, at + 1));
            const vec2 d = first - s.centre;
            most = -1;
            [[unroll]] for (uint y = 0; y < kRows; ++y) {
                const vec2 row = rowAt(s, d + vec2(0, y));
                [[unroll]] for (uint x = 0; x < kColumns; ++x) {
                    const uint k = y * kColumns + x;
                    const float weight = weightInRow(s, row, x), before = canvas[k].a;
                    const float taken = weight < kAlphaCut ? 0 : weight * before, after = before - taken;
                    const bool goesOn = after >= kStop;
                    canvas[k].rgb += s.color * (goesOn ? taken : 0);
                    canvas[k].a = goesOn ? after : -abs(before);
                    most = max(most, canvas[k].a);
                }
            }
        }
    [[unroll]] for (uint y = 0; y < kRows; ++y)
        [[unroll]] for (uint x = 0; x < kColumns; ++x) {
            const vec4 c = canvas[y * kColumns + x];
            const uvec2 at = corner + uvec2(x, y);
            if (at.x < p.width && at.y < p.rows) writeColor(p.words * (at.y * p.width + at.x), vec4(c.rgb, 1 - abs(c.a)));
        }
}
