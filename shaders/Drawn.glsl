// SPDX-License-Identifier: GPL-3.0-or-later
// A visible splat in the picture: 32 bytes that Project.comp writes and every other kernel reads. Its weight in a pixel that is
// d away is opacity·2^(−across·(d.x − slant·d.y)² − down·d.y²), which rounding cannot bring above the opacity.

struct Drawn {
    vec2 centre;
    float slant, across, down;
    float opacity;
    vec3 color;
    float z; // in the camera
};

const float kAlphaCap = 0.99, kAlphaCut = 1.0 / 255.0;
const float kStop = 9.9995e-5;        // a hair below 1e-4, so that floats stop where doubles do
const float kHalfLog2e = 0.721347520444;

uvec4 firstHalf(Drawn s) {
    return uvec4(floatBitsToUint(s.centre), floatBitsToUint(s.slant), floatBitsToUint(s.across));
}

uvec4 secondHalf(Drawn s) {
    const uint opacity = uint(s.opacity * 65535 + 0.5);
    return uvec4(floatBitsToUint(s.down), packHalf2x16(s.color.rg), packHalf2x16(vec2(s.color.b, 0)) | opacity << 16, floatBitsToUint(s.z));
}

Drawn drawnOf(uvec4 a, uvec4 b) {
    return Drawn(uintBitsToFloat(a.xy), uintBitsToFloat(a.z), uintBitsToFloat(a.w), uintBitsToFloat(b.x), float(b.z >> 16) / 65535,
                 vec3(unpackHalf2x16(b.y), unpackHalf2x16(b.z).x), uintBitsToFloat(b.w));
}

// In two steps for those who go through a row: what it is that counts of the row, and then of the pixel.
vec2 rowAt(Drawn s, vec2 d) {
    return vec2(d.x - s.slant * d.y, -s.down * d.y * d.y);
}
float weightInRow(Drawn s, vec2 row, float x) {
    const float u = row.x + x;
    return min(kAlphaCap, s.opacity * exp2(row.y - s.across * u * u));
}
float weightAt(Drawn s, vec2 d) {
    return weightInRow(s, rowAt(s, d), 0);
}

// xx, xy, yy of the covariance.
vec3 covarianceOf(Drawn s) {
    const float yy = kHalfLog2e / s.down, xy = s.slant * yy;
    return vec3(kHalfLog2e / s.across + s.slant * xy, xy, yy);
}

// Half of the squared distance, in standard deviations and powers of two, within which alpha reaches the cut; not above 0: nowhere.
float reachOf(Drawn s) {
    return log2(s.opacity * 255);
}
