// SPDX-License-Identifier: GPL-3.0-or-later
// Examples of a data set as latents with the states of their captions' tokens, computed once and kept on disk.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/models/diffusion/AutoencoderKl.h"
#include "core/models/text/SentenceEncoder.h"
#include "core/training/Batches.h"
#include "core/training/Recipe.h"
#include "core/training/data/Dataset.h"

namespace ochre::training {

class LatentPool {
public:
    /// Opens the pool of the folder where it was made of the same `identity`, else makes it: `count` examples in an order
    /// that follows from the seed. `autoencoder` takes pictures whose `unshuffle`² pixels are channels. `device`: where the
    /// autoencoder's and the encoder's weights lie, and what the pool gives. In run().
    static LatentPool make(const Workplace& place, const std::string& identity, const Dataset& data, std::int64_t count,
                           std::uint64_t seed, const models::AutoencoderKl& autoencoder, int unshuffle,
                           const models::SentenceEncoder& encoder, at::Device device = at::kCPU);

    /// Example n of a pool is example order.at(n) of `size`, drawn for the n-th time.
    static Order order(std::size_t size, std::uint64_t seed);

    std::int64_t count() const { return m_latents.size(0); }
    nn::Tensor latents(const std::vector<std::int64_t>& examples) const; ///< float32 [N, z, h, w]
    /// float32 [N, kStarterTokens, width] of the examples' captions, padded with zeros.
    nn::Tensor states(const std::vector<std::int64_t>& examples) const;
    tensor::Shape latentShape() const { return {m_latents.size(1), m_latents.size(2), m_latents.size(3)}; }
    std::int64_t width() const { return m_states.size(1); }

private:
    nn::Tensor indices(const std::vector<std::int64_t>& examples) const; ///< int64 [N]

    nn::Tensor m_latents; ///< float16 [count, z, h, w], mapped where it is on the CPU
    nn::Tensor m_states;  ///< float16 [tokens of all captions, width], the same
    nn::Tensor m_ends;    ///< int64 [count + 1]: where captions begin and end
};

} // namespace ochre::training
