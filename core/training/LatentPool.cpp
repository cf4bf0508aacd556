// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/LatentPool.h"

#include <fmt/format.h>

#include "core/models/diffusion/StarterText.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/SaveWeights.h"

namespace ochre::training {
namespace {

constexpr std::int64_t kAtOnce = 32;
constexpr std::uint64_t kPoolSeed = 0x9001; // apart from the order in which examples are learned

} // namespace

Order LatentPool::order(std::size_t size, std::uint64_t seed) {
    return {static_cast<std::uint32_t>(size), seed ^ kPoolSeed};
}

LatentPool LatentPool::make(const Workplace& place, const std::string& identity, const Dataset& data, std::int64_t count,
                            std::uint64_t seed, const models::AutoencoderKl& autoencoder, int unshuffle,
                            const models::SentenceEncoder& encoder) {
    const std::filesystem::path file = place.folder / "latents.safetensors";
    const auto open = [&] {
        LatentPool pool;
        if (const auto kept = tensor::keptWeights(file, identity, {.floating = at::kHalf})) {
            pool.m_latents = kept->tensor("latents");
            pool.m_states = kept->tensor("states");
            pool.m_ends = kept->tensor("ends");
        }
        return pool;
    };
    if (LatentPool pool = open(); pool.m_latents.defined()) return pool;
    place.say(fmt::format("computing the latents of {} examples", count));
    Order order = LatentPool::order(data.size(), seed);
    std::vector<nn::Tensor> latents, states;
    std::vector<float> ends{0}; // whole numbers below 2^24
    for (std::int64_t first = 0; first < count; first += kAtOnce) {
        std::vector<Example> examples;
        std::vector<std::string> captions;
        for (std::int64_t n = first; n < std::min(first + kAtOnce, count); ++n) {
            examples.push_back(data.example(order.at(static_cast<std::uint64_t>(n)), static_cast<std::uint64_t>(n)));
            captions.push_back(examples.back().caption);
        }
        const nn::Tensor moments = autoencoder.encodeWhole(nn::pixelUnshuffle(picturesOf(examples), unshuffle));
        latents.push_back(models::AutoencoderKl::mean(moments).to(at::kHalf).contiguous());
        const auto encoded = encoder.encode(captions, {.tokens = models::kStarterTokens});
        for (std::size_t i = 0; i < captions.size(); ++i) {
            const auto at = static_cast<std::int64_t>(i);
            const std::int64_t tokens = encoded.mask[at].sum().item<std::int64_t>();
            states.push_back(encoded.states[at].narrow(0, 0, tokens).to(at::kHalf));
            ends.push_back(ends.back() + static_cast<float>(tokens));
        }
        place.progress.report(static_cast<std::uint64_t>(first + kAtOnce), static_cast<std::uint64_t>(count), "latents");
        tensor::currentCancel().check();
    }
    tensor::saveWeights(file,
                        {{"latents", nn::cat(latents, 0)},
                         {"states", nn::cat(states, 0)},
                         {"ends", nn::fromValues(ends, {count + 1}).to(at::kLong)}},
                        {{"identity", identity}});
    return open();
}

nn::Tensor LatentPool::states(std::int64_t example) const {
    const std::int64_t first = m_ends[example].item<std::int64_t>(), last = m_ends[example + 1].item<std::int64_t>();
    return m_states.narrow(0, first, last - first);
}

} // namespace ochre::training
