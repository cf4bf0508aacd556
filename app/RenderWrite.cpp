// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/RenderWrite.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/image/ImageIo.h"

namespace ochre::app {
namespace fs = std::filesystem;
namespace {

/// A colour that neighbouring numbers do not share.
std::array<float, 3> idColor(float id) {
    std::uint32_t h = static_cast<std::uint32_t>(id) * 2654435761u;
    h ^= h >> 15;
    return {static_cast<float>((h & 255) + 32) / 287, static_cast<float>((h >> 8 & 255) + 32) / 287, static_cast<float>((h >> 16 & 255) + 32) / 287};
}

/// Numbers as something to look at, for formats of whole numbers; see the help of --pass.
Image shown(const Image& plane, Plane which, const DepthRange& range) {
    Image image(plane.width(), plane.height(), which == Plane::Id ? 3 : plane.channels(), ColorSpace::Raw);
    const auto from = plane.values();
    const auto to = image.edit();
    for (std::size_t i = 0; i < plane.pixelCount(); ++i) {
        if (which == Plane::Alpha) to[i] = from[i];
        else if (which == Plane::Id) std::ranges::copy(from[i] < 0 ? std::array<float, 3>{} : idColor(from[i]), to.begin() + static_cast<std::ptrdiff_t>(3 * i));
        else if (which == Plane::Normals) {
            const bool hit = from[3 * i] != 0 || from[3 * i + 1] != 0 || from[3 * i + 2] != 0;
            for (std::size_t k = 0; k < 3; ++k) to[3 * i + k] = hit ? 0.5f + 0.5f * from[3 * i + k] : 0;
        } else if (from[i] > 0) {
            to[i] = range.far > range.near ? (range.far - from[i]) / (range.far - range.near) : 1;
        }
    }
    return image;
}

} // namespace

DepthRange depthRange(const Image& depth) {
    DepthRange range{INFINITY, 0};
    for (const float z : depth.values())
        if (z > 0) range = {std::min(range.near, z), std::max(range.far, z)};
    return range.far > 0 ? range : DepthRange{};
}

void writePlane(const Image& plane, Plane which, const DepthRange& range, const fs::path& file) {
    const ImageFormat format = imageFormatFromPath(file);
    WriteOptions options;
    options.colorSpace = ColorSpace::Raw;
    if (format == ImageFormat::Exr) options.bitDepth = 32;
    else if ((format == ImageFormat::Png || format == ImageFormat::Tiff) && which != Plane::Id) options.bitDepth = 16;
    writeImage(format == ImageFormat::Exr ? plane : shown(plane, which, range), file, options);
}

} // namespace ochre::app
