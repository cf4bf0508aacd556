#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Each splat: to the camera, its ellipse, colour, depth key and the tiles it can reach (same formulas as core/render/SplatMath.cpp).
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { ProjectParams p; };

layout(std430, binding = 0) readonly buffer Positions { float positions[]; };
layout(std430, binding = 1) readonly buffer Covariances { float covariances[]; };
layout(std430, binding = 2) readonly buffer Opacities { float opacities[]; }; // after the sigmoid
layout(std430, binding = 3) readonly buffer Base { float base[]; };           // 0.5 + C0·sh0
layout(std430, binding = 4) readonly buffer RestR { float restR[]; };         // [K][N]
layout(std430, binding = 5) readonly buffer RestG { float restG[]; };
layout(std430, binding = 6) readonly buffer RestB { float restB[]; };
layout(std430, binding = 7) writeonly buffer Place { vec4 place[]; };   // x, y, half-width, half-height
layout(std430, binding = 8) writeonly buffer Shape { vec4 shape[]; };   // conic xx, xy, yy, opacity
layout(std430, binding = 9) writeonly buffer Colors { vec4 colors[]; };
layout(std430, binding = 10) writeonly buffer Keys { uint keys[]; };
layout(std430, binding = 11) writeonly buffer Indices { uint indices[]; };
layout(std430, binding = 12) writeonly buffer Counts { uint counts[]; };
layout(std430, binding = 13) buffer Draw { uint vertices, visible, firstVertex, firstInstance; };

vec3 rest(uint k, uint i) {
    const uint at = k * p.count + i;
    return vec3(restR[at], restG[at], restB[at]);
}

vec3 shColor(uint i, vec3 d) {
    vec3 c = vec3(base[3 * i], base[3 * i + 1], base[3 * i + 2]);
    const float x = d.x, y = d.y, z = d.z, xx = x * x, yy = y * y, zz = z * z;
    if (p.degree > 0) c += -0.48860251 * y * rest(0, i) + 0.48860251 * z * rest(1, i) - 0.48860251 * x * rest(2, i);
    if (p.degree > 1)
        c += 1.09254843 * x * y * rest(3, i) - 1.09254843 * y * z * rest(4, i) +
             0.31539157 * (2 * zz - xx - yy) * rest(5, i) - 1.09254843 * x * z * rest(6, i) +
             0.54627422 * (xx - yy) * rest(7, i);
    if (p.degree > 2)
        c += -0.59004359 * y * (3 * xx - yy) * rest(8, i) + 2.89061144 * x * y * z * rest(9, i) -
             0.45704580 * y * (4 * zz - xx - yy) * rest(10, i) + 0.37317633 * z * (2 * zz - 3 * xx - 3 * yy) * rest(11, i) -
             0.45704580 * x * (4 * zz - xx - yy) * rest(12, i) + 1.44530572 * z * (xx - yy) * rest(13, i) -
             0.59004359 * x * (xx - 3 * yy) * rest(14, i);
    return max(c, vec3(0));
}

// xx, xy, yy of J W Σ Wᵀ Jᵀ
vec3 projectCovariance(uint i, vec3 t) {
    const vec2 guard = 0.3 * 0.5 * vec2(p.width, p.height) / vec2(p.fx, p.fy);
    const vec2 low = -(vec2(p.cx, p.cy) / vec2(p.fx, p.fy) + guard);
    const vec2 high = (vec2(p.width, p.height) - vec2(p.cx, p.cy)) / vec2(p.fx, p.fy) + guard;
    const vec2 q = clamp(t.xy / t.z, low, high);
    const vec3 w0 = vec3(p.view[0], p.view[1], p.view[2]), w1 = vec3(p.view[4], p.view[5], p.view[6]),
               w2 = vec3(p.view[8], p.view[9], p.view[10]);
    const vec3 a = p.fx / t.z * (w0 - q.x * w2), b = p.fy / t.z * (w1 - q.y * w2);
    const uint at = 6 * i;
    const mat3 s = mat3(covariances[at], covariances[at + 1], covariances[at + 2], covariances[at + 1], covariances[at + 3],
                        covariances[at + 4], covariances[at + 2], covariances[at + 4], covariances[at + 5]);
    const vec3 sa = s * a, sb = s * b;
    return vec3(dot(a, sa), dot(a, sb), dot(b, sb));
}

void hide(uint i) {
    keys[i] = 0xffffffffu;
    counts[i] = 0;
}

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i >= p.count) return;
    indices[i] = i;
    const vec3 world = vec3(positions[3 * i], positions[3 * i + 1], positions[3 * i + 2]);
    const vec3 t = vec3(dot(vec3(p.view[0], p.view[1], p.view[2]), world) + p.view[3],
                        dot(vec3(p.view[4], p.view[5], p.view[6]), world) + p.view[7],
                        dot(vec3(p.view[8], p.view[9], p.view[10]), world) + p.view[11]);
    if (!(t.z >= p.nearPlane)) { hide(i); return; }
    const vec3 raw = projectCovariance(i, t);
    const float xx = raw.x + 0.3, xy = raw.y, yy = raw.z + 0.3, det = xx * yy - xy * xy;
    if (!(det > 0) || isinf(det)) { hide(i); return; }
    float opacity = opacities[i];
    if (p.antialiased != 0) opacity *= sqrt(max(0.000025, max(0.0, raw.x * raw.z - raw.y * raw.y) / det));
    const float reach = 2 * log(opacity * 255);
    if (!(reach > 0)) { hide(i); return; }
    const vec2 centre = vec2(p.fx, p.fy) * t.xy / t.z + vec2(p.cx, p.cy);
    const vec2 extent = sqrt(reach * vec2(xx, yy)) * 1.0001 + 0.01; // rounding must not lose a pixel at the cut
    const vec2 low = centre - extent, high = centre + extent;
    if (high.x <= 0 || high.y <= 0 || low.x >= p.width || low.y >= p.height) { hide(i); return; }
    const vec2 grid = vec2(p.tilesAcross, p.tilesDown) - 1;
    const vec2 first = clamp(floor(low / kTileSize), vec2(0), grid), last = clamp(floor(high / kTileSize), vec2(0), grid);
    const vec2 size = last - first + 1;
    place[i] = vec4(centre, extent);
    shape[i] = vec4(yy / det, -xy / det, xx / det, opacity);
    colors[i] = vec4(shColor(i, normalize(world - vec3(p.eyeX, p.eyeY, p.eyeZ))), 0);
    keys[i] = floatBitsToUint(t.z);
    counts[i] = uint(size.x * size.y);
    atomicAdd(visible, 1);
}
