// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/CutoutScenes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>

#include "core/image/Filter.h"
#include "core/training/data/Degradation.h"

namespace ochre::training {
namespace {

constexpr double kCutout = 0.6, kEmoji = 0.15;    // the rest are pieces of pictures
constexpr double kLeastWindow = 0.35;             // of the background
constexpr double kMostTurn = 0.5;                 // radians, either way
constexpr double kDarkest = 0.6, kBrightest = 1.25, kTint = 0.12;
constexpr double kSoftened = 0.5, kCompressed = 0.5;
constexpr double kSwapped = 0.3, kAnyTurn = 0.3;  // of what varies: share with other colours, share that stands as it falls
constexpr double kLeastContrast = 0.5, kMostContrast = 1.3, kShift = 0.15, kMostStretch = 0.3;
constexpr int kWaves = 4;                         // of the outline of a piece
constexpr int kPieceSide = 192;
constexpr float kSeen = 0.5f;                     // alpha from which a pixel belongs to an object

/// A scene while it is put together: RGB in 0…1, and which object is seen.
struct Scene {
    int side;
    std::vector<float> rgb;
    std::vector<std::uint8_t> seen;
};

/// Channels in another order, and each with more or less contrast about a middle grey. Of 3 or 4 channels, the last is alpha then.
void varyColors(std::span<float> values, std::size_t channels, Draw& draw) {
    std::array<std::size_t, 3> order{0, 1, 2};
    if (draw.chance(kSwapped))
        for (std::size_t i = 2; i > 0; --i) std::swap(order[i], order[draw.below(i + 1)]);
    const auto contrast = static_cast<float>(draw.between(kLeastContrast, kMostContrast));
    const auto level = static_cast<float>(0.5 + draw.between(-kShift, kShift)) - 0.5f * contrast;
    for (std::size_t at = 0; at + channels <= values.size(); at += channels) {
        const std::array<float, 3> before{values[at], values[at + 1], values[at + 2]};
        for (std::size_t c = 0; c < 3; ++c) values[at + c] = std::clamp(level + contrast * before[order[c]], 0.0f, 1.0f);
    }
}

/// Premultiplied RGBA at a place, 0 beyond the edge.
std::array<float, 4> sampled(const Image& image, double x, double y) {
    const int left = static_cast<int>(std::floor(x)), top = static_cast<int>(std::floor(y));
    std::array<float, 4> sum{};
    for (int part = 0; part < 4; ++part) {
        const int px = left + part % 2, py = top + part / 2;
        if (px < 0 || py < 0 || px >= image.width() || py >= image.height()) continue;
        const double weight = (part % 2 ? x - left : 1 - (x - left)) * (part / 2 ? y - top : 1 - (y - top));
        const float* p = image.pixel(px, py);
        const auto alpha = static_cast<float>(weight) * p[3];
        for (std::size_t c = 0; c < 3; ++c) sum[c] += alpha * p[c];
        sum[3] += alpha;
    }
    return sum;
}

/// Lays the object on with its middle somewhere in the scene.
void lay(Scene& scene, const Image& object, std::uint8_t number, double mostTurn, Draw& draw) {
    const double angle = draw.between(-mostTurn, mostTurn), c = std::cos(angle), s = std::sin(angle);
    const double flip = draw.chance(0.5) ? -1 : 1;
    const double middleX = draw.between(0.1, 0.9) * scene.side, middleY = draw.between(0.1, 0.9) * scene.side;
    std::array<float, 3> gains{};
    const double light = draw.between(kDarkest, kBrightest);
    for (float& gain : gains) gain = static_cast<float>(light * draw.between(1 - kTint, 1 + kTint));
    const double reach = 0.5 * std::hypot(object.width(), object.height()) + 1;
    const auto bound = [&](double v) { return std::clamp(static_cast<int>(v), 0, scene.side); };
    for (int y = bound(middleY - reach); y < bound(middleY + reach); ++y)
        for (int x = bound(middleX - reach); x < bound(middleX + reach); ++x) {
            const double dx = x + 0.5 - middleX, dy = y + 0.5 - middleY;
            const auto over = sampled(object, flip * (c * dx + s * dy) + 0.5 * object.width() - 0.5,
                                      c * dy - s * dx + 0.5 * object.height() - 0.5);
            if (over[3] <= 0) continue;
            const auto at = static_cast<std::size_t>(y * scene.side + x);
            for (std::size_t k = 0; k < 3; ++k)
                scene.rgb[3 * at + k] = std::min(gains[k] * over[k], over[3]) + (1 - over[3]) * scene.rgb[3 * at + k];
            if (over[3] >= kSeen) scene.seen[at] = number;
        }
}

/// Each pixel a little of its neighbours.
void soften(Scene& scene) {
    const std::vector<float> sharp = scene.rgb;
    for (int y = 1; y + 1 < scene.side; ++y)
        for (int x = 1; x + 1 < scene.side; ++x)
            for (int c = 0; c < 3; ++c) {
                const auto at = static_cast<std::size_t>(3 * (y * scene.side + x) + c), row = static_cast<std::size_t>(3 * scene.side);
                scene.rgb[at] = 0.5f * sharp[at] + 0.125f * (sharp[at - 3] + sharp[at + 3] + sharp[at - row] + sharp[at + row]);
            }
}

std::uint8_t byteOf(float value) {
    return static_cast<std::uint8_t>(255 * std::clamp(value, 0.0f, 1.0f) + 0.5f);
}

} // namespace

CutoutScenes::CutoutScenes(const Folders& pictures, const Folders& cutouts, const CutoutSceneOptions& options, const Cancel& cancel)
    : m_pictures(pictures, cancel), m_options(options) {
    for (const auto& folder : cutouts) m_cutouts.emplace_back(folder, cancel);
    if (!options.cutoutsAlone) m_emoji = std::make_unique<EmojiSet>();
}

Image CutoutScenes::pieceOfPicture(int side, Draw& draw) const {
    const Pixels texture = m_pictures.view(draw.below(m_pictures.size()), side, kLeastWindow, draw);
    std::array<double, kWaves> heights{}, phases{};
    for (std::size_t k = 0; k < kWaves; ++k) {
        heights[k] = draw.between(0, 0.25) / static_cast<double>(k + 1);
        phases[k] = draw.between(0, 2 * std::numbers::pi);
    }
    const double narrow = draw.between(0.5, 1), radius = 0.32 * side;
    Image piece(side, side, 4);
    float* to = piece.edit().data();
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x, to += 4) {
            const double dx = x + 0.5 - 0.5 * side, dy = (y + 0.5 - 0.5 * side) / narrow, angle = std::atan2(dy, dx);
            double edge = radius;
            for (std::size_t k = 0; k < kWaves; ++k) edge += radius * heights[k] * std::cos(static_cast<double>(k + 1) * angle + phases[k]);
            const auto at = 3 * static_cast<std::size_t>(y * side + x);
            for (std::size_t c = 0; c < 3; ++c) to[c] = static_cast<float>(texture.rgb[at + c]) / 255.0f;
            to[3] = static_cast<float>(std::clamp(edge - std::hypot(dx, dy) + 0.5, 0.0, 1.0));
        }
    return piece;
}

