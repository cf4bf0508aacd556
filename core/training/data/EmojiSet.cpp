// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/EmojiSet.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::training {
namespace {

std::u32string withoutTones(std::u32string_view sequence) {
    std::u32string out = withoutSelectors(sequence);
    std::erase_if(out, isSkinTone);
    return out;
}

} // namespace

EmojiSet::EmojiSet(const EmojiSources& sources) : m_font(std::make_unique<EmojiFont>(sources.font)) {
    for (EmojiName& name : readEmojiNames(sources)) {
        const auto glyph = m_font->glyphOf(name.sequence);
        if (!glyph) {
            m_withoutPicture.push_back(std::move(name.name));
            continue;
        }
        Emoji emoji{std::move(name.sequence), std::move(name.name), std::move(name.keywords),
                    std::move(name.group), std::move(name.subgroup)};
        emoji.glyph = *glyph;
        for (const char32_t c : emoji.sequence)
            if (isSkinTone(c)) emoji.tones.push_back(static_cast<int>(c - 0x1F3FB) + 1);
        auto group = std::find(m_groups.begin(), m_groups.end(), emoji.group);
        if (group == m_groups.end()) group = m_groups.insert(group, emoji.group);
        emoji.groupIndex = static_cast<int>(group - m_groups.begin());
        m_entries.push_back(std::move(emoji));
    }
    if (m_entries.empty())
        throw Error(fmt::format("{}: has a picture for none of the emoji in {}", sources.font.string(),
                                sources.test.string()),
                    "install fonts-noto-color-emoji");
    relate();
}

void EmojiSet::relate() {
    std::map<std::u32string, std::size_t> bySequence;
    std::unordered_map<Hash128, std::size_t> byPicture;
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        Emoji& emoji = m_entries[i];
        if (emoji.tones.empty()) bySequence.emplace(withoutSelectors(emoji.sequence), i);
        emoji.samePicture = byPicture.emplace(m_font->pictureHash(emoji.glyph), i).first->second;
    }
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        Emoji& emoji = m_entries[i];
        emoji.base = i;
        if (emoji.tones.empty()) continue;
        // Couples of two tones are spelled otherwise than the couple without; their names begin alike.
        const auto same = bySequence.find(withoutTones(emoji.sequence));
        if (same != bySequence.end())
            emoji.base = same->second;
        else
            emoji.base = find(emoji.name.substr(0, emoji.name.find(':'))).value_or(i);
    }
}

std::optional<std::size_t> EmojiSet::find(std::string_view name) const {
    for (std::size_t i = 0; i < m_entries.size(); ++i)
        if (m_entries[i].name == name) return i;
    return std::nullopt;
}

std::vector<std::uint8_t> EmojiSet::picture(std::size_t index, int side) const {
    const Sprite sprite = bitmap(index);
    Canvas canvas(side);
    canvas.place(sprite, fitted(sprite, side));
    return canvas.rgba8();
}

Placement fitted(const Sprite& sprite, int side) {
    return {side / 2.0, side / 2.0, static_cast<double>(side) / std::max(sprite.width, sprite.height)};
}

} // namespace ochre::training
