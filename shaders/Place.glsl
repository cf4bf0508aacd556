// SPDX-License-Identifier: GPL-3.0-or-later
// From a splat in memory to its ellipse in the picture (same formulas as core/render/SplatMath.cpp), for the kernel that looks
// which splats are visible and the one that draws those. Expects the parameters `p` and the buffers `geometry`, `extra` and
// `marks`.
#include "Drawn.glsl"
#include "Shape.glsl"

const float kLeastShare = 1.0 / 64; // those that are there more rarely do not grow any more

struct Placed {
    vec3 at, t;      // in the item and in the camera
    Drawn drawn;     // but for the colour
    vec2 extent;     // half-size in pixels of the box where alpha can reach the cut
    float own;       // opacity, without what antialiasing takes
    float weight;    // the light that it takes from the picture, in pixels
    uint mark;
};

uint mode() {
    return (p.flags & kExtra) != 0 ? extra[p.item].mode : 0;
}

uint markOf(uint i) {
    return (p.flags & kMarked) != 0 ? marks[i / 4] >> (i % 4 * 8) & 0xff : 0;
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

// The rows of the projection's derivative at a place in the camera, in the item's axes.
void derivatives(vec3 t, out vec3 a, out vec3 b) {
    const vec3 w0 = vec3(p.view[0], p.view[1], p.view[2]), w1 = vec3(p.view[4], p.view[5], p.view[6]),
               w2 = vec3(p.view[8], p.view[9], p.view[10]);
    a = p.fx * w0;
    b = p.fy * w1;
    if ((p.flags & kOrthographic) != 0) return;
    const vec2 guard = 0.3 * 0.5 * vec2(p.width, p.height) / vec2(p.fx, p.fy);
    const vec2 low = -(vec2(p.cx, p.cy) / vec2(p.fx, p.fy) + guard);
    const vec2 high = (vec2(p.width, p.height) - vec2(p.cx, p.cy)) / vec2(p.fx, p.fy) + guard;
    const vec2 q = clamp(t.xy / t.z, low, high);
    a = p.fx / t.z * (w0 - q.x * w2);
    b = p.fy / t.z * (w1 - q.y * w2);
}

// Evenly over all numbers (PCG, O'Neill 2014).
uint scattered(uint x) {
    x = x * 747796405u + 2891336453u;
    x = ((x >> ((x >> 28) + 4)) ^ x) * 277803737u;
    return x >> 22 ^ x;
}

// Whether the splat touches the centre of a pixel with an alpha that counts, looking at the box around its ellipse alone.
bool touches(Placed s) {
    const vec2 low = ceil(s.drawn.centre - s.extent - 0.5), high = floor(s.drawn.centre + s.extent - 0.5);
    return all(lessThanEqual(max(low, vec2(0)), min(high, vec2(p.width, p.height) - 1)));
}

// False: not drawn, wherever its ellipse lies.
bool placed(uint i, out Placed s) {
    const uvec4 first = texelFetch(geometry, int(2 * i));
    s.at = uintBitsToFloat(first.xyz);
    s.t = vec3(dot(vec3(p.view[0], p.view[1], p.view[2]), s.at) + p.view[3],
               dot(vec3(p.view[4], p.view[5], p.view[6]), s.at) + p.view[7],
               dot(vec3(p.view[8], p.view[9], p.view[10]), s.at) + p.view[11]);
    if (!(s.t.z >= p.nearPlane && s.t.z <= p.farPlane)) return false;
    if ((p.flags & kExtra) != 0 && !withinBox(s.at)) return false;
    s.mark = markOf(p.within + i);
    if (s.mark == kMarkHidden) return false;
    const uvec4 shape = texelFetch(geometry, int(2 * i + 1));
    const vec4 turn = turnOf(shape);
    const bool graded = (p.flags & kGraded) != 0;
    const vec3 scales = graded ? extra[p.item].larger * scalesOf(shape) : scalesOf(shape);
    vec3 a, b;
    derivatives(s.t, a, b);
    a = scales * turnedBack(turn, a); // the covariance is a·a, a·b, b·b
    b = scales * turnedBack(turn, b);
    const vec3 normal = cross(a, b);
    float aa = dot(a, a), ab = dot(a, b), bb = dot(b, b), before = dot(normal, normal);
    s.own = uintBitsToFloat(first.w);
    if (graded) s.own = min(extra[p.item].mostOpacity, extra[p.item].gain * s.own);
    s.own *= p.opacity;
    s.weight = s.own * sqrt(before + 0.3 * (aa + bb) + 0.09);
    if (p.thin > 0 && s.weight < p.thin) {
        // Stochastic simplification (Cook et al. 2007): a splat is there with the probability `share`, and larger by as much.
        const float share = s.weight / p.thin, larger = 1 / max(share, kLeastShare);
        if (float(scattered(p.within + i)) * 2.3283064e-10 >= share) return false;
        aa *= larger, ab *= larger, bb *= larger, before *= larger * larger;
    }
    const float xx = aa + 0.3, yy = bb + 0.3, det = before + 0.3 * (aa + bb) + 0.09;
    if (!(det > 0) || isinf(det)) return false;
    s.drawn.opacity = s.own;
    if ((p.flags & kAntialiased) != 0) s.drawn.opacity *= sqrt(max(0.000025, before / det));
    const float reach = reachOf(s.drawn);
    if (!(reach > 0)) return false;
    s.drawn.centre = vec2(p.fx, p.fy) * s.t.xy / ((p.flags & kOrthographic) != 0 ? 1 : s.t.z) + vec2(p.cx, p.cy);
    s.drawn.slant = ab / yy;
    s.drawn.across = kHalfLog2e * yy / det;
    s.drawn.down = kHalfLog2e / yy;
    s.drawn.z = s.t.z;
    s.extent = sqrt(reach / kHalfLog2e * vec2(xx, yy)) * 1.001 + 0.01; // rounding must not lose a pixel at the cut
    if (mode() == kModeRings) s.extent = 2 * sqrt(vec2(xx, yy)) + 1.01;
    if (mode() == kModeCentres) s.extent = vec2(extra[p.item].pointRadius + 0.01);
    return true;
}
