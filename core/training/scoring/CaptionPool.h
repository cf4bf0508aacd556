// SPDX-License-Identifier: GPL-3.0-or-later
// Captions as the states of their tokens: of texts at hand, and of many compositions that a matcher learns from, computed
// once and kept on disk.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/models/text/SentenceEncoder.h"
#include "core/training/Recipe.h"
#include "core/training/data/Meaning.h"

namespace ochre::training {

/// Of M captions, padded to one length.
struct CaptionStates {
    nn::Tensor states; ///< float32 [M, T, width]
    nn::Tensor mask;   ///< float32 [M, T]: 1, and 0 where a caption has ended
};

/// In run(). T is at most models::kStarterTokens: what the generating model reads.
CaptionStates captionStates(const models::SentenceEncoder& encoder, const std::vector<std::string>& captions);

/// Compositions two by two: number 2n and its twin 2n + 1 beside it.
class CaptionPool {
public:
    /// `count` compositions that follow from the seed, an even number. What was computed of the same captions lies in the
    /// place's folder. In run().
    static CaptionPool make(const Workplace& place, const EmojiExamples& examples, std::int64_t count, std::uint64_t seed,
                            const models::SentenceEncoder& encoder);

    std::int64_t count() const { return static_cast<std::int64_t>(m_compositions.size()); }
    const Composition& composition(std::int64_t index) const { return m_compositions[static_cast<std::size_t>(index)]; }
    CaptionStates states(std::span<const std::int64_t> which) const;

private:
    std::vector<Composition> m_compositions;
    nn::Tensor m_states;              ///< float16 [tokens of all captions, width], mapped
    std::vector<std::int64_t> m_ends; ///< [count + 1]: where captions begin and end
};

/// The pictures of a pool: an example is a composition above its twin, and its label says which two they are.
class TwinPictures final : public Dataset {
public:
    TwinPictures(std::shared_ptr<const EmojiExamples> examples, std::shared_ptr<const CaptionPool> pool)
        : m_examples(std::move(examples)), m_pool(std::move(pool)) {}

    std::size_t size() const override { return static_cast<std::size_t>(m_pool->count() / 2); }
    Example example(std::size_t index, std::uint64_t draw) const override;

private:
    std::shared_ptr<const EmojiExamples> m_examples;
    std::shared_ptr<const CaptionPool> m_pool;
};

} // namespace ochre::training
