// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/WordPieceTokenizer.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Paths.h"
#include "core/models/text/Unicode.h"

namespace ochre::models {
namespace {

constexpr std::uint64_t kLargestFile = std::uint64_t{16} << 20;
constexpr std::string_view kGoesOn = "##";

Error damaged(const std::string& subject, const std::string& why) {
    return broken(subject + ": " + why, "use the vocab.txt that belongs to the model");
}

/// The blocks of Chinese characters that BERT takes apart; kana and Hangul are none of them.
bool isChinese(char32_t c) {
    struct Block {
        char32_t first, last;
    };
    constexpr Block kBlocks[] = {{0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},
                                 {0x20000, 0x2a6df}, {0x2a700, 0x2b73f}, {0x2b740, 0x2b81f},
                                 {0x2b820, 0x2ceaf}, {0x2f800, 0x2fa1f}};
    return std::any_of(std::begin(kBlocks), std::end(kBlocks),
                       [c](const Block& block) { return c >= block.first && c <= block.last; });
}

/// All of ASCII that is no letter, digit or space counts, so also "$", "+" and "~", which are symbols
/// elsewhere.
bool isPunctuation(char32_t c) {
    const bool ascii = (c >= U'!' && c <= U'/') || (c >= U':' && c <= U'@') || (c >= U'[' && c <= U'`') ||
                       (c >= U'{' && c <= U'~');
    return ascii || unicode::isPunctuation(c);
}

/// Without controls and broken characters; white space is blanks, and Chinese characters stand between
/// blanks.
std::u32string clean(std::u32string_view text) {
    std::u32string result;
    result.reserve(text.size());
    for (const char32_t c : text) {
        if (c == U'\t' || c == U'\n' || c == U'\r')
            result.push_back(U' ');
        else if (c == 0xfffd || unicode::isControl(c))
            continue;
        else if (unicode::isSpace(c))
            result.push_back(U' ');
        else if (isChinese(c))
            result.append({U' ', c, U' '});
        else
            result.push_back(c);
    }
    return result;
}

} // namespace

WordPieceTokenizer::WordPieceTokenizer(const std::filesystem::path& vocabulary) {
    const std::string text = readTextFile(vocabulary, kLargestFile), subject = vocabulary.string();
    if (text.find('\0') != std::string::npos) throw damaged(subject, "is no text");
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        addLine(rest.substr(0, end), subject);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    m_pad = require("[PAD]", subject);
    m_unknown = require("[UNK]", subject);
    m_start = require("[CLS]", subject);
    m_end = require("[SEP]", subject);
    for (const char* name : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"})
        if (const auto it = m_firsts.find(std::string_view(name)); it != m_firsts.end())
            m_specials.push_back({it->first, it->second});
}

void WordPieceTokenizer::addLine(std::string_view line, const std::string& subject) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    const int id = size();
    const bool goesOn = line.size() > kGoesOn.size() && line.starts_with(kGoesOn);
    const std::string_view piece = goesOn ? line.substr(kGoesOn.size()) : line;
    if (!(goesOn ? m_nexts : m_firsts).emplace(piece, id).second)
        throw damaged(subject, fmt::format("line {}: \"{}\" stands there twice", id + 1, line));
    m_pieces.emplace_back(line);
    m_longest = std::max(m_longest, piece.size());
}

int WordPieceTokenizer::require(const std::string& name, const std::string& subject) const {
    const auto it = m_firsts.find(name);
    if (it == m_firsts.end())
        throw damaged(subject, fmt::format("has no {} among its {} lines, so it is no vocabulary of BERT",
                                           name, size()));
    return it->second;
}

const WordPieceTokenizer& WordPieceTokenizer::shared() {
    static const WordPieceTokenizer tokenizer(paths::resources() / "models/bert/vocab.txt");
    return tokenizer;
}

const WordPieceTokenizer::Special* WordPieceTokenizer::specialAt(std::string_view text) const {
    const auto it = std::find_if(m_specials.begin(), m_specials.end(),
                                 [text](const Special& special) { return text.starts_with(special.text); });
    return it == m_specials.end() ? nullptr : &*it;
}

/// The longest piece that fits, then the longest of the rest, …; a word of which any part fits none is
/// unknown as a whole.
void WordPieceTokenizer::appendWord(std::string_view word, std::vector<int>& ids) const {
    const std::size_t before = ids.size();
    for (bool first = true; !word.empty(); first = false) {
        const Pieces& pieces = first ? m_firsts : m_nexts;
        std::size_t length = std::min(word.size(), m_longest);
        auto it = pieces.find(word.substr(0, length));
        while (it == pieces.end() && length > 1) it = pieces.find(word.substr(0, --length));
        if (it == pieces.end()) {
            ids.resize(before);
            ids.push_back(m_unknown);
            return;
        }
        ids.push_back(it->second);
        word.remove_prefix(length);
    }
}

void WordPieceTokenizer::appendText(std::string_view text, std::vector<int>& ids) const {
    std::u32string word;
    const auto endWord = [&] {
        if (word.size() > kLongestWord)
            ids.push_back(m_unknown);
        else
            appendWord(unicode::encode(word), ids);
        word.clear();
    };
    for (const char32_t c : unicode::decomposed(clean(unicode::decode(text)))) {
        if (unicode::isMark(c)) continue;
        const bool alone = isPunctuation(c);
        if (alone || c == U' ') endWord();
        if (c != U' ') word.push_back(unicode::lower(c));
        if (alone) endWord();
    }
    endWord();
}

std::vector<int> WordPieceTokenizer::encode(std::string_view text) const {
    std::vector<int> ids;
    std::size_t from = 0;
    for (std::size_t at = text.find('['); at != std::string_view::npos; at = text.find('[', at + 1))
        if (const Special* special = specialAt(text.substr(at))) {
            appendText(text.substr(from, at - from), ids);
            ids.push_back(special->id);
            from = at + special->text.size();
        }
    appendText(text.substr(from), ids);
    return ids;
}

std::vector<int> WordPieceTokenizer::framed(std::span<const int> ids, std::size_t most) const {
    std::vector<int> result{m_start};
    const auto kept = ids.first(std::min(ids.size(), most - 2));
    result.insert(result.end(), kept.begin(), kept.end());
    result.push_back(m_end);
    return result;
}

} // namespace ochre::models
