// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/field/NerfScene.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {
namespace {

constexpr std::size_t kPieceRays = 256;    // of which one piece of work is
constexpr int kForwardFacingBands = 6;     // of krrish94's configurations for LLFF; 10 in those for Blender

/// How repositories call the two networks of a checkpoint.
struct Pair {
    const char *coarse, *fine;
};
constexpr Pair kPairs[] = {{"model_coarse_state_dict.", "model_fine_state_dict."},
                           {"network_fn_state_dict.", "network_fine_state_dict."}};

const Pair* pairOf(const tensor::Weights& weights) {
    for (const Pair& pair : kPairs)
        if (Nerf::Config::fromWeights(weights.sub(pair.coarse))) return &pair;
    return nullptr;
}

Nerf open(const tensor::Weights& weights) {
    const auto config = Nerf::Config::fromWeights(weights);
    if (!config)
        throw Error(weights.subject() + ": holds no NeRF",
                    "checkpoints of yenchenlin/nerf-pytorch and krrish94/nerf-pytorch are known");
    return {weights.finiteOnly(), *config};
}

Ray rayOf(const CameraRay& ray) {
    Ray rounded;
    for (std::size_t k = 0; k < 3; ++k) {
        rounded.origin[k] = static_cast<float>(ray.origin[k]);
        rounded.direction[k] = static_cast<float>(ray.direction[k]);
    }
    return rounded;
}

std::array<float, 3> unit(const Ray& ray) {
    const float length = ray.length();
    return {ray.direction[0] / length, ray.direction[1] / length, ray.direction[2] / length};
}

/// The network at the samples z [rays, count] → [rays·count][4].
std::vector<float> look(const Nerf& network, const auto& pixels, const std::vector<float>& z, std::size_t count) {
    std::vector<float> points, directions;
    points.reserve(3 * z.size());
    directions.reserve(3 * z.size());
    for (std::size_t r = 0; r < pixels.size(); ++r) {
        const std::array<float, 3> direction = unit(pixels[r].seen);
        for (std::size_t i = 0; i < count; ++i) {
            const std::array<float, 3> point = pixels[r].ray.at(z[r * count + i]);
            points.insert(points.end(), point.begin(), point.end());
            directions.insert(directions.end(), direction.begin(), direction.end());
        }
    }
    const auto rows = static_cast<std::int64_t>(z.size());
    return nn::toValues(network.forward(nn::fromValues(points, {rows, 3}), nn::fromValues(directions, {rows, 3})));
}

} // namespace

std::optional<std::map<std::string, tensor::Shape>> NerfScene::expected(const tensor::Weights& weights) {
    if (const auto config = Nerf::Config::fromWeights(weights)) return config->expected();
    const Pair* pair = pairOf(weights);
    if (!pair) return std::nullopt;
    std::map<std::string, tensor::Shape> keys;
    for (const std::string prefix : {pair->coarse, pair->fine})
        if (const auto config = Nerf::Config::fromWeights(weights.sub(prefix)))
            for (const auto& [key, shape] : config->expected()) keys[prefix + key] = shape;
    return keys;
}

NerfScene::NerfScene(const tensor::Weights& weights)
    : m_coarse(open(pairOf(weights) ? weights.sub(pairOf(weights)->coarse) : weights)) {
    const Pair* pair = pairOf(weights);
    if (pair && Nerf::Config::fromWeights(weights.sub(pair->fine))) m_fine = open(weights.sub(pair->fine));
}

NerfSampling NerfScene::sampling() const {
    NerfSampling sampling;
    const Nerf::Config& config = m_coarse.config();
    if (!config.krrish) sampling.fine = 128;
    if (config.krrish && config.positionBands == kForwardFacingBands) {
        sampling.forwardFacing = true;
        sampling.near = 0;
        sampling.far = 1;
    }
    return sampling;
}

std::vector<NerfScene::Pixel> NerfScene::pixelsOf(const Camera& camera, const NerfSampling& sampling, std::size_t begin,
                                                  std::size_t end) const {
    const std::array<float, 2> scale{static_cast<float>(camera.width / (2 * camera.fx)),
                                     static_cast<float>(camera.height / (2 * camera.fy))};
    const auto width = static_cast<std::size_t>(camera.width);
    std::vector<Pixel> pixels;
    for (std::size_t i = begin; i < end; ++i) {
        const Ray ray = rayOf(camera.ray(static_cast<int>(i % width), static_cast<int>(i / width)));
        Pixel pixel{i, ray, ray};
        if (!sampling.forwardFacing || toNdc(pixel.ray, scale)) pixels.push_back(pixel);
    }
    return pixels;
}

void NerfScene::renderPiece(const std::vector<Pixel>& pixels, const NerfSampling& sampling, NerfPicture& picture) const {
    const std::size_t first = sampling.coarse, all = first + (m_fine ? sampling.fine : 0);
    std::vector<float> z(pixels.size() * first), weights(all);
    for (std::size_t r = 0; r < pixels.size(); ++r)
        placeEvenly(sampling.near, sampling.far, std::span(z).subspan(r * first, first));
    std::vector<float> raw = look(m_coarse, pixels, z, first);
    if (m_fine) {
        std::vector<float> more(pixels.size() * all);
        for (std::size_t r = 0; r < pixels.size(); ++r) {
            const auto coarse = std::span(z).subspan(r * first, first);
            composite(std::span(raw).subspan(4 * r * first, 4 * first), coarse, pixels[r].ray.length(), weights);
            const auto joined = std::span(more).subspan(r * all, all);
            std::ranges::copy(coarse, joined.begin());
            placeImportance(coarse, std::span(weights).first(first), joined.subspan(first));
            std::ranges::sort(joined);
        }
        z = std::move(more);
        raw = look(*m_fine, pixels, z, all);
    }
    const auto color = picture.color.edit(), depth = picture.depth.edit();
    for (std::size_t r = 0; r < pixels.size(); ++r) {
        const RayResult result = composite(std::span(raw).subspan(4 * r * all, 4 * all), std::span(z).subspan(r * all, all),
                                           pixels[r].ray.length(), weights);
        float* pixel = color.data() + 4 * pixels[r].index;
        std::ranges::copy(result.color, pixel);
        pixel[3] = result.opacity;
        if (!(result.opacity > 0)) continue;
        const float mean = result.depth / result.opacity;
        depth[pixels[r].index] = sampling.forwardFacing ? fromNdc(pixels[r].seen, mean) : mean;
    }
}

NerfPicture NerfScene::render(const Camera& camera, const NerfSampling& sampling, const Progress& progress,
                              const Cancel& cancel) const {
    if (!(sampling.near < sampling.far) || sampling.coarse < 3 || sampling.fine < 2)
        throw Error(fmt::format("NeRF: {} and {} samples from {} to {}: not enough to see anything", sampling.coarse, sampling.fine,
                                sampling.near, sampling.far),
                    "take 3 and 2 samples or more, and a far end behind the near one");
    NerfPicture picture{Image(camera.width, camera.height, 4, ColorSpace::Raw), Image(camera.width, camera.height, 1, ColorSpace::Raw)};
    const std::size_t count = picture.color.pixelCount();
    tensor::run(cancel, [&] {
        for (std::size_t i = 0; i < count; i += kPieceRays) {
            cancel.check();
            const auto pixels = pixelsOf(camera, sampling, i, std::min(count, i + kPieceRays));
            if (!pixels.empty()) renderPiece(pixels, sampling, picture);
            progress.report(std::min(count, i + kPieceRays), count, "rays");
        }
    });
    return picture;
}

} // namespace ochre::models
