// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/TextMending.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <sstream>
#include <unordered_map>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Paths.h"
#include "core/models/text/Unicode.h"

namespace ochre::models {
namespace {

constexpr char32_t kReplacement = 0xfffd;
constexpr std::size_t kLongestName = 32; // of a reference, the "&" not counted
constexpr std::size_t kLargestTable = 1 << 20;
constexpr int kMostRounds = 8; // of repairs that bring out the next

/// Bytes 0x80…0x9f of Windows-1252; 0: not assigned.
constexpr char32_t kWindows1252[32] = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                       0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017d, 0,
                                       0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                       0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

using Entities = std::unordered_map<std::string, std::u32string>;

const Entities& entities() {
    static const Entities table = [] {
        const auto path = paths::resources() / "text/html_entities.txt";
        std::istringstream lines(readTextFile(path, kLargestTable));
        Entities result;
        result.reserve(2300);
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string name;
            std::uint32_t value = 0;
            words >> name >> std::hex;
            std::u32string& text = result[name];
            while (words >> value) text.push_back(value);
        }
        if (result.size() < 2000)
            throw Error(path.string() + ": is no table of HTML's references", "install Ochre again");
        return result;
    }();
    return table;
}

bool isDigit(char32_t c) {
    return c >= U'0' && c <= U'9';
}

bool isHexDigit(char32_t c) {
    return isDigit(c) || (c >= U'a' && c <= U'f') || (c >= U'A' && c <= U'F');
}

bool isAlphanumeric(char32_t c) {
    return isDigit(c) || (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
}

/// Controls and non-characters, which HTML drops.
bool isDropped(char32_t c) {
    return (c >= 1 && c <= 8) || c == 0xb || (c >= 0xe && c <= 0x1f) || (c >= 0x7f && c <= 0x9f) ||
           (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
}

std::u32string numbered(char32_t value) {
    if (value == 0 || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {kReplacement};
    if (value >= 0x80 && value <= 0x9f) {
        const char32_t meant = kWindows1252[value - 0x80];
        return {meant ? meant : value};
    }
    return isDropped(value) ? std::u32string() : std::u32string{value};
}

struct Reference {
    std::size_t length = 0; ///< characters that are replaced, "&" counted; 0: none
    std::u32string text;
};

/// text[at] is "&", text[at + 1] "#".
Reference numericAt(std::u32string_view text, std::size_t at) {
    std::size_t i = at + 2;
    const bool hex = i < text.size() && (text[i] == U'x' || text[i] == U'X');
    if (hex) ++i;
    const std::size_t first = i;
    char32_t value = 0;
    for (; i < text.size() && (hex ? isHexDigit(text[i]) : isDigit(text[i])); ++i) {
        const char32_t digit = isDigit(text[i]) ? text[i] - U'0' : (text[i] | 0x20) - U'a' + 10;
        value = std::min<char32_t>(value * (hex ? 16 : 10) + digit, 0x110000);
    }
    if (i == first) return {};
    if (i < text.size() && text[i] == U';') ++i;
    return {i - at, numbered(value)};
}

Reference namedAt(std::u32string_view text, std::size_t at) {
    std::string name;
    for (std::size_t i = at + 1; i < text.size() && name.size() < kLongestName; ++i) {
        if (!isAlphanumeric(text[i])) {
            if (text[i] == U';') name.push_back(';');
            break;
        }
        name.push_back(static_cast<char>(text[i]));
    }
    // The longest start that is a name; what follows stays.
    for (; name.size() > 1; name.pop_back())
        if (const auto it = entities().find(name); it != entities().end())
            return {name.size() + 1, it->second};
    return {};
}

Reference referenceAt(std::u32string_view text, std::size_t at) {
    if (at + 1 >= text.size()) return {};
    return text[at + 1] == U'#' ? numericAt(text, at) : namedAt(text, at);
}

std::u32string unescape(std::u32string_view text, bool onlyWithSemicolon) {
    std::u32string result;
    for (std::size_t i = 0; i < text.size();) {
        const Reference reference = text[i] == U'&' ? referenceAt(text, i) : Reference{};
        if (reference.length == 0 || (onlyWithSemicolon && text[i + reference.length - 1] != U';')) {
            result.push_back(text[i++]);
        } else {
            result += reference.text;
            i += reference.length;
        }
    }
    return result;
}

std::optional<unsigned char> windows1252Byte(char32_t c) {
    if (c < 0x100) return static_cast<unsigned char>(c);
    const auto* found = std::find(std::begin(kWindows1252), std::end(kWindows1252), c);
    if (found == std::end(kWindows1252)) return std::nullopt;
    return static_cast<unsigned char>(0x80 + (found - kWindows1252));
}

/// "cafÃ©" → "café": the line as Windows-1252 bytes, if these are UTF-8 that holds more than ASCII.
std::u32string decodedTwice(std::u32string_view line) {
    std::string bytes;
    for (const char32_t c : line) {
        const auto byte = windows1252Byte(c);
        if (!byte) return std::u32string(line);
        bytes.push_back(static_cast<char>(*byte));
    }
    std::u32string decoded = unicode::decode(bytes);
    const bool same = decoded.size() == line.size(); // no sequence at all
    if (same || decoded.find(kReplacement) != std::u32string::npos) return std::u32string(line);
    return decoded;
}

std::u32string mendEncoding(std::u32string_view text) {
    std::u32string result;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t end = std::min(text.find(U'\n', from), text.size());
        result += decodedTwice(text.substr(from, end - from));
        if (end < text.size()) result.push_back(U'\n');
        from = end + 1;
    }
    return result;
}

/// Letters that stand for several; nothing where there is none.
std::u32string_view ligature(char32_t c) {
    static const std::unordered_map<char32_t, std::u32string_view> table{
        {0x132, U"IJ"},       {0x133, U"ij"},      {0x149, U"\u02bcn"}, {0x1f1, U"DZ"},      {0x1f2, U"Dz"},
        {0x1f3, U"dz"},       {0x1c4, U"D\u017d"}, {0x1c5, U"D\u017e"}, {0x1c6, U"d\u017e"}, {0x1c7, U"LJ"},
        {0x1c8, U"Lj"},       {0x1c9, U"lj"},      {0x1ca, U"NJ"},      {0x1cb, U"Nj"},      {0x1cc, U"nj"},
        {0xfb00, U"ff"},      {0xfb01, U"fi"},     {0xfb02, U"fl"},     {0xfb03, U"ffi"},    {0xfb04, U"ffl"},
        {0xfb05, U"\u017ft"}, {0xfb06, U"st"}};
    const auto it = table.find(c);
    return it == table.end() ? std::u32string_view() : it->second;
}

bool isStray(char32_t c) {
    return c <= 8 || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f || (c >= 0x206a && c <= 0x206f) ||
           c == 0xfeff || (c >= 0xfff9 && c <= 0xfffc);
}

void appendMended(std::u32string& out, char32_t c) {
    if (c >= 0x80 && c <= 0x9f && kWindows1252[c - 0x80]) c = kWindows1252[c - 0x80];
    if (const std::u32string_view parts = ligature(c); !parts.empty())
        out += parts;
    else if (c == 0x3000)
        out.push_back(U' ');
    else if (c >= 0xff01 && c <= 0xffef)
        out += unicode::compatible({&c, 1});
    else if (c == 0x2bc || (c >= 0x2018 && c <= 0x201b))
        out.push_back(U'\'');
    else if (c >= 0x201c && c <= 0x201f)
        out.push_back(U'"');
    else if (!isStray(c))
        out.push_back(c);
}

/// Length of "ESC [ 1;2 m" at `at`, or 0.
std::size_t terminalEscape(std::u32string_view text, std::size_t at) {
    if (text[at] != 0x1b || at + 1 >= text.size() || text[at + 1] != U'[') return 0;
    std::size_t i = at + 2;
    while (i < text.size() && (isDigit(text[i]) || text[i] == U';')) ++i;
    return i < text.size() && isAlphanumeric(text[i]) ? i + 1 - at : 0;
}

} // namespace

std::u32string unescapeHtml(std::u32string_view text) {
    return unescape(text, false);
}

std::u32string mendText(std::u32string_view text) {
    std::u32string now(text);
    for (int round = 0; round < kMostRounds; ++round) {
        const std::u32string before = now;
        if (now.find(U'<') == std::u32string::npos) now = unescape(now, true);
        now = mendEncoding(now);
        std::u32string next;
        for (std::size_t i = 0; i < now.size();) {
            if (const std::size_t escape = terminalEscape(now, i)) {
                i += escape;
                continue;
            }
            appendMended(next, now[i++]);
        }
        now = unicode::composed(next);
        if (now == before) break;
    }
    return now;
}

} // namespace ochre::models
