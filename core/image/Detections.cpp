// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Detections.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/image/Color.h"
#include "core/image/Lettering.h"

namespace ochre {
namespace {

constexpr int kPixelsAScale = 400; // of the longer side, for each step of lines and letters

float area(const Detection& box) {
    return std::max(0.0f, box.right - box.left) * std::max(0.0f, box.bottom - box.top);
}

/// Pixels that a box covers, inside the picture.
struct Cells {
    int left, top, right, bottom; ///< right and bottom are past the end

    Cells(const Detection& box, int width, int height)
        : left(cell(box.left, width)), top(cell(box.top, height)), right(cell(box.right, width)),
          bottom(cell(box.bottom, height)) {}

private:
    static int cell(float edge, int side) {
        return static_cast<int>(std::lround(std::clamp(edge, 0.0f, static_cast<float>(side))));
    }
};

/// Colours far apart for neighbouring classes: hues by the golden angle.
std::array<float, 4> colorOf(int kind) {
    const float hue = std::fmod(static_cast<float>(kind) * 0.618034f, 1.0f) * 6;
    const auto channel = [hue](float shift) {
        const float k = std::fmod(hue + shift, 6.0f);
        return 0.95f - 0.8f * std::clamp(std::min(k, 4 - k), 0.0f, 1.0f);
    };
    return {channel(5), channel(3), channel(1), 1};
}

void fill(Image& image, int left, int top, int right, int bottom, const std::array<float, 4>& color) {
    const auto channels = static_cast<std::size_t>(image.channels());
    const auto values = image.edit();
    for (int y = std::max(top, 0); y < std::min(bottom, image.height()); ++y)
        for (int x = std::max(left, 0); x < std::min(right, image.width()); ++x)
            std::copy_n(color.begin(), channels,
                        values.begin() + static_cast<std::ptrdiff_t>(
                                             (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width()) +
                                              static_cast<std::size_t>(x)) * channels));
}

} // namespace

Json detectionsToJson(const Detections& detections) {
    Json list = Json::array();
    for (const Detection& d : detections)
        list.push_back({{"class", d.kind}, {"label", d.label}, {"score", d.score}, {"box", {d.left, d.top, d.right, d.bottom}}});
    return list;
}

Detections detectionsFromJson(const Json& json) {
    Detections detections;
    try {
        for (const Json& one : json) {
            const Json& box = one.at("box");
            detections.push_back({.left = box.at(0).get<float>(), .top = box.at(1).get<float>(), .right = box.at(2).get<float>(),
                                  .bottom = box.at(3).get<float>(), .score = one.at("score").get<float>(),
                                  .kind = one.at("class").get<int>(), .label = one.at("label").get<std::string>()});
        }
    } catch (const Json::exception& error) {
        throw broken(fmt::format("boxes: {}", error.what()), "each has class, label, score and box");
    }
    return detections;
}

float overlap(const Detection& a, const Detection& b) {
    const float width = std::min(a.right, b.right) - std::max(a.left, b.left),
                height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
    if (width <= 0 || height <= 0) return 0;
    return width * height / (area(a) + area(b) - width * height);
}

Detections suppressOverlaps(Detections boxes, float most) {
    std::ranges::stable_sort(boxes, std::ranges::greater(), &Detection::score);
    Detections kept;
    for (Detection& box : boxes) {
        const bool covered = std::ranges::any_of(
            kept, [&](const Detection& surer) { return surer.kind == box.kind && overlap(surer, box) > most; });
        if (!covered) kept.push_back(std::move(box));
    }
    return kept;
}

Image drawDetections(const Image& image, const Detections& detections) {
    Image out = withChannels(toColorSpace(image, ColorSpace::Srgb), image.hasAlpha() ? 4 : 3);
    const int scale = std::max(1, std::max(image.width(), image.height()) / kPixelsAScale), line = 2 * scale;
    for (auto it = detections.rbegin(); it != detections.rend(); ++it) { // the surest last, upon the others
        const auto color = colorOf(it->kind);
        const auto [left, top, right, bottom] = Cells(*it, image.width(), image.height());
        fill(out, left, top, right, top + line, color);
        fill(out, left, bottom - line, right, bottom, color);
        fill(out, left, top, left + line, bottom, color);
        fill(out, right - line, top, right, bottom, color);
        const std::string text = fmt::format("{} {:.2f}", it->label, it->score);
        const int textWidth = letteringWidth(text, scale);
        fill(out, left, top, left + textWidth + 4 * scale, top + (kLetterHeight + 4) * scale, color);
        drawLettering(out, text, left + 2 * scale, top + 2 * scale, textWidth, scale, {0, 0, 0, 1});
    }
    return out;
}

Image maskOfDetections(const Detections& detections, int width, int height) {
    Image mask(width, height, 1, ColorSpace::Raw);
    for (const Detection& detection : detections) {
        const Cells cells(detection, width, height);
        fill(mask, cells.left, cells.top, cells.right, cells.bottom, {1, 1, 1, 1});
    }
    return mask;
}

} // namespace ochre
