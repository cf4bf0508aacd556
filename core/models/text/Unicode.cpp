// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/Unicode.h"

#include <cstdint>

#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "core/base/Error.h"

namespace ochre::models::unicode {
namespace {

constexpr char32_t kReplacement = 0xfffd;

icu::UnicodeString toIcu(std::u32string_view text) {
    return icu::UnicodeString::fromUTF32(reinterpret_cast<const UChar32*>(text.data()),
                                         static_cast<std::int32_t>(text.size()));
}

std::u32string fromIcu(const icu::UnicodeString& text) {
    std::u32string result(static_cast<std::size_t>(text.countChar32()), U'\0');
    UErrorCode status = U_ZERO_ERROR;
    text.toUTF32(reinterpret_cast<UChar32*>(result.data()), static_cast<std::int32_t>(result.size()), status);
    return result;
}

std::u32string normalised(std::u32string_view text, const icu::Normalizer2* (*form)(UErrorCode&)) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* normaliser = form(status);
    if (U_FAILURE(status))
        throw Error(std::string("text: ICU has no normalisation data: ") + u_errorName(status),
                    "install ICU again");
    const icu::UnicodeString result = normaliser->normalize(toIcu(text), status);
    return U_FAILURE(status) ? std::u32string(text) : fromIcu(result);
}

/// Second byte's range and the number of bytes that follow a first byte; 0: no first byte. Source: Unicode
/// 15, table 3-7.
struct Sequence {
    int following = 0;
    unsigned char low = 0x80, high = 0xbf;
};

Sequence sequenceOf(unsigned char first) {
    if (first >= 0xc2 && first <= 0xdf) return {1};
    if (first >= 0xe0 && first <= 0xef)
        return {2, static_cast<unsigned char>(first == 0xe0 ? 0xa0 : 0x80),
                static_cast<unsigned char>(first == 0xed ? 0x9f : 0xbf)};
    if (first >= 0xf0 && first <= 0xf4)
        return {3, static_cast<unsigned char>(first == 0xf0 ? 0x90 : 0x80),
                static_cast<unsigned char>(first == 0xf4 ? 0x8f : 0xbf)};
    return {};
}

} // namespace

std::u32string decode(std::string_view utf8) {
    std::u32string result;
    result.reserve(utf8.size());
    for (std::size_t i = 0; i < utf8.size();) {
        const auto first = static_cast<unsigned char>(utf8[i++]);
        if (first < 0x80) {
            result.push_back(first);
            continue;
        }
        const Sequence sequence = sequenceOf(first);
        char32_t value = first & (0x3fu >> sequence.following);
        unsigned char low = sequence.low, high = sequence.high;
        int seen = 0;
        for (; seen < sequence.following && i < utf8.size(); ++seen, low = 0x80, high = 0xbf) {
            const auto next = static_cast<unsigned char>(utf8[i]);
            if (next < low || next > high) break;
            value = (value << 6) | (next & 0x3fu);
            ++i;
        }
        result.push_back(sequence.following > 0 && seen == sequence.following ? value : kReplacement);
    }
    return result;
}

std::string encode(std::u32string_view text) {
    std::string result;
    result.reserve(text.size());
    const auto put = [&result](char32_t byte) { result.push_back(static_cast<char>(byte)); };
    for (char32_t c : text) {
        if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) c = kReplacement;
        if (c < 0x80) {
            put(c);
            continue;
        }
        if (c < 0x800) {
            put(0xc0 | (c >> 6));
        } else if (c < 0x10000) {
            put(0xe0 | (c >> 12));
            put(0x80 | ((c >> 6) & 0x3f));
        } else {
            put(0xf0 | (c >> 18));
            put(0x80 | ((c >> 12) & 0x3f));
            put(0x80 | ((c >> 6) & 0x3f));
        }
        put(0x80 | (c & 0x3f));
    }
    return result;
}

bool isLetter(char32_t c) {
    return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_L_MASK) != 0;
}

bool isNumber(char32_t c) {
    return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_N_MASK) != 0;
}

bool isPunctuation(char32_t c) {
    return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_P_MASK) != 0;
}

bool isMark(char32_t c) {
    return (U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_MN_MASK) != 0;
}

bool isControl(char32_t c) {
    constexpr std::uint32_t kControls = U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK | U_GC_CS_MASK;
    return (U_GET_GC_MASK(static_cast<UChar32>(c)) & kControls) != 0;
}

bool isSpace(char32_t c) {
    return u_isUWhiteSpace(static_cast<UChar32>(c)) || (c >= 0x1c && c <= 0x1f);
}

std::u32string lower(std::u32string_view text) {
    return fromIcu(toIcu(text).toLower(icu::Locale::getRoot()));
}

char32_t lower(char32_t c) {
    return static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
}

std::u32string composed(std::u32string_view text) {
    return normalised(text, [](UErrorCode& status) { return icu::Normalizer2::getNFCInstance(status); });
}

std::u32string compatible(std::u32string_view text) {
    return normalised(text, [](UErrorCode& status) { return icu::Normalizer2::getNFKCInstance(status); });
}

std::u32string decomposed(std::u32string_view text) {
    return normalised(text, [](UErrorCode& status) { return icu::Normalizer2::getNFDInstance(status); });
}

std::u32string collapseSpaces(std::u32string_view text) {
    std::u32string result;
    for (const char32_t c : text) {
        const bool space = isSpace(c);
        if (space && (result.empty() || result.back() == U' ')) continue;
        result.push_back(space ? U' ' : c);
    }
    if (!result.empty() && result.back() == U' ') result.pop_back();
    return result;
}

} // namespace ochre::models::unicode
