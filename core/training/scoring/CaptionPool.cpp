// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/scoring/CaptionPool.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Hash.h"
#include "core/models/diffusion/StarterText.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"
#include "core/training/Batches.h"

namespace ochre::training {
namespace {

constexpr std::size_t kAtOnce = 256;

/// Compositions of all entries in turn, each with its twin.
std::vector<Composition> twinsOf(const EmojiExamples& examples, std::int64_t count, std::uint64_t seed) {
    const Twins twins(examples);
    Order order(static_cast<std::uint32_t>(examples.size()), seed);
    std::vector<Composition> all;
    for (std::uint64_t n = 0; std::ssize(all) + 1 < count; ++n) {
        const Composition composition = examples.composition(order.at(n), n);
        Draw draw(seed, n, 0);
        Composition twin = twins.twinOf(composition, draw);
        all.push_back(composition);
        all.push_back(std::move(twin));
    }
    return all;
}

/// float16 [tokens, width] of each caption, not padded.
std::vector<nn::Tensor> rowsOf(const models::SentenceEncoder& encoder, const std::vector<std::string>& captions) {
    // The shortest first, so that few of those that run together are padded.
    std::vector<std::size_t> order(captions.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return captions[a].size() < captions[b].size(); });
    std::vector<std::string> sorted;
    for (const std::size_t i : order) sorted.push_back(captions[i]);
    const CaptionStates encoded = captionStates(encoder, sorted);
    std::vector<nn::Tensor> rows(captions.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i);
        const auto tokens = static_cast<std::int64_t>(encoded.mask[at].sum().item<float>());
        rows[order[i]] = encoded.states[at].narrow(0, 0, tokens).to(at::kHalf);
    }
    return rows;
}

} // namespace

CaptionStates captionStates(const models::SentenceEncoder& encoder, const std::vector<std::string>& captions) {
    const auto encoded = encoder.encode(captions, {.tokens = models::kStarterTokens}, tensor::currentCancel());
    return {encoded.states, encoded.mask.to(at::kFloat)};
}

CaptionPool CaptionPool::make(const Workplace& place, const EmojiExamples& examples, std::int64_t count, std::uint64_t seed,
                              const models::SentenceEncoder& encoder) {
    CaptionPool pool;
    pool.m_compositions = twinsOf(examples, count, seed);
    Hasher hasher;
    for (const Composition& composition : pool.m_compositions) hasher.add(composition.caption);
    const std::string identity = hasher.add(encoder.width()).finish().hex();
    const std::filesystem::path file = place.folder / "captions.safetensors";
    const auto open = [&] {
        const auto kept = tensor::keptWeights(file, identity, {.floating = at::kHalf});
        if (!kept) return false;
        pool.m_states = kept->tensor("states");
        const nn::Tensor ends = kept->tensor("ends").contiguous();
        pool.m_ends.assign(ends.const_data_ptr<std::int64_t>(), ends.const_data_ptr<std::int64_t>() + ends.numel());
        return true;
    };
    if (open()) return pool;
    place.say(fmt::format("reading {} captions", pool.count()));
    std::vector<nn::Tensor> states;
    std::vector<float> ends{0}; // whole numbers below 2^24
    for (std::size_t first = 0; first < pool.m_compositions.size(); first += kAtOnce) {
        std::vector<std::string> captions;
        for (std::size_t i = first; i < std::min(first + kAtOnce, pool.m_compositions.size()); ++i)
            captions.push_back(pool.m_compositions[i].caption);
        for (nn::Tensor& row : rowsOf(encoder, captions)) {
            ends.push_back(ends.back() + static_cast<float>(row.size(0)));
            states.push_back(std::move(row));
        }
        place.progress.report(ends.size() - 1, pool.m_compositions.size(), "captions");
        tensor::currentCancel().check();
    }
    tensor::saveWeights(file,
                        {{"states", nn::cat(states, 0)}, {"ends", nn::fromValues(ends, {pool.count() + 1}).to(at::kLong)}},
                        {{"identity", identity}});
    open();
    return pool;
}

CaptionStates CaptionPool::states(std::span<const std::int64_t> which) const {
    const auto begin = [&](std::int64_t index) { return m_ends[static_cast<std::size_t>(index)]; };
    std::int64_t longest = 0;
    for (const std::int64_t index : which) longest = std::max(longest, begin(index + 1) - begin(index));
    const auto count = static_cast<std::int64_t>(which.size());
    CaptionStates result{nn::zeros({count, longest, m_states.size(1)}), nn::zeros({count, longest})};
    for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t index = which[static_cast<std::size_t>(i)], tokens = begin(index + 1) - begin(index);
        result.states[i].narrow(0, 0, tokens).copy_(m_states.narrow(0, begin(index), tokens));
        result.mask[i].narrow(0, 0, tokens).fill_(1);
    }
    return result;
}

Example TwinPictures::example(std::size_t index, std::uint64_t draw) const {
    const auto first = static_cast<std::int64_t>(2 * index);
    Example both = m_examples->drawn(m_pool->composition(first), draw);
    const Example twin = m_examples->drawn(m_pool->composition(first + 1), draw);
    both.pixels.insert(both.pixels.end(), twin.pixels.begin(), twin.pixels.end());
    both.height *= 2;
    both.label = static_cast<int>(index);
    return both;
}

} // namespace ochre::training
