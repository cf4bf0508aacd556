#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Rays through a hash field: a pixel an invocation, the same steps as core/render/cpu/FieldMarcher.cpp.
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "FieldTypes.h"

layout(local_size_x = 8, local_size_y = 8) in;
layout(push_constant) uniform Push { FieldParams p; };
layout(std430, binding = 0) readonly buffer Table { vec2 table[]; };
layout(std430, binding = 1) readonly buffer Layers { vec4 layers[]; }; // [in][out / 4] each
layout(std430, binding = 2) readonly buffer Levels { uvec4 levels[]; }; // cells, offset, dense
layout(std430, binding = 3) readonly buffer Cells { uint cells[]; };    // a bit each, those of coarse cells behind them
layout(std430, binding = 4) readonly buffer Layer { float surfaces[]; }; // red, green, blue, alpha, z of each layer in each pixel
layout(std430, binding = 5) buffer Frame { float frame[]; };            // nine numbers of each pixel of this band: see main

const uint kLevels = 16, kCoarse = 8;
const uint kDensity1 = 0, kDensity2 = 512, kColor1 = 768, kColor2 = 1280, kColor3 = 2304; // in vec4
const float kLeastLight = 1e-4, kLeastWeight = 0.5, kLeastBend = 1e-4;
const float kNothing = -1, kField = -2; // of what stops the light, beside the numbers of layers
const float kNever = 3e38;

// Four samples of a ray go through the networks together, so that what each weight costs to read is shared.
vec4 encoded[32], seen[32], hidden[64], other[64];

// to = input · layer, eight outputs at a time; WRITE(o, sum) takes output o of all four samples. All unrolled, drivers that compile
// for the CPU take minutes for it.
#define MULTIPLY(from, depth, at, outputs, WRITE)                                                      \
    [[dont_unroll]] for (uint o = 0; o < (outputs); o += 2) {                                          \
        vec4 sums[8];                                                                                  \
        [[unroll]] for (uint k = 0; k < 8; ++k) sums[k] = vec4(0);                                     \
        [[dont_unroll]] for (uint i = 0; i < (depth); i += 2)                                          \
            [[unroll]] for (uint j = 0; j < 2; ++j) {                                                  \
                const vec4 value = from[i + j];                                                        \
                const vec4 low = layers[(at) + (i + j) * (outputs) + o], high = layers[(at) + (i + j) * (outputs) + o + 1]; \
                [[unroll]] for (uint k = 0; k < 4; ++k) {                                              \
                    sums[k] += value * low[k];                                                         \
                    sums[4 + k] += value * high[k];                                                    \
                }                                                                                      \
            }                                                                                          \
        [[unroll]] for (uint k = 0; k < 8; ++k) WRITE(4 * o + k, sums[k]);                             \
    }
#define TO_HIDDEN(o, sum) hidden[o] = max(sum, vec4(0))
#define TO_OTHER(o, sum) other[o] = max(sum, vec4(0))
#define TO_SEEN(o, sum) seen[16 + (o)] = sum

void encode(uint sampleNumber, vec3 place) {
    [[dont_unroll]] for (uint l = 0; l < kLevels; ++l) {
        const uvec4 level = levels[l];
        const vec3 at = place * float(level.x);
        const uvec3 cell = min(uvec3(at), uvec3(level.x - 1));
        const vec3 share = at - vec3(cell);
        const uvec3 dense = uvec3(1, level.x + 1, (level.x + 1) * (level.x + 1));
        vec2 sum = vec2(0);
        [[unroll]] for (uint c = 0; c < 8; ++c) {
            const uvec3 corner = uvec3(c & 1, c >> 1 & 1, c >> 2);
            const uvec3 low = (cell + corner) * (level.z != 0 ? dense : uvec3(1, 2654435761u, 805459861u));
            const uint entry = level.z != 0 ? low.x + low.y + low.z : (low.x ^ low.y ^ low.z) & p.mask;
            const vec3 w = mix(1 - share, share, vec3(corner));
            sum += w.x * w.y * w.z * table[level.y + entry];
        }
        encoded[2 * l][sampleNumber] = sum.x;
        encoded[2 * l + 1][sampleNumber] = sum.y;
    }
}

