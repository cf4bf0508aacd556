// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/vision/EdgeCut.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <vector>

#include <opencv2/imgproc.hpp>
#include <opencv2/imgproc/detail/gcgraph.hpp>

#include "core/base/Error.h"
#include "core/image/Filter.h"
#include "core/models/vision/CutOut.h"

namespace ochre::models {
namespace {

constexpr int kSide = 192;               // longer side of what is cut
constexpr int kRounds = 2;               // of colours learned and the cut made
constexpr double kAround = 0.25;         // of the longer side of what is likely: how far about it is looked
constexpr double kFaint = 0.3;           // likelihood from which a place is looked at
constexpr float kSure = 3, kThought = 0.7f; // the network's log-odds: at most, and their weight beside those of the colours
constexpr float kSureCut = 0.95f;        // that a pixel belongs where the cut before put it
constexpr int kBins = 16, kColors = kBins * kBins * kBins; // 0…255 of a channel in so many steps
constexpr float kRare = 0.02f;           // share that is spread over all colours, as if each had been seen
constexpr float kEdge = 8, kLength = 0.3f; // what it costs to part two neighbours of one colour, and any two
constexpr double kDiagonal = 1.4142135623730951;
constexpr int kOn = 100;                 // parts of the longer side: what is sure to be as a point says
constexpr float kFixed = 1e4f;           // log-odds of that

/// The part of a picture that is looked at.
struct Part {
    int left = 0, top = 0, width = 0, height = 0;
};

/// About what is likely; nothing where nothing is.
Part partOf(const Image& image, const Image& likely) {
    const std::span<const float> values = likely.values();
    const double faint = std::min(kFaint, 0.5 * static_cast<double>(*std::ranges::max_element(values)));
    int left = likely.width(), top = likely.height(), right = 0, bottom = 0;
    for (int y = 0; y < likely.height(); ++y)
        for (int x = 0; x < likely.width(); ++x) {
            if (!(static_cast<double>(likely.pixel(x, y)[0]) > faint)) continue;
            left = std::min(left, x);
            top = std::min(top, y);
            right = std::max(right, x + 1);
            bottom = std::max(bottom, y + 1);
        }
    if (left >= right) return {};
    const double across = static_cast<double>(image.width()) / likely.width(), down = static_cast<double>(image.height()) / likely.height();
    const double reach = kAround * std::max((right - left) * across, (bottom - top) * down);
    const auto place = [](double v, int side) { return std::clamp(static_cast<int>(std::lround(v)), 0, side); };
    Part part{.left = place(left * across - reach, image.width() - 1), .top = place(top * down - reach, image.height() - 1)};
    part.width = std::max(1, place(right * across + reach, image.width()) - part.left);
    part.height = std::max(1, place(bottom * down + reach, image.height()) - part.top);
    return part;
}

/// Of each pixel of `size`, which shows a part of the whole picture.
std::vector<float> likelihoods(const Image& likely, const Image& image, const Part& part, cv::Size size) {
    const cv::Mat whole(likely.height(), likely.width(), CV_32FC1, const_cast<float*>(likely.values().data()));
    const double across = static_cast<double>(likely.width()) / image.width(), down = static_cast<double>(likely.height()) / image.height();
    const double stepX = across * part.width / size.width, stepY = down * part.height / size.height;
    const cv::Matx23d back(stepX, 0, across * part.left + 0.5 * stepX - 0.5, 0, stepY, down * part.top + 0.5 * stepY - 0.5);
    std::vector<float> out(static_cast<std::size_t>(size.area()));
    cv::Mat there(size, CV_32FC1, out.data());
    cv::warpAffine(whole, there, back, size, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
    return out;
}

/// How often the colours of two sides are seen.
class Colors {
public:
    explicit Colors(const cv::Mat& picture) {
        for (int y = 0; y < picture.rows; ++y)
            for (int x = 0; x < picture.cols; ++x) {
                const auto& p = picture.at<cv::Vec3b>(y, x);
                m_bins.push_back((p[0] * kBins / 256 * kBins + p[1] * kBins / 256) * kBins + p[2] * kBins / 256);
            }
    }

    /// From how likely each pixel belongs to the object.
    void learn(const std::vector<float>& likely) {
        std::vector<float> inside(kColors), outside(kColors);
        for (std::size_t i = 0; i < likely.size(); ++i) {
            inside[static_cast<std::size_t>(m_bins[i])] += likely[i];
            outside[static_cast<std::size_t>(m_bins[i])] += 1 - likely[i];
        }
        for (std::vector<float>* side : {&inside, &outside}) {
            smooth(*side);
            const float sum = std::max(1.0f, std::accumulate(side->begin(), side->end(), 0.0f));
            for (float& v : *side) v = v / sum + kRare / kColors;
        }
        for (std::size_t i = 0; i < kColors; ++i) m_odds[i] = std::clamp(std::log(inside[i] / outside[i]), -kSure, kSure);
    }

    /// Logarithm of how much more a pixel's colour is seen in the object than about it.
    float oddsOf(std::size_t pixel) const { return m_odds[static_cast<std::size_t>(m_bins[pixel])]; }

private:
    /// Each colour a little of its neighbours.
    static void smooth(std::vector<float>& counts) {
        for (const int step : {kBins * kBins, kBins, 1}) {
            const std::vector<float> before = counts;
            for (int i = 0; i < kColors; ++i) {
                const int at = i / step % kBins;
                counts[static_cast<std::size_t>(i)] = 2 * before[static_cast<std::size_t>(i)] +
                                                      (at > 0 ? before[static_cast<std::size_t>(i - step)] : 0) +
                                                      (at + 1 < kBins ? before[static_cast<std::size_t>(i + step)] : 0);
            }
        }
    }

    std::vector<int> m_bins;
    std::array<float, kColors> m_odds{};
};

/// The costs of parting neighbours, and the least cut.
class Cut {
public:
    explicit Cut(const cv::Mat& picture) : m_size(picture.size()) {
        const auto differ = [&](cv::Point a, cv::Point b) {
            const cv::Vec3i d = cv::Vec3i(picture.at<cv::Vec3b>(a)) - cv::Vec3i(picture.at<cv::Vec3b>(b));
            return static_cast<double>(d.dot(d));
        };
        double sum = 0;
        for (int y = 0; y < m_size.height; ++y)
            for (int x = 0; x < m_size.width; ++x)
                for (const cv::Point& step : kSteps)
                    if (const cv::Point at(x, y), to = at + step; to.x >= 0 && to.x < m_size.width && to.y < m_size.height) {
                        const double difference = differ(at, to);
                        m_pairs.push_back({numberOf(at), numberOf(to), static_cast<float>(difference), step.x != 0 && step.y != 0});
                        sum += difference;
                    }
        const auto scale = static_cast<float>(static_cast<double>(m_pairs.size()) / (2 * sum + 1));
        for (Pair& pair : m_pairs)
            pair.cost = (kEdge * std::exp(-scale * pair.cost) + kLength) / static_cast<float>(pair.slanted ? kDiagonal : 1);
    }

    /// 255 where the object is, from the log-odds that pixels belong to it.
    cv::Mat least(const std::vector<float>& odds) const {
        cv::Mat object(m_size, CV_8UC1, cv::Scalar(odds[0] > 0 ? 255 : 0));
        if (m_pairs.empty()) return object; // a single pixel
        cv::detail::GCGraph<float> graph(static_cast<unsigned>(odds.size()), 2 * static_cast<unsigned>(m_pairs.size()));
        for (const float o : odds) graph.addTermWeights(graph.addVtx(), std::max(o, 0.0f), std::max(-o, 0.0f));
        for (const Pair& pair : m_pairs) graph.addEdges(pair.from, pair.to, pair.cost, pair.cost);
        graph.maxFlow();
        for (int i = 0; i < m_size.area(); ++i) object.data[i] = graph.inSourceSegment(i) ? 255 : 0;
        return object;
    }

private:
    struct Pair {
        int from, to;
        float cost; ///< until all are known, the square of their difference
        bool slanted;
    };
    static inline const std::array<cv::Point, 4> kSteps{cv::Point(1, 0), {0, 1}, {1, 1}, {-1, 1}};
    int numberOf(cv::Point at) const { return at.y * m_size.width + at.x; }

    cv::Size m_size;
    std::vector<Pair> m_pairs;
};

/// What points leave no doubt of: log-odds, 0 elsewhere.
cv::Mat fixedBy(const SegmentPrompt& prompt, const cutout::Scale& scale) {
    cv::Mat fixed = cv::Mat::zeros(scale.size, CV_32FC1);
    const int reach = std::max(scale.size.width, scale.size.height) / kOn;
    for (const SegmentPoint& point : prompt.points)
        cv::circle(fixed, scale(point.x, point.y), reach, point.belongs ? kFixed : -kFixed, cv::FILLED);
    return fixed;
}

cv::Mat cut(const cv::Mat& picture, std::vector<float> likely, const SegmentPrompt& prompt, const cutout::Scale& scale, const Cancel& cancel) {
    const cv::Mat fixed = fixedBy(prompt, scale);
    std::vector<float> thought, odds(likely.size());
    for (const float v : likely) thought.push_back(kThought * std::clamp(std::log(std::max(v, 1e-6f) / std::max(1 - v, 1e-6f)), -kSure, kSure));
    Colors colors(picture);
    const Cut around(picture);
    cv::Mat object;
    for (int round = 0; round < kRounds; ++round) {
        cancel.check();
        colors.learn(likely);
        for (std::size_t i = 0; i < odds.size(); ++i) odds[i] = thought[i] + colors.oddsOf(i) + fixed.ptr<float>()[i];
        object = around.least(odds);
        for (std::size_t i = 0; i < likely.size(); ++i) likely[i] = object.data[i] ? kSureCut : 1 - kSureCut;
    }
    return cutout::pieces(object, prompt, scale);
}

} // namespace

Image cutAtEdges(const Image& image, const Image& likely, const SegmentPrompt& prompt, const Cancel& cancel) {
    checkPrompt(prompt, image);
    Image mask(image.width(), image.height(), 1, ColorSpace::Raw);
    const Part part = partOf(image, likely);
    if (part.width == 0) return mask;
    const Image around = crop(image, part.left, part.top, part.width, part.height);
    try {
        const cv::Mat small = cutout::bytesOf(around, kSide, cancel);
        const cv::Size size = small.size();
        const cutout::Scale place{static_cast<double>(size.width) / part.width, static_cast<double>(size.height) / part.height, size,
                                  static_cast<double>(part.left), static_cast<double>(part.top)};
        const cv::Mat object = cut(small, likelihoods(likely, image, part, size), prompt, place, cancel);
        const Image found = cutout::laidOnto(around, object, cancel);
        float* to = mask.edit().data() + static_cast<std::ptrdiff_t>(part.top) * image.width() + part.left;
        for (int y = 0; y < part.height; ++y, to += image.width()) std::copy_n(found.pixel(0, y), part.width, to);
        return mask;
    } catch (const cv::Exception& e) {
        throw Error("the edge of the object cannot be cut: " + e.err, "give other points, or choose a SAM or MobileSAM model");
    }
}

} // namespace ochre::models
