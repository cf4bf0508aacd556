// SPDX-License-Identifier: GPL-3.0-or-later
// <lora:name:0.8> in prompts. Nothing throws for what a user types; other text in < > stays text. Source:
// AUTOMATIC1111/stable-diffusion-webui modules/extra_networks.py, extensions-builtin/Lora/extra_networks_lora.py.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ochre {

/// "<lora:name:0.8>": one weight for both. "<lora:name:0.5:0.8>": text encoder, then model, as A1111 has it;
/// "te=" and "unet=" name them, and the model's is the text encoder's where it is not given. "<lyco:…>" is the
/// same. What is no number counts as not given; further parts are left unread.
struct LoraTag {
    std::string name;
    double modelWeight = 1, textWeight = 1;
    bool operator==(const LoraTag&) const = default;
};

struct TaggedPrompt {
    std::string text; ///< without the tags
    std::vector<LoraTag> loras;
};

TaggedPrompt takeLoraTags(std::string_view prompt);

/// The prompt without its tags and the blanks that they leave behind.
std::string withoutLoraTags(std::string_view prompt);

/// As takeLoraTags reads it.
std::string writeLoraTag(const LoraTag& tag);

} // namespace ochre
