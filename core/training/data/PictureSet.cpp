// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/PictureSet.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/image/ImageIo.h"
#include "core/image/PictureFiles.h"

namespace ochre::training {
namespace fs = std::filesystem;
namespace {

int mirrored(int at, int length) {
    while (at < 0 || at >= length) at = at < 0 ? -at - 1 : 2 * length - at - 1;
    return at;
}

} // namespace

PictureSet::PictureSet(const fs::path& folder, const Cancel& cancel) : PictureSet(std::vector{folder}, cancel) {}

PictureSet::PictureSet(const std::vector<fs::path>& folders, const Cancel& cancel) {
    for (const fs::path& folder : folders) add(folder, cancel);
}

void PictureSet::add(const fs::path& folder, const Cancel& cancel) {
    const std::size_t before = m_pictures.size();
    std::string reason = "there is none";
    for (const fs::path& file : picturesBelow(folder, cancel)) {
        try {
            const Image image = readImage(file, {}, cancel);
            m_pictures.push_back({file.stem().string(), image.width(), image.height(), toRgba8(image)});
        } catch (const Error& error) {
            if (error.cancelled()) throw;
            reason = error.what();
        }
    }
    if (m_pictures.size() == before)
        throw Error(fmt::format("{}: holds no picture that can be read: {}", folder.string(), reason), imageFilePatterns());
}

Pixels PictureSet::patch(std::size_t index, int side, Draw& draw) const {
    const Picture& picture = m_pictures.at(index);
    const auto start = [&](int length) {
        return length > side ? static_cast<int>(draw.below(static_cast<std::size_t>(length - side + 1))) : (length - side) / 2;
    };
    const int left = start(picture.width), top = start(picture.height);
    Pixels out{side, side, {}};
    out.rgb.reserve(static_cast<std::size_t>(side) * static_cast<std::size_t>(side) * 3);
    for (int y = top; y < top + side; ++y)
        for (int x = left; x < left + side; ++x) {
            const auto at = static_cast<std::size_t>(mirrored(y, picture.height)) * static_cast<std::size_t>(picture.width) +
                            static_cast<std::size_t>(mirrored(x, picture.width));
            out.rgb.insert(out.rgb.end(), &picture.rgba[4 * at], &picture.rgba[4 * at] + 3);
        }
    return out;
}

Image PictureSet::image(std::size_t index) const {
    const Picture& picture = m_pictures.at(index);
    Image image(picture.width, picture.height, 4);
    std::transform(picture.rgba.begin(), picture.rgba.end(), image.edit().begin(),
                   [](std::uint8_t value) { return static_cast<float>(value) / 255.0f; });
    return image;
}

Pixels PictureSet::view(std::size_t index, int side, double least, Draw& draw) const {
    const Picture& picture = m_pictures.at(index);
    const int shorter = std::min(picture.width, picture.height);
    const int window = std::clamp(static_cast<int>(std::lround(shorter * draw.between(least, 1))), 1, shorter);
    const auto start = [&](int length) { return static_cast<int>(draw.below(static_cast<std::size_t>(length - window + 1))); };
    const int left = start(picture.width), top = start(picture.height);
    Image cut(window, window, 3);
    float* to = cut.edit().data();
    for (int y = top; y < top + window; ++y)
        for (int x = left; x < left + window; ++x) {
            const auto at = static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) + static_cast<std::size_t>(x);
            for (std::size_t c = 0; c < 3; ++c) *to++ = static_cast<float>(picture.rgba[4 * at + c]) / 255.0f;
        }
    return {side, side, toRgb8(resize(cut, side, side, ResizeFilter::Area))};
}

void turn(Pixels& pixels, Draw& draw) {
    const bool transpose = draw.chance(0.5), across = draw.chance(0.5), down = draw.chance(0.5);
    const auto side = static_cast<std::size_t>(pixels.width);
    std::vector<std::uint8_t> out;
    out.reserve(pixels.rgb.size());
    for (std::size_t y = 0; y < side; ++y)
        for (std::size_t x = 0; x < side; ++x) {
            const std::size_t fromX = across ? side - 1 - x : x, fromY = down ? side - 1 - y : y;
            const std::uint8_t* from = &pixels.rgb[3 * (transpose ? fromX * side + fromY : fromY * side + fromX)];
            out.insert(out.end(), from, from + 3);
        }
    pixels.rgb = std::move(out);
}

} // namespace ochre::training
