// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/sampling/Noise.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/sampling/Samplers.h"
#include "core/tensor/Runtime.h"

namespace ochre::models::sampling {
namespace {

constexpr int kMostBatchIndex = 65535;
/// Directions closer than this (cosine) are mixed on a straight line.
constexpr double kNearlyParallel = 0.9995;

Tensor draw(NoiseKind kind, std::uint64_t seed, at::IntArrayRef shape) {
    if (kind == NoiseKind::Cuda) return PhiloxStream(seed).randn(shape);
    at::Generator generator = tensor::generator(seed);
    return nn::randn(shape, generator);
}

Tensor as(const Tensor& noise, const Tensor& like) { return noise.to(like.options()); }

/// Spherical mix of pictures [C, H, W], with angles taken along H as AUTOMATIC1111 does; its straight line is
/// the other way round than its arc, which is kept.
Tensor slerp(double share, const Tensor& low, const Tensor& high) {
    const auto unit = [](const Tensor& x) { return x.div(x.norm(2, {1}, true)); };
    const Tensor cosine = unit(low).mul(unit(high)).sum({1}, true);
    if (cosine.mean().item<double>() > kNearlyParallel) return low.mul(share).add(high, 1 - share);
    const Tensor angle = cosine.acos(), sine = angle.sin();
    return angle.mul(1 - share).sin().div(sine).mul(low).add(angle.mul(share).sin().div(sine).mul(high));
}

} // namespace

Tensor startNoise(at::IntArrayRef shape, std::uint64_t seed) { return draw(NoiseKind::Cpu, seed, shape); }

Tensor startNoise(at::IntArrayRef shape, std::uint64_t seed, const std::vector<int>& batchIndex) {
    if (shape.empty() || static_cast<std::int64_t>(batchIndex.size()) != shape[0])
        throw Error(fmt::format("noise: {} batch numbers", batchIndex.size()), "give one for each picture");
    const auto [least, most] = std::ranges::minmax(batchIndex);
    if (least < 0 || most > kMostBatchIndex)
        throw Error(fmt::format("noise: batch number {}", least < 0 ? least : most),
                    fmt::format("they run from 0 to {}", kMostBatchIndex));
    std::vector<std::int64_t> single = shape.vec();
    single[0] = 1;
    at::Generator generator = tensor::generator(seed);
    std::map<int, Tensor> drawn;
    for (int i = 0; i <= most; ++i) {
        tensor::currentCancel().check();
        const Tensor noise = nn::randn(single, generator);
        if (std::ranges::find(batchIndex, i) != batchIndex.end()) drawn.emplace(i, noise);
    }
    std::vector<Tensor> noises;
    for (const int i : batchIndex) noises.push_back(drawn.at(i));
    return nn::cat(noises, 0);
}

BatchNoise::BatchNoise(const Tensor& like, std::uint64_t seed, NoiseKind kind)
    : m_like(like), m_generator(tensor::generator(seed)), m_philox(seed), m_kind(kind) {}

Tensor BatchNoise::next(double, double) {
    return as(m_kind == NoiseKind::Cuda ? m_philox.randn(m_like.sizes()) : nn::randn(m_like.sizes(), m_generator),
              m_like);
}

ImageSeeds ImageSeeds::batch(std::uint64_t seed, int count, std::uint64_t subseed, double strength) {
    ImageSeeds result;
    result.subseedStrength = strength;
    for (int i = 0; i < count; ++i) {
        result.seeds.push_back(strength == 0 ? seed + i : seed);
        result.subseeds.push_back(subseed + i);
    }
    return result;
}

class ImageNoise::Stream {
public:
    Stream(std::uint64_t seed, NoiseKind kind)
        : m_generator(tensor::generator(seed)), m_philox(seed), m_kind(kind) {}
    Tensor randn(at::IntArrayRef shape) {
        return m_kind == NoiseKind::Cuda ? m_philox.randn(shape) : nn::randn(shape, m_generator);
    }

private:
    at::Generator m_generator;
    PhiloxStream m_philox;
    NoiseKind m_kind;
};

ImageNoise::ImageNoise(const Tensor& like, ImageSeeds seeds, NoiseKind kind)
    : m_like(like), m_seeds(std::move(seeds)), m_kind(kind) {
    if (like.dim() != 4 || like.size(0) != static_cast<std::int64_t>(m_seeds.seeds.size()))
        throw Error(fmt::format("noise: {} seeds for another number of pictures", m_seeds.seeds.size()),
                    "give one seed a picture");
    for (const std::uint64_t seed : m_seeds.seeds) m_streams.push_back(std::make_shared<Stream>(seed, kind));
}

Tensor ImageNoise::first() {
    std::vector<Tensor> pictures;
    for (std::size_t i = 0; i < m_streams.size(); ++i) pictures.push_back(firstOf(i).unsqueeze(0));
    if (m_seeds.nextSeedDelta)
        for (std::size_t i = 0; i < m_streams.size(); ++i)
            m_streams[i] = std::make_shared<Stream>(m_seeds.seeds[i] + m_seeds.nextSeedDelta, m_kind);
    return as(nn::cat(pictures, 0), m_like);
}

Tensor ImageNoise::firstOf(std::size_t picture) {
    const std::vector<std::int64_t> shape = m_like.sizes().slice(1).vec();
    std::vector<std::int64_t> composed = shape;
    if (m_seeds.resizeFromHeight > 0 && m_seeds.resizeFromWidth > 0)
        composed = {shape[0], m_seeds.resizeFromHeight, m_seeds.resizeFromWidth};
    const bool resized = composed != shape;
    Tensor noise = resized ? draw(m_kind, m_seeds.seeds[picture], composed) : m_streams[picture]->randn(shape);
    if (m_seeds.subseedStrength != 0) {
        const std::uint64_t subseed = picture < m_seeds.subseeds.size() ? m_seeds.subseeds[picture] : 0;
        noise = slerp(m_seeds.subseedStrength, noise, draw(m_kind, subseed, composed));
    }
    if (!resized) return noise;
    // The old picture lies in the middle of the new one, or the new one in the middle of the old.
    Tensor whole = m_streams[picture]->randn(shape);
    Tensor part = whole;
    for (const int side : {1, 2}) {
        const std::int64_t length = std::min(shape[side], composed[side]);
        const std::int64_t off = shape[side] - composed[side];
        // Python's // rounds down, so that an odd difference below 0 moves by one more.
        const std::int64_t half = off >= 0 ? off / 2 : -((1 - off) / 2);
        const std::int64_t kept = half >= 0 ? composed[side] : composed[side] + 2 * half;
        part = nn::narrow(part, side, std::max<std::int64_t>(half, 0), std::min(kept, length));
        noise = nn::narrow(noise, side, std::max<std::int64_t>(-half, 0), std::min(kept, length));
    }
    part.copy_(noise);
    return whole;
}

Tensor ImageNoise::next(double, double) {
    std::vector<Tensor> pictures;
    for (const auto& stream : m_streams) pictures.push_back(stream->randn(m_like.sizes().slice(1)).unsqueeze(0));
    return as(nn::cat(pictures, 0), m_like);
}

BrownianNoise::BrownianNoise(const Tensor& like, double sigmaMin, double sigmaMax,
                             const std::vector<std::uint64_t>& seeds, NoiseKind kind)
    : m_like(like), m_batched(seeds.size() > 1) {
    if (seeds.empty() || (m_batched && static_cast<std::int64_t>(seeds.size()) != like.size(0)))
        throw Error(fmt::format("noise: {} seeds for another number of pictures", seeds.size()),
                    "give one seed, or one a picture");
    const std::vector<std::int64_t> shape = m_batched ? like.sizes().slice(1).vec() : like.sizes().vec();
    for (const std::uint64_t seed : seeds)
        m_trees.emplace_back(static_cast<float>(sigmaMin), static_cast<float>(sigmaMax), seed,
                             [kind, shape](std::uint64_t node) { return draw(kind, node, shape); });
}

Tensor BrownianNoise::next(double sigma, double sigmaNext) {
    const auto from = static_cast<float>(sigma), to = static_cast<float>(sigmaNext);
    const double sign = from < to ? 1 : -1;
    std::vector<Tensor> moves;
    for (const BrownianTree& tree : m_trees) {
        const Tensor moved = tree.increment(std::min(from, to), std::max(from, to));
        moves.push_back(m_batched ? moved.unsqueeze(0) : moved);
    }
    const Tensor moved = m_batched ? nn::cat(moves, 0) : moves.front();
    return as(moved.mul(sign).div(std::sqrt(std::abs(to - from))), m_like);
}

Tensor GivenNoise::next(double, double) {
    if (m_used == m_noises.size())
        throw Error(fmt::format("noise: more than the {} that are given are asked for", m_noises.size()));
    return m_noises[m_used++];
}

std::unique_ptr<NoiseSource> samplerNoise(const Sampler& sampler, const Tensor& like,
                                          const std::vector<double>& sigmas, std::uint64_t seed,
                                          NoiseKind kind) {
    double least = 0, most = 0;
    for (const double sigma : sigmas) {
        most = std::max(most, sigma);
        if (sigma > 0 && (least == 0 || sigma < least)) least = sigma;
    }
    if (sampler.brownian && least < most)
        return std::make_unique<BrownianNoise>(like, least, most, std::vector<std::uint64_t>{seed}, kind);
    return std::make_unique<BatchNoise>(like, kind == NoiseKind::Cpu ? seed + 1 : seed, kind);
}

} // namespace ochre::models::sampling
