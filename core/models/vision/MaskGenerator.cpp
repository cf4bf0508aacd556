// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/MaskGenerator.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "core/base/Error.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"

namespace ochre::models {
namespace {

constexpr std::size_t kAtOnce = 16;  // points that are asked together
constexpr int kEdge = 20;            // pixels: a box so near to the edge of a part, inside the picture, was cut by it
constexpr float kTint = 0.55f;       // of the colours over the picture
constexpr double kTurn = 0.618033988749895; // of the hue from one colour to the next

using Box = std::array<int, 4>;

double areaOfBox(const Box& b) {
    return static_cast<double>(b[2] - b[0]) * (b[3] - b[1]);
}

double overlapOf(const Box& a, const Box& b) {
    const double across = std::min(a[2], b[2]) - std::max(a[0], b[0]), down = std::min(a[3], b[3]) - std::max(a[1], b[1]);
    const double both = std::max(0.0, across) * std::max(0.0, down), either = areaOfBox(a) + areaOfBox(b) - both;
    return either > 0 ? both / either : 0;
}

/// What remains, the best first, when of two boxes that overlap by more than `most` the better one stays.
std::vector<FoundMask> withoutCopies(std::vector<FoundMask> masks, const std::vector<double>& worth, double most) {
    std::vector<std::size_t> order(masks.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return worth[a] > worth[b]; });
    std::vector<FoundMask> kept;
    for (const std::size_t i : order)
        if (std::ranges::none_of(kept, [&](const FoundMask& k) { return overlapOf(k.box, masks[i].box) > most; }))
            kept.push_back(std::move(masks[i]));
    return kept;
}

/// First and last column and row of what is above 0; all 0 where nothing is.
Box boxOf(const Image& mask, float above) {
    Box box{mask.width(), mask.height(), -1, -1};
    const float* v = mask.values().data();
    for (int y = 0; y < mask.height(); ++y)
        for (int x = 0; x < mask.width(); ++x)
            if (*v++ > above) box = {std::min(box[0], x), std::min(box[1], y), std::max(box[2], x), y};
    return box[2] < 0 ? Box{} : box;
}

bool isCut(const Box& box, const Box& crop, int width, int height) {
    const Box whole{0, 0, width, height};
    for (std::size_t i = 0; i < 4; ++i)
        if (std::abs(box[i] - crop[i]) <= kEdge && std::abs(box[i] - whole[i]) > kEdge) return true;
    return false;
}

/// Shares 0…1 of a part, row after row.
std::vector<std::array<float, 2>> gridOf(int perSide, int width, int height) {
    std::vector<std::array<float, 2>> points;
    const auto at = [perSide](int i, int length) {
        return static_cast<float>((i + 0.5) / perSide * length);
    };
    for (int y = 0; y < perSide; ++y)
        for (int x = 0; x < perSide; ++x) points.push_back({at(x, width), at(y, height)});
    return points;
}

void checkOptions(const Image& image, const EverythingOptions& o) {
    if (image.empty()) throw Error("there is no picture to look at", "link one");
    if (o.pointsPerSide < 1 || o.pointsPerSide > 256) throw Error(fmt::format("{} points a side: 1 to 256 are possible", o.pointsPerSide));
    if (o.cropLayers < 0 || o.cropLayers > 4) throw Error(fmt::format("{} layers of parts: 0 to 4 are possible", o.cropLayers));
    if (o.cropGridDivisor < 1) throw Error(fmt::format("{} times fewer points: 1 or more are possible", o.cropGridDivisor));
}

class Finder {
public:
    Finder(const Image& image, const EverythingOptions& options, const AskPoints& ask, const Cancel& cancel)
        : m_image(image), m_options(options), m_ask(ask), m_cancel(cancel) {}

