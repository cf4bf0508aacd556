// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/Prompt.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

constexpr double kStep = 1.1;
constexpr int kDeepest = 100;
constexpr double kLargestWeight = kLargestPromptWeight; // products of A1111's brackets end here, so that they stay finite

bool isBlank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

/// Bytes of words: letters, digits, "_" and all of UTF-8 beyond ASCII.
bool isWord(char c) {
    return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80);
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && isBlank(text.front())) text.remove_prefix(1);
    while (!text.empty() && isBlank(text.back())) text.remove_suffix(1);
    return text;
}

bool isWordAt(std::string_view text, std::size_t at, std::string_view word) {
    const std::size_t end = at + word.size();
    return text.substr(at, word.size()) == word && (at == 0 || !isWord(text[at - 1])) &&
           (end == text.size() || !isWord(text[end]));
}

void append(std::vector<PromptSegment>& out, std::string_view text, double weight) {
    if (text.empty()) return;
    if (!out.empty() && out.back().weight == weight)
        out.back().text += text;
    else
        out.push_back({std::string(text), weight, false});
}

/// ---- ComfyUI ----
/// Escaped brackets, while brackets are looked for; bytes that no UTF-8 has.
constexpr char kOpenLetter = '\xfe', kCloseLetter = '\xff';

std::string hideEscapes(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape =
            text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '(' || text[i + 1] == ')');
        result.push_back(!escape ? text[i] : text[++i] == '(' ? kOpenLetter : kCloseLetter);
    }
    return result;
}

std::string showEscapes(std::string_view text) {
    std::string result(text);
    std::replace(result.begin(), result.end(), kOpenLetter, '(');
    std::replace(result.begin(), result.end(), kCloseLetter, ')');
    return result;
}

/// The text in pieces: what stands in outermost brackets, with them, and what stands between.
std::vector<std::string_view> bracketed(std::string_view text) {
    std::vector<std::string_view> pieces;
    std::size_t from = 0;
    std::ptrdiff_t level = 0;
    const auto cut = [&](std::size_t to) {
        if (to > from) pieces.push_back(text.substr(from, to - from));
        from = to;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '(' && level++ == 0) cut(i);
        if (text[i] == ')' && --level == 0) cut(i + 1);
    }
    cut(text.size());
    return pieces;
}

void parseComfy(std::string_view text, double weight, int depth, std::vector<PromptSegment>& out) {
    for (std::string_view piece : bracketed(text)) {
        if (depth >= kDeepest || piece.size() < 2 || piece.front() != '(' || piece.back() != ')') {
            append(out, showEscapes(piece), weight);
            continue;
        }
        piece = piece.substr(1, piece.size() - 2);
        double inner = std::min(weight * kStep, kLargestWeight);
        const std::size_t colon = piece.rfind(':');
        if (colon != std::string_view::npos && colon > 0)
            if (const auto stated = parseWeight(piece.substr(colon + 1))) {
                inner = *stated;
                piece = piece.substr(0, colon);
            }
        parseComfy(piece, inner, depth + 1, out);
    }
}

/// ---- A1111 ----
struct Token {
    enum Kind { Text, Open, Close, Break } kind = Text;
    std::string_view text;
    double factor = 1; ///< Open: of what it encloses
    bool square = false;
};

/// Length of ":1.2)" and its number, at a colon; 0 where it is something else.
std::size_t weightAt(std::string_view text, std::size_t at, double& weight) {
    std::size_t i = at + 1;
    while (i < text.size() && isBlank(text[i])) ++i;
    const std::size_t first = i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    while (i < text.size() && (isDigit(text[i]) || text[i] == '.')) ++i;
    const auto number = parseWeight(text.substr(first, i - first));
    while (i < text.size() && isBlank(text[i])) ++i;
    if (!number || i >= text.size() || text[i] != ')') return 0;
    weight = *number;
    return i + 1 - at;
}

class A1111Lexer {
public:
    explicit A1111Lexer(std::string_view text) : m_text(text) {}

    std::vector<Token> run() {
        while (m_at < m_text.size()) step();
        flush(m_at);
        for (const std::size_t open : m_round) m_tokens[open].factor = kStep;
        for (const std::size_t open : m_square) m_tokens[open].factor = 1 / kStep;
        return std::move(m_tokens);
    }

private:
    void step() {
        const char c = m_text[m_at];
        double weight = 0;
        std::size_t length = 0;
        if (c == '\\')
            escape();
        else if (c == '(' || c == '[')
            open(c == '[');
        else if (c == ':' && !m_round.empty() && (length = weightAt(m_text, m_at, weight)) > 0)
            close(m_round, weight, length);
        else if (c == ')' && !m_round.empty())
            close(m_round, kStep, 1);
        else if (c == ']' && !m_square.empty())
            close(m_square, 1 / kStep, 1);
        else if (c == 'B' && isWordAt(m_text, m_at, "BREAK"))
            breakHere();
        else
            ++m_at;
    }

