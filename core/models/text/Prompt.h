// SPDX-License-Identifier: GPL-3.0-or-later
// The grammars that prompts are written in: emphasis, parts joined by AND, embeddings; the tags of LoRAs are
// in core/base. Nothing
// here throws for what a user types, but for text over kLongestPrompt; a bracket without a partner is a
// letter like any other. Sources: comfyanonymous/ComfyUI comfy/sd1_clip.py;
// AUTOMATIC1111/stable-diffusion-webui modules/prompt_parser.py, extra_networks.py.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/LoraTags.h"
#include "core/base/PromptEdit.h"

namespace ochre::models {

inline constexpr std::size_t kLongestPrompt = 100'000; ///< bytes

/// Throws Error where the text is over kLongestPrompt.
void checkPromptLength(std::string_view text);

enum class PromptStyle {
    /// (x) is ×1.1, (x:w) replaces the weight; nested, the inner explicit weight holds. \( and \) are
    /// letters.
    Comfy,
    /// (x) is ×1.1, [x] ÷1.1, (x:w) ×w; nested weights multiply. An opening bracket that is never closed
    /// holds to
    /// the end, as there. BREAK begins a new chunk. \( \) \[ \] \\ are letters.
    A1111,
};

struct PromptSegment {
    std::string text;
    double weight = 1;
    bool afterBreak = false; ///< stands at the begin of a new chunk
    bool operator==(const PromptSegment&) const = default;
};

/// Text in pieces of one weight each, neighbours of the same weight joined; empty for an empty prompt.
/// Brackets nested deeper than 100 are letters in the style Comfy. Weights are finite.
std::vector<PromptSegment> parseEmphasis(std::string_view prompt, PromptStyle style);

/// Parts between the words AND, each with the weight of a ":1.2" at its end; without AND the whole text, as
/// it stands. Arithmetic of the parts: arXiv 2206.01714.
std::vector<PromptSegment> splitAnd(std::string_view prompt);

/// A textual inversion named in the text: "embedding:name", the name up to white space, bracket, comma or
/// colon.
struct EmbeddingMark {
    std::size_t begin = 0, end = 0; ///< of the whole mark, in bytes
    std::string name;
};

std::vector<EmbeddingMark> findEmbeddings(std::string_view prompt); ///< in order

} // namespace ochre::models
