// SPDX-License-Identifier: GPL-3.0-or-later
// The noise of a seed, drawn as other programs draw it, so that seeds carry over: the picture a sampling starts
// from, and what samplers add between steps. Everything is drawn on the CPU in float32.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/models/sampling/BrownianTree.h"
#include "core/models/sampling/Philox.h"
#include "core/tensor/Fill.h"

namespace ochre::models::sampling {

struct Sampler;

/// Whose random numbers.
enum class NoiseKind {
    Cpu,  ///< torch on the CPU: ComfyUI's default
    Cuda, ///< torch on a GPU (Philox): AUTOMATIC1111's default; ComfyUI's between steps where it runs on a GPU
};

/// What a sampler asks for noise, in the order of its calls.
class NoiseSource {
public:
    virtual ~NoiseSource() = default;
    /// Of variance 1, in the shape, type and device of x; for the step from one noise level to another.
    virtual Tensor next(double sigma, double sigmaNext) = 0;
};

/// ComfyUI's first noise: one draw of the whole batch, so that a picture depends on those before it.
Tensor startNoise(at::IntArrayRef shape, std::uint64_t seed);
/// The same where the pictures of a batch are known by number (its batch_index): picture k is draw k of
/// single pictures, wherever it stands. Throws Error for another count than shape[0] or numbers beyond 0…65535.
Tensor startNoise(at::IntArrayRef shape, std::uint64_t seed, const std::vector<int>& batchIndex);

/// Draws of the whole batch from one stream.
class BatchNoise : public NoiseSource {
public:
    BatchNoise(const Tensor& like, std::uint64_t seed, NoiseKind kind = NoiseKind::Cpu);
    Tensor next(double sigma, double sigmaNext) override;

private:
    Tensor m_like;
    at::Generator m_generator;
    PhiloxStream m_philox;
    NoiseKind m_kind;
};

/// How AUTOMATIC1111 seeds a batch: image k of `seed` has seed + k, unless variations are asked for.
struct ImageSeeds {
    std::vector<std::uint64_t> seeds;     ///< one a picture
    std::vector<std::uint64_t> subseeds;  ///< of the variations; 0 where it is too short
    double subseedStrength = 0;           ///< 0: the seed, 1: the subseed
    int resizeFromHeight = 0, resizeFromWidth = 0; ///< in latent pixels: compose as at that size; 0: off
    std::uint64_t nextSeedDelta = 0;      ///< added to seeds for noise between steps (ENSD)

    static ImageSeeds batch(std::uint64_t seed, int count, std::uint64_t subseed = 0, double strength = 0);
};

/// A stream a picture (modules/rng.py): first() is the start, next() what samplers add.
class ImageNoise : public NoiseSource {
public:
    /// `like` [pictures, C, H, W]; throws Error where the seeds are not one a picture.
    ImageNoise(const Tensor& like, ImageSeeds seeds, NoiseKind kind = NoiseKind::Cuda);
    Tensor first(); ///< once, before next()
    Tensor next(double sigma, double sigmaNext) override;

private:
    class Stream;
    Tensor firstOf(std::size_t picture);

    Tensor m_like;
    ImageSeeds m_seeds;
    NoiseKind m_kind;
    std::vector<std::shared_ptr<Stream>> m_streams;
};

/// Noise of SDE samplers: the moves of a Brownian path over sigma. One path for the whole batch (ComfyUI), or
/// with several seeds one a picture (AUTOMATIC1111).
class BrownianNoise : public NoiseSource {
public:
    BrownianNoise(const Tensor& like, double sigmaMin, double sigmaMax, const std::vector<std::uint64_t>& seeds,
                  NoiseKind kind = NoiseKind::Cpu);
    Tensor next(double sigma, double sigmaNext) override;

private:
    Tensor m_like;
    std::vector<BrownianTree> m_trees;
    bool m_batched;
};

/// Noise that is given, in call order; more calls than noises are an Error.
class GivenNoise : public NoiseSource {
public:
    explicit GivenNoise(std::vector<Tensor> noises) : m_noises(std::move(noises)) {}
    Tensor next(double sigma, double sigmaNext) override;
    std::size_t used() const { return m_used; }

private:
    std::vector<Tensor> m_noises;
    std::size_t m_used = 0;
};

/// What ComfyUI feeds `sampler` with: a Brownian path of `seed` over `sigmas`, or draws of seed + 1 (on a GPU,
/// NoiseKind::Cuda: of seed).
std::unique_ptr<NoiseSource> samplerNoise(const Sampler& sampler, const Tensor& like,
                                          const std::vector<double>& sigmas, std::uint64_t seed,
                                          NoiseKind kind = NoiseKind::Cpu);

} // namespace ochre::models::sampling
