#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Each splat: to the camera, its ellipse, colour, depth key and the tiles it can reach (same formulas as core/render/SplatMath.cpp).
#extension GL_GOOGLE_include_directive : require
#include "SharedTypes.h"
#include "Heat.glsl"

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
layout(std430, binding = 9) writeonly buffer Colors { vec4 colors[]; }; // and z in the camera
layout(std430, binding = 10) writeonly buffer Keys { uint keys[]; };
layout(std430, binding = 11) writeonly buffer Indices { uint indices[]; };
layout(std430, binding = 12) writeonly buffer Counts { uint counts[]; };
layout(std430, binding = 13) buffer Draw { uint vertices, visible, firstVertex, firstInstance; };
layout(std430, binding = 14) readonly buffer Extra { ProjectExtra extra[]; };
layout(std430, binding = 15) readonly buffer Marks { uint marks[]; }; // four splats each

vec3 rest(uint k, uint i) {
    const uint at = k * p.count + i;
    return vec3(restR[at], restG[at], restB[at]);
}

vec3 graded(vec3 c) {
    const ProjectExtra e = extra[p.item];
    return vec3(dot(vec3(e.look[0], e.look[1], e.look[2]), c) + e.look[3], dot(vec3(e.look[4], e.look[5], e.look[6]), c) + e.look[7],
                dot(vec3(e.look[8], e.look[9], e.look[10]), c) + e.look[11]);
}

float opacityOf(uint i) {
    const float own = opacities[i];
    return p.opacity * ((p.flags & kGraded) != 0 ? min(extra[p.item].mostOpacity, extra[p.item].gain * own) : own);
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
    if ((p.flags & kGraded) != 0) c = graded(c);
    return max(c, vec3(0));
}

// xx, xy, yy of J W Σ Wᵀ Jᵀ
vec3 projectCovariance(uint i, vec3 t) {
    const vec3 w0 = vec3(p.view[0], p.view[1], p.view[2]), w1 = vec3(p.view[4], p.view[5], p.view[6]),
               w2 = vec3(p.view[8], p.view[9], p.view[10]);
    vec3 a = p.fx * w0, b = p.fy * w1;
    if ((p.flags & kOrthographic) == 0) {
        const vec2 guard = 0.3 * 0.5 * vec2(p.width, p.height) / vec2(p.fx, p.fy);
        const vec2 low = -(vec2(p.cx, p.cy) / vec2(p.fx, p.fy) + guard);
        const vec2 high = (vec2(p.width, p.height) - vec2(p.cx, p.cy)) / vec2(p.fx, p.fy) + guard;
        const vec2 q = clamp(t.xy / t.z, low, high);
        a = p.fx / t.z * (w0 - q.x * w2);
        b = p.fy / t.z * (w1 - q.y * w2);
    }
    const uint at = 6 * i;
    const mat3 s = mat3(covariances[at], covariances[at + 1], covariances[at + 2], covariances[at + 1], covariances[at + 3],
                        covariances[at + 4], covariances[at + 2], covariances[at + 4], covariances[at + 5]);
    const vec3 sa = s * a, sb = s * b;
    return vec3(dot(a, sa), dot(a, sb), dot(b, sb));
}

uint mode() {
    return (p.flags & kExtra) != 0 ? extra[p.item].mode : 0;
}

uint markOf(uint i) {
    return (p.flags & kMarked) != 0 ? marks[i / 4] >> (i % 4 * 8) & 0xff : 0;
}

vec3 tinted(vec3 color, uint mark) {
    const ProjectExtra e = extra[p.item];
    if (mark == kMarkSelected) return mix(color, vec3(e.selectedR, e.selectedG, e.selectedB), e.selectedShare);
    return mix(color, vec3(e.lockedR, e.lockedG, e.lockedB), e.lockedShare);
}

