// SPDX-License-Identifier: GPL-3.0-or-later
// Nothing that can be typed as a prompt throws; weights are finite and edits stay inside their text.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/models/text/Prompt.h"
#include "core/models/text/PromptSchedule.h"
#include "core/models/text/PromptTokens.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ochre;
    using namespace ochre::models;
    const std::string_view text(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 4096));
    for (const PromptStyle style : {PromptStyle::Comfy, PromptStyle::A1111}) {
        for (const PromptSegment& segment : parseEmphasis(text, style))
            if (!std::isfinite(segment.weight)) std::abort();
        const PromptTokens tokens = tokenizePrompt(ClipTokenizer::shared(), text,
                                                   {.style = style, .embeddingRows = [](const auto& name) {
                                                        return static_cast<int>(name.size() % 90);
                                                    }});
        for (const PromptChunk& chunk : tokens.chunks)
            if (chunk.ids.size() != 77 || chunk.weights.size() != 77) std::abort();
    }
    expandWildcards(text, size);
    schedulePrompt(text, 5);
    takeLoraTags(text);
    splitAnd(text);
    const PromptEdit edit = adjustWeight(text, size / 3, size / 2, 0.1);
    if (edit.begin > edit.end || edit.end > edit.text.size()) std::abort();
    return 0;
}