void harmonics(vec3 d) {
    const vec3 s = d * d;
    seen[0] = vec4(0.28209479);
    seen[1] = vec4(-0.48860251 * d.y);
    seen[2] = vec4(0.48860251 * d.z);
    seen[3] = vec4(-0.48860251 * d.x);
    seen[4] = vec4(1.09254843 * d.x * d.y);
    seen[5] = vec4(-1.09254843 * d.y * d.z);
    seen[6] = vec4(0.31539157 * (3 * s.z - 1));
    seen[7] = vec4(-1.09254843 * d.x * d.z);
    seen[8] = vec4(0.54627422 * (s.x - s.y));
    seen[9] = vec4(-0.59004359 * d.y * (3 * s.x - s.y));
    seen[10] = vec4(2.89061144 * d.x * d.y * d.z);
    seen[11] = vec4(-0.45704580 * d.y * (5 * s.z - 1));
    seen[12] = vec4(0.37317633 * d.z * (5 * s.z - 3));
    seen[13] = vec4(-0.45704580 * d.x * (5 * s.z - 1));
    seen[14] = vec4(1.44530572 * d.z * (s.x - s.y));
    seen[15] = vec4(-0.59004359 * d.x * (s.x - 3 * s.y));
}

// Of four samples, whose places are encoded and whose direction is in `seen`: colours in 0…1, and densities per side of the box.
void lookUp(out vec4 red, out vec4 green, out vec4 blue, out vec4 density) {
    MULTIPLY(encoded, 32, kDensity1, 16, TO_HIDDEN)
    MULTIPLY(hidden, 64, kDensity2, 4, TO_SEEN)
    density = exp(min(seen[16], vec4(15)));
    MULTIPLY(seen, 32, kColor1, 16, TO_HIDDEN)
    MULTIPLY(hidden, 64, kColor2, 16, TO_OTHER)
    red = green = blue = vec4(0);
    [[dont_unroll]] for (uint i = 0; i < 64; ++i) {
        const vec4 weights = layers[kColor3 + 4 * i], value = other[i];
        red += value * weights.x;
        green += value * weights.y;
        blue += value * weights.z;
    }
    red = 1 / (1 + exp(-red));
    green = 1 / (1 + exp(-green));
    blue = 1 / (1 + exp(-blue));
}

bool bit(uint index) {
    return (cells[index >> 5] >> (index & 31) & 1) != 0;
}

// t at which the ray leaves a cell of a grid of `count`.
float leave(vec3 origin, vec3 direction, uvec3 cell, float count, float end) {
    for (uint k = 0; k < 3; ++k)
        if (direction[k] != 0)
            end = min(end, (float(cell[k] + (direction[k] > 0 ? 1 : 0)) / count - origin[k]) / direction[k]);
    return end;
}

// A ray in units of the box, along which t runs evenly there; z in the camera is start + t / (1 - bend·t).
struct Ray {
    vec3 origin, direction;
    float start, bend, begin, end;
};

// t of a z behind the start.
float bent(Ray ray, float z) {
    return (z - ray.start) / (1 + ray.bend * (z - ray.start));
}

float depthAt(Ray ray, float t) {
    return ray.start + t / max(1 - ray.bend * t, kLeastBend);
}

// Empty where the box is missed. `seen` gets the harmonics.
Ray rayOf(vec2 pixel) {
    const bool parallel = (p.flags & kFieldOrthographic) != 0;
    vec4 o, d;
    for (uint r = 0; r < 4; ++r) {
        const float across = p.toBox[4 * r] * pixel.x + p.toBox[4 * r + 1] * pixel.y;
        o[r] = p.toBox[4 * r + 3] + (parallel ? across : 0);
        d[r] = p.toBox[4 * r + 2] + (parallel ? 0 : across);
    }
    Ray ray = Ray(vec3(0), vec3(0), 0.0, 0.0, 0.0, 0.0);
    float first = p.nearPlane, last = p.farPlane;
    if (d.w > 0) first = max(first, (kLeastWeight - o.w) / d.w);
    if (d.w < 0) last = min(last, (kLeastWeight - o.w) / d.w);
    if ((d.w == 0 && o.w < kLeastWeight) || !(first < last)) return ray;
    ray.start = d.w == 0 ? 0 : first;
    const float weight = o.w + ray.start * d.w;
    ray.bend = d.w / weight;
    ray.origin = (o.xyz + ray.start * d.xyz) / weight;
    ray.direction = d.xyz / weight - ray.bend * ray.origin;
    ray.begin = bent(ray, first);
    ray.end = bent(ray, last);
    for (uint k = 0; k < 3; ++k) {
        if (ray.direction[k] == 0) {
            if (!(ray.origin[k] >= 0 && ray.origin[k] < 1)) ray.end = ray.begin;
            continue;
        }
        const float a = -ray.origin[k] / ray.direction[k], b = (1 - ray.origin[k]) / ray.direction[k];
        ray.begin = max(ray.begin, min(a, b));
        ray.end = min(ray.end, max(a, b));
    }
    const bool device = (p.flags & kFieldDevice) != 0;
    harmonics(normalize(device ? vec3(p.device[0] * d.x + p.device[1] * d.w, p.device[2] * d.y + p.device[3] * d.w, -d.w) : d.xyz));
    return ray;
}

