// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/LatentPool.h"

#include <fmt/format.h>

#include "core/base/TaskPool.h"
#include "core/models/diffusion/StarterText.h"
#include "core/tensor/Attention.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"

namespace ochre::training {
namespace {

constexpr std::int64_t kAtOnce = 32, kAtOnceOnGpu = 512;
constexpr std::uint64_t kPoolSeed = 0x9001; // apart from the order in which examples are learned

/// Those of numbers `first` to `last` − 1.
std::vector<Example> examplesOf(const Dataset& data, Order& order, std::int64_t first, std::int64_t last) {
    std::vector<std::uint32_t> which;
    for (std::int64_t n = first; n < last; ++n) which.push_back(order.at(static_cast<std::uint64_t>(n)));
    std::vector<Example> examples(which.size());
    TaskPool::shared().parallelFor(which.size(), 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) examples[i] = data.example(which[i], static_cast<std::uint64_t>(first) + i);
    });
    return examples;
}

} // namespace

Order LatentPool::order(std::size_t size, std::uint64_t seed) {
    return {static_cast<std::uint32_t>(size), seed ^ kPoolSeed};
}

LatentPool LatentPool::make(const Workplace& place, const std::string& identity, const Dataset& data, std::int64_t count,
                            std::uint64_t seed, const models::AutoencoderKl& autoencoder, int unshuffle,
                            const models::SentenceEncoder& encoder, at::Device device) {
    const std::filesystem::path file = place.folder / "latents.safetensors";
    const auto open = [&] {
        LatentPool pool;
        if (const auto kept = tensor::keptWeights(file, identity, {.floating = at::kHalf})) {
            pool.m_latents = kept->tensor("latents").to(device);
            pool.m_states = kept->tensor("states").to(device);
            pool.m_ends = kept->tensor("ends").to(device);
        }
        return pool;
    };
    if (LatentPool pool = open(); pool.m_latents.defined()) return pool;
    place.say(fmt::format("computing the latents of {} examples", count));
    Order order = LatentPool::order(data.size(), seed);
    std::vector<nn::Tensor> latents, states;
    std::vector<float> ends{0}; // whole numbers below 2^24
    const std::int64_t atOnce = device.is_cpu() ? kAtOnce : kAtOnceOnGpu;
    for (std::int64_t first = 0; first < count; first += atOnce) {
        const std::vector<Example> examples = examplesOf(data, order, first, std::min(first + atOnce, count));
        std::vector<std::string> captions;
        for (const Example& example : examples) captions.push_back(example.caption);
        const nn::Tensor pictures = nn::pixelUnshuffle(picturesOf(examples), unshuffle);
        const nn::Tensor moments = autoencoder.encodeWhole(pictures.to(device));
        latents.push_back(models::AutoencoderKl::mean(moments).to(at::kCPU, at::kHalf).contiguous());
        const auto encoded = encoder.encode(captions, {.tokens = models::kStarterTokens});
        for (std::size_t i = 0; i < captions.size(); ++i) {
            const auto at = static_cast<std::int64_t>(i);
            const std::int64_t tokens = encoded.mask[at].sum().item<std::int64_t>();
            states.push_back(encoded.states[at].narrow(0, 0, tokens).to(at::kHalf));
            ends.push_back(ends.back() + static_cast<float>(tokens));
        }
        place.progress.report(static_cast<std::uint64_t>(first + atOnce), static_cast<std::uint64_t>(count), "latents");
        tensor::currentCancel().check();
    }
    tensor::saveWeights(file,
                        {{"latents", nn::cat(latents, 0)},
                         {"states", nn::cat(states, 0)},
                         {"ends", nn::fromValues(ends, {count + 1}).to(at::kLong)}},
                        {{"identity", identity}});
    return open();
}

nn::Tensor LatentPool::latents(const std::vector<std::int64_t>& examples) const {
    return m_latents.index_select(0, indices(examples)).to(at::kFloat);
}

nn::Tensor LatentPool::states(const std::vector<std::int64_t>& examples) const {
    const nn::Tensor which = indices(examples), first = m_ends.index_select(0, which), last = m_ends.index_select(0, which.add(1));
    const nn::Tensor token = nn::range(0, models::kStarterTokens).to(m_ends.device()).add(first.unsqueeze(1)); // [N, tokens]
    const nn::Tensor inside = token.lt(last.unsqueeze(1));
    const nn::Tensor found = m_states.index_select(0, token.clamp_max(m_states.size(0) - 1).flatten()); // [N·tokens, width]
    return found.view({which.size(0), models::kStarterTokens, width()}).to(at::kFloat).mul(inside.unsqueeze(2));
}

nn::Tensor LatentPool::indices(const std::vector<std::int64_t>& examples) const {
    const std::vector<float> values(examples.begin(), examples.end()); // whole numbers below 2^24
    return nn::fromValues(values, {static_cast<std::int64_t>(values.size())}).to(m_ends.device(), at::kLong);
}

} // namespace ochre::training
