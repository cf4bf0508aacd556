// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/interop/LoraTags.h"

#include "core/base/PromptEdit.h"

namespace ochre::project::interop {
namespace {

struct Found {
    std::size_t begin, end;
    LoraTag tag;
};

std::vector<Found> find(std::string_view prompt) {
    std::vector<Found> found;
    constexpr std::string_view kOpen = "<lora:";
    for (std::size_t at = prompt.find(kOpen); at != std::string_view::npos; at = prompt.find(kOpen, at + 1)) {
        const std::size_t close = prompt.find('>', at);
        if (close == std::string_view::npos) break;
        std::string_view body = prompt.substr(at + kOpen.size(), close - at - kOpen.size());
        if (body.find('<') != std::string_view::npos) continue;
        Found f{at, close + 1, {}};
        std::string_view parts[3];
        int count = 0;
        while (count < 3) {
            const std::size_t colon = count < 2 ? body.find(':') : std::string_view::npos;
            parts[count++] = body.substr(0, colon);
            if (colon == std::string_view::npos) break;
            body.remove_prefix(colon + 1);
        }
        const auto model = count > 1 ? parseWeight(parts[1]) : std::optional(1.0);
        const auto text = count > 2 ? parseWeight(parts[2]) : model;
        if (parts[0].empty() || !model || !text) continue;
        f.tag = {std::string(parts[0]), *model, *text};
        found.push_back(std::move(f));
    }
    return found;
}

} // namespace

std::vector<LoraTag> loraTags(std::string_view prompt) {
    std::vector<LoraTag> tags;
    for (Found& f : find(prompt)) tags.push_back(std::move(f.tag));
    return tags;
}

std::string withoutLoraTags(std::string_view prompt) {
    std::string out;
    std::size_t at = 0;
    for (const Found& f : find(prompt)) {
        out += prompt.substr(at, f.begin - at);
        at = f.end;
        if (out.empty() || out.back() == ' ')
            while (at < prompt.size() && prompt[at] == ' ') ++at;
    }
    out += prompt.substr(at);
    if (at == prompt.size() || out.size() < prompt.size())
        while (!out.empty() && out.back() == ' ' && !prompt.ends_with(' ')) out.pop_back();
    return out;
}

} // namespace ochre::project::interop
