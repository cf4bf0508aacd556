// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "core/base/Error.h"
#include "core/models/vision/CutOut.h"
#include "core/models/vision/GrabCut.h"
#include "core/models/vision/VideoTracker.h"

namespace ochre::models {
namespace {

constexpr int kSide = 480;               // longer side of the pictures that are compared
constexpr double kReach = 0.6;           // of the object's longer side: how far it is looked for
constexpr int kLeastReach = 24;          // pixels
constexpr double kScales[] = {1, 0.96, 1.04}; // its size, against the frame before
constexpr double kPreferred = 0.94;      // another size must be at least this much better
constexpr double kLost = 48, kFound = 32; // of 255: mean difference above which it is gone, below which it is back
constexpr double kBand = 0.09;           // of the square root of its area: where the edge may be
constexpr double kJump = 1.35;           // a larger change of its area from frame to frame is not believed
constexpr int kFewest = 12;              // pixels of an object that can be followed
constexpr std::uint64_t kSeed = 1;       // of the first guess of the colours

/// The frames and masks that are compared.
class Follower {
public:
    void begin(const cv::Mat& picture, const Image& mask) {
        Image copy = mask;
        const cv::Mat whole(mask.height(), mask.width(), CV_32FC1, copy.edit().data());
        cv::Mat small;
        cv::resize(whole, small, picture.size(), 0, 0, cv::INTER_AREA);
        m_mask = small > 0.5;
        m_picture = picture;
        m_motion = {};
        m_lost = cv::countNonZero(m_mask) < kFewest;
    }

    /// The mask in the next picture, 255 where the object is. `score` is how alike it looks, 0…1.
    cv::Mat step(const cv::Mat& picture, float& score) {
        score = 0;
        const Place place = find(picture);
        if (place.difference > (m_lost ? kFound : kLost)) {
            m_lost = true;
            return cv::Mat::zeros(picture.size(), CV_8UC1); // what it looked like is kept for when it is back
        }
        const cv::Mat expected = moved(place);
        if (cv::countNonZero(expected) < kFewest) {
            m_lost = true;
            return cv::Mat::zeros(picture.size(), CV_8UC1);
        }
        m_motion = m_lost ? cv::Point2d() : place.by;
        m_lost = false;
        score = static_cast<float>(1 - place.difference / 255);
        m_mask = cut(picture, expected);
        m_picture = picture;
        return m_mask;
    }

private:
    struct Place {
        cv::Rect from;    ///< the object in the frame before
        cv::Point2d by;   ///< of the middle
        double scale = 1;
        double difference = 255;
    };

    /// Where the pixels under the mask are found again. Beyond the edge of the picture it goes on as at the edge.
    Place find(const cv::Mat& picture) const {
        Place best;
        best.from = cv::boundingRect(m_mask);
        if (best.from.empty()) return best;
        const int longer = std::max(best.from.width, best.from.height);
        const int reach = m_lost ? std::max(picture.cols, picture.rows) : std::max(kLeastReach, static_cast<int>(longer * kReach));
        const int border = longer / 2 + 1;
        cv::Mat wide;
        cv::copyMakeBorder(picture, wide, border, border, border, border, cv::BORDER_REPLICATE);
        const cv::Mat object = m_picture(best.from), shape = m_mask(best.from);
        for (const double scale : kScales) {
            cv::Mat sample, under;
            cv::resize(object, sample, {}, scale, scale, cv::INTER_AREA);
            cv::resize(shape, under, sample.size(), 0, 0, cv::INTER_NEAREST);
            const int pixels = cv::countNonZero(under);
            if (pixels < kFewest) continue;
            const cv::Point2d corner(best.from.x + (best.from.width - sample.cols) / 2.0 + m_motion.x + border,
                                     best.from.y + (best.from.height - sample.rows) / 2.0 + m_motion.y + border);
            const cv::Rect area = cv::Rect(cv::Point(static_cast<int>(corner.x) - reach, static_cast<int>(corner.y) - reach),
                                           cv::Size(sample.cols + 2 * reach, sample.rows + 2 * reach)) &
                                  cv::Rect({}, wide.size());
            if (area.width < sample.cols || area.height < sample.rows) continue;
            cv::Mat differences, weights;
            cv::merge(std::vector<cv::Mat>(3, under / 255), weights);
            cv::matchTemplate(wide(area), sample, differences, cv::TM_SQDIFF, weights);
            double least = 0;
            cv::Point at;
            cv::minMaxLoc(differences, &least, nullptr, &at);
            const double difference = std::sqrt(std::max(0.0, least) / (3.0 * pixels));
            if (difference >= best.difference * (scale == kScales[0] ? 1 : kPreferred)) continue;
            best.difference = difference;
            best.scale = scale;
            best.by = {at.x + area.x - border + sample.cols / 2.0 - (best.from.x + best.from.width / 2.0),
                       at.y + area.y - border + sample.rows / 2.0 - (best.from.y + best.from.height / 2.0)};
        }
        return best;
    }

