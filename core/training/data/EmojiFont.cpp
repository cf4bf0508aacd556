// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/EmojiFont.h"

#include <mutex>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <ft2build.h>
#include FT_FREETYPE_H
#include <hb-ot.h>
#include <hb.h>

#include "core/base/Error.h"
#include "core/base/File.h"

namespace ochre::training {
namespace {

constexpr char32_t kSelector = 0xFE0F;
constexpr unsigned kLargestBitmap = 1024;

template <auto kDestroy>
struct Destroyer {
    template <typename T>
    void operator()(T* object) const {
        kDestroy(object);
    }
};
using Blob = std::unique_ptr<hb_blob_t, Destroyer<hb_blob_destroy>>;
using Face = std::unique_ptr<hb_face_t, Destroyer<hb_face_destroy>>;
using Font = std::unique_ptr<hb_font_t, Destroyer<hb_font_destroy>>;
using Buffer = std::unique_ptr<hb_buffer_t, Destroyer<hb_buffer_destroy>>;

/// FreeType's view of the font. A library and its faces serve one thread at a time.
struct Drawer {
    FT_Library library = nullptr;
    FT_Face face = nullptr;

    Drawer(std::span<const std::byte> bytes, const std::string& subject) {
        if (FT_Init_FreeType(&library) != 0) throw Error("FreeType cannot be started");
        const int problem = FT_New_Memory_Face(library, reinterpret_cast<const FT_Byte*>(bytes.data()),
                                               static_cast<FT_Long>(bytes.size()), 0, &face);
        const char* reason = problem != 0                   ? "is no font that FreeType knows"
                             : face->num_fixed_sizes < 1    ? "holds no bitmaps"
                             : FT_Select_Size(face, 0) != 0 ? "has bitmaps of no size that FreeType knows"
                                                            : nullptr;
        if (!reason) return;
        close();
        throw broken(subject + ": " + reason,
                     "a font with CBDT bitmaps is needed, as fonts-noto-color-emoji");
    }
    ~Drawer() { close(); }
    Drawer(const Drawer&) = delete;
    Drawer& operator=(const Drawer&) = delete;

private:
    void close() {
        if (face) FT_Done_Face(face);
        FT_Done_FreeType(library);
    }
};

} // namespace

struct EmojiFont::Parts {
    std::string subject;
    MappedFile file;
    Font font;
    std::mutex mutex;
    std::vector<std::unique_ptr<Drawer>> idle;

    std::unique_ptr<Drawer> take() {
        {
            const std::lock_guard lock(mutex);
            if (!idle.empty()) {
                std::unique_ptr<Drawer> drawer = std::move(idle.back());
                idle.pop_back();
                return drawer;
            }
        }
        return std::make_unique<Drawer>(file.bytes(), subject);
    }
    void giveBack(std::unique_ptr<Drawer> drawer) {
        const std::lock_guard lock(mutex);
        idle.push_back(std::move(drawer));
    }
    Blob png(std::uint32_t glyph) const { return Blob(hb_ot_color_glyph_reference_png(font.get(), glyph)); }
};

EmojiFont::EmojiFont(const std::filesystem::path& path) : m_parts(std::make_unique<Parts>()) {
    Parts& parts = *m_parts;
    parts.subject = path.string();
    parts.file = MappedFile(path);
    parts.giveBack(parts.take());
    const std::span<const std::byte> bytes = parts.file.bytes();
    const Blob blob(hb_blob_create(reinterpret_cast<const char*>(bytes.data()),
                                   static_cast<unsigned>(bytes.size()), HB_MEMORY_MODE_READONLY, nullptr,
                                   nullptr));
    const Face face(hb_face_create(blob.get(), 0));
    if (!hb_ot_color_has_png(face.get()))
        throw broken(parts.subject + ": holds no coloured bitmaps",
                     "a font with CBDT bitmaps is needed, as fonts-noto-color-emoji");
    hb_face_make_immutable(face.get());
    parts.font.reset(hb_font_create(face.get()));
    hb_font_make_immutable(parts.font.get());
}

EmojiFont::~EmojiFont() = default;

std::optional<std::uint32_t> EmojiFont::glyphOf(std::u32string_view sequence) const {
    const Buffer buffer(hb_buffer_create());
    hb_buffer_add_utf32(buffer.get(), reinterpret_cast<const std::uint32_t*>(sequence.data()),
                        static_cast<int>(sequence.size()), 0, static_cast<int>(sequence.size()));
    hb_buffer_set_direction(buffer.get(), HB_DIRECTION_LTR);
    hb_buffer_set_script(buffer.get(), HB_SCRIPT_COMMON);
    hb_buffer_set_language(buffer.get(), hb_language_from_string("en", -1));
    // Joiners and tags that found nothing to join stay, so that half a sequence is not taken for the whole.
    hb_buffer_set_flags(buffer.get(), HB_BUFFER_FLAG_PRESERVE_DEFAULT_IGNORABLES);
    hb_buffer_set_cluster_level(buffer.get(), HB_BUFFER_CLUSTER_LEVEL_CHARACTERS);
    hb_shape(m_parts->font.get(), buffer.get(), nullptr, 0);
    unsigned count = 0;
    const hb_glyph_info_t* glyphs = hb_buffer_get_glyph_infos(buffer.get(), &count);
    std::optional<std::uint32_t> found;
    for (unsigned i = 0; i < count; ++i) {
        if (glyphs[i].cluster < sequence.size() && sequence[glyphs[i].cluster] == kSelector)
            continue; // asks for colour only
        if (found) return std::nullopt;
        found = glyphs[i].codepoint;
    }
    if (!found || *found == 0 || hb_blob_get_length(m_parts->png(*found).get()) == 0) return std::nullopt;
    return found;
}

Hash128 EmojiFont::pictureHash(std::uint32_t glyph) const {
    const Blob blob = m_parts->png(glyph);
    unsigned size = 0;
    const char* data = hb_blob_get_data(blob.get(), &size);
    return hashBytes(data, size);
}

Sprite EmojiFont::bitmap(std::uint32_t glyph) const {
    std::unique_ptr<Drawer> drawer = m_parts->take();
    const int problem = FT_Load_Glyph(drawer->face, glyph, FT_LOAD_COLOR);
    const FT_Bitmap& from = drawer->face->glyph->bitmap;
    if (problem != 0 || from.pixel_mode != FT_PIXEL_MODE_BGRA || from.width == 0 || from.rows == 0 ||
        from.pitch < 0 || from.width > kLargestBitmap || from.rows > kLargestBitmap)
        throw broken(fmt::format("{}: glyph {}: its bitmap cannot be read (FreeType error {})",
                                 m_parts->subject, glyph, problem));
    Sprite sprite{static_cast<int>(from.width), static_cast<int>(from.rows), {}};
    sprite.rgba.resize(static_cast<std::size_t>(from.width) * from.rows * 4);
    std::uint8_t* to = sprite.rgba.data();
    for (unsigned y = 0; y < from.rows; ++y) {
        const unsigned char* p =
            from.buffer + static_cast<std::size_t>(y) * static_cast<std::size_t>(from.pitch);
        for (unsigned x = 0; x < from.width; ++x, p += 4, to += 4) {
            to[0] = p[2];
            to[1] = p[1];
            to[2] = p[0];
            to[3] = p[3];
        }
    }
    m_parts->giveBack(std::move(drawer));
    return sprite;
}

} // namespace ochre::training
