// SPDX-License-Identifier: GPL-3.0-or-later
// Small clouds of our own making, stored truths, and how far two pictures are apart.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/image/Image.h"
#include "core/scene/Camera.h"
#include "core/scene/SplatCloud.h"

namespace ochre::test {

struct Splat {
    Vec3 position{0, 0, 4};
    Vec3 scale{0.1, 0.1, 0.1}; ///< linear
    std::array<double, 4> rotation{1, 0, 0, 0};
    double opacity = 0.8; ///< 0…1
    Vec3 color{1, 1, 1};
};

SplatCloud cloudOf(const std::vector<Splat>& splats);

/// Seeded: positions within ±spread of (0, 0, 5), scales from points to slabs, any turn, opacities up to
/// exactly 1, SH of `degree`.
SplatCloud randomCloud(std::size_t count, int degree, std::uint32_t seed, double spread = 2);

/// Looks along +z from the origin with the principal point in the centre.
Camera straightCamera(int width, int height, double focal);

struct Difference {
    double mean = 0;  ///< over all samples, in 1/255
    double p999 = 0;  ///< the largest sample of a pixel that 99.9 % of the pixels do not exceed, in 1/255
    double worst = 0; ///< in 1/255
};
Difference difference(const Image& a, const Image& b);
double psnr(const Image& a, const Image& b); ///< decibels, of values up to 1; 200 where they are equal

/// Tensors of a .safetensors file as floats with their shapes.
struct Tensor {
    std::vector<std::size_t> shape;
    std::vector<float> values;
};
std::map<std::string, Tensor> readTensors(const std::filesystem::path& path);

} // namespace ochre::test
