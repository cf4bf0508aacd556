// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/EmojiNames.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Text.h"

namespace ochre::training {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kTextLimit = 64 << 20;
constexpr char32_t kSelector = 0xFE0F;
constexpr std::size_t kLongestSequence = 32;

fs::path firstOf(std::initializer_list<const char*> places, const char* what, const char* package) {
    for (const char* place : places) {
        std::error_code ignored;
        if (fs::is_regular_file(place, ignored)) return place;
    }
    throw Error(fmt::format("{}: {} is not there", *places.begin(), what),
                fmt::format("install {}", package));
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// Well-formed UTF-8 only.
std::u32string codePoints(std::string_view text) {
    std::u32string out;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const int more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
        char32_t c = more == 0 ? lead : lead & (0x3F >> more);
        for (int k = 1; k <= more; ++k)
            c = c << 6 | (static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]) & 0x3F);
        out += c;
        i += static_cast<std::size_t>(more) + 1;
    }
    return out;
}

std::optional<std::u32string> sequenceOf(std::string_view hex) {
    std::u32string sequence;
    while (!(hex = trimmed(hex)).empty()) {
        std::uint32_t value = 0;
        const auto [end, problem] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
        if (problem != std::errc() || value == 0 || value > 0x10FFFF || sequence.size() == kLongestSequence)
            return std::nullopt;
        sequence += static_cast<char32_t>(value);
        hex.remove_prefix(static_cast<std::size_t>(end - hex.data()));
        if (!hex.empty() && hex[0] != ' ' && hex[0] != '\t') return std::nullopt;
    }
    if (sequence.empty()) return std::nullopt;
    return sequence;
}

/// "😀 E1.0 grinning face" → "grinning face".
std::string_view nameIn(std::string_view comment) {
    comment = trimmed(comment);
    const std::size_t picture = comment.find(' ');
    if (picture == std::string_view::npos) return {};
    comment = trimmed(comment.substr(picture));
    const std::size_t version = comment.find(' ');
    if (version == std::string_view::npos || comment[0] != 'E') return {};
    return trimmed(comment.substr(version));
}

std::vector<std::string> keywordsIn(std::string_view list) {
    std::vector<std::string> words;
    while (!list.empty()) {
        const std::size_t bar = list.find('|');
        const std::string_view word = trimmed(list.substr(0, bar));
        if (!word.empty()) words.emplace_back(word);
        list = bar == std::string_view::npos ? std::string_view() : list.substr(bar + 1);
    }
    return words;
}

} // namespace

std::u32string withoutSelectors(std::u32string_view sequence) {
    std::u32string out(sequence);
    std::erase(out, kSelector);
    return out;
}

bool isSkinTone(char32_t c) {
    return c >= 0x1F3FB && c <= 0x1F3FF;
}

EmojiSources EmojiSources::find() {
    return {
        firstOf(
            {"/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf", "/usr/share/fonts/noto/NotoColorEmoji.ttf"},
            "the font with the emoji's pictures", "fonts-noto-color-emoji"),
        firstOf({"/usr/share/unicode/emoji/emoji-test.txt"}, "the list of emoji", "unicode-data"),
        firstOf({"/usr/share/unicode/cldr/common/annotations/en.xml"}, "the names of emoji",
                "unicode-cldr-core"),
        firstOf({"/usr/share/unicode/cldr/common/annotationsDerived/en.xml"}, "the names of emoji",
                "unicode-cldr-core"),
    };
}

std::vector<EmojiName> readEmojiTest(std::string_view text, const std::string& subject) {
    if (!isUtf8(text)) throw broken(subject + ": is not UTF-8 text");
    constexpr std::string_view kGroup = "# group:", kSubgroup = "# subgroup:";
    std::vector<EmojiName> names;
    std::string group, subgroup;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        if (line.starts_with(kGroup)) group = trimmed(line.substr(kGroup.size()));
        if (line.starts_with(kSubgroup)) subgroup = trimmed(line.substr(kSubgroup.size()));
        if (line.empty() || line[0] == '#') continue;
        const std::size_t semicolon = line.find(';'), hash = line.find('#', semicolon);
        const bool whole = semicolon != std::string_view::npos && hash != std::string_view::npos;
        const auto sequence = whole ? sequenceOf(line.substr(0, semicolon)) : std::nullopt;
        const std::string_view name = whole ? nameIn(line.substr(hash + 1)) : std::string_view();
        if (!sequence || name.empty())
            throw broken(fmt::format("{}: line {}: \"{}\" is no \"code points; status # emoji version name\"",
                                     subject, number, line.substr(0, 80)));
        if (trimmed(line.substr(semicolon + 1, hash - semicolon - 1)) != "fully-qualified") continue;
        names.push_back({*sequence, std::string(name), {}, group, subgroup});
    }
    if (names.empty())
        throw broken(subject + ": names no fully-qualified emoji", "is this Unicode's emoji-test.txt?");
    return names;
}

void readAnnotations(std::string_view xml, const std::string& subject, Annotations& into) {
    pugi::xml_document document;
    const pugi::xml_parse_result result = document.load_buffer(xml.data(), xml.size());
    if (!result) throw broken(fmt::format("{}: byte {}: {}", subject, result.offset, result.description()));
    const pugi::xml_node list = document.child("ldml").child("annotations");
    if (!list) throw broken(subject + ": holds no ldml/annotations", "is this a file of CLDR's annotations?");
    for (const pugi::xml_node& entry : list.children("annotation")) {
        const std::string_view key = entry.attribute("cp").value(), text = entry.text().get();
        if (key.empty() || !isUtf8(key) || !isUtf8(text))
            throw broken(
                fmt::format("{}: byte {}: an annotation of no character", subject, entry.offset_debug()));
        Annotation& annotation = into[withoutSelectors(codePoints(key))];
        if (std::string_view(entry.attribute("type").value()) == "tts")
            annotation.name = trimmed(text);
        else
            annotation.keywords = keywordsIn(text);
    }
}

std::vector<EmojiName> readEmojiNames(const EmojiSources& sources) {
    Annotations annotations;
    for (const fs::path& path : {sources.annotations, sources.derived})
        readAnnotations(readTextFile(path, kTextLimit), path.string(), annotations);
    std::vector<EmojiName> names =
        readEmojiTest(readTextFile(sources.test, kTextLimit), sources.test.string());
    for (EmojiName& emoji : names) {
        const auto found = annotations.find(withoutSelectors(emoji.sequence));
        if (found == annotations.end()) continue;
        if (!found->second.name.empty()) emoji.name = found->second.name;
        emoji.keywords = found->second.keywords;
        std::erase(emoji.keywords, emoji.name);
    }
    return names;
}

} // namespace ochre::training
