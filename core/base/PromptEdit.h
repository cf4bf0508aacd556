// SPDX-License-Identifier: GPL-3.0-or-later
// Weights in the text of a prompt, "(word:1.1)", as they are typed and as keys change them. Here and not with the
// models, so that the window can use it without LibTorch.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ochre {

inline constexpr double kLargestPromptWeight = 1e6;

/// A whole number or decimal with sign and blanks around; nothing where it is none or not finite. At most
/// kLargestPromptWeight either way.
std::optional<double> parseWeight(std::string_view text);

/// A place in the text, in bytes.
struct PromptEdit {
    std::string text;
    std::size_t begin = 0, end = 0; ///< what is to be selected now
};

/// Adds `delta` to the weight of what [begin, end) selects, as Ctrl+Up and Ctrl+Down do: of the innermost
/// bracket around it, else of the selection (or the word there), which is put in brackets. A weight of 1
/// takes them away; it stays within 0…10, in steps of 0.01. Offsets past the end count as the end.
PromptEdit adjustWeight(std::string_view text, std::size_t begin, std::size_t end, double delta);

} // namespace ochre
