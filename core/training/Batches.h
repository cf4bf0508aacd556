// SPDX-License-Identifier: GPL-3.0-or-later
// A data set in the order in which it is learned from: each epoch in an order of its own, which follows from the seed.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <vector>

#include "core/tensor/Nn.h"
#include "core/training/data/Dataset.h"

namespace ochre::training {

/// `count` indices in the order of epoch `epoch`: the same for the same three numbers.
std::vector<std::uint32_t> shuffled(std::uint32_t count, std::uint64_t seed, std::uint64_t epoch);

/// Number `n` of an endless sequence of indices below `count`, in which every epoch has each index once. Remembers the
/// order of the last epoch that was asked for.
class Order {
public:
    Order(std::uint32_t count, std::uint64_t seed) : m_count(count), m_seed(seed) {}
    std::uint32_t at(std::uint64_t n);
    std::uint32_t count() const { return m_count; }

private:
    std::uint32_t m_count;
    std::uint64_t m_seed, m_epoch = ~std::uint64_t{0};
    std::vector<std::uint32_t> m_order;
};

/// The draw of examples that are shown and measured, plus their index: none that is learned from.
inline constexpr std::uint64_t kFixedDraw = std::uint64_t{1} << 40;

/// Examples of a data set by the part of a step; the next part is made while this one is computed. One in `heldOut` of the
/// indices (0: none) is never given, but listed.
class Batches {
public:
    Batches(std::shared_ptr<const Dataset> data, std::int64_t batch, int parts, std::uint64_t seed, int heldOut = 0);
    ~Batches();

    std::vector<Example> part(std::int64_t step, int part);
    const std::vector<std::uint32_t>& heldOut() const { return m_heldOut; }
    const Dataset& data() const { return *m_data; }
    /// The same ones whenever asked: of those that are held out, or of all where there are too few to hold any out; again from the
    /// first on where they do not suffice, by other draws.
    std::vector<Example> fixed(std::size_t count) const;

private:
    std::vector<Example> make(std::int64_t first);

    std::shared_ptr<const Dataset> m_data;
    std::int64_t m_batch;
    int m_parts;
    std::vector<std::uint32_t> m_used, m_heldOut;
    Order m_order;
    std::int64_t m_nextFirst = -1;
    std::future<std::vector<Example>> m_next;
};

/// Examples of one size → [N, channels, H, W] in −1…1, channels-last.
nn::Tensor picturesOf(const std::vector<Example>& examples);

} // namespace ochre::training
