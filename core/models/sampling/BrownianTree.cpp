// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/sampling/BrownianTree.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Runtime.h"

namespace ochre::models::sampling {
namespace {

constexpr int kPoolSize = 24;
constexpr int kShiftBits = 16;

/// numpy's hash with a constant that moves on from use to use.
class SeedHash {
public:
    SeedHash(std::uint32_t start, std::uint32_t multiplier) : m_constant(start), m_multiplier(multiplier) {}
    std::uint32_t operator()(std::uint32_t value) {
        value ^= m_constant;
        m_constant *= m_multiplier;
        value *= m_constant;
        return value ^ (value >> kShiftBits);
    }

private:
    std::uint32_t m_constant, m_multiplier;
};

std::uint32_t mix(std::uint32_t x, std::uint32_t y) {
    const std::uint32_t value = 0xca01f9ddU * x - 0x4973f715U * y;
    return value ^ (value >> kShiftBits);
}

/// To six decimals, correctly rounded as Python's round does, which a multiplication is not.
double rounded(double time) { return std::strtod(fmt::format("{:.6f}", time).c_str(), nullptr); }

} // namespace

std::vector<std::uint32_t> seedSequence(std::uint64_t entropy, std::span<const std::uint32_t> spawnKey,
                                        int poolSize, int count) {
    std::vector<std::uint32_t> words{static_cast<std::uint32_t>(entropy)};
    if (entropy >> 32) words.push_back(static_cast<std::uint32_t>(entropy >> 32));
    const std::size_t size = poolSize;
    if (!spawnKey.empty() && words.size() < size) words.resize(size, 0);
    words.insert(words.end(), spawnKey.begin(), spawnKey.end());

    std::vector<std::uint32_t> pool(size);
    SeedHash hash(0x43b0d7e5U, 0x931e8875U);
    for (std::size_t i = 0; i < size; ++i) pool[i] = hash(i < words.size() ? words[i] : 0);
    for (std::size_t from = 0; from < size; ++from)
        for (std::size_t to = 0; to < size; ++to)
            if (from != to) pool[to] = mix(pool[to], hash(pool[from]));
    for (std::size_t from = size; from < words.size(); ++from)
        for (std::uint32_t& word : pool) word = mix(word, hash(words[from]));

    std::vector<std::uint32_t> state(count);
    SeedHash out(0x8b51f9ddU, 0x58f38dedU);
    for (std::size_t i = 0; i < state.size(); ++i) state[i] = out(pool[i % size]);
    return state;
}

BrownianTree::BrownianTree(double from, double to, std::uint64_t seed, Draw draw)
    : m_seed(seed), m_draw(std::move(draw)) {
    if (!(from < to)) throw Error(fmt::format("Brownian tree: from {} to {} is no range of times", from, to));
    m_root = {rounded(from), rounded(to), 0, 0,
              m_draw(seedSequence(seed, {}, kPoolSize, 1)[0]).mul(std::sqrt(to - from))};
}

Tensor BrownianTree::increment(double from, double to) const {
    if (!(from <= to)) throw Error(fmt::format("Brownian tree: asked from {} to {}, backwards", from, to));
    from = rounded(std::clamp(from, m_root.start, m_root.end));
    to = rounded(std::clamp(to, m_root.start, m_root.end));
    if (from == to) return m_root.moved.mul(0);
    Tensor sum;
    add(m_root, from, to, sum);
    return sum;
}

/// Adds what the path moves from `from` to `to`, both in the node, to `sum`: by halves, left to right.
void BrownianTree::add(const Node& node, double from, double to, Tensor& sum) const {
    tensor::currentCancel().check();
    if (from == node.start && to == node.end) {
        sum = sum.defined() ? sum.add(node.moved) : node.moved;
        return;
    }
    const double middle = rounded(0.5 * (node.end + node.start));
    const std::uint32_t key[2] = {static_cast<std::uint32_t>(node.place), node.depth};
    const Tensor noise = m_draw(seedSequence(m_seed, key, kPoolSize, 1)[0]);
    // A Brownian bridge.
    const double left = middle - node.start, right = node.end - middle, whole = 1 / (node.end - node.start);
    const Tensor moved = node.moved.mul(left).mul(whole).add(noise.mul(std::sqrt(left * right * whole)));
    const std::uint64_t place = 2 * node.place;
    if (from < middle) add({node.start, middle, place, node.depth + 1, moved}, from, std::min(to, middle), sum);
    if (to > middle)
        add({middle, node.end, place + 1, node.depth + 1, node.moved.sub(moved)}, std::max(from, middle), to, sum);
}

} // namespace ochre::models::sampling
