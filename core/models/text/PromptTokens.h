// SPDX-License-Identifier: GPL-3.0-or-later
// A prompt as a CLIP text encoder takes it: pieces of 77 ids with a weight each, and where textual inversions
// stand. Sources: comfyanonymous/ComfyUI comfy/sd1_clip.py; AUTOMATIC1111/stable-diffusion-webui
// modules/sd_hijack_clip.py.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/models/text/ClipTokenizer.h"
#include "core/models/text/Prompt.h"

namespace ochre::models {

/// A row of a textual inversion in place of a token.
struct EmbeddingRow {
    int position = 0;  ///< in the chunk
    int embedding = 0; ///< index into PromptTokens::embeddings
    int row = 0;
};

struct PromptChunk {
    std::vector<int> ids;       ///< 77: start, tokens, end, padding; 0 where an embedding's row stands
    std::vector<float> weights; ///< 77: 1 for start, end and padding
    int end = 0;                ///< position of the end token
    std::vector<EmbeddingRow> rows;
};

struct PromptTokens {
    std::vector<PromptChunk> chunks;     ///< at least one
    std::vector<std::string> embeddings; ///< names that were found, each once
    std::vector<std::string> missing;    ///< names that were not; nothing stands in their place
    int tokens = 0;                      ///< of the text, without start, end and padding

    bool weighted() const; ///< whether any weight is not 1
};

struct PromptTokensOptions {
    PromptStyle style = PromptStyle::Comfy;
    int pad = ClipTokenizer::kPadClip;
    /// Rows of the textual inversion of that name; 0: there is none.
    std::function<int(const std::string& name)> embeddingRows;
    int commaBacktrack =
        20; ///< A1111: tokens after the last comma that move on to the next chunk with what follows
};

/// The chunk of an empty text.
PromptChunk emptyChunk(int pad);

/// Comfy: a piece of one weight that does not fit goes to the next chunk whole if it has less than 8 tokens,
/// else what fits stays. A1111: chunks of 75, broken after the last comma where one is near, and at BREAK.
/// Throws Error where the prompt is over kLongestPrompt, and what embeddingRows throws.
PromptTokens tokenizePrompt(const ClipTokenizer& tokenizer, std::string_view prompt,
                            const PromptTokensOptions& options = {});

} // namespace ochre::models
