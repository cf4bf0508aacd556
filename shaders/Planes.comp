#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// One pixel an invocation, as Blend.comp, in every mode and with all that a frame can hold beside its
// colours: PlanePixel in core/render/Planes.h.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"
#include "Heat.glsl"

layout(local_size_x = kTileSize, local_size_y = kTileSize) in;
layout(push_constant) uniform Push { BlendParams p; };
layout(std430, binding = 0) readonly buffer Ranges { uvec2 ranges[]; };
layout(std430, binding = 1) readonly buffer Splats { uint splats[]; };
layout(std430, binding = 2) readonly buffer Place { vec4 place[]; };
layout(std430, binding = 3) readonly buffer Shape { vec4 shape[]; };
layout(std430, binding = 4) readonly buffer Colors { vec4 colors[]; };   // and z in the camera
layout(std430, binding = 5) readonly buffer Normals { vec4 normals[]; }; // zeros where they were not asked for
layout(std430, binding = 6) writeonly buffer Pixels { uint pixels[]; };

// What a splat hides of a pixel; as splat::coverage.
float coverage(vec4 s, vec2 d) {
    if (p.mode == kModeCentres) return dot(d, d) <= p.pointRadius * p.pointRadius ? 0.99 : 0;
    if (p.mode == kModeRings) {
        const vec2 g = vec2(s.x * d.x + s.y * d.y, s.y * d.x + s.z * d.y);
        const float m = sqrt(max(dot(d, g), 0));
        return m > 0 ? clamp(1 - abs(m - 2) * m / length(g), 0, 0.99) : 0;
    }
    const float power = -0.5 * (s.x * d.x * d.x + s.z * d.y * d.y) - s.y * d.x * d.y;
    return power > 0 ? 0 : min(0.99, s.w * exp(power));
}

void writeColor(uint to, vec4 c) {
    if (p.backgroundA > 0) c = vec4(c.rgb + (1 - c.a) * vec3(p.backgroundR, p.backgroundG, p.backgroundB), 1);
    if (p.words == 1) {
        const uvec4 b = uvec4(clamp(c, 0, 1) * 255 + 0.5);
        pixels[to] = b.r | b.g << 8 | b.b << 16 | b.a << 24;
        return;
    }
    for (uint k = 0; k < 4; ++k) pixels[to + k] = floatBitsToUint(c[k]);
}

void main() {
    const uvec2 at = uvec2(gl_GlobalInvocationID.x, gl_GlobalInvocationID.y + p.firstRow);
    if (at.x >= p.width || at.y >= min(p.height, p.firstRow + p.rows)) return;
    const uvec2 range = ranges[at.y / kTileSize * p.tilesAcross + at.x / kTileSize];
    const vec2 pixel = vec2(at) + 0.5;
    vec4 color = vec4(0); // and the depth
    vec3 normal = vec3(0);
    float transmittance = 1, median = 0;
    uint half_ = 0xffffffffu, layers = 0;
    for (uint i = range.x; i < range.y; ++i) {
        const uint splat = splats[i];
        const vec2 d = pixel - place[splat].xy;
        const float alpha = coverage(shape[splat], d);
        if (alpha < 1.0 / 255.0) continue;
        const float next = transmittance * (1 - alpha);
        if (next < 9.9995e-5) break; // a hair below 1e-4, so that floats stop where doubles do
        const float weight = alpha * transmittance;
        color += colors[splat] * weight;
        if (p.normals != 0) normal += normals[splat].xyz * weight;
        if (transmittance > 0.5 && next <= 0.5) {
            median = colors[splat].w;
            half_ = splat;
        }
        transmittance = next;
        ++layers;
    }
    if (p.mode == kModeOverdraw && layers > 0) {
        color = vec4(heat(min(1, log(1 + float(layers)) / log(1001.0))), color.w / (1 - transmittance));
        transmittance = 0;
    }
    const uint to = p.words * ((at.y - p.firstRow) * p.width + at.x);
    writeColor(to, vec4(color.rgb, 1 - transmittance));
    if (p.words < 10) return;
    pixels[to + 4] = floatBitsToUint(color.w);
    pixels[to + 5] = floatBitsToUint(median);
    for (uint k = 0; k < 3; ++k) pixels[to + 6 + k] = floatBitsToUint(normal[k]);
    pixels[to + 9] = half_;
}
