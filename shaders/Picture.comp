#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// A picture on the screen: zoom, pan, exposure, gamma, channels, checkerboard (same steps as core/render/Picture.cpp).
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = 8, local_size_y = 8) in;
layout(push_constant) uniform Push { PictureParams p; };
layout(binding = 0) uniform sampler2D picture; // straight RGBA, display sRGB
layout(std430, binding = 1) writeonly buffer Pixels { uint pixels[]; };

vec3 linearFromSrgb(vec3 v) {
    return mix(pow((v + 0.055) / 1.055, vec3(2.4)), v / 12.92, lessThanEqual(v, vec3(0.04045)));
}

vec3 srgbFromLinear(vec3 v) {
    return mix(1.055 * pow(v, vec3(1 / 2.4)) - 0.055, v * 12.92, lessThanEqual(v, vec3(0.0031308)));
}

// Mean over the pixel's footprint; alpha −1 where it misses the picture.
vec4 footprint(vec2 at, float size) {
    const ivec2 limit = ivec2(p.pictureWidth, p.pictureHeight) - 1;
    ivec2 first = ivec2(floor(size <= 1 ? at + size / 2 : at));
    ivec2 last = size <= 1 ? first : ivec2(ceil(at + size)) - 1;
    first = max(first, ivec2(0));
    last = min(last, limit);
    if (first.x > last.x || first.y > last.y) return vec4(0, 0, 0, -1);
    vec4 sum = vec4(0);
    for (int y = first.y; y <= last.y; ++y)
        for (int x = first.x; x <= last.x; ++x) {
            const vec4 c = texelFetch(picture, ivec2(x, y), 0);
            sum += vec4(c.rgb * c.a, c.a);
        }
    const ivec2 n = last - first + 1;
    return vec4(sum.a > 0 ? sum.rgb / sum.a : vec3(0), sum.a / float(n.x * n.y));
}

vec4 developed(vec4 c) {
    if (p.exposure != 0) c.rgb = srgbFromLinear(max(linearFromSrgb(max(c.rgb, vec3(0))) * exp2(p.exposure), vec3(0)));
    if (p.gamma != 1) c.rgb = pow(max(c.rgb, vec3(0)), vec3(1 / p.gamma));
    switch (p.channel) {
    case 1: return vec4(c.rrr, 1);
    case 2: return vec4(c.ggg, 1);
    case 3: return vec4(c.bbb, 1);
    case 4: return vec4(c.aaa, 1);
    case 5: return vec4(srgbFromLinear(vec3(dot(linearFromSrgb(c.rgb), vec3(0.2126, 0.7152, 0.0722)))), 1);
    }
    return c;
}

void main() {
    const uvec2 at = gl_GlobalInvocationID.xy;
    if (at.x >= p.width || at.y >= p.height) return;
    const vec3 around = vec3(p.backgroundR, p.backgroundG, p.backgroundB);
    vec3 shown = around;
    vec4 c = vec4(0, 0, 0, -1);
    if (p.pictureWidth > 0) c = footprint((vec2(at) - vec2(p.panX, p.panY)) / p.zoom, 1 / p.zoom);
    if (c.a >= 0) {
        c = developed(c);
        const bool light = (((at.x / 8) ^ (at.y / 8)) & 1) != 0;
        shown = mix(p.checkerboard != 0 ? vec3(light ? 0.36 : 0.30) : around, c.rgb, c.a);
    }
    const uvec3 b = uvec3(clamp(shown, 0, 1) * 255 + 0.5);
    pixels[at.y * p.width + at.x] = b.r | b.g << 8 | b.b << 16 | 0xff000000u;
}