    cv::Mat moved(const Place& place) const {
        const double x = place.from.x + place.from.width / 2.0, y = place.from.y + place.from.height / 2.0, s = place.scale;
        const cv::Mat turn = (cv::Mat_<double>(2, 3) << s, 0, x + place.by.x - s * x, 0, s, y + place.by.y - s * y);
        cv::Mat out;
        cv::warpAffine(m_mask, out, turn, m_mask.size(), cv::INTER_LINEAR);
        return out > 127;
    }

    /// The edge found anew in a band about the expected one.
    static cv::Mat cut(const cv::Mat& picture, const cv::Mat& expected) {
        const int before = cv::countNonZero(expected), band = std::max(2, static_cast<int>(std::sqrt(before) * kBand));
        const cv::Mat disc = cv::getStructuringElement(cv::MORPH_ELLIPSE, {2 * band + 1, 2 * band + 1});
        const cv::Rect all({}, picture.size()), box = cv::boundingRect(expected);
        const int around = 4 * band + 4;
        const cv::Rect part = cv::Rect(box.x - around, box.y - around, box.width + 2 * around, box.height + 2 * around) & all;
        const cv::Mat shape = expected(part);
        cv::Mat inner, outer, labels(part.size(), CV_8UC1, cv::Scalar(cv::GC_BGD));
        cv::erode(shape, inner, disc);
        cv::dilate(shape, outer, disc);
        labels.setTo(cv::GC_PR_BGD, outer);
        labels.setTo(cv::GC_PR_FGD, shape);
        labels.setTo(cv::GC_FGD, inner);
        const int inside = cv::countNonZero(shape);
        if (static_cast<int>(labels.total()) - inside < kFewest) return expected;
        cv::Mat rest, object;
        cv::theRNG().state = kSeed;
        cv::grabCut(picture(part), labels, {}, rest, object, 2, cv::GC_INIT_WITH_MASK);
        cv::Mat found = (labels & 1) * 255;
        cv::medianBlur(found, found, 3);
        const double change = static_cast<double>(cv::countNonZero(found)) / inside;
        cv::Mat out = cv::Mat::zeros(picture.size(), CV_8UC1);
        (change > kJump || change < 1 / kJump ? shape : found).copyTo(out(part));
        return out;
    }

    cv::Mat m_picture, m_mask; ///< where it was seen last
    cv::Point2d m_motion;      ///< from frame to frame
    bool m_lost = true;
};

void follow(const TrackJob& job, const TrackSink& sink, const Progress& progress, const Cancel& cancel) {
    std::vector<TrackPrompt> prompts = job.prompts;
    std::ranges::sort(prompts, {}, &TrackPrompt::frame);
    const int first = prompts.front().frame, from = job.forward ? first : prompts.back().frame;
    const auto total = static_cast<std::uint64_t>((job.forward ? job.frames - first : 1) + (job.backward ? from : 0));
    std::uint64_t done = 0;
    const auto go = [&](int begin, int end, int by) {
        Follower follower;
        for (int i = begin; i != end; i += by) {
            cancel.check();
            const bool again = by < 0 && i == from; // the way back begins with what is known already
            if (!again || !job.forward) progress.report(done++, total, fmt::format("Frame {} of {}", i, job.frames - 1));
            const Image image = job.frame(i);
            const cv::Mat picture = cutout::bytesOf(image, kSide, cancel);
            const auto prompt = std::ranges::find(prompts, i, &TrackPrompt::frame);
            if (prompt != prompts.end()) {
                const Image mask = prompt->mask.empty() ? grabCut(image, prompt->prompt, {}, cancel) : prompt->mask;
                if (mask.width() != image.width() || mask.height() != image.height())
                    throw Error(fmt::format("the mask is {}×{}, the video {}×{}", mask.width(), mask.height(), image.width(), image.height()),
                                "give one of the frame's size");
                follower.begin(picture, mask);
                if (!again || !job.forward) sink(i, mask, 1);
                continue;
            }
            float score = 0;
            const cv::Mat mask = follower.step(picture, score);
            sink(i, cutout::laidOnto(image, mask, cancel), score);
        }
    };
    if (job.forward) go(first, job.frames, 1);
    if (job.backward) go(from, -1, -1);
}

} // namespace

void trackByColours(const TrackJob& job, const TrackSink& sink, const Progress& progress, const Cancel& cancel) {
    checkTrack(job);
    try {
        follow(job, sink, progress, cancel);
    } catch (const cv::Exception& e) {
        throw Error("the object cannot be followed by its colours: " + e.err, "give other points, or choose a SAM 2 model");
    }
}

} // namespace ochre::models