// Whether the box holds a place of the item's frame.
bool withinBox(vec3 at) {
    const ProjectExtra e = extra[p.item];
    const vec3 world = vec3(dot(vec3(e.world[0], e.world[1], e.world[2]), at) + e.world[3],
                            dot(vec3(e.world[4], e.world[5], e.world[6]), at) + e.world[7],
                            dot(vec3(e.world[8], e.world[9], e.world[10]), at) + e.world[11]);
    return all(greaterThanEqual(world, vec3(e.boxLowX, e.boxLowY, e.boxLowZ))) &&
           all(lessThanEqual(world, vec3(e.boxHighX, e.boxHighY, e.boxHighZ)));
}

vec3 colorOf(uint i, vec3 at, float z) {
    if (mode() == kModeOpacity) return heat(opacityOf(i));
    if (mode() == kModeDepth)
        return vec3(1 - clamp((z - extra[p.item].depthLow) / (extra[p.item].depthHigh - extra[p.item].depthLow), 0, 1));
    const vec3 eye = vec3(p.eyeX, p.eyeY, p.eyeZ);
    return shColor(i, normalize((p.flags & kOrthographic) != 0 ? eye : at - eye));
}

void hide(uint to) {
    keys[to] = 0xffffffffu;
    counts[to] = 0;
}

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i >= p.count) return;
    const uint to = p.first + i;
    indices[to] = to;
    const vec3 at = vec3(positions[3 * i], positions[3 * i + 1], positions[3 * i + 2]);
    const vec3 t = vec3(dot(vec3(p.view[0], p.view[1], p.view[2]), at) + p.view[3],
                        dot(vec3(p.view[4], p.view[5], p.view[6]), at) + p.view[7],
                        dot(vec3(p.view[8], p.view[9], p.view[10]), at) + p.view[11]);
    if (!(t.z >= p.nearPlane && t.z <= p.farPlane)) { hide(to); return; }
    if ((p.flags & kExtra) != 0 && !withinBox(at)) { hide(to); return; }
    const uint mark = markOf(i);
    if (mark == kMarkHidden) { hide(to); return; }
    vec3 raw = projectCovariance(i, t);
    if ((p.flags & kGraded) != 0) raw *= extra[p.item].larger;
    const float xx = raw.x + 0.3, xy = raw.y, yy = raw.z + 0.3, det = xx * yy - xy * xy;
    if (!(det > 0) || isinf(det)) { hide(to); return; }
    float opacity = opacityOf(i);
    if ((p.flags & kAntialiased) != 0) opacity *= sqrt(max(0.000025, max(0.0, raw.x * raw.z - raw.y * raw.y) / det));
    const float reach = 2 * log(opacity * 255);
    if (!(reach > 0)) { hide(to); return; }
    const vec2 centre = vec2(p.fx, p.fy) * t.xy / ((p.flags & kOrthographic) != 0 ? 1 : t.z) + vec2(p.cx, p.cy);
    vec2 extent = sqrt(reach * vec2(xx, yy)) * 1.0001 + 0.01; // rounding must not lose a pixel at the cut
    if (mode() == kModeRings) extent = 2 * sqrt(vec2(xx, yy)) + 1.01;
    if (mode() == kModeCentres) extent = vec2(extra[p.item].pointRadius + 0.01);
    const vec2 low = centre - extent, high = centre + extent;
    if (high.x <= 0 || high.y <= 0 || low.x >= p.width || low.y >= p.height) { hide(to); return; }
    const vec2 grid = vec2((uvec2(p.width, p.height) + (kTileSize - 1)) / kTileSize) - 1;
    const vec2 first = clamp(floor(low / kTileSize), vec2(0), grid), last = clamp(floor(high / kTileSize), vec2(0), grid);
    const vec2 size = last - first + 1;
    place[to] = vec4(centre, extent);
    shape[to] = vec4(yy / det, -xy / det, xx / det, opacity);
    const vec3 color = colorOf(i, at, t.z);
    colors[to] = vec4(mark != 0 ? tinted(color, mark) : color, t.z);
    keys[to] = floatBitsToUint(t.z);
    counts[to] = uint(size.x * size.y);
    atomicAdd(visible, 1);
}
