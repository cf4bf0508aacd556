// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/LoraTags.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/base/PromptEdit.h"

namespace ochre {
namespace {

struct Mark {
    std::size_t begin = 0, end = 0; ///< of the whole tag
    LoraTag tag;
};

std::string_view trim(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

std::optional<LoraTag> tagOf(std::string_view inside) {
    if (!inside.starts_with("lora:") && !inside.starts_with("lyco:")) return std::nullopt;
    std::string_view name;
    std::optional<double> text, model, te, unet; // by place, by name
    std::size_t at = 5;
    for (int place = 0; at <= inside.size();) {
        const std::size_t end = std::min(inside.find(':', at), inside.size());
        const std::string_view part = trim(inside.substr(at, end - at));
        at = end + 1;
        const bool named = place > 0 && part.find('=') != std::string_view::npos;
        if (named) {
            if (part.starts_with("te=")) te = parseWeight(part.substr(3));
            if (part.starts_with("unet=")) unet = parseWeight(part.substr(5));
            continue;
        }
        if (place == 0) name = part;
        if (place == 1) text = parseWeight(part);
        if (place == 2) model = parseWeight(part);
        ++place;
    }
    if (name.empty()) return std::nullopt;
    const double textWeight = te.value_or(text.value_or(1));
    return LoraTag{std::string(name), unet.value_or(model.value_or(textWeight)), textWeight};
}

std::vector<Mark> findTags(std::string_view prompt) {
    std::vector<Mark> marks;
    for (std::size_t open = prompt.find('<'); open != std::string_view::npos;
         open = prompt.find('<', open + 1)) {
        const std::size_t close = prompt.find_first_of("<>", open + 1);
        if (close == std::string_view::npos) break;
        if (prompt[close] == '<') continue;
        if (auto tag = tagOf(prompt.substr(open + 1, close - open - 1)))
            marks.push_back({open, close + 1, std::move(*tag)});
        open = close;
    }
    return marks;
}

} // namespace

TaggedPrompt takeLoraTags(std::string_view prompt) {
    TaggedPrompt result;
    std::size_t from = 0;
    for (Mark& mark : findTags(prompt)) {
        result.text += prompt.substr(from, mark.begin - from);
        from = mark.end;
        result.loras.push_back(std::move(mark.tag));
    }
    result.text += prompt.substr(from);
    return result;
}

std::string withoutLoraTags(std::string_view prompt) {
    const std::vector<Mark> marks = findTags(prompt);
    if (marks.empty()) return std::string(prompt);
    std::string out;
    std::size_t at = 0;
    for (const Mark& mark : marks) {
        out += prompt.substr(at, mark.begin - at);
        at = mark.end;
        if (out.empty() || out.back() == ' ')
            while (at < prompt.size() && prompt[at] == ' ') ++at;
    }
    out += prompt.substr(at);
    while (!prompt.ends_with(' ') && out.ends_with(' ')) out.pop_back();
    return out;
}

std::string writeLoraTag(const LoraTag& tag) {
    if (tag.textWeight == tag.modelWeight) return fmt::format("<lora:{}:{}>", tag.name, tag.modelWeight);
    return fmt::format("<lora:{}:{}:{}>", tag.name, tag.textWeight, tag.modelWeight);
}

} // namespace ochre
