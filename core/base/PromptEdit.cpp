// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/PromptEdit.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace ochre {
namespace {

constexpr double kMost = 10, kNearly = 0.005; // half a step of what is written
constexpr std::string_view kDelimiters = " \t\r\n.,\\/!?%^*;:{}=`~()[]<>|";

std::string_view trim(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

bool isDelimiter(char c) {
    return kDelimiters.find(c) != std::string_view::npos;
}

bool isEscaped(std::string_view text, std::size_t at) {
    std::size_t slashes = 0;
    while (slashes < at && text[at - slashes - 1] == '\\') ++slashes;
    return slashes % 2 == 1;
}

struct Bracket {
    std::size_t open = 0, textEnd = 0, close = 0; ///< "(" at open, ":" or ")" at textEnd, ")" at close
    double weight = 1.1;
};

/// The innermost pair of round brackets with [begin, end) between or on them.
std::optional<Bracket> around(std::string_view text, std::size_t begin, std::size_t end) {
    std::vector<std::size_t> opened;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (isEscaped(text, i)) continue;
        if (text[i] == '(') opened.push_back(i);
        if (text[i] != ')' || opened.empty()) continue;
        const std::size_t open = opened.back();
        opened.pop_back();
        if (open > begin || i + 1 < end) continue;
        Bracket bracket{open, i, i};
        const std::size_t colon = text.substr(0, i).rfind(':');
        if (colon != std::string_view::npos && colon > open)
            if (const auto weight = parseWeight(text.substr(colon + 1, i - colon - 1))) {
                bracket.textEnd = colon;
                bracket.weight = *weight;
            }
        return bracket;
    }
    return std::nullopt;
}

PromptEdit weighted(std::string_view before, std::string_view text, std::string_view after, double weight) {
    weight = std::clamp(std::round(weight * 100) / 100, 0.0, kMost);
    PromptEdit edit;
    const bool plain = std::abs(weight - 1) < kNearly;
    edit.begin = before.size() + (plain ? 0 : 1);
    edit.end = edit.begin + text.size();
    edit.text = plain ? fmt::format("{}{}{}", before, text, after)
                      : fmt::format("{}({}:{:.4g}){}", before, text, weight, after);
    return edit;
}

} // namespace

std::optional<double> parseWeight(std::string_view text) {
    text = trim(text);
    if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return std::clamp(value, -kLargestPromptWeight, kLargestPromptWeight);
}

PromptEdit adjustWeight(std::string_view text, std::size_t begin, std::size_t end, double delta) {
    begin = std::min(begin, text.size());
    end = std::clamp(end, begin, text.size());
    if (!std::isfinite(delta)) delta = 0;
    if (const auto bracket = around(text, begin, end)) {
        const std::size_t first = bracket->open + 1;
        return weighted(text.substr(0, bracket->open), text.substr(first, bracket->textEnd - first),
                        text.substr(bracket->close + 1), bracket->weight + delta);
    }
    if (begin == end) {
        while (begin > 0 && !isDelimiter(text[begin - 1])) --begin;
        while (end < text.size() && !isDelimiter(text[end])) ++end;
    }
    // Blanks at the ends of a selection stay outside.
    while (begin < end && text[begin] == ' ') ++begin;
    while (end > begin && text[end - 1] == ' ') --end;
    if (begin == end) return {std::string(text), begin, end};
    return weighted(text.substr(0, begin), text.substr(begin, end - begin), text.substr(end), 1 + delta);
}

} // namespace ochre
