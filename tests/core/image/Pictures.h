// SPDX-License-Identifier: GPL-3.0-or-later
// Small pictures and files that the tests of this folder share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "core/base/File.h"
#include "core/image/ImageIo.h"

namespace ochre::test {

/// Random values on the grid of `levels` steps, so that integer files can hold them exactly.
inline Image noise(int width, int height, int channels, int levels = 255, unsigned seed = 1) {
    Image image(width, height, channels);
    std::mt19937 random(seed);
    for (float& v : image.edit())
        v = static_cast<float>(random() % static_cast<unsigned>(levels + 1)) / static_cast<float>(levels);
    return image;
}

/// Smooth colour ramps.
inline Image ramp(int width, int height, int channels) {
    Image image(width, height, channels);
    float* p = image.edit().data();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < channels; ++c)
                *p++ = static_cast<float>(c == 0   ? x
                                          : c == 1 ? y
                                          : c == 2 ? x + y
                                                   : width + height) /
                       static_cast<float>(width + height);
    return image;
}

inline std::vector<std::byte> bytesOf(const std::filesystem::path& path) {
    return readFile(path, std::uint64_t{1} << 30);
}

inline std::vector<std::byte> encoded(const Image& image, const std::filesystem::path& path,
                                      const WriteOptions& options = {}) {
    writeImage(image, path, options);
    return bytesOf(path);
}

inline const std::vector<std::string>& everyExtension() {
    static const std::vector<std::string> all = {"png", "jpg", "webp", "tif", "exr", "hdr", "bmp", "tga"};
    return all;
}

} // namespace ochre::test
