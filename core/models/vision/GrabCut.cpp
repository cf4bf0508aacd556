// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/GrabCut.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "core/base/Error.h"
#include "core/image/Color.h"
#include "core/image/Filter.h"

namespace ochre::models {
namespace {

constexpr int kSide = 640;    // longer side of the picture that is cut
constexpr int kRounds = 5;    // of colours learnt and the cut made
constexpr int kFewest = 5;    // pixels of object and of the rest, from which their colours are learnt
constexpr double kAlike = 20; // of 255: what is about a point and differs by less goes with it at first
constexpr double kGrain = 1 / 200.0; // of the longer side: finer patterns are smoothed when that is found out
constexpr int kAbout = 20,
              kOn = 100;       // parts of the longer side: what is likely, and sure, to be as a point says
constexpr double kPart = 0.1;  // of the largest piece in a box: smaller ones are dropped
constexpr double kFlat = 1e-4; // variance of the luminance below which the guided filter sees no edge
constexpr std::uint64_t kSeed = 1; // of the first guess of the colours

/// Eight-bit RGB, what is clear on black.
cv::Mat bytesOf(const Image& image) {
    const std::vector<std::uint8_t> rgb = toRgb8(image);
    return cv::Mat(image.height(), image.width(), CV_8UC3, const_cast<std::uint8_t*>(rgb.data())).clone();
}

/// The same memory as a matrix of floats.
cv::Mat matrixOf(Image& mask) {
    return cv::Mat(mask.height(), mask.width(), CV_32FC1, mask.edit().data());
}

/// Which pixel of the small picture holds that place of the whole one.
struct Scale {
    double across, down;
    cv::Size size;

