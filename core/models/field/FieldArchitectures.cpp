// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/ArchitectureParts.h"

#include <span>

#include "core/models/field/NerfScene.h"
#include "core/tensor/Fill.h"

namespace ochre::models {
namespace {

/// The rays of a case through the network, with the samples that importance sampling would add.
Tensors renderNerf(const Nerf& model, const Json& parityCase, const Tensors& inputs) {
    const nn::Tensor &origins = input(inputs, "rays_o"), &z = input(inputs, "z_vals");
    const std::int64_t rays = z.size(0), samples = z.size(1), more = parityCase.at("outputs").at("z_samples").at(1).get<std::int64_t>();
    const std::vector<float> o = nn::toValues(origins), d = nn::toValues(input(inputs, "rays_d")), at = nn::toValues(z);
    std::vector<float> points, directions, color, depth, disparity, opacity, weights(at.size()),
        importance(static_cast<std::size_t>(rays * more));
    std::vector<Ray> all;
    for (std::size_t r = 0; r < static_cast<std::size_t>(rays); ++r)
        all.push_back({{o[3 * r], o[3 * r + 1], o[3 * r + 2]}, {d[3 * r], d[3 * r + 1], d[3 * r + 2]}});
    for (std::size_t i = 0; i < at.size(); ++i) {
        const Ray& ray = all[i / static_cast<std::size_t>(samples)];
        for (const float v : ray.at(at[i])) points.push_back(v);
        for (const float v : ray.direction) directions.push_back(v / ray.length());
    }
    const nn::Tensor raw = model.forward(nn::fromValues(points, {rays * samples, 3}), nn::fromValues(directions, {rays * samples, 3}));
    const std::vector<float> values = nn::toValues(raw);
    const bool white = parityCase.at("config").value("white_bkgd", false);
    for (std::size_t r = 0; r < all.size(); ++r) {
        const auto count = static_cast<std::size_t>(samples);
        const auto zOfRay = std::span(at).subspan(r * count, count);
        const auto share = std::span(weights).subspan(r * count, count);
        const RayResult result = composite(std::span(values).subspan(4 * r * count, 4 * count), zOfRay, all[r].length(), share);
        for (const float v : result.color) color.push_back(v + (white ? 1 - result.opacity : 0));
        depth.push_back(result.depth);
        disparity.push_back(result.disparity());
        opacity.push_back(result.opacity);
        placeImportance(zOfRay, share, std::span(importance).subspan(r * static_cast<std::size_t>(more), static_cast<std::size_t>(more)));
    }
    return {{"raw", raw.view({rays, samples, 4})},
            {"rgb", nn::fromValues(color, {rays, 3})},
            {"depth", nn::fromValues(depth, {rays})},
            {"disp", nn::fromValues(disparity, {rays})},
            {"acc", nn::fromValues(opacity, {rays})},
            {"weights", nn::fromValues(weights, {rays, samples})},
            {"z_samples", nn::fromValues(importance, {rays, more})}};
}

Tensors runNerf(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
    const Nerf model(weights, configOf<Nerf>(weights, "NeRF"));
    if (parityCase.value("entry", std::string()) == "render") return renderNerf(model, parityCase, inputs);
    return {{"raw", model.forward(input(inputs, "points"), inputOrNone(inputs, "viewdirs"))}};
}

} // namespace

std::vector<Architecture> fieldArchitectures() {
    return {
        {"nerf", NerfScene::expected, runNerf, {}, Nerf::Config::isBeside},
    };
}

} // namespace ochre::models