Image CutoutScenes::object(Draw& draw) const {
    const double kind = m_options.cutoutsAlone ? 0 : draw.unit();
    if (kind < kCutout) {
        const PictureSet& from = m_cutouts.size() == 1 ? m_cutouts.front() : m_cutouts[draw.below(m_cutouts.size())];
        return from.image(draw.below(from.size()));
    }
    if (kind >= kCutout + kEmoji) return pieceOfPicture(kPieceSide, draw);
    constexpr int kEmojiSide = 128;
    const std::vector<std::uint8_t> rgba = m_emoji->picture(draw.below(m_emoji->size()), kEmojiSide);
    Image emoji(kEmojiSide, kEmojiSide, 4);
    std::transform(rgba.begin(), rgba.end(), emoji.edit().begin(), [](std::uint8_t v) { return static_cast<float>(v) / 255.0f; });
    return emoji;
}

Example CutoutScenes::example(std::size_t index, std::uint64_t number) const {
    Draw draw(m_options.seed, index, number);
    const Pixels ground = m_pictures.view(index, m_options.side, kLeastWindow, draw);
    Scene scene{m_options.side, {}, std::vector<std::uint8_t>(ground.rgb.size() / 3)};
    for (const std::uint8_t value : ground.rgb) scene.rgb.push_back(static_cast<float>(value) / 255.0f);
    if (m_options.vary) varyColors(scene.rgb, 3, draw);
    const std::size_t count = 1 + draw.below(static_cast<std::size_t>(m_options.most));
    for (std::size_t i = 1; i <= count; ++i) {
        Image whole = object(draw);
        double stretch = 1, mostTurn = kMostTurn;
        if (m_options.vary) {
            varyColors(whole.edit(), 4, draw);
            stretch = std::exp(draw.between(-kMostStretch, kMostStretch));
            if (draw.chance(kAnyTurn)) mostTurn = std::numbers::pi;
        }
        const double scale = m_options.side * draw.between(m_options.smallest, m_options.largest) / std::max(whole.width(), whole.height());
        const auto sized = [&](double length) { return std::max(2, static_cast<int>(std::lround(length * scale))); };
        lay(scene, resize(whole, sized(stretch * whole.width()), sized(whole.height()), scale < 1 ? ResizeFilter::Area : ResizeFilter::Bilinear),
            static_cast<std::uint8_t>(i), mostTurn, draw);
    }
    if (draw.chance(kSoftened)) soften(scene);
    Pixels pixels{scene.side, scene.side, {}};
    for (const float value : scene.rgb) pixels.rgb.push_back(byteOf(value));
    if (draw.chance(kCompressed)) compressAsJpeg(pixels, 60 + static_cast<int>(draw.below(36)));
    Example example{scene.side, scene.side, 4, {}, {}};
    for (std::size_t i = 0; i < scene.seen.size(); ++i) {
        example.pixels.insert(example.pixels.end(), &pixels.rgb[3 * i], &pixels.rgb[3 * i] + 3);
        example.pixels.push_back(scene.seen[i]);
    }
    return example;
}

