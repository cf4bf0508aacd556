#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Each visible splat: its ellipse in the picture, its colour and its depth as a key.
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"
#include "Heat.glsl"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { ProjectParams p; };

layout(binding = 0) uniform usamplerBuffer geometry;
layout(std430, binding = 1) readonly buffer Extra { ProjectExtra extra[]; };
layout(std430, binding = 2) readonly buffer Marks { uint marks[]; };  // four splats each
layout(binding = 3) uniform usamplerBuffer harmonics;                 // halves, red green blue of each coefficient
layout(binding = 4) uniform usamplerBuffer list;
layout(std430, binding = 5) buffer Colors { uvec2 colors[]; };        // what was computed before: three halves and a stamp
layout(binding = 6, rgba32ui) uniform writeonly uimageBuffer records; // Drawn
layout(std430, binding = 7) writeonly buffer Keys { uint keys[]; };
layout(std430, binding = 8) writeonly buffer Indices { uint indices[]; };
layout(std430, binding = 9) buffer Shaded { uint shaded; };           // how many colours had to be computed

#include "Place.glsl"

vec3 shColor(uint i, vec3 d) {
    const uint used = p.degrees & 0xff, stored = p.degrees >> 8, texels = stored > 2 ? 6 : stored > 1 ? 4 : stored + 1;
    float h[48];
    for (int t = 0; t < 6; ++t) { // beyond the splat's own texels stands what is not used
        const uvec4 w = texelFetch(harmonics, int(texels * i + min(t, texels - 1)));
        for (int k = 0; k < 4; ++k) {
            const vec2 two = unpackHalf2x16(w[k]);
            h[8 * t + 2 * k] = two.x;
            h[8 * t + 2 * k + 1] = two.y;
        }
    }
#define SH(k) vec3(h[3 * (k)], h[3 * (k) + 1], h[3 * (k) + 2])
    vec3 c = SH(0);
    const float x = d.x, y = d.y, z = d.z, xx = x * x, yy = y * y, zz = z * z;
    if (used > 0) c += -0.48860251 * y * SH(1) + 0.48860251 * z * SH(2) - 0.48860251 * x * SH(3);
    if (used > 1)
        c += 1.09254843 * x * y * SH(4) - 1.09254843 * y * z * SH(5) + 0.31539157 * (2 * zz - xx - yy) * SH(6) -
             1.09254843 * x * z * SH(7) + 0.54627422 * (xx - yy) * SH(8);
    if (used > 2)
        c += -0.59004359 * y * (3 * xx - yy) * SH(9) + 2.89061144 * x * y * z * SH(10) -
             0.45704580 * y * (4 * zz - xx - yy) * SH(11) + 0.37317633 * z * (2 * zz - 3 * xx - 3 * yy) * SH(12) -
             0.45704580 * x * (4 * zz - xx - yy) * SH(13) + 1.44530572 * z * (xx - yy) * SH(14) -
             0.59004359 * x * (xx - 3 * yy) * SH(15);
#undef SH
    return c;
}

// As the splat is seen from where the camera is; computed once for each of its places.
vec3 ownColor(uint i, vec3 at) {
    const uint stamp = p.flags >> 16;
    const uvec2 known = colors[i];
    if (known.y >> 16 == stamp) return vec3(unpackHalf2x16(known.x), unpackHalf2x16(known.y).x);
    const vec3 eye = vec3(p.eyeX, p.eyeY, p.eyeZ);
    const vec3 c = shColor(i, normalize((p.flags & kOrthographic) != 0 ? eye : at - eye));
    const uvec2 packed = uvec2(packHalf2x16(c.rg), packHalf2x16(vec2(c.b, 0)));
    colors[i] = uvec2(packed.x, packed.y | stamp << 16);
    atomicAdd(shaded, 1);
    return vec3(unpackHalf2x16(packed.x), unpackHalf2x16(packed.y).x);
}

vec3 graded(vec3 c) {
    const ProjectExtra e = extra[p.item];
    return vec3(dot(vec3(e.look[0], e.look[1], e.look[2]), c) + e.look[3], dot(vec3(e.look[4], e.look[5], e.look[6]), c) + e.look[7],
                dot(vec3(e.look[8], e.look[9], e.look[10]), c) + e.look[11]);
}

vec3 tinted(vec3 color, uint mark) {
    const ProjectExtra e = extra[p.item];
    if (mark == kMarkSelected) return mix(color, vec3(e.selectedR, e.selectedG, e.selectedB), e.selectedShare);
    return mix(color, vec3(e.lockedR, e.lockedG, e.lockedB), e.lockedShare);
}

vec3 colorOf(uint i, Placed s) {
    if (mode() == kModeOpacity) return heat(s.own);
    if (mode() == kModeDepth)
        return vec3(1 - clamp((s.t.z - extra[p.item].depthLow) / (extra[p.item].depthHigh - extra[p.item].depthLow), 0, 1));
    const vec3 own = ownColor(i, s.at);
    return max((p.flags & kGraded) != 0 ? graded(own) : own, vec3(0));
}

void main() {
    if (gl_GlobalInvocationID.x >= p.count) return;
    const uint to = p.first + gl_GlobalInvocationID.x, i = texelFetch(list, int(to)).x - p.base;
    Placed s;
    if (!placed(i, s)) s.drawn = Drawn(vec2(0), 0, 1, 1, 0, vec3(0), 0); // only where the kernel that made the list rounded otherwise
    s.drawn.color = colorOf(i, s);
    if (s.mark != 0) s.drawn.color = tinted(s.drawn.color, s.mark);
    imageStore(records, int(2 * to), firstHalf(s.drawn));
    imageStore(records, int(2 * to + 1), secondHalf(s.drawn));
    keys[to] = floatBitsToUint(s.t.z);
    indices[to] = to;
}
