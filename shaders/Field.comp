#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Rays through a hash field: a pixel an invocation, the same steps as core/render/cpu/FieldMarcher.cpp.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "SharedTypes.h"

layout(local_size_x = 8, local_size_y = 8) in;
layout(push_constant) uniform Push { FieldParams p; };
layout(std430, binding = 0) readonly buffer Table { vec2 table[]; };
layout(std430, binding = 1) readonly buffer Layers { vec4 layers[]; }; // [in][out / 4] each
layout(std430, binding = 2) readonly buffer Levels { uvec4 levels[]; }; // cells, offset, dense
layout(std430, binding = 3) readonly buffer Cells { uint cells[]; };    // a bit each, those of coarse cells behind them
layout(std430, binding = 4) readonly buffer Layer { float layer[]; };   // red, green, blue, alpha, z
layout(std430, binding = 5) buffer Frame { float frame[]; };            // the same of the result, of this band

const uint kLevels = 16, kCoarse = 8;
const uint kDensity1 = 0, kDensity2 = 512, kColor1 = 768, kColor2 = 1280, kColor3 = 2304; // in vec4
const float kLeastLight = 1e-4;

float encoded[32], seen[32], hidden[64], other[64];
vec4 sums[16];

// sums = input · layer, four outputs a vec4. Unrolled, drivers that compile for the CPU take minutes for it.
#define MULTIPLY(from, depth, at, outputs)                              \
    for (uint o = 0; o < (outputs); ++o) sums[o] = vec4(0);             \
    [[dont_unroll]] for (uint i = 0; i < (depth); ++i) {                                \
        const float value = from[i];                                    \
        for (uint o = 0; o < (outputs); ++o) sums[o] += value * layers[(at) + i * (outputs) + o]; \
    }
#define RELU(to)                        \
    for (uint o = 0; o < 16; ++o)       \
        for (uint k = 0; k < 4; ++k) to[4 * o + k] = max(sums[o][k], 0.0);

void encode(vec3 place) {
    [[dont_unroll]] for (uint l = 0; l < kLevels; ++l) {
        const uvec4 level = levels[l];
        const vec3 at = place * float(level.x);
        const uvec3 cell = min(uvec3(at), uvec3(level.x - 1));
        const vec3 share = at - vec3(cell);
        const uvec3 dense = uvec3(1, level.x + 1, (level.x + 1) * (level.x + 1));
        vec2 sum = vec2(0);
        [[dont_unroll]] for (uint c = 0; c < 8; ++c) {
            const uvec3 corner = uvec3(c & 1, c >> 1 & 1, c >> 2);
            const uvec3 low = (cell + corner) * (level.z != 0 ? dense : uvec3(1, 2654435761u, 805459861u));
            const uint entry = level.z != 0 ? low.x + low.y + low.z : (low.x ^ low.y ^ low.z) & p.mask;
            const vec3 w = mix(1 - share, share, vec3(corner));
            sum += w.x * w.y * w.z * table[level.y + entry];
        }
        encoded[2 * l] = sum.x;
        encoded[2 * l + 1] = sum.y;
    }
}

void harmonics(vec3 d) {
    const vec3 s = d * d;
    seen[0] = 0.28209479;
    seen[1] = -0.48860251 * d.y;
    seen[2] = 0.48860251 * d.z;
    seen[3] = -0.48860251 * d.x;
    seen[4] = 1.09254843 * d.x * d.y;
    seen[5] = -1.09254843 * d.y * d.z;
    seen[6] = 0.31539157 * (3 * s.z - 1);
    seen[7] = -1.09254843 * d.x * d.z;
    seen[8] = 0.54627422 * (s.x - s.y);
    seen[9] = -0.59004359 * d.y * (3 * s.x - s.y);
    seen[10] = 2.89061144 * d.x * d.y * d.z;
    seen[11] = -0.45704580 * d.y * (5 * s.z - 1);
    seen[12] = 0.37317633 * d.z * (5 * s.z - 3);
    seen[13] = -0.45704580 * d.x * (5 * s.z - 1);
    seen[14] = 1.44530572 * d.z * (s.x - s.y);
    seen[15] = -0.59004359 * d.x * (s.x - 3 * s.y);
}