    std::vector<FoundMask> look(const CropBox& part, const Progress& progress) const {
        const Box& c = part.box;
        const bool whole = part.layer == 0;
        const Image picture = whole ? m_image : crop(m_image, c[0], c[1], c[2] - c[0], c[3] - c[1]);
        int perSide = m_options.pointsPerSide;
        for (int i = 0; i < part.layer; ++i) perSide /= m_options.cropGridDivisor;
        const auto points = gridOf(std::max(1, perSide), picture.width(), picture.height());
        std::vector<FoundMask> found;
        for (std::size_t from = 0; from < points.size(); from += kAtOnce) {
            m_cancel.check();
            progress.report(from, points.size(), "Looking for everything");
            const std::span batch = std::span(points).subspan(from, std::min(kAtOnce, points.size() - from));
            const auto answers = m_ask(picture, batch);
            for (std::size_t i = 0; i < answers.size(); ++i)
                for (const PointAnswer& answer : answers[i]) take(answer, batch[i], c, found);
        }
        std::vector<double> worth;
        for (const FoundMask& mask : found) worth.push_back(static_cast<double>(mask.score));
        return withoutCopies(std::move(found), worth, static_cast<double>(m_options.boxOverlap));
    }

private:
    void take(const PointAnswer& answer, const std::array<float, 2>& point, const Box& part, std::vector<FoundMask>& found) const {
        if (!(answer.score > m_options.leastScore)) return;
        Image logits = answer.logits();
        const auto above = [&](float threshold) {
            return static_cast<double>(std::ranges::count_if(logits.values(), [=](float v) { return v > threshold; }));
        };
        const double sure = above(m_options.stabilityOffset), possible = above(-m_options.stabilityOffset);
        const double stability = possible > 0 ? sure / possible : 0;
        if (stability < static_cast<double>(m_options.leastStability)) return;
        Box box = boxOf(logits, 0);
        for (std::size_t i = 0; i < 4; ++i) box[i] += part[i % 2];
        if (isCut(box, part, m_image.width(), m_image.height())) return;
        if (logits.width() != m_image.width() || logits.height() != m_image.height()) {
            Image placed(m_image.width(), m_image.height(), 1, ColorSpace::Raw);
            const auto to = placed.edit();
            for (int y = 0; y < logits.height(); ++y)
                std::copy_n(logits.pixel(0, y), logits.width(), &to[static_cast<std::size_t>(y + part[1]) * static_cast<std::size_t>(m_image.width()) + static_cast<std::size_t>(part[0])]);
            logits = placed;
        }
        found.push_back({runsOf(logits, 0), box, answer.score, static_cast<float>(stability),
                         {point[0] + static_cast<float>(part[0]), point[1] + static_cast<float>(part[1])}, part});
    }

    const Image& m_image;
    const EverythingOptions& m_options;
    const AskPoints& m_ask;
    const Cancel& m_cancel;
};

/// Holes (of what is not chosen) filled, or islands dropped, that are smaller than `least`; false: there were none.
bool withoutSmall(cv::Mat& mask, bool holes, int least) {
    cv::Mat looked = holes ? mask == 0 : mask != 0, numbers, areas, middles;
    const int count = cv::connectedComponentsWithStats(looked, numbers, areas, middles, 8);
    const auto area = [&](int i) { return areas.at<int>(i, cv::CC_STAT_AREA); };
    std::vector<int> small;
    int largest = 1;
    for (int i = 1; i < count; ++i) {
        if (area(i) < least) small.push_back(i);
        if (area(i) > area(std::min(largest, count - 1))) largest = i;
    }
    if (small.empty()) return false;
    for (const int i : small)
        if (holes || static_cast<int>(small.size()) < count - 1 || i != largest) mask.setTo(holes ? 255 : 0, numbers == i);
    return true;
}

std::vector<FoundMask> cleaned(std::vector<FoundMask> masks, const EverythingOptions& o, int width, int height, const Cancel& cancel) {
    std::vector<double> worth; // what needed no change is better
    for (FoundMask& found : masks) {
        cancel.check();
        Image image = maskOfRuns(found.runs, width, height);
        cv::Mat values(height, width, CV_32FC1, image.edit().data()), mask = values > 0.5;
        bool changed = withoutSmall(mask, true, o.leastRegion);
        changed = withoutSmall(mask, false, o.leastRegion) || changed;
        worth.push_back(changed ? 0 : 1);
        if (!changed) continue;
        values.setTo(0);
        values.setTo(1, mask);
        found.runs = runsOf(image);
        found.box = boxOf(image, 0.5f);
    }
    return withoutCopies(std::move(masks), worth, static_cast<double>(std::max(o.boxOverlap, o.cropOverlap)));
}

} // namespace

