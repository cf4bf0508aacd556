// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/restore/ClassicRestore.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "core/image/Color.h"

namespace ochre::models {
namespace {

constexpr int kPatch = 7, kWindow = 21, kTiles = 8;
constexpr double kLeastWeight = 0.001; // OpenCV takes smaller ones for none

cv::Mat bytesOf(const Image& image) {
    const std::vector<std::uint8_t> rgb = toRgb8(image);
    return cv::Mat(image.height(), image.width(), CV_8UC3, const_cast<std::uint8_t*>(rgb.data())).clone();
}

Image imageOf(const cv::Mat& rgb) {
    Image image(rgb.cols, rgb.rows, 3);
    cv::Mat out(rgb.rows, rgb.cols, CV_32FC3, image.edit().data());
    rgb.convertTo(out, CV_32F, 1.0 / 255);
    return image;
}

/// Of one or two channels, 8 bit.
cv::Mat denoised(const cv::Mat& plane, double strength, const Cancel& cancel) {
    constexpr int kReach = kWindow / 2, kEdge = kReach + kPatch / 2;
    const int channels = plane.channels();
    cv::Mat wide;
    cv::copyMakeBorder(plane, wide, kEdge, kEdge, kEdge, kEdge, cv::BORDER_REFLECT_101);
    wide.convertTo(wide, CV_32F);
    const cv::Rect around(kReach, kReach, plane.cols + kPatch - 1, plane.rows + kPatch - 1); // what patches see
    const cv::Rect within(kPatch / 2, kPatch / 2, plane.cols, plane.rows);
    const auto shifted = [](const cv::Rect& from, int x, int y) { return cv::Rect(from.x + x, from.y + y, from.width, from.height); };
    cv::Mat sum = cv::Mat::zeros(plane.size(), CV_MAKETYPE(CV_32F, channels)), weights = cv::Mat::zeros(plane.size(), CV_32F);
    for (int y = -kReach; y <= kReach; ++y)
        for (int x = -kReach; x <= kReach; ++x) {
            cancel.check();
            cv::Mat difference = wide(around) - wide(shifted(around, x, y)), distance;
            difference = difference.mul(difference);
            if (channels == 2) cv::transform(difference, difference, cv::Matx12f(1, 1));
            cv::boxFilter(difference, distance, CV_32F, {kPatch, kPatch});
            cv::Mat weight = distance(within) * (-1 / (strength * strength * channels));
            cv::exp(weight, weight);
            cv::threshold(weight, weight, kLeastWeight, 0, cv::THRESH_TOZERO);
            weights += weight;
            cv::Mat repeated = weight;
            if (channels == 2) cv::merge(std::vector<cv::Mat>{weight, weight}, repeated);
            sum += wide(shifted({kEdge, kEdge, plane.cols, plane.rows}, x, y)).mul(repeated);
        }
    if (channels == 2) cv::merge(std::vector<cv::Mat>{weights, weights}, weights);
    cv::Mat out;
    cv::Mat(sum / weights).convertTo(out, CV_8U);
    return out;
}

} // namespace

Image nonLocalMeans(const Image& image, double strength, const Cancel& cancel) {
    cv::Mat lab, rgb;
    cv::cvtColor(bytesOf(image), lab, cv::COLOR_LRGB2Lab);
    cv::Mat lightness(lab.size(), CV_8UC1), colors(lab.size(), CV_8UC2);
    cv::Mat parts[] = {lightness, colors};
    constexpr int kApart[] = {0, 0, 1, 1, 2, 2};
    cv::mixChannels(&lab, 1, parts, 2, kApart, 3);
    cv::Mat clean[] = {denoised(lightness, strength, cancel), denoised(colors, strength, cancel)};
    cv::mixChannels(clean, 2, &lab, 1, kApart, 3);
    cv::cvtColor(lab, rgb, cv::COLOR_Lab2LRGB);
    return imageOf(rgb);
}

Image equalised(const Image& image, double clipLimit) {
    cv::Mat lab, rgb, lightness;
    cv::cvtColor(bytesOf(image), lab, cv::COLOR_RGB2Lab);
    cv::extractChannel(lab, lightness, 0);
    cv::createCLAHE(clipLimit, {kTiles, kTiles})->apply(lightness, lightness);
    cv::insertChannel(lightness, lab, 0);
    cv::cvtColor(lab, rgb, cv::COLOR_Lab2RGB);
    return imageOf(rgb);
}

} // namespace ochre::models
