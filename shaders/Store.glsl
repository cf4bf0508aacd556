// SPDX-License-Identifier: GPL-3.0-or-later
// A pixel's colour among those that are read back. Expects BlendParams `p` and the buffer `pixels`.

void writeColor(uint to, vec4 c) {
    if (p.backgroundA > 0) c = vec4(c.rgb + (1 - c.a) * vec3(p.backgroundR, p.backgroundG, p.backgroundB), 1);
    if (p.words == 1) {
        const uvec4 b = uvec4(clamp(c, 0, 1) * 255 + 0.5);
        pixels[to] = b.r | b.g << 8 | b.b << 16 | b.a << 24;
        return;
    }
    for (uint k = 0; k < 4; ++k) pixels[to + k] = floatBitsToUint(c[k]);
}