std::vector<CropBox> cropBoxes(int width, int height, int layers, float overlapShare) {
    std::vector<CropBox> boxes{{{0, 0, width, height}, 0}};
    for (int layer = 1; layer <= layers; ++layer) {
        const int parts = 1 << layer;
        const int overlap = static_cast<int>(static_cast<double>(overlapShare) * std::min(width, height) * (2.0 / parts));
        const auto length = [&](int whole) { return static_cast<int>(std::ceil(static_cast<double>(overlap * (parts - 1) + whole) / parts)); };
        const int w = length(width), h = length(height);
        for (int x = 0; x < parts; ++x)
            for (int y = 0; y < parts; ++y) {
                const int left = (w - overlap) * x, top = (h - overlap) * y;
                if (left < width && top < height)
                    boxes.push_back({{left, top, std::min(left + w, width), std::min(top + h, height)}, layer});
            }
    }
    return boxes;
}

std::vector<FoundMask> findMasks(const Image& image, const EverythingOptions& options, const AskPoints& ask, const Progress& progress,
                                 const Cancel& cancel) {
    checkOptions(image, options);
    const Finder finder(image, options, ask, cancel);
    const auto parts = cropBoxes(image.width(), image.height(), options.cropLayers, options.cropShare);
    std::vector<FoundMask> all;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const double count = static_cast<double>(parts.size()), at = static_cast<double>(i);
        for (FoundMask& one : finder.look(parts[i], progress.part(at / count, (at + 1) / count))) all.push_back(std::move(one));
    }
    if (parts.size() > 1) { // the smaller part saw it better
        std::vector<double> worth;
        for (const FoundMask& mask : all) worth.push_back(1 / areaOfBox(mask.crop));
        all = withoutCopies(std::move(all), worth, static_cast<double>(options.cropOverlap));
    }
    return options.leastRegion > 0 ? cleaned(std::move(all), options, image.width(), image.height(), cancel) : all;
}

namespace {

/// Masks by area, the largest first, with their number.
std::vector<std::size_t> largestFirst(const std::vector<FoundMask>& masks) {
    std::vector<std::size_t> order(std::min<std::size_t>(masks.size(), 65535));
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return areaOf(masks[a].runs) > areaOf(masks[b].runs); });
    return order;
}

/// Calls body(pixel) for each pixel that is chosen.
template <typename Body>
void forEachPixel(const MaskRuns& runs, const Body& body) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < runs.size(); at += runs[i++])
        if (i % 2 == 1)
            for (std::size_t p = at; p < at + runs[i]; ++p) body(p);
}

} // namespace

Image labelPicture(const std::vector<FoundMask>& masks, int width, int height) {
    Image labels(width, height, 1, ColorSpace::Raw);
    const auto v = labels.edit();
    for (const std::size_t i : largestFirst(masks))
        forEachPixel(masks[i].runs, [&](std::size_t p) { v[p] = static_cast<float>(i + 1) / 65535.0f; });
    return labels;
}

Image colouredMasks(const Image& image, const std::vector<FoundMask>& masks) {
    Image out = withChannels(toColorSpace(image, ColorSpace::Srgb), 3);
    const Image before = out;
    const auto v = out.edit();
    for (const std::size_t i : largestFirst(masks)) {
        const double hue = std::fmod(static_cast<double>(i) * kTurn, 1) * 6;
        std::array<float, 3> color;
        for (std::size_t c = 0; c < 3; ++c) { // of full colour
            const double distance = std::abs(std::fmod(hue + 6 - 2.0 * static_cast<double>(c), 6) - 3);
            color[c] = static_cast<float>(std::clamp(distance - 1, 0.0, 1.0));
        }
        forEachPixel(masks[i].runs, [&](std::size_t p) {
            for (std::size_t c = 0; c < 3; ++c) v[3 * p + c] = before.values()[3 * p + c] * (1 - kTint) + color[c] * kTint;
        });
    }
    return out;
}

Json masksToJson(const std::vector<FoundMask>& masks) {
    Json list = Json::array();
    for (std::size_t i = 0; i < masks.size(); ++i) {
        const FoundMask& m = masks[i];
        list.push_back({{"label", i + 1}, {"box", {m.box[0], m.box[1], m.box[2] - m.box[0], m.box[3] - m.box[1]}},
                        {"area", areaOf(m.runs)}, {"score", m.score}, {"stability", m.stability}, {"point", m.point},
                        {"crop", {m.crop[0], m.crop[1], m.crop[2] - m.crop[0], m.crop[3] - m.crop[1]}}});
    }
    return list;
}

} // namespace ochre::models
