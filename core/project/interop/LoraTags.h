// SPDX-License-Identifier: GPL-3.0-or-later
// <lora:name:weight[:weight of the text encoder]> in prompts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ochre::project::interop {

struct LoraTag {
    std::string name;
    double model = 1, text = 1;
};

/// In their order; what is no whole tag is text.
std::vector<LoraTag> loraTags(std::string_view prompt);
/// Without the tags and the blanks that they leave behind.
std::string withoutLoraTags(std::string_view prompt);

} // namespace ochre::project::interop
