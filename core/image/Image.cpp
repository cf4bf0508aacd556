// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Image.h"

#include <algorithm>
#include <new>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre {
namespace {

constexpr int kMaxSide = 65536;
constexpr int kMaxChannels = 64;
constexpr std::size_t kMaxPixels = std::size_t{1} << 30;

} // namespace

const char* name(ColorSpace space) {
    switch (space) {
    case ColorSpace::Srgb:
        return "sRGB";
    case ColorSpace::Linear:
        return "linear";
    case ColorSpace::Rec709:
        return "Rec.709";
    case ColorSpace::Raw:
        return "raw";
    }
    return "raw";
}

ColorSpace colorSpaceFromName(std::string_view text) {
    for (const ColorSpace space : {ColorSpace::Srgb, ColorSpace::Linear, ColorSpace::Rec709, ColorSpace::Raw})
        if (text == name(space)) return space;
    throw Error(fmt::format("colour space \"{}\" is not known", text), "use sRGB, linear, Rec.709 or raw");
}

Image::Image(int width, int height, int channels, ColorSpace space)
    : m_width(width), m_height(height), m_channels(channels), m_space(space) {
    if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide || pixelCount() > kMaxPixels)
        throw Error(
            fmt::format("a picture of {}×{} pixels cannot be made", width, height),
            fmt::format("sides go from 1 to {}, with at most {} pixels in all", kMaxSide, kMaxPixels));
    if (channels < 1 || channels > kMaxChannels)
        throw Error(fmt::format("a picture of {} channels cannot be made", channels),
                    fmt::format("use 1 to {} channels", kMaxChannels));
    try {
        m_values = std::make_shared<float[]>(valueCount());
    } catch (const std::bad_alloc&) {
        throw Error(fmt::format("a picture of {}×{}×{} needs {} MiB, more than there is", width, height,
                                channels, bytes() >> 20),
                    "close other programs or work on a smaller picture", ErrorKind::Memory);
    }
}

std::span<const float> Image::values() const {
    return {m_values.get(), valueCount()};
}

std::span<float> Image::edit() {
    if (m_values.use_count() > 1) {
        try {
            std::shared_ptr<float[]> own = std::make_shared_for_overwrite<float[]>(valueCount());
            std::copy_n(m_values.get(), valueCount(), own.get());
            m_values = std::move(own);
        } catch (const std::bad_alloc&) {
            throw Error(fmt::format("a copy of a picture needs {} MiB, more than there is", bytes() >> 20),
                        "close other programs or work on a smaller picture", ErrorKind::Memory);
        }
    }
    return {m_values.get(), valueCount()};
}

} // namespace ochre
