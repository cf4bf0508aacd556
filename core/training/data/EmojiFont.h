// SPDX-License-Identifier: GPL-3.0-or-later
// A font with coloured bitmaps (OpenType's CBDT), as Noto Color Emoji: which sequences of code points it
// joins into one picture, and those pictures. The only user of FreeType and HarfBuzz.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "core/base/Hash.h"
#include "core/training/data/Sprite.h"

namespace ochre::training {

/// Safe to use from several threads.
class EmojiFont {
public:
    /// Throws Error: no font, or one without such bitmaps.
    explicit EmojiFont(const std::filesystem::path& path);
    ~EmojiFont();
    EmojiFont(const EmojiFont&) = delete;
    EmojiFont& operator=(const EmojiFont&) = delete;

    /// The glyph that the whole sequence becomes (joiners, skin tones, flags, keycaps), if it is one and has
    /// a bitmap.
    std::optional<std::uint32_t> glyphOf(std::u32string_view sequence) const;

    /// The same for two glyphs means the same picture.
    Hash128 pictureHash(std::uint32_t glyph) const;

    /// As the font holds it; Noto's are 136×128. Throws Error naming the glyph.
    Sprite bitmap(std::uint32_t glyph) const;

private:
    struct Parts;
    std::unique_ptr<Parts> m_parts;
};

} // namespace ochre::training
