// SPDX-License-Identifier: GPL-3.0-or-later
// The random numbers of torch.cuda: Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1,
// 2, 3") and Box-Muller, one counter for each number. AUTOMATIC1111/stable-diffusion-webui draws its noise so
// on every device (modules/rng_philox.py), whose order of draws this follows.
#pragma once

#include <array>
#include <cstdint>

#include "core/tensor/Nn.h"

namespace ochre::models::sampling {

using nn::Tensor;

/// One block: four random words of a counter under a key.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::uint64_t key);

/// A stream of normal numbers of one seed, as torch.Generator("cuda").manual_seed(seed).
class PhiloxStream {
public:
    explicit PhiloxStream(std::uint64_t seed) : m_seed(seed) {}

    /// float32 on the CPU. Number i of a draw is that of GPU thread i; what a GPU gives is the same as long as
    /// it has that many threads (some 200,000), else it depends on the GPU. Every draw moves on by one.
    Tensor randn(at::IntArrayRef shape);

private:
    std::uint64_t m_seed;
    std::uint32_t m_draw = 0;
};

} // namespace ochre::models::sampling
