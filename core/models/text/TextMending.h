// SPDX-License-Identifier: GPL-3.0-or-later
// Repairs of text that has been through browsers, copying and wrong encodings, as CLIP's training text was.
#pragma once

#include <string>
#include <string_view>

namespace ochre::models {

/// HTML's character references as a browser reads them (also without semicolon: "&ampx" is "&x"). Source:
/// WHATWG HTML 13.2.5.72; names in resources/text/html_entities.txt. Throws Error where that file is missing.
std::u32string unescapeHtml(std::u32string_view text);

/// The small repairs of ftfy (github.com/rspeer/python-ftfy): references with a semicolon (in text without
/// "<"), UTF-8 that was read as Windows-1252, C1 controls, Latin ligatures, full- and half-width forms, curly
/// quotes, terminal escapes, control characters, NFC. Mixed-up encodings are only mended where a whole line
/// was read wrongly.
std::u32string mendText(std::u32string_view text);

} // namespace ochre::models
