#version 450
// SPDX-License-Identifier: GPL-3.0-or-later
// Which splats a question finds, 32 an invocation, in floats: a bit for those that are found and one for those that rounding leaves open,
// which the CPU then asks in double precision (core/scene/edit/SplatQuery.cpp).
#extension GL_GOOGLE_include_directive : require
#include "SelectTypes.h"
#include "SharedTypes.h"

layout(local_size_x = kGroupSize) in;
layout(push_constant) uniform Push { SelectParams p; };
layout(std430, binding = 0) readonly buffer Values { float values[]; }; // positions, colours or sizes: three a splat; opacities: one
layout(std430, binding = 1) readonly buffer Inside { uint inside[]; };  // of the picture, four pixels each
layout(std430, binding = 2) writeonly buffer Found { uint found[]; };   // two words for 32 splats: found, open

const uint kOut = 0, kIn = 1, kOpen = 2;
const float kError = 16.0 / 16777216; // of a few operations, against the sum of their magnitudes
const float kNoLimit = 1e30;

vec3 vectorOf(uint at) {
    return vec3(p.v[at], p.v[at + 1], p.v[at + 2]);
}

vec3 valueOf(uint i) {
    return vec3(values[3 * i], values[3 * i + 1], values[3 * i + 2]);
}

// Whether `value` is at most 0, by its sign and what may be wrong about it.
uint atMostZero(float value, float error) {
    return abs(value) <= error ? kOpen : value < 0 ? kIn : kOut;
}

uint both(uint a, uint b) {
    return a == kOut || b == kOut ? kOut : max(a, b);
}

bool pixel(float x, float y) {
    if (!(x >= 0 && y >= 0 && x < p.width && y < p.height)) return false;
    const uint at = uint(y) * p.width + uint(x);
    return (inside[at / 4] >> (at % 4 * 8) & 1) != 0;
}

uint onScreen(vec3 at) {
    vec3 t, e;
    for (uint k = 0; k < 3; ++k) {
        const vec3 row = vectorOf(4 * k);
        t[k] = dot(row, at) + p.v[4 * k + 3];
        e[k] = kError * (dot(abs(row), abs(at)) + abs(p.v[4 * k + 3]));
    }
    const uint ahead = both(atMostZero(p.v[16] - t.z, e.z), p.v[17] >= kNoLimit ? kIn : atMostZero(t.z - p.v[17], e.z + kError * p.v[17]));
    if (ahead != kIn) return ahead;
    const float depth = p.v[18] != 0 ? 1 : t.z;
    const vec2 way = vec2(p.v[12], p.v[13]) * t.xy / depth, to = way + vec2(p.v[14], p.v[15]);
    const float slack = p.v[18] != 0 ? 0 : e.z / depth;
    const vec2 error = vec2(p.v[12], p.v[13]) * e.xy / depth + abs(way) * (slack + kError) + kError * abs(vec2(p.v[14], p.v[15]));
    if (!(max(error.x, error.y) < 0.4)) return kOpen;
    const vec2 low = to - error, high = to + error;
    const bool here = pixel(low.x, low.y);
    if (pixel(high.x, low.y) != here || pixel(low.x, high.y) != here || pixel(high.x, high.y) != here) return kOpen;
    return here ? kIn : kOut;
}

// By the square of the distance of `at` from a place, where what is subtracted may be wrong by `error`.
uint within(vec3 at, vec3 place, float square) {
    const vec3 d = at - place;
    const float length2 = dot(d, d);
    return atMostZero(length2 - square, kError * (length2 + square + dot(abs(d), abs(at) + abs(place))));
}

uint inBox(vec3 at) {
    const vec3 d = at - vectorOf(0), magnitude = abs(at) + abs(vectorOf(0));
    uint all = kIn;
    for (uint k = 0; k < 3; ++k) {
        const vec3 axis = vec3(p.v[6 + k], p.v[9 + k], p.v[12 + k]);
        all = both(all, atMostZero(abs(dot(axis, d)) - p.v[3 + k], kError * (dot(abs(axis), magnitude) + p.v[3 + k])));
    }
    return all;
}

vec3 colorOf(uint i) {
    return 0.5 + 0.28209479 * valueOf(i);
}

uint between(float value, float error) {
    return both(atMostZero(p.v[0] - value, error + kError * abs(p.v[0])), atMostZero(value - p.v[1], error + kError * abs(p.v[1])));
}

// Numbers as whole ones in the same order, so that nothing is rounded (FloatRange of SplatQuery.h).
uint order(float value) {
    const uint bits = floatBitsToUint(value);
    return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

uint inRange(uint number) {
    return number >= p.low && number <= p.high ? kIn : kOut;
}

uint ask(uint i) {
    switch (p.kind) {
    case kSelectScreen: return onScreen(valueOf(i));
    case kSelectSphere: return within(valueOf(i), vectorOf(0), p.v[3]);
    case kSelectBox: return inBox(valueOf(i));
    case kSelectColor: return within(colorOf(i), vectorOf(0), p.v[3]);
    case kSelectLuminance: {
        const vec3 weights = vec3(0.2126, 0.7152, 0.0722), color = colorOf(i);
        return between(dot(weights, color), kError * (1 + dot(weights, abs(color))));
    }
    case kSelectLargest: return inRange(max(max(order(values[3 * i]), order(values[3 * i + 1])), order(values[3 * i + 2])));
    default: return inRange(order(values[i]));
    }
}

void main() {
    const uint word = gl_GlobalInvocationID.x, first = 32 * word;
    if (first >= p.count) return;
    uint yes = 0, open = 0;
    for (uint i = first; i < min(first + 32, p.count); ++i) {
        const uint answer = ask(i);
        yes |= uint(answer == kIn) << (i - first);
        open |= uint(answer == kOpen) << (i - first);
    }
    found[2 * word] = yes;
    found[2 * word + 1] = open;
}
