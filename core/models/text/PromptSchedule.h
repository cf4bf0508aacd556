// SPDX-License-Identifier: GPL-3.0-or-later
// Prompts that stand for several: wildcards chosen by a seed, and texts that change from step to step.
// Nothing here throws for what a user types, but for text over kLongestPrompt. Source:
// AUTOMATIC1111/stable-diffusion-webui modules/prompt_parser.py.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ochre::models {

/// Replaces each "{a|b|c}" by one of its choices, also nested. "{2::a|b}" takes a twice as often as b; a
/// weight of 0 never, where another choice has more. Braces without a "|" and those without a partner stay;
/// \{ \| \} are letters. The same seed gives the same text on every machine, and a group's choice does not
/// depend on the words around it.
std::string expandWildcards(std::string_view prompt, std::uint64_t seed);

/// A prompt up to a step.
struct ScheduledPrompt {
    int lastStep = 0; ///< counted from 1
    std::string text;
    bool operator==(const ScheduledPrompt&) const = default;
};

/// The text at `step` (from 1) of `steps`: "[a:b:10]" is a up to step 10, then b; "[b:10]" and "[:b:10]" add
/// b, "[a::10]" takes a away; a number with a "." is a share of the steps. "[a|b|c]" takes turns. Nested;
/// brackets of emphasis stay.
std::string promptAt(std::string_view prompt, int step, int steps);

/// The texts of all steps, those that follow each other and are equal joined: at least one for `steps` ≥ 1.
std::vector<ScheduledPrompt> schedulePrompt(std::string_view prompt, int steps);

} // namespace ochre::models
