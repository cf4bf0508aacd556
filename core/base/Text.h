// SPDX-License-Identifier: GPL-3.0-or-later
// Text from outside: whether it is UTF-8, and what of it may be shown.
#pragma once

#include <string>
#include <string_view>

namespace ochre {

/// Well-formed UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool isUtf8(std::string_view text);

/// What may go into a message, a log line or JSON: bytes that are no UTF-8 and control characters (but for tab and new line)
/// become U+FFFD.
std::string printable(std::string text);

} // namespace ochre
