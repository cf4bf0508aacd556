// SPDX-License-Identifier: GPL-3.0-or-later
// What a trainer asks of any collection of pictures: how many, and example number so-and-so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ochre::training {

/// Rows from the top, channels interleaved, sRGB.
struct Example {
    int width = 0, height = 0, channels = 0;
    std::vector<std::uint8_t> pixels;
    std::string caption; ///< UTF-8; empty where the collection has none
    int label = -1;      ///< index into labels(), -1 where there is none
};

class Dataset {
public:
    virtual ~Dataset() = default;

    virtual std::size_t size() const = 0;

    /// Example `index` < size() as the `draw`-th time sees it: it follows from the two numbers alone, so that
    /// training that is taken up again sees what it would have seen. Safe to call from several threads.
    /// Throws Error.
    virtual Example example(std::size_t index, std::uint64_t draw) const = 0;

    /// Names of the classes; empty where there are none.
    virtual std::vector<std::string> labels() const { return {}; }
};

} // namespace ochre::training
