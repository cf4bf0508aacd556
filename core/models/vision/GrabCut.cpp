// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/GrabCut.h"

#include <algorithm>

#include <opencv2/imgproc.hpp>

#include "core/base/Error.h"
#include "core/models/vision/CutOut.h"

namespace ochre::models {
namespace {

using cutout::Scale;

constexpr int kSide = 640;    // longer side of the picture that is cut
constexpr int kRounds = 5;    // of colours learnt and the cut made
constexpr int kFewest = 5;    // pixels of object and of the rest, from which their colours are learnt
constexpr double kAlike = 20; // of 255: what is about a point and differs by less goes with it at first
constexpr double kGrain = 1 / 200.0; // of the longer side: finer patterns are smoothed when that is found out
constexpr int kAbout = 20,
              kOn = 100;       // parts of the longer side: what is likely, and sure, to be as a point says
constexpr std::uint64_t kSeed = 1; // of the first guess of the colours

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
    return cutout::pieces(chosen(labels), prompt, scale);
}

} // namespace

Image grabCut(const Image& image, const SegmentPrompt& prompt, const Progress& progress,
              const Cancel& cancel) {
    checkPrompt(prompt, image);
    if (!prompt.box && std::ranges::none_of(prompt.points, &SegmentPoint::belongs))
        return Image(image.width(), image.height(), 1, ColorSpace::Raw);
    try {
        const cv::Mat small = cutout::bytesOf(image, kSide, cancel);
        const Scale place{static_cast<double>(small.cols) / image.width(), static_cast<double>(small.rows) / image.height(), small.size()};
        return cutout::laidOnto(image, cut(small, prompt, place, progress, cancel), cancel);
    } catch (const cv::Exception& e) {
        throw Error("GrabCut cannot cut this picture: " + e.err,
                    "give other points, or choose a SAM or MobileSAM model");
    }
}

} // namespace ochre::models