// Colour in 0…1 and density per side of the box; the directions are in `seen`.
vec4 lookUp(vec3 place) {
    encode(place);
    MULTIPLY(encoded, 32, kDensity1, 16)
    RELU(hidden)
    MULTIPLY(hidden, 64, kDensity2, 4)
    for (uint o = 0; o < 4; ++o)
        for (uint k = 0; k < 4; ++k) seen[16 + 4 * o + k] = sums[o][k];
    const float density = exp(min(sums[0].x, 15.0));
    MULTIPLY(seen, 32, kColor1, 16)
    RELU(hidden)
    MULTIPLY(hidden, 64, kColor2, 16)
    RELU(other)
    MULTIPLY(other, 64, kColor3, 4)
    return vec4(1 / (1 + exp(-sums[0].xyz)), density);
}

bool bit(uint index) {
    return (cells[index >> 5] >> (index & 31) & 1) != 0;
}

// z at which the ray leaves a cell of a grid of `count`.
float leave(vec3 origin, vec3 direction, uvec3 cell, float count, float end) {
    for (uint k = 0; k < 3; ++k)
        if (direction[k] != 0)
            end = min(end, (float(cell[k] + (direction[k] > 0 ? 1 : 0)) / count - origin[k]) / direction[k]);
    return end;
}

void main() {
    const uvec2 at = gl_GlobalInvocationID.xy;
    if (at.x >= p.width || at.y >= p.rows) return;
    const vec2 screen = (vec2(at.x, at.y + p.firstRow) + 0.5 - vec2(p.cx, p.cy)) / vec2(p.fx, p.fy);
    vec3 origin, direction;
    for (uint k = 0; k < 3; ++k) {
        const float across = p.toBox[4 * k] * screen.x + p.toBox[4 * k + 1] * screen.y;
        const bool parallel = (p.flags & kFieldOrthographic) != 0;
        origin[k] = p.toBox[4 * k + 3] + (parallel ? across : 0);
        direction[k] = p.toBox[4 * k + 2] + (parallel ? 0 : across);
    }
    float begin = p.nearPlane, end = p.farPlane;
    for (uint k = 0; k < 3; ++k) {
        if (direction[k] == 0) {
            if (!(origin[k] >= 0 && origin[k] < 1)) end = begin;
            continue;
        }
        const float a = -origin[k] / direction[k], b = (1 - origin[k]) / direction[k];
        begin = max(begin, min(a, b));
        end = min(end, max(a, b));
    }
    const float size = length(direction), stepZ = p.stepLength / size;
    harmonics(direction / size);
    const uint pixel = at.y * p.width + at.x, layerPixel = 5 * ((at.y + p.firstRow) * p.width + at.x);
    bool waits = (p.flags & kFieldLayer) != 0 && layer[layerPixel + 4] > 0; // for the layer's surface
    vec3 color = vec3(0);
    float light = 1, depth = 0, opacity = 0;
    uint next = 0;
    for (;;) {
        const float z = begin + (float(next) + 0.5) * stepZ;
        const bool done = !(z < end) || light < kLeastLight;
        if (waits && (done || z > layer[layerPixel + 4])) {
            const float alpha = layer[layerPixel + 3];
            color += light * vec3(layer[layerPixel], layer[layerPixel + 1], layer[layerPixel + 2]);
            depth += light * alpha * layer[layerPixel + 4];
            opacity += light * alpha;
            light *= 1 - alpha;
            waits = false;
        }
        if (done || light < kLeastLight) break;
        const vec3 place = clamp(origin + z * direction, vec3(0), vec3(1));
        const uvec3 cell = min(uvec3(place * float(p.side)), uvec3(p.side - 1)), coarse = cell / kCoarse;
        const uint coarseSide = p.side / kCoarse, all = p.side * p.side * p.side;
        const bool any = bit(all + (coarse.z * coarseSide + coarse.y) * coarseSide + coarse.x);
        if (!any || !bit((cell.z * p.side + cell.y) * p.side + cell.x)) {
            const float leaves = any ? leave(origin, direction, cell, float(p.side), end)
                                     : leave(origin, direction, coarse, float(coarseSide), end);
            next = max(next + 1, uint(max(ceil((leaves - begin) / stepZ - 0.5), 0.0)));
            continue;
        }
        const vec4 value = lookUp(place);
        const float share = light * (1 - exp(-value.w * p.stepLength));
        color += share * value.rgb;
        depth += share * z;
        opacity += share;
        light -= share;
        ++next;
    }
    frame[5 * pixel] = color.r;
    frame[5 * pixel + 1] = color.g;
    frame[5 * pixel + 2] = color.b;
    frame[5 * pixel + 3] = opacity;
    frame[5 * pixel + 4] = opacity > 0 ? depth / opacity : 0;
}
