#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// One pixel an invocation, as Blend.comp, in every mode and with all that a frame can hold beside its
// colours: PlanePixel in core/render/Planes.h.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "SharedTypes.h"
#include "Heat.glsl"

layout(local_size_x_id = 0, local_size_y_id = 1) in; // a tile
const uint kTogether = 4; // splats of a turn of the loop, of which some CPU drivers allow 65535

layout(push_constant) uniform Push { BlendParams p; };
layout(std430, binding = 0) readonly buffer Ranges { uvec2 ranges[]; };
layout(binding = 1) uniform usamplerBuffer splats;
layout(binding = 2) uniform usamplerBuffer records;
layout(binding = 3) uniform usamplerBuffer list;                         // the number of a splat in the scene
layout(std430, binding = 4) readonly buffer Normals { uvec2 normals[]; }; // as Normals.comp writes them, where they were asked for
layout(std430, binding = 5) writeonly buffer Pixels { uint pixels[]; };

#include "Drawn.glsl"
#include "Store.glsl"

// What a splat hides of a pixel; as splat::coverage.
float coverage(Drawn s, vec2 d) {
    if (p.mode == kModeCentres) return dot(d, d) <= p.pointRadius * p.pointRadius ? kAlphaCap : 0;
    if (p.mode == kModeRings) {
        // Mahalanobis' distance, and half the slope of its square.
        const float u = (d.x - s.slant * d.y) * s.across / kHalfLog2e, v = d.y * s.down / kHalfLog2e;
        const float m = sqrt(max((d.x - s.slant * d.y) * u + d.y * v, 0));
        return m > 0 ? clamp(1 - abs(m - 2) * m / length(vec2(u, v - s.slant * u)), 0, kAlphaCap) : 0;
    }
    return weightAt(s, d);
}

void main() {
    const uvec2 at = gl_GlobalInvocationID.xy;
    if (at.x >= p.width || at.y >= p.rows) return;
    const uvec2 range = ranges[gl_WorkGroupID.y * p.tilesAcross + gl_WorkGroupID.x];
    const vec2 pixel = vec2(at.x, at.y + p.firstRow) + 0.5;
    vec4 color = vec4(0); // and the depth
    vec3 normal = vec3(0);
    float transmittance = 1, median = 0;
    uint half_ = 0xffffffffu, layers = 0;
    bool full = false;
    for (uint i = range.x; i < range.y && !full; i += kTogether)
        [[unroll]] for (uint j = 0; j < kTogether; ++j) {
            if (i + j >= range.y || full) continue;
            const uint splat = texelFetch(splats, int(i + j)).x;
            const Drawn s = drawnOf(texelFetch(records, int(2 * splat)), texelFetch(records, int(2 * splat + 1)));
            const float alpha = coverage(s, pixel - s.centre);
            if (alpha < kAlphaCut) continue;
            const float next = transmittance * (1 - alpha);
            if (next < kStop) {
                full = true;
                continue;
            }
            const float weight = alpha * transmittance;
            color += vec4(s.color, s.z) * weight;
            if (p.normals != 0) normal += vec3(unpackSnorm2x16(normals[splat].x), unpackSnorm2x16(normals[splat].y).x) * weight;
            if (transmittance > 0.5 && next <= 0.5) {
                median = s.z;
                half_ = texelFetch(list, int(splat)).x;
            }
            transmittance = next;
            ++layers;
        }
    if (p.mode == kModeOverdraw && layers > 0) {
        color = vec4(heat(min(1, log(1 + float(layers)) / log(1001.0))), color.w / (1 - transmittance));
        transmittance = 0;
    }
    const uint to = p.words * (at.y * p.width + at.x);
    writeColor(to, vec4(color.rgb, 1 - transmittance));
    if (p.words < 10) return;
    pixels[to + 4] = floatBitsToUint(color.w);
    pixels[to + 5] = floatBitsToUint(median);
    for (uint k = 0; k < 3; ++k) pixels[to + 6 + k] = floatBitsToUint(normal[k]);
    pixels[to + 9] = half_;
}
