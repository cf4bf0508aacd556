// SPDX-License-Identifier: GPL-3.0-or-later
// Lists of values as people type them: "1, 2, 5", "1-10 (+3)", or one value a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ochre::nodes::flow {

/// Values stand on lines of their own or, in one line, between commas; "quotes" keep commas and dashes as
/// they are. Ranges: `1-10` (by 1), `1-10 (+3)` (1, 4, 7, 10), `10-1 (-3)`, `0-1 [5]` (five, evenly spaced).
/// Blanks about values do not count, empty ones are left out. Throws Error on ranges that do not end, and
/// beyond 10 000 values.
std::vector<std::string> parseValues(std::string_view text);

} // namespace ochre::nodes::flow
