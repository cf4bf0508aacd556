// SPDX-License-Identifier: GPL-3.0-or-later
// Any text either is a set of prompts, which then survives a round trip, or gives an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/base/Error.h"
#include "core/training/data/ScorePrompts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ochre;
    training::PromptSet set;
    try {
        set = training::promptSetFromJson(parseJson({reinterpret_cast<const char*>(data), size}, "input"), "input");
    } catch (const Error&) {
        return 0;
    }
    const std::string text = training::promptSetText(set);
    if (training::promptSetText(training::promptSetFromJson(parseJson(text, "round trip"), "round trip")) != text) std::abort();
    for (std::size_t i = 0; i < set.prompts.size(); ++i)
        if (training::candidatesOf(set, i).front() != set.prompts[i].meaning) std::abort();
    return 0;
}
