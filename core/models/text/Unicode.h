// SPDX-License-Identifier: GPL-3.0-or-later
// What tokenizers ask about characters; Unicode.cpp is the one user of ICU.
#pragma once

#include <string>
#include <string_view>

namespace ochre::models::unicode {

/// Code points of UTF-8. Each longest start of a broken sequence becomes one U+FFFD, as browsers and Python
/// do.
std::u32string decode(std::string_view utf8);
/// Surrogates and values past U+10FFFF become U+FFFD.
std::string encode(std::u32string_view text);

bool isLetter(char32_t c);      ///< general category L*
bool isNumber(char32_t c);      ///< general category N*
bool isPunctuation(char32_t c); ///< general category P*
bool isMark(char32_t c);        ///< general category Mn: accents and others that take no room of their own
bool isControl(char32_t c);     ///< general category Cc, Cf, Co or Cs: controls, formats, private use
bool isSpace(char32_t c);       ///< White_Space, and the separators U+001C…U+001F as Python has it

/// Lower case of the root locale, with its special cases (final sigma, İ as i and a dot above).
std::u32string lower(std::u32string_view text);
char32_t lower(char32_t c);                          ///< of a character alone, whatever stands beside it
std::u32string composed(std::u32string_view text);   ///< normalisation form NFC
std::u32string compatible(std::u32string_view text); ///< normalisation form NFKC
std::u32string decomposed(std::u32string_view text); ///< normalisation form NFD

/// Runs of white space as one space, none at the ends.
std::u32string collapseSpaces(std::u32string_view text);

} // namespace ochre::models::unicode
