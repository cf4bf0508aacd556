// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/ClipTokenizer.h"

#include <algorithm>
#include <limits>
#include <queue>

#include <fmt/format.h>
#include <zlib.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Paths.h"
#include "core/models/text/TextMending.h"
#include "core/models/text/Unicode.h"

namespace ochre::models {
namespace {

constexpr int kBytes = 256;
constexpr int kMerges = ClipTokenizer::kVocabulary - 2 * kBytes - 2;
constexpr std::uint64_t kLargestFile = std::uint64_t{16} << 20;
constexpr std::size_t kLargestText = std::size_t{4} << 20; // unpacked
constexpr std::string_view kWordEnd = "</w>";
constexpr std::u32string_view kStartText = U"<|startoftext|>", kEndText = U"<|endoftext|>";
constexpr std::u32string_view kContractions[] = {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"};

Error damaged(const std::string& subject, const std::string& why) {
    return broken(subject + ": " + why, "install Ochre again, or put openai/CLIP's file there");
}

class Inflater {
public:
    Inflater(std::span<const std::byte> packed, std::string subject) : m_subject(std::move(subject)) {
        m_stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
        m_stream.avail_in = static_cast<uInt>(packed.size());
        if (inflateInit2(&m_stream, 16 + MAX_WBITS) != Z_OK) throw damaged(m_subject, "cannot be unpacked");
    }
    ~Inflater() { inflateEnd(&m_stream); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    /// The next piece; empty at the end.
    std::string_view next() {
        m_stream.next_out = reinterpret_cast<Bytef*>(m_buffer.data());
        m_stream.avail_out = static_cast<uInt>(m_buffer.size());
        const int code = m_ended ? Z_STREAM_END : inflate(&m_stream, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END) throw damaged(m_subject, "its gzip data is damaged");
        m_ended = code == Z_STREAM_END;
        return {m_buffer.data(), m_buffer.size() - m_stream.avail_out};
    }

private:
    z_stream m_stream{};
    std::array<char, 1 << 16> m_buffer{};
    std::string m_subject;
    bool m_ended = false;
};

/// The first `lines` lines, the rest of the file is not unpacked.
std::string firstLines(const std::filesystem::path& path, int lines) {
    const std::vector<std::byte> packed = readFile(path, kLargestFile);
    Inflater inflater(packed, path.string());
    std::string text;
    for (auto left = static_cast<std::ptrdiff_t>(lines); left > 0;) {
        const std::string_view piece = inflater.next();
        if (piece.empty() || text.size() > kLargestText)
            throw damaged(path.string(), fmt::format("has not the {} lines of a vocabulary", lines));
        text += piece;
        left -= std::count(piece.begin(), piece.end(), '\n');
    }
    return text;
}

/// Vocabularies are text: each byte has a character that can be seen. The 188 that are visible in Latin-1
/// stand for themselves, the others for U+0100 and up; in this order they are the first 256 ids.
struct ByteAlphabet {
    std::array<std::string, kBytes> characters; ///< by id
    std::array<unsigned char, kBytes> bytes{};  ///< by id

    ByteAlphabet() {
        std::size_t id = 0;
        char32_t next = 0x100;
        for (const bool visible : {true, false})
            for (unsigned byte = 0; byte < kBytes; ++byte) {
                const bool seen = (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte != 0xad);
                if (seen != visible) continue;
                const char32_t character = visible ? byte : next++;
                characters[id] = unicode::encode({&character, 1});
                bytes[id++] = static_cast<unsigned char>(byte);
            }
    }
};

std::uint64_t pairKey(int left, int right) {
    return (static_cast<std::uint64_t>(left) << 32) | static_cast<std::uint32_t>(right);
}

/// Letters that are equal to ASCII ones but for case in the pattern's matching; text is lower case already.
bool sameLetter(char32_t c, char32_t pattern) {
    return c == pattern || (c == 0x17f && pattern == U's'); // long s
}

bool startsWith(std::u32string_view text, std::u32string_view pattern) {
    return text.size() >= pattern.size() &&
           std::equal(pattern.begin(), pattern.end(), text.begin(),
                      [](char32_t p, char32_t c) { return sameLetter(c, p); });
}

/// Length of the token that `text` begins with: a special one, a contraction, letters, one digit, or a run of
/// anything else; 0: white space.
std::size_t tokenLength(std::u32string_view text) {
    for (const std::u32string_view special : {kStartText, kEndText})
        if (startsWith(text, special)) return special.size();
    for (const std::u32string_view contraction : kContractions)
        if (startsWith(text, contraction)) return contraction.size();
    const auto isOther = [](char32_t c) {
        return !unicode::isSpace(c) && !unicode::isLetter(c) && !unicode::isNumber(c);
    };
    if (unicode::isNumber(text[0])) return 1;
    const auto end = unicode::isLetter(text[0])
                         ? std::find_if_not(text.begin(), text.end(), unicode::isLetter)
                         : std::find_if_not(text.begin(), text.end(), isOther);
    return static_cast<std::size_t>(end - text.begin());
}

/// A pair of neighbours that may become one; earlier rules first, then from the left.
struct Candidate {
    int rank;
    std::size_t left, right;
    int leftId, rightId, id;
    bool operator<(const Candidate& other) const {
        return rank != other.rank ? rank > other.rank : left > other.left;
    }
};

} // namespace

ClipTokenizer::ClipTokenizer(const std::filesystem::path& vocabulary) {
    const ByteAlphabet alphabet;
    m_texts.reserve(kVocabulary);
    for (int id = 0; id < kBytes; ++id) {
        const unsigned char byte = alphabet.bytes[static_cast<std::size_t>(id)];
        m_byteIds[byte] = id;
        m_texts.emplace_back(1, static_cast<char>(byte));
    }
    for (int id = 0; id < kBytes; ++id) m_texts.push_back(m_texts[static_cast<std::size_t>(id)] + ' ');
    addMerges(firstLines(vocabulary, kMerges + 1), vocabulary.string());
    m_texts.push_back(unicode::encode(kStartText));
    m_texts.push_back(unicode::encode(kEndText));
}

void ClipTokenizer::addMerges(std::string_view lines, const std::string& subject) {
    const ByteAlphabet alphabet;
    std::string names; // what the keys of `ids` lie in; never moves, as all of it fits
    names.reserve(lines.size() + 2 * kBytes * 8);
    std::unordered_map<std::string_view, int> ids;
    ids.reserve(kVocabulary);
    m_merges.reserve(kMerges);
    const auto add = [&](std::string_view left, std::string_view right, int id) {
        const std::size_t at = names.size();
        names.append(left).append(right);
        return ids.emplace(std::string_view(names).substr(at), id).second;
    };
    for (int id = 0; id < kBytes; ++id) {
        const std::string& character = alphabet.characters[static_cast<std::size_t>(id)];
        add(character, {}, id);
        add(character, kWordEnd, id + kBytes);
    }
    std::size_t at = lines.find('\n') + 1; // the first line is the version
    for (int rank = 0; rank < kMerges; ++rank) {
        const std::size_t end = lines.find('\n', at);
        const std::string_view line = lines.substr(at, end - at);
        const std::size_t space = std::min(line.find(' '), line.size());
        const auto left = ids.find(line.substr(0, space));
        const auto right = ids.find(line.substr(std::min(space + 1, line.size())));
        if (left == ids.end() || right == ids.end())
            throw damaged(subject,
                          fmt::format("line {}: \"{}\" joins parts that are not known", rank + 2, line));
        const int id = 2 * kBytes + rank;
        m_merges.emplace(pairKey(left->second, right->second), Merge{rank, id});
        m_texts.push_back(m_texts[static_cast<std::size_t>(left->second)] +
                          m_texts[static_cast<std::size_t>(right->second)]);
        if (!add(left->first, right->first, id))
            throw damaged(subject, fmt::format("line {}: \"{}\" stands there twice", rank + 2, line));
        at = end + 1;
    }
}

const ClipTokenizer& ClipTokenizer::shared() {
    static const ClipTokenizer tokenizer(paths::resources() / "models/clip/bpe_simple_vocab_16e6.txt.gz");
    return tokenizer;
}

const ClipTokenizer::Merge* ClipTokenizer::mergeOf(int left, int right) const {
    const auto it = m_merges.find(pairKey(left, right));
    return it == m_merges.end() ? nullptr : &it->second;
}

/// Joins neighbours, the earliest rule first. A rule that has a joined part comes after the one that made the
/// part, so a queue gives the order of the reference, in n log n also for a word of 100,000 letters.
void ClipTokenizer::appendWord(std::string_view bytes, std::vector<int>& ids) const {
    constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
    const std::size_t count = bytes.size();
    std::vector<int> part(count);
    std::vector<std::size_t> next(count), previous(count);
    for (std::size_t i = 0; i < count; ++i) {
        part[i] = m_byteIds[static_cast<unsigned char>(bytes[i])];
        next[i] = i + 1 < count ? i + 1 : kNone;
        previous[i] = i > 0 ? i - 1 : kNone;
    }
    part.back() += kBytes;
    std::priority_queue<Candidate> queue;
    const auto offer = [&](std::size_t left, std::size_t right) {
        if (left == kNone || right == kNone) return;
        if (const Merge* merge = mergeOf(part[left], part[right]))
            queue.push({merge->rank, left, right, part[left], part[right], merge->id});
    };
    for (std::size_t i = 0; i + 1 < count; ++i) offer(i, i + 1);
    while (!queue.empty()) {
        const Candidate best = queue.top();
        queue.pop();
        // Since it was offered, one of the two may have been joined with another.
        if (part[best.left] != best.leftId || next[best.left] != best.right ||
            part[best.right] != best.rightId)
            continue;
        part[best.left] = best.id;
        part[best.right] = -1;
        next[best.left] = next[best.right];
        if (next[best.left] != kNone) previous[next[best.left]] = best.left;
        offer(previous[best.left], best.left);
        offer(best.left, next[best.left]);
    }
    for (std::size_t i = 0; i != kNone; i = next[i]) ids.push_back(part[i]);
}

std::vector<int> ClipTokenizer::encodeClean(std::u32string_view text) const {
    const std::u32string clean = unicode::lower(unicode::collapseSpaces(unescapeHtml(unescapeHtml(text))));
    std::vector<int> ids;
    for (std::u32string_view rest = clean; !rest.empty();) {
        const std::size_t length = tokenLength(rest);
        const std::u32string_view token = rest.substr(0, length);
        if (token == kStartText)
            ids.push_back(kStart);
        else if (token == kEndText)
            ids.push_back(kEnd);
        else if (length > 0)
            appendWord(unicode::encode(token), ids);
        rest.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return ids;
}

std::vector<int> ClipTokenizer::encode(std::string_view text) const {
    return encodeClean(mendText(unicode::decode(text)));
}

std::vector<int> ClipTokenizer::encodeUnmended(std::string_view text) const {
    return encodeClean(unicode::decode(text));
}

std::string ClipTokenizer::decode(std::span<const int> ids) const {
    std::string bytes;
    for (const int id : ids)
        if (id >= 0 && id < kVocabulary) bytes += m_texts[static_cast<std::size_t>(id)];
    return unicode::encode(unicode::decode(bytes)); // ids may end inside a character
}

std::vector<int> ClipTokenizer::framed(std::span<const int> ids, int pad) {
    std::vector<int> result{kStart};
    const auto kept = ids.first(std::min<std::size_t>(ids.size(), kRoom));
    result.insert(result.end(), kept.begin(), kept.end());
    result.push_back(kEnd);
    result.resize(kLength, pad);
    return result;
}

std::vector<std::vector<int>> ClipTokenizer::chunks(std::span<const int> ids, int pad) {
    std::vector<std::vector<int>> result;
    do {
        const std::size_t count = std::min<std::size_t>(ids.size(), kRoom);
        result.push_back(framed(ids.first(count), pad));
        ids = ids.subspan(count);
    } while (!ids.empty());
    return result;
}

} // namespace ochre::models
