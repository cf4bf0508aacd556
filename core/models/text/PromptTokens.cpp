// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/PromptTokens.h"

#include <algorithm>
#include <utility>

namespace ochre::models {
namespace {

constexpr std::size_t kRoom = ClipTokenizer::kRoom;
constexpr std::size_t kShort = 8; // tokens; shorter pieces stay together in ComfyUI
constexpr int kNoRow = -1;

struct Token {
    int id = 0;
    float weight = 1;
    int embedding = kNoRow, row = 0;
};
using Tokens = std::vector<Token>;

/// A run of tokens that belongs together: text of one weight, or the rows of one textual inversion.
struct Group {
    Tokens tokens;
    bool afterBreak = false, isEmbedding = false;
};

class Grouping {
public:
    Grouping(const ClipTokenizer& tokenizer, const PromptTokensOptions& options, PromptTokens& result)
        : m_tokenizer(tokenizer), m_options(options), m_result(result) {}

    std::vector<Group> run(std::string_view prompt) {
        for (const PromptSegment& segment : parseEmphasis(prompt, m_options.style)) {
            m_break = m_break || segment.afterBreak;
            std::size_t from = 0;
            for (const EmbeddingMark& mark : findEmbeddings(segment.text)) {
                addText(std::string_view(segment.text).substr(from, mark.begin - from), segment.weight);
                addEmbedding(mark.name, segment.weight);
                from = mark.end;
            }
            addText(std::string_view(segment.text).substr(from), segment.weight);
        }
        return std::move(m_groups);
    }

private:
    Group& begin() {
        Group& group = m_groups.emplace_back();
        group.afterBreak = std::exchange(m_break, false);
        return group;
    }

    void addText(std::string_view text, double weight) {
        const std::vector<int> ids = m_tokenizer.encode(text);
        if (ids.empty()) return;
        Group& group = begin();
        for (const int id : ids) group.tokens.push_back({id, static_cast<float>(weight)});
        m_result.tokens += static_cast<int>(ids.size());
    }

    void addEmbedding(const std::string& name, double weight) {
        const int rows = m_options.embeddingRows ? m_options.embeddingRows(name) : 0;
        std::vector<std::string>& list = rows > 0 ? m_result.embeddings : m_result.missing;
        const auto known = std::find(list.begin(), list.end(), name);
        const int index = static_cast<int>(known - list.begin());
        if (known == list.end()) list.push_back(name);
        if (rows <= 0) return;
        Group& group = begin();
        group.isEmbedding = true;
        for (int row = 0; row < rows; ++row)
            group.tokens.push_back({0, static_cast<float>(weight), index, row});
        m_result.tokens += rows;
    }

    const ClipTokenizer& m_tokenizer;
    const PromptTokensOptions& m_options;
    PromptTokens& m_result;
    std::vector<Group> m_groups;
    bool m_break = false;
};

std::vector<Tokens> splitComfy(const std::vector<Group>& groups) {
    std::vector<Tokens> chunks(1);
    for (const Group& group : groups) {
        const bool isLong = group.tokens.size() >= kShort;
        for (auto from = group.tokens.begin(); from != group.tokens.end();) {
            const auto left = static_cast<std::size_t>(group.tokens.end() - from);
            const std::size_t room = kRoom - chunks.back().size();
            const std::size_t count = left <= room ? left : isLong ? room : 0;
            chunks.back().insert(chunks.back().end(), from, from + static_cast<std::ptrdiff_t>(count));
            from += static_cast<std::ptrdiff_t>(count);
            if (from != group.tokens.end()) chunks.emplace_back();
        }
    }
    return chunks;
}

class A1111Splitter {
public:
    A1111Splitter(int comma, int backtrack) : m_comma(comma), m_backtrack(backtrack) {}

    std::vector<Tokens> run(const std::vector<Group>& groups) {
        for (const Group& group : groups) {
            if (group.afterBreak) next();
            // Rows of an inversion stay in one chunk where they fit into one.
            if (group.isEmbedding && m_chunk.size() + group.tokens.size() > kRoom &&
                group.tokens.size() <= kRoom)
                next();
            for (const Token& token : group.tokens) add(token);
        }
        if (!m_chunk.empty() || m_chunks.empty()) next();
        return std::move(m_chunks);
    }

private:
    void add(const Token& token) {
        const bool isComma = token.embedding == kNoRow && token.id == m_comma;
        if (isComma) {
            m_lastComma = static_cast<int>(m_chunk.size());
        } else if (m_backtrack > 0 && m_chunk.size() == kRoom && m_lastComma >= 0 &&
                   static_cast<int>(kRoom) - m_lastComma <= m_backtrack) {
            const auto after = m_chunk.begin() + m_lastComma + 1;
            Tokens moved(after, m_chunk.end());
            m_chunk.erase(after, m_chunk.end());
            next();
            m_chunk = std::move(moved);
        }
        if (m_chunk.size() == kRoom) next();
        m_chunk.push_back(token);
    }

    void next() {
        m_chunks.push_back(std::exchange(m_chunk, {}));
        m_lastComma = -1;
    }

    int m_comma, m_backtrack, m_lastComma = -1;
    Tokens m_chunk;
    std::vector<Tokens> m_chunks;
};

PromptChunk framed(const Tokens& tokens, int pad) {
    PromptChunk chunk;
    chunk.ids.push_back(ClipTokenizer::kStart);
    chunk.weights.push_back(1);
    for (const Token& token : tokens) {
        if (token.embedding != kNoRow)
            chunk.rows.push_back({static_cast<int>(chunk.ids.size()), token.embedding, token.row});
        chunk.ids.push_back(token.id);
        chunk.weights.push_back(token.weight);
    }
    chunk.end = static_cast<int>(chunk.ids.size());
    chunk.ids.push_back(ClipTokenizer::kEnd);
    chunk.ids.resize(ClipTokenizer::kLength, pad);
    chunk.weights.resize(ClipTokenizer::kLength, 1);
    return chunk;
}

} // namespace

bool PromptTokens::weighted() const {
    return std::any_of(chunks.begin(), chunks.end(), [](const PromptChunk& chunk) {
        return std::any_of(chunk.weights.begin(), chunk.weights.end(),
                           [](float weight) { return weight != 1; });
    });
}

PromptChunk emptyChunk(int pad) {
    PromptChunk chunk;
    chunk.ids = ClipTokenizer::framed({}, pad);
    chunk.weights.assign(ClipTokenizer::kLength, 1.0f);
    chunk.end = 1;
    return chunk;
}

PromptTokens tokenizePrompt(const ClipTokenizer& tokenizer, std::string_view prompt,
                            const PromptTokensOptions& options) {
    PromptTokens result;
    const std::vector<Group> groups = Grouping(tokenizer, options, result).run(prompt);
    const std::vector<Tokens> chunks =
        options.style == PromptStyle::Comfy
            ? splitComfy(groups)
            : A1111Splitter(tokenizer.encode(",").at(0), options.commaBacktrack).run(groups);
    for (const Tokens& tokens : chunks) result.chunks.push_back(framed(tokens, options.pad));
    return result;
}

} // namespace ochre::models
