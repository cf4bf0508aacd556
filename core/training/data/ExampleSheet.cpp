// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/ExampleSheet.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/ContactSheet.h"
#include "core/image/Lettering.h"

namespace ochre::training {
namespace {

constexpr int kLines = 4, kLineHeight = kLetterHeight + 3, kSmallestCell = 128;
constexpr std::array<float, 4> kInk = {0, 0, 0, 1};
constexpr std::array<float, 3> kPaper = {0.93f, 0.93f, 0.93f};

/// Broken at blanks; what does not fit the last line is shortened by the lettering.
std::vector<std::string> wrapped(std::string_view text, int width) {
    std::vector<std::string> lines(1);
    while (!text.empty()) {
        const std::size_t blank = std::min(text.find(' '), text.size());
        const std::string word(text.substr(0, blank));
        const std::string longer = lines.back().empty() ? word : lines.back() + ' ' + word;
        if (lines.back().empty() || letteringWidth(longer, 1) <= width || lines.size() == kLines)
            lines.back() = longer;
        else
            lines.push_back(word);
        text.remove_prefix(std::min(blank + 1, text.size()));
    }
    return lines;
}

} // namespace

Image imageOf(const Example& example, int zoom) {
    if (example.channels != 1 && example.channels != 3)
        throw Error(fmt::format("examples: a picture of {} channels cannot be shown", example.channels),
                    "1 and 3 can");
    Image image(example.width * zoom, example.height * zoom, 3);
    float* to = image.edit().data();
    const auto channels = static_cast<std::size_t>(example.channels);
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x, to += 3) {
            const std::size_t at =
                (static_cast<std::size_t>(y / zoom) * static_cast<std::size_t>(example.width) +
                 static_cast<std::size_t>(x / zoom)) *
                channels;
            for (std::size_t c = 0; c < 3; ++c)
                to[c] = static_cast<float>(example.pixels[at + (channels == 1 ? 0 : c)]) / 255;
        }
    return image;
}

Image captioned(const Image& picture, std::string_view caption, const std::array<float, 3>& paper) {
    const int width = std::max(picture.width(), kSmallestCell);
    Image cell(width, picture.height() + kLines * kLineHeight + 2, 3);
    float* to = cell.edit().data();
    for (std::size_t i = 0; i < cell.valueCount(); ++i) to[i] = paper[i % 3];
    for (int y = 0; y < picture.height(); ++y)
        std::copy_n(picture.pixel(0, y), 3 * picture.width(), to + 3 * static_cast<std::ptrdiff_t>(y) * width);
    int y = picture.height() + 3;
    for (const std::string& line : wrapped(caption, width - 4)) {
        drawLettering(cell, line, 2, y, width - 4, 1, kInk);
        y += kLineHeight;
    }
    return cell;
}

Image exampleSheet(const Dataset& data, std::size_t first, std::size_t count, std::uint64_t draw,
                   int columns) {
    if (data.size() == 0) throw Error("examples: there is none to show");
    const Example sample = data.example(first % data.size(), draw);
    const int zoom = std::max(1, kSmallestCell / std::max({sample.width, sample.height, 1}));
    const int width = std::max(sample.width * zoom, kSmallestCell),
              height = sample.height * zoom + kLines * kLineHeight + 2;
    SheetOptions options;
    options.columns = columns;
    options.cellWidth = width;
    options.cellHeight = height;
    options.background = {0.8f, 0.8f, 0.82f, 1};
    ContactSheet sheet(count, options);
    for (std::size_t i = 0; i < count; ++i) {
        const Example example = data.example((first + i) % data.size(), draw);
        sheet.place(i, captioned(imageOf(example, zoom), example.caption, kPaper));
    }
    return sheet.take();
}

} // namespace ochre::training
