// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/CloserLook.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/image/Filter.h"
#include "core/models/vision/Pictures.h"
#include "core/tensor/Convert.h"
#include "core/tensor/Fill.h"

namespace ochre::models {
namespace {

constexpr double kTrust = 3;     // in scores: an answer that is thought better by 1 / kTrust weighs e times as much
constexpr double kAround = 1.6;  // of the longer side of what is likely: the part that is looked at more closely
constexpr double kCloser = 0.75; // of the picture's longer side: parts as large are not looked at again
constexpr int kLeastPart = 24, kMostPixels = 1024; // of such a part; of a longer side of what is made
constexpr int kGrid = 16;        // points across and down that are asked about beside the one that was clicked on
constexpr double kUnsure = 1e-3; // odds are those of 0.001…0.999

struct Part {
    int left, top, width, height;
};

/// What is likelier than not, in pixels of the picture, with what lies about it; nothing where that is most of the picture or nothing.
std::optional<Part> partAbout(const Image& picture, const Image& likely) {
    int left = likely.width(), top = likely.height(), right = 0, bottom = 0;
    for (int y = 0; y < likely.height(); ++y)
        for (int x = 0; x < likely.width(); ++x)
            if (likely.pixel(x, y)[0] > 0.5f) {
                left = std::min(left, x);
                top = std::min(top, y);
                right = std::max(right, x + 1);
                bottom = std::max(bottom, y + 1);
            }
    if (left >= right) return std::nullopt;
    const double across = static_cast<double>(picture.width()) / likely.width(), down = static_cast<double>(picture.height()) / likely.height();
    const double side = std::max<double>(kLeastPart, kAround * std::max((right - left) * across, (bottom - top) * down));
    if (side > kCloser * std::max(picture.width(), picture.height())) return std::nullopt;
    const auto place = [side](double middle, int length) {
        const int most = std::min(length, static_cast<int>(std::lround(side)));
        return std::pair(std::clamp(static_cast<int>(std::lround(middle - 0.5 * most)), 0, length - most), most);
    };
    const auto [x, width] = place(0.5 * (left + right) * across, picture.width());
    const auto [y, height] = place(0.5 * (top + bottom) * down, picture.height());
    return Part{x, y, width, height};
}

/// The prompt within a part: points beyond it say nothing there, and a box ends at its edges.
SegmentPrompt within(const SegmentPrompt& prompt, const Part& part) {
    const auto left = static_cast<float>(part.left), top = static_cast<float>(part.top);
    const auto width = static_cast<float>(part.width), height = static_cast<float>(part.height);
    SegmentPrompt out;
    for (const SegmentPoint& point : prompt.points) {
        const SegmentPoint moved{point.x - left, point.y - top, point.belongs};
        if (moved.x >= 0 && moved.y >= 0 && moved.x <= width && moved.y <= height) out.points.push_back(moved);
    }
    if (const auto& box = prompt.box) {
        const SegmentBox cut{std::max(box->left - left, 0.0f), std::max(box->top - top, 0.0f), std::min(box->right - left, width),
                             std::min(box->bottom - top, height)};
        if (cut.right > cut.left && cut.bottom > cut.top) out.box = cut;
    }
    return out;
}

/// [N, M]: how much each answer counts.
nn::Tensor weightsOf(const SamDecoder::Output& answer) {
    return answer.scores.mul(kTrust).exp();
}

/// The answers to a prompt as one, each as far as it is thought right: likelihoods [N, h, w].
nn::Tensor meanOf(const SamDecoder::Output& answer) {
    const nn::Tensor weights = weightsOf(answer);
    return answer.masks.sigmoid().mul(weights.unsqueeze(2).unsqueeze(3)).sum(1).div(weights.sum(1, true).unsqueeze(2));
}

/// How likely each place belongs to what lies at each point of a grid: [kGrid, kGrid, h, w] of the padded picture's masks.
nn::Tensor answersAbout(const Sam& sam, const BothSides& seen) {
    std::vector<nn::Tensor> rows;
    for (int row = 0; row < kGrid; ++row) {
        std::vector<float> places;
        for (int column = 0; column < kGrid; ++column) {
            places.push_back(static_cast<float>((column + 0.5) * seen.usedWidth / kGrid));
            places.push_back(static_cast<float>((row + 0.5) * seen.usedHeight / kGrid));
        }
        const SamPrompt prompt{.points = nn::fromValues(places, {kGrid, 1, 2}), .labels = nn::zeros({kGrid, 1}, at::kLong).add(1), .boxes = {}, .masks = {}};
        rows.push_back(meanOf(sam.decoder().decode(seen.straight, prompt, true)).unsqueeze(0));
    }
    return nn::cat(rows, 0);
}

nn::Tensor oddsOf(const nn::Tensor& shares) {
    return shares.clamp(kUnsure, 1 - kUnsure).logit();
}

/// Whether two places belong together is asked from both: `own` is what the network answers to a click; half of what comes out is
/// what the grid's points answer about the place of the click, and what those that belong to the same answer about all others.
/// That parts an object from one that lies before it, whose own points know their outline better. [1, 1, usedHeight, usedWidth].
nn::Tensor withOthers(const Sam& sam, const BothSides& seen, const nn::Tensor& own, double x, double y) {
    const std::int64_t side = sam.config().side(), h = seen.grid.size(2), w = seen.grid.size(3);
    const auto place = [](double at, std::int64_t length) { return std::clamp(at, 0.0, static_cast<double>(length - 1)); };
    const double column = place(x * static_cast<double>(w) / static_cast<double>(side) - 0.5, w), row = place(y * static_cast<double>(h) / static_cast<double>(side) - 0.5, h);
    nn::Tensor click = nn::zeros({kGrid, kGrid});
    for (int part = 0; part < 4; ++part) { // between four pixels of the masks
        const auto left = std::min(static_cast<std::int64_t>(column) + part % 2, w - 1), top = std::min(static_cast<std::int64_t>(row) + part / 2, h - 1);
        const double share = std::max(0.0, 1 - std::abs(column - static_cast<double>(left))) * std::max(0.0, 1 - std::abs(row - static_cast<double>(top)));
        click = click.add(seen.grid.select(2, top).select(2, left).mul(share));
    }
    const auto enlarged = [&](const nn::Tensor& grid) { return nn::resizeBilinear(grid.unsqueeze(0).unsqueeze(0), seen.usedHeight, seen.usedWidth); };
    const nn::Tensor together = click.mul(nn::resizeBilinear(own, kGrid, kGrid).reshape({kGrid, kGrid}));
    const nn::Tensor answers = seen.grid.mul(together.unsqueeze(2).unsqueeze(3)).sum(0).sum(0).div(together.sum().clamp_min(kUnsure));
    const nn::Tensor theirs = Sam::finish(answers.unsqueeze(0).unsqueeze(0), side, seen.usedHeight, seen.usedWidth, seen.usedHeight, seen.usedWidth);
    return oddsOf(own).mul(0.5).add(oddsOf(enlarged(click)).add(oddsOf(theirs)).mul(0.25)).sigmoid();
}

/// Several points, or a box, say themselves what does not belong together.
bool isOneClick(const SegmentPrompt& prompt) {
    return prompt.points.size() == 1 && prompt.points[0].belongs && !prompt.box;
}

/// Likelihoods [1, 1, usedHeight, usedWidth] of a picture of that size.
nn::Tensor thought(const Sam& sam, const BothSides& seen, int width, int height, const SegmentPrompt& prompt, bool three) {
    const double across = static_cast<double>(seen.usedWidth) / width, down = static_cast<double>(seen.usedHeight) / height;
    nn::Tensor sum, weights;
    for (const bool mirrored : {false, true}) {
        const SeenPart part{.left = mirrored ? width : 0.0, .top = 0, .across = mirrored ? -across : across, .down = down};
        const auto answer = sam.decoder().decode(mirrored ? seen.mirrored : seen.straight, promptFor(prompt, part), three);
        const nn::Tensor weight = weightsOf(answer).sum(), small = meanOf(answer).unsqueeze(1).mul(weight);
        const nn::Tensor all = Sam::finish(small, sam.config().side(), seen.usedHeight, seen.usedWidth, seen.usedHeight, seen.usedWidth);
        sum = mirrored ? sum.add(all.flip({3})) : all;
        weights = mirrored ? weights.add(weight) : weight;
    }
    const nn::Tensor own = sum.div(weights);
    return isOneClick(prompt) && seen.grid.defined() ? withOthers(sam, seen, own, prompt.points[0].x * across, prompt.points[0].y * down) : own;
}

} // namespace

SamPrompt promptFor(const SegmentPrompt& prompt, const SeenPart& part) {
    const auto x = [&](float v) { return static_cast<float>((v - part.left) * part.across); };
    const auto y = [&](float v) { return static_cast<float>((v - part.top) * part.down); };
    std::vector<float> places, labels;
    for (const SegmentPoint& point : prompt.points) {
        places.push_back(x(point.x));
        places.push_back(y(point.y));
        labels.push_back(point.belongs ? 1.0f : 0.0f);
    }
    SamPrompt out;
    if (const auto count = static_cast<std::int64_t>(labels.size()); count > 0) {
        out.points = nn::fromValues(places, {1, count, 2});
        out.labels = nn::fromValues(labels, {1, count}).to(at::kLong);
    }
    if (const auto& box = prompt.box) {
        const auto [left, right] = std::minmax({x(box->left), x(box->right)});
        out.boxes = nn::fromValues(std::vector<float>{left, y(box->top), right, y(box->bottom)}, {1, 4});
    }
    return out;
}

BothSides lookAtBothSides(const Sam& sam, const Image& picture, bool grid, const Cancel& cancel) {
    const int side = sam.config().side();
    const double scale = static_cast<double>(side) / std::max(picture.width(), picture.height());
    const auto scaled = [scale](int length) { return std::max(1, static_cast<int>(length * scale + 0.5)); };
    BothSides seen{.usedWidth = scaled(picture.width()), .usedHeight = scaled(picture.height()), .straight = {}, .mirrored = {}};
    const Image small = resize(seenByNetwork(picture), seen.usedWidth, seen.usedHeight, ResizeFilter::Bilinear, cancel);
    const nn::Tensor pixels = tensor::toTensor(small).mul_(255).round_();
    const auto look = [&](const nn::Tensor& one) { return sam.decoder().prepare(sam.encode(Sam::prepare(one, side)), side, side); };
    seen.straight = look(pixels);
    seen.mirrored = look(pixels.flip({3}));
    cancel.check();
    if (grid) seen.grid = answersAbout(sam, seen);
    return seen;
}

Image likelihoodOf(const Sam& sam, const Image& picture, const BothSides& whole, const SegmentPrompt& prompt, bool three, const Cancel& cancel) {
    const Image first = tensor::toImage(thought(sam, whole, picture.width(), picture.height(), prompt, three), ColorSpace::Raw);
    const auto part = partAbout(picture, first);
    if (!part) return first;
    const SegmentPrompt inside = within(prompt, *part);
    if (inside.points.empty() && !inside.box) return first;
    cancel.check();
    const Image piece = crop(picture, part->left, part->top, part->width, part->height);
    const nn::Tensor closer = thought(sam, lookAtBothSides(sam, piece, false, cancel), part->width, part->height, inside, three);
    // Both in one picture, as fine as the closer look but where that is too large.
    const double scale = std::min({static_cast<double>(closer.size(3)) / part->width, static_cast<double>(kMostPixels) / std::max(picture.width(), picture.height()), 1.0});
    const auto scaled = [scale](int length) { return std::max(1, static_cast<int>(std::lround(length * scale))); };
    Image likely = resize(first, std::max(first.width(), scaled(picture.width())), std::max(first.height(), scaled(picture.height())), ResizeFilter::Bilinear, cancel);
    const double across = static_cast<double>(likely.width()) / picture.width(), down = static_cast<double>(likely.height()) / picture.height();
    const int left = static_cast<int>(std::lround(part->left * across)), top = static_cast<int>(std::lround(part->top * down));
    const int width = std::min(likely.width() - left, std::max(1, static_cast<int>(std::lround(part->width * across))));
    const int height = std::min(likely.height() - top, std::max(1, static_cast<int>(std::lround(part->height * down))));
    const Image second = resize(tensor::toImage(closer, ColorSpace::Raw), width, height, ResizeFilter::Bilinear, cancel);
    float* to = likely.edit().data();
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            float& v = to[static_cast<std::size_t>(top + y) * static_cast<std::size_t>(likely.width()) + static_cast<std::size_t>(left + x)];
            v = 0.5f * (v + second.pixel(x, y)[0]);
        }
    return likely;
}

} // namespace ochre::models