Click clickOn(const Example& scene, std::uint8_t object) {
    const auto width = static_cast<std::size_t>(scene.width), height = static_cast<std::size_t>(scene.height);
    // Steps to the nearest pixel that is not of it, by two passes; beyond the edge of the picture there is none of it.
    std::vector<int> depth(width * height);
    const auto of = [&](std::size_t x, std::size_t y) { return x < width && y < height ? depth[y * width + x] : 0; };
    for (std::size_t y = 0; y < height; ++y)
        for (std::size_t x = 0; x < width; ++x)
            if (scene.pixels[4 * (y * width + x) + 3] == object)
                depth[y * width + x] = 1 + std::min({of(x - 1, y), of(x, y - 1), of(x - 1, y - 1), of(x + 1, y - 1)});
    for (std::size_t y = height; y-- > 0;)
        for (std::size_t x = width; x-- > 0;)
            if (int& d = depth[y * width + x]; d > 0) d = std::min(d, 1 + std::min({of(x + 1, y), of(x, y + 1), of(x + 1, y + 1), of(x - 1, y + 1)}));
    const auto deepest = static_cast<std::size_t>(std::max_element(depth.begin(), depth.end()) - depth.begin());
    return {static_cast<int>(deepest % width), static_cast<int>(deepest / width), object};
}

std::optional<Click> clickOnLargest(const Example& scene, std::size_t least) {
    std::array<std::size_t, 256> counts{};
    for (std::size_t at = 3; at < scene.pixels.size(); at += 4)
        if (scene.pixels[at] > 0) ++counts[scene.pixels[at]];
    const auto largest = std::max_element(counts.begin(), counts.end());
    if (*largest < std::max<std::size_t>(least, 1)) return std::nullopt;
    return clickOn(scene, static_cast<std::uint8_t>(largest - counts.begin()));
}

} // namespace ochre::training
