// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/field/NerfRays.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace ochre::models {
namespace {

constexpr float kEndless = 1e10f;  // the last interval
constexpr float kLeastLight = 1e-10f;
constexpr float kLeastWeight = 1e-5f;
constexpr float kNearPlane = 1;    // of normalised device coordinates
constexpr float kFurthest = 0.9999f; // t that still has a place in the world

} // namespace

std::array<float, 3> Ray::at(float t) const {
    return {origin[0] + direction[0] * t, origin[1] + direction[1] * t, origin[2] + direction[2] * t};
}

float Ray::length() const {
    return std::sqrt(direction[0] * direction[0] + direction[1] * direction[1] + direction[2] * direction[2]);
}

void placeEvenly(float near, float far, std::span<float> z) {
    const auto last = static_cast<float>(std::max<std::size_t>(1, z.size() - 1));
    for (std::size_t i = 0; i < z.size(); ++i) {
        const float t = static_cast<float>(i) / last;
        z[i] = near * (1 - t) + far * t;
    }
}

float RayResult::disparity() const {
    return 1 / std::max(1e-10f, depth / opacity);
}

RayResult composite(std::span<const float> raw, std::span<const float> z, float rayLength, std::span<float> weights) {
    RayResult result;
    double light = 1;
    for (std::size_t i = 0; i < z.size(); ++i) {
        const float* sample = raw.data() + 4 * i;
        const float distance = (i + 1 < z.size() ? z[i + 1] - z[i] : kEndless) * rayLength;
        const float alpha = 1 - std::exp(-std::max(0.0f, sample[3]) * distance);
        weights[i] = alpha * static_cast<float>(light);
        light *= static_cast<double>(1 - alpha + kLeastLight);
        for (std::size_t k = 0; k < 3; ++k) result.color[k] += weights[i] / (1 + std::exp(-sample[k]));
        result.depth += weights[i] * z[i];
        result.opacity += weights[i];
    }
    return result;
}

void placeByWeight(std::span<const float> bins, std::span<const float> weights, std::span<float> samples) {
    double sum = 0, share = 0;
    for (const float w : weights) sum += static_cast<double>(w + kLeastWeight);
    // The distribution up to each bin, rounded as the reference does: where it is flat, places hang on last bits.
    std::vector<float> reached(bins.size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
        share += static_cast<double>((weights[i] + kLeastWeight) / static_cast<float>(sum));
        reached[i + 1] = static_cast<float>(share);
    }
    const std::size_t last = samples.size() - 1;
    const float step = 1 / static_cast<float>(std::max<std::size_t>(1, last));
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const float u = i < samples.size() / 2 ? step * static_cast<float>(i) : 1 - step * static_cast<float>(last - i);
        const auto above = static_cast<std::size_t>(std::ranges::upper_bound(reached, u) - reached.begin());
        const std::size_t from = above == 0 ? 0 : above - 1, to = std::min(above, bins.size() - 1);
        const float width = reached[to] - reached[from];
        const float way = (u - reached[from]) / (width < kLeastWeight ? 1 : width);
        samples[i] = bins[from] + way * (bins[to] - bins[from]);
    }
}

void placeImportance(std::span<const float> z, std::span<const float> weights, std::span<float> samples) {
    std::vector<float> middles(z.size() - 1);
    for (std::size_t i = 0; i + 1 < z.size(); ++i) middles[i] = 0.5f * (z[i] + z[i + 1]);
    placeByWeight(middles, weights.subspan(1, weights.size() - 2), samples);
}

bool toNdc(Ray& ray, const std::array<float, 2>& scale) {
    if (!(ray.direction[2] < 0)) return false;
    const std::array<float, 3> o = ray.at(-(kNearPlane + ray.origin[2]) / ray.direction[2]);
    const auto& d = ray.direction;
    Ray ndc;
    for (std::size_t k = 0; k < 2; ++k) {
        ndc.origin[k] = -o[k] / (scale[k] * o[2]);
        ndc.direction[k] = -(d[k] / d[2] - o[k] / o[2]) / scale[k];
    }
    ndc.origin[2] = 1 + 2 * kNearPlane / o[2];
    ndc.direction[2] = -2 * kNearPlane / o[2];
    ray = ndc;
    return true;
}

float fromNdc(const Ray& before, float t) {
    const float reached = std::min(t, kFurthest);
    const float z = before.direction[2], plane = -(kNearPlane + before.origin[2]) / z;
    return plane - kNearPlane * reached / ((1 - reached) * z);
}

} // namespace ochre::models