    cv::Point operator()(float x, float y) const {
        return {std::clamp(static_cast<int>(x * across), 0, size.width - 1),
                std::clamp(static_cast<int>(y * down), 0, size.height - 1)};
    }
};

/// What is joined to the point and coloured like it, grain aside.
cv::Mat alike(const cv::Mat& picture, cv::Point at) {
    cv::Mat soft, filled = cv::Mat::zeros(picture.rows + 2, picture.cols + 2, CV_8UC1);
    cv::GaussianBlur(picture, soft, {}, std::max(1.0, kGrain * std::max(picture.cols, picture.rows)));
    const cv::Scalar range(kAlike, kAlike, kAlike);
    const int flags = 4 | cv::FLOODFILL_FIXED_RANGE | cv::FLOODFILL_MASK_ONLY | (255 << 8);
    cv::floodFill(soft, filled, at, {}, nullptr, range, range, flags);
    return filled(cv::Rect(1, 1, picture.cols, picture.rows)).clone();
}

/// The first guess in GrabCut's labels: outside a box nothing belongs to the object, without one little does.
cv::Mat labelsOf(const cv::Mat& picture, const SegmentPrompt& prompt, const Scale& scale) {
    cv::Mat labels(picture.size(), CV_8UC1, cv::Scalar(prompt.box ? cv::GC_BGD : cv::GC_PR_BGD));
    if (const auto& box = prompt.box) {
        const cv::Point from = scale(box->left, box->top), to = scale(box->right, box->bottom);
        labels(cv::Rect(from, to + cv::Point(1, 1))).setTo(cv::GC_PR_FGD);
        if (cv::countNonZero(labels == cv::GC_BGD) == 0)
            cv::rectangle(labels, {{}, labels.size()}, cv::GC_PR_BGD);
    }
    const int side = std::max(picture.cols, picture.rows);
    for (const SegmentPoint& point : prompt.points) {
        const cv::Point at = scale(point.x, point.y);
        if (point.belongs) cv::circle(labels, at, side / kAbout, cv::GC_PR_FGD, cv::FILLED);
        labels.setTo(point.belongs ? cv::GC_PR_FGD : cv::GC_PR_BGD, alike(picture, at));
    }
    for (const SegmentPoint& point : prompt.points)
        cv::circle(labels, scale(point.x, point.y), side / kOn, point.belongs ? cv::GC_FGD : cv::GC_BGD,
                   cv::FILLED);
    return labels;
}

/// 255 where a label says that it belongs to the object.
cv::Mat chosen(const cv::Mat& labels) {
    return (labels & 1) * 255;
}

/// The pieces that a point lies on; with a box alone, all but the crumbs.
cv::Mat pieces(const cv::Mat& object, const SegmentPrompt& prompt, const Scale& scale) {
    cv::Mat numbers, areas, middles;
    const int count = cv::connectedComponentsWithStats(object, numbers, areas, middles);
    std::vector<int> wanted;
    for (const SegmentPoint& point : prompt.points)
        if (point.belongs) wanted.push_back(numbers.at<int>(scale(point.x, point.y)));
    int largest = 0;
    for (int i = 1; i < count; ++i) largest = std::max(largest, areas.at<int>(i, cv::CC_STAT_AREA));
    cv::Mat kept = cv::Mat::zeros(object.size(), CV_8UC1);
    for (int i = 1; i < count; ++i)
        if (wanted.empty() ? areas.at<int>(i, cv::CC_STAT_AREA) >= kPart * largest
                           : std::ranges::count(wanted, i) > 0)
            kept.setTo(255, numbers == i);
    return kept;
}

cv::Mat cut(const cv::Mat& picture, const SegmentPrompt& prompt, const Scale& scale, const Progress& progress,
            const Cancel& cancel) {
    cv::Mat labels = labelsOf(picture, prompt, scale), rest, object;
    const int inside = cv::countNonZero(chosen(labels));
    if (inside < kFewest || static_cast<int>(labels.total()) - inside < kFewest) return chosen(labels);
    cv::theRNG().state = kSeed;
    for (int round = 0; round < kRounds; ++round) {
        cancel.check();
        progress.report(static_cast<std::uint64_t>(round), kRounds, "Cutting out");
        cv::grabCut(picture, labels, {}, rest, object, 1, round == 0 ? cv::GC_INIT_WITH_MASK : cv::GC_EVAL);
    }
    return pieces(chosen(labels), prompt, scale);
}

} // namespace

Image laidOnto(const Image& image, const Image& small, const Cancel& cancel) {
    if (small.width() == image.width() && small.height() == image.height()) return small;
    Image mask(image.width(), image.height(), 1, ColorSpace::Raw), rough = small;
    cv::Mat out = matrixOf(mask);
    cv::resize(matrixOf(rough), out, out.size(), 0, 0, cv::INTER_LINEAR);
    Image grey = luminance(toColorSpace(image, ColorSpace::Srgb, cancel), cancel);
    for (float& v : grey.edit()) v = v > 0 ? std::min(v, 1.0f) : 0.0f; // NaN becomes 0
    const cv::Mat guide = matrixOf(grey);
    const int reach = 2 * (image.width() / small.width() + 1) + 1;
    const auto mean = [reach](const cv::Mat& of) {
        cv::Mat smooth;
        cv::blur(of, smooth, {2 * reach + 1, 2 * reach + 1});
        return smooth;
    };
    const cv::Mat guideMean = mean(guide), outMean = mean(out);
    cancel.check();
    cv::Mat slope = (mean(guide.mul(out)) - guideMean.mul(outMean)) /
                    (mean(guide.mul(guide)) - guideMean.mul(guideMean) + kFlat);
    cv::Mat level = mean(outMean - slope.mul(guideMean));
    cv::Mat fitted = mean(slope).mul(guide) + level;
    for (int y = 0; y < out.rows; ++y)
        std::transform(fitted.ptr<float>(y), fitted.ptr<float>(y) + out.cols, out.ptr<float>(y),
                       [](float v) { return v > 0.5f ? 1.0f : 0.0f; });
    return mask;
}

Image grabCut(const Image& image, const SegmentPrompt& prompt, const Progress& progress,
              const Cancel& cancel) {
    checkPrompt(prompt, image);
    if (!prompt.box && std::ranges::none_of(prompt.points, &SegmentPoint::belongs))
        return Image(image.width(), image.height(), 1, ColorSpace::Raw);
    const double scale = std::min(1.0, static_cast<double>(kSide) / std::max(image.width(), image.height()));
    const auto side = [scale](int length) {
        return std::max(1, static_cast<int>(std::lround(length * scale)));
    };
    const int width = side(image.width()), height = side(image.height());
    const Image small = scale < 1 ? resize(image, width, height, ResizeFilter::Area, cancel) : image;
    try {
        const Scale place{static_cast<double>(width) / image.width(),
                          static_cast<double>(height) / image.height(),
                          {width, height}};
        Image mask(width, height, 1, ColorSpace::Raw);
        matrixOf(mask).setTo(1, cut(bytesOf(small), prompt, place, progress, cancel));
        return laidOnto(image, mask, cancel);
    } catch (const cv::Exception& e) {
        throw Error("GrabCut cannot cut this picture: " + e.err,
                    "give other points, or choose a SAM or MobileSAM model");
    }
}

} // namespace ochre::models
