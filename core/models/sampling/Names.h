// SPDX-License-Identifier: GPL-3.0-or-later
// Names that people type: compared without regard to case.
#pragma once

#include <algorithm>
#include <string_view>

namespace ochre::models::sampling {

inline bool sameName(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

} // namespace ochre::models::sampling
