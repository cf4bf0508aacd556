// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/FrameGovernor.h"

#include <algorithm>
#include <cmath>

namespace ochre::ui {
namespace {
constexpr double kMemory = 0.8;      ///< what a frame still counts when the next has come
constexpr double kLargestStep = 1.5; ///< of the scale and the share, from one frame to the next
constexpr double kPlacing = 0.5;     ///< of the time aimed at, for what does not grow with the pixels
constexpr double kLeastSlope = 0.02; ///< of what it is when all of the time grows
constexpr double kLeastShare =
    0.5; ///< of the constant part: so much time pixels get even where that part alone is too slow
} // namespace

void FrameGovernor::reset() {
    const bool thins = m_thins;
    *this = FrameGovernor(m_target);
    m_thins = thins;
}

void FrameGovernor::setThins(bool thins) {
    m_thins = thins;
    m_share = 1;
}

void FrameGovernor::took(double milliseconds, double pixels, double wholePixels) {
    const double x = pixels / 1e6, y = std::max(milliseconds, 0.1);
    for (double* sum : {&m_ss, &m_sx, &m_sy, &m_xx, &m_xy}) *sum *= kMemory;
    m_ss += m_share * m_share;
    m_sx += m_share * x;
    m_sy += m_share * y;
    m_xx += x * x;
    m_xy += x * y;
    const double meanX = m_sx / m_ss, meanY = m_sy / m_ss, spread = m_xx / m_ss - meanX * meanX;
    if (spread > 1e-3 * meanX * meanX)
        m_slope = std::clamp((m_xy / m_ss - meanX * meanY) / spread, kLeastSlope * meanY / meanX,
                             meanY / meanX);
    // Frames of one size tell nothing of the two parts: what was known holds, or all of it is taken to grow.
    const double slope = m_slope > 0 ? std::min(m_slope, meanY / meanX) : meanY / meanX;
    const double ofAll = meanY - slope * meanX, constant = ofAll * m_share;
    const double wanted = std::max(m_target - constant, kLeastShare * constant) / slope; // millions of pixels
    const double scale = std::sqrt(wanted * 1e6 / std::max(wholePixels, 1.0));
    m_scale = std::clamp(std::clamp(scale, m_scale / kLargestStep, m_scale * kLargestStep), kLeast, 1.0);
    if (!m_thins) return;
    const double share = kPlacing * m_target / std::max(ofAll, 1e-3);
    m_share = std::clamp(std::clamp(share, m_share / kLargestStep, m_share * kLargestStep), kFewest, 1.0);
}

} // namespace ochre::ui