// What a ray has gathered.
vec3 color = vec3(0);
float light = 1, depth = 0, opacity = 0, median = 0, stops = kNothing;

void take(float share, vec3 of, float z, float what) {
    color += of;
    depth += share * z;
    opacity += share;
    if (light > 0.5 && light - share <= 0.5) {
        median = z;
        stops = what;
    }
    light -= share;
}

// The next layer that has something here.
uint nextLayer, layerAt;
float layerT;
void findLayer(Ray ray, uvec2 at) {
    const uint count = p.flags >> kFieldLayersShift;
    layerT = kNever;
    for (; nextLayer < count; ++nextLayer) {
        layerAt = 5 * (((at.y + p.firstRow) * p.width + at.x) * count + nextLayer);
        const float z = surfaces[layerAt + 4] - ray.start;
        if (!(surfaces[layerAt + 4] > 0)) continue;
        layerT = z <= 0 ? z : 1 + ray.bend * z > 0 ? z / (1 + ray.bend * z) : kNever / 4;
        return;
    }
}

void passLayer(Ray ray, uvec2 at) {
    const float share = light * surfaces[layerAt + 3];
    take(share, light * vec3(surfaces[layerAt], surfaces[layerAt + 1], surfaces[layerAt + 2]), surfaces[layerAt + 4], float(nextLayer));
    ++nextLayer;
    findLayer(ray, at);
}

void main() {
    const uvec2 at = gl_GlobalInvocationID.xy;
    if (at.x >= p.width || at.y >= p.rows) return;
    const Ray ray = rayOf(vec2(at.x, at.y + p.firstRow) + 0.5);
    const float stepT = p.stepLength / max(length(ray.direction), 1e-30);
    const uint pixel = 9 * (at.y * p.width + at.x);
    nextLayer = 0;
    uint next = 0, left = kFieldPassLoops;
    if ((p.flags & kFieldGoesOn) != 0) {
        color = vec3(frame[pixel], frame[pixel + 1], frame[pixel + 2]);
        opacity = frame[pixel + 3];
        depth = frame[pixel + 4];
        median = frame[pixel + 5];
        stops = frame[pixel + 6];
        next = uint(frame[pixel + 7]);
        nextLayer = uint(frame[pixel + 8]);
        light = 1 - opacity;
    }
    findLayer(ray, at);
    bool done = light < kLeastLight;
    for (; !done && left > kFieldBatchLoops; --left) {
        float t[4];
        uint count = 0;
        for (; count < 4 && left > kFieldBatchLoops; --left) {
            const float here = ray.begin + (float(next) + 0.5) * stepT;
            done = !(here < ray.end);
            if (done) break;
            const vec3 place = clamp(ray.origin + here * ray.direction, vec3(0), vec3(1));
            const uvec3 cell = min(uvec3(place * float(p.side)), uvec3(p.side - 1)), coarse = cell / kCoarse;
            const uint coarseSide = p.side / kCoarse, all = p.side * p.side * p.side;
            const bool any = bit(all + (coarse.z * coarseSide + coarse.y) * coarseSide + coarse.x);
            if (!any || !bit((cell.z * p.side + cell.y) * p.side + cell.x)) {
                const float leaves = any ? leave(ray.origin, ray.direction, cell, float(p.side), ray.end)
                                         : leave(ray.origin, ray.direction, coarse, float(coarseSide), ray.end);
                next = max(next + 1, uint(max(ceil((leaves - ray.begin) / stepT - 0.5), 0.0)));
                continue;
            }
            t[count] = here;
            encode(count, place);
            ++count;
            ++next;
        }
        if (count == 0) continue;
        left -= kFieldBatchLoops;
        vec4 red, green, blue, density;
        lookUp(red, green, blue, density);
        for (uint k = 0; k < count; ++k) {
            while (layerT < t[k]) passLayer(ray, at);
            if (light < kLeastLight) break;
            const float share = p.opacity * light * (1 - exp(-density[k] * p.stepLength)), z = depthAt(ray, t[k]);
            const vec3 grey = vec3(1 - clamp((z - p.greyBegin) / (p.greyEnd - p.greyBegin), 0.0, 1.0));
            take(share, share * ((p.flags & kFieldGrey) != 0 ? grey : vec3(red[k], green[k], blue[k])), z, kField);
        }
        done = done || light < kLeastLight;
    }
    if (done)
        while (layerT < kNever) passLayer(ray, at);
    frame[pixel] = color.r;
    frame[pixel + 1] = color.g;
    frame[pixel + 2] = color.b;
    frame[pixel + 3] = opacity;
    frame[pixel + 4] = depth;
    frame[pixel + 5] = median;
    frame[pixel + 6] = stops;
    frame[pixel + 7] = float(next);
    frame[pixel + 8] = float(nextLayer);
}