    void flush(std::size_t end) {
        if (end > m_from) m_tokens.push_back({Token::Text, m_text.substr(m_from, end - m_from)});
    }

    /// A backslash before a bracket or a backslash goes; before anything else too, as there.
    void escape() {
        flush(m_at);
        m_from = ++m_at;
        if (m_at < m_text.size() && std::string_view("()[]\\").find(m_text[m_at]) != std::string_view::npos)
            ++m_at;
    }

    void open(bool square) {
        flush(m_at);
        (square ? m_square : m_round).push_back(m_tokens.size());
        m_tokens.push_back({Token::Open, {}, 1, square});
        m_from = ++m_at;
    }

    void close(std::vector<std::size_t>& opened, double factor, std::size_t length) {
        flush(m_at);
        m_tokens[opened.back()].factor = factor;
        m_tokens.push_back({Token::Close, {}, 1, &opened == &m_square});
        opened.pop_back();
        m_from = m_at += length;
    }

    void breakHere() {
        std::size_t end = m_at;
        while (end > m_from && isBlank(m_text[end - 1])) --end;
        flush(end);
        m_tokens.push_back({Token::Break, {}});
        m_at += 5;
        while (m_at < m_text.size() && isBlank(m_text[m_at])) ++m_at;
        m_from = m_at;
    }

    std::string_view m_text;
    std::size_t m_at = 0, m_from = 0;
    std::vector<Token> m_tokens;
    std::vector<std::size_t> m_round, m_square; ///< open brackets, as places in m_tokens
};

std::vector<PromptSegment> parseA1111(std::string_view text) {
    std::vector<PromptSegment> out;
    std::vector<double> round{1}, square{1}; // products of the open brackets of a kind; they may overlap
    bool afterBreak = false;
    for (const Token& token : A1111Lexer(text).run()) {
        std::vector<double>& open = token.square ? square : round;
        const double weight = std::clamp(round.back() * square.back(), -kLargestWeight, kLargestWeight);
        switch (token.kind) {
        case Token::Open:
            open.push_back(std::clamp(open.back() * token.factor, -kLargestWeight, kLargestWeight));
            break;
        case Token::Close:
            open.pop_back();
            break;
        case Token::Break:
            afterBreak = true;
            break;
        case Token::Text:
            if (afterBreak)
                out.push_back({std::string(token.text), weight, true});
            else
                append(out, token.text, weight);
            afterBreak = false;
            break;
        }
    }
    return out;
}

} // namespace

void checkPromptLength(std::string_view text) {
    if (text.size() > kLongestPrompt)
        throw Error(fmt::format("prompt: {} bytes, at most {} are read", text.size(), kLongestPrompt),
                    "shorten it; a text encoder reads 75 words or so at a time");
}

std::vector<PromptSegment> parseEmphasis(std::string_view prompt, PromptStyle style) {
    checkPromptLength(prompt);
    if (style == PromptStyle::A1111) return parseA1111(prompt);
    std::vector<PromptSegment> out;
    parseComfy(hideEscapes(prompt), 1, 0, out);
    return out;
}

std::vector<PromptSegment> splitAnd(std::string_view prompt) {
    checkPromptLength(prompt);
    std::vector<PromptSegment> parts;
    const auto add = [&parts](std::string_view text) {
        PromptSegment& part = parts.emplace_back();
        const std::size_t colon = text.rfind(':');
        const auto weight =
            colon == std::string_view::npos ? std::nullopt : parseWeight(text.substr(colon + 1));
        if (weight) {
            part.weight = *weight;
            text = text.substr(0, colon);
        }
        part.text = text;
    };
    std::size_t from = 0;
    for (std::size_t at = prompt.find("AND"); at != std::string_view::npos; at = prompt.find("AND", at + 3)) {
        if (!isWordAt(prompt, at, "AND")) continue;
        add(prompt.substr(from, at - from));
        from = at + 3;
    }
    if (parts.empty()) return {{std::string(prompt), 1, false}};
    add(prompt.substr(from));
    for (PromptSegment& part : parts) part.text = trim(part.text);
    return parts;
}

std::vector<EmbeddingMark> findEmbeddings(std::string_view prompt) {
    constexpr std::string_view kMark = "embedding:";
    std::vector<EmbeddingMark> marks;
    for (std::size_t at = prompt.find(kMark); at != std::string_view::npos; at = prompt.find(kMark, at + 1)) {
        if (at > 0 && isWord(prompt[at - 1])) continue;
        const std::size_t first = at + kMark.size();
        std::size_t end = first;
        while (end < prompt.size() && !isBlank(prompt[end]) &&
               std::string_view("()[]{}<>|,:").find(prompt[end]) == std::string_view::npos)
            ++end;
        if (end > first) marks.push_back({at, end, std::string(prompt.substr(first, end - first))});
    }
    return marks;
}

} // namespace ochre::models
