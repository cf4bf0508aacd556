// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/CutOut.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "core/image/Color.h"
#include "core/image/Filter.h"

namespace ochre::models::cutout {
namespace {

constexpr double kPart = 0.1;  // of the largest piece in a box: smaller ones are dropped
constexpr double kFlat = 1e-4; // variance of the luminance below which the guided filter sees no edge

/// The same memory as a matrix of floats.
cv::Mat matrixOf(Image& mask) {
    return cv::Mat(mask.height(), mask.width(), CV_32FC1, mask.edit().data());
}

} // namespace

cv::Point Scale::operator()(float x, float y) const {
    return {std::clamp(static_cast<int>((x - left) * across), 0, size.width - 1),
            std::clamp(static_cast<int>((y - top) * down), 0, size.height - 1)};
}

cv::Mat bytesOf(const Image& image, int most, const Cancel& cancel) {
    const double scale = std::min(1.0, static_cast<double>(most) / std::max(image.width(), image.height()));
    const auto side = [scale](int length) { return std::max(1, static_cast<int>(std::lround(length * scale))); };
    const Image small = scale < 1 ? resize(image, side(image.width()), side(image.height()), ResizeFilter::Area, cancel) : image;
    const std::vector<std::uint8_t> rgb = toRgb8(small);
    return cv::Mat(small.height(), small.width(), CV_8UC3, const_cast<std::uint8_t*>(rgb.data())).clone();
}

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

Image laidOnto(const Image& image, const cv::Mat& small, const Cancel& cancel) {
    Image mask(image.width(), image.height(), 1, ColorSpace::Raw);
    cv::Mat out = matrixOf(mask), rough;
    small.convertTo(rough, CV_32FC1, 1.0 / 255);
    cv::resize(rough, out, out.size(), 0, 0, cv::INTER_LINEAR);
    if (small.size() == out.size()) return mask;
    Image grey = luminance(toColorSpace(image, ColorSpace::Srgb, cancel), cancel);
    for (float& v : grey.edit()) v = v > 0 ? std::min(v, 1.0f) : 0.0f; // NaN becomes 0
    const cv::Mat guide = matrixOf(grey);
    const int reach = 2 * (image.width() / small.cols + 1) + 1;
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

} // namespace ochre::models::cutout
