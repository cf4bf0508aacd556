// SPDX-License-Identifier: GPL-3.0-or-later
// Colours for numbers, as core/render/SplatMath.cpp.

// Blue for 0 over cyan, green and yellow to red for 1.
vec3 heat(float share) {
    return clamp(1.5 - abs(4 * share - vec3(3, 2, 1)), 0, 1);
}
