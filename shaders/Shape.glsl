// SPDX-License-Identifier: GPL-3.0-or-later
// What the second half of a splat's geometry holds, see core/render/vulkan/PackedSplats.h.

vec4 turnOf(uvec4 shape) { // w x y z
    return normalize(vec4(unpackSnorm2x16(shape.x), unpackSnorm2x16(shape.y)));
}

uvec3 scaleCodes(uvec4 shape) {
    return uvec3(shape.z & 0x1fffff, shape.z >> 21 | (shape.w & 0x3ff) << 11, shape.w >> 10);
}

vec3 scalesOf(uvec4 shape) {
    const uvec3 codes = scaleCodes(shape);
    return mix(exp(vec3(codes) * kScaleStep + kScaleLow), vec3(0), equal(codes, uvec3(0)));
}

// Rᵀv
vec3 turnedBack(vec4 q, vec3 v) {
    const vec3 c = cross(q.yzw, v);
    return v - 2 * q.x * c + 2 * cross(q.yzw, c);
}
