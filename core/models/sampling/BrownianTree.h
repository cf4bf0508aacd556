// SPDX-License-Identifier: GPL-3.0-or-later
// One path of Brownian motion, the same at whatever times it is asked: the noise of SDE samplers, so that a
// picture keeps its looks when the number of steps changes. Values are those of google-research/torchsde's
// BrownianTree (tolerance 1e-6, entropy pool of 24 words): times are halved down to the one that is asked, and
// each halving draws from numpy's SeedSequence of (seed, place in the tree).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/tensor/Nn.h"

namespace ochre::models::sampling {

using nn::Tensor;

/// numpy.random.SeedSequence(entropy, spawn_key=…, pool_size=…).generate_state(count).
std::vector<std::uint32_t> seedSequence(std::uint64_t entropy, std::span<const std::uint32_t> spawnKey,
                                        int poolSize, int count);

class BrownianTree {
public:
    /// Normal numbers of a seed, always of one shape.
    using Draw = std::function<Tensor(std::uint64_t seed)>;

    /// A path over `from`…`to` (from < to, else Error).
    BrownianTree(double from, double to, std::uint64_t seed, Draw draw);

    /// How far the path moves between two times of its range, rounded to six decimals; what lies outside is
    /// held to the range. Zeros for from = to; Error for from > to. Costs up to some 50 draws.
    Tensor increment(double from, double to) const;

private:
    struct Node {
        double start, end;
        std::uint64_t place; ///< from the left, among those of its depth
        std::uint32_t depth;
        Tensor moved; ///< how far the path moves from start to end
    };
    void add(const Node& node, double from, double to, Tensor& sum) const;

    std::uint64_t m_seed;
    Draw m_draw;
    Node m_root;
};

} // namespace ochre::models::sampling
