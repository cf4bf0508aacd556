// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures of a folder in memory, each in its own size, for examples that are cut or put together from them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/image/Image.h"
#include "core/training/data/Draw.h"

namespace ochre::training {

/// RGB, 8 bit, sRGB, rows from the top.
struct Pixels {
    int width = 0, height = 0;
    std::vector<std::uint8_t> rgb;
};

class PictureSet {
public:
    struct Picture {
        std::string name; ///< of its file, without extension
        int width = 0, height = 0;
        std::vector<std::uint8_t> rgba; ///< straight alpha
    };

    /// All that can be read in the folder and those below it, in the order of their paths. Throws Error where there is none.
    explicit PictureSet(const std::filesystem::path& folder, const Cancel& cancel = {});
    /// Of several folders, one after the other.
    explicit PictureSet(const std::vector<std::filesystem::path>& folders, const Cancel& cancel = {});

    std::size_t size() const { return m_pictures.size(); }
    const Picture& operator[](std::size_t index) const { return m_pictures[index]; }

    /// A part of a picture as it is, somewhere; what lies beyond its edges is mirrored.
    Pixels patch(std::size_t index, int side, Draw& draw) const;
    /// Most of a picture: a square window somewhere with `least`…1 of its shorter side, reduced to `side`.
    Pixels view(std::size_t index, int side, double least, Draw& draw) const;
    Image image(std::size_t index) const; ///< RGBA

private:
    void add(const std::filesystem::path& folder, const Cancel& cancel);

    std::vector<Picture> m_pictures;
};

/// Mirrored and turned by quarters, at random; square.
void turn(Pixels& pixels, Draw& draw);

} // namespace ochre::training
