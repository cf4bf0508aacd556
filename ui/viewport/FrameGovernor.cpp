// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/viewport/FrameGovernor.h"

#include <algorithm>
#include <cmath>

namespace ochre::ui {
namespace {
constexpr double kMemory = 0.8;      ///< what a frame still counts when the next has come
constexpr double kLargestStep = 1.5; ///< of the scale, from one frame to the next
constexpr double kLeastSlope = 0.02; ///< of what it is when all of the time grows
constexpr double kLeastShare =
    0.5; ///< of the constant part: so much time pixels get even where that part alone is too slow
} // namespace

void FrameGovernor::reset() {
    *this = FrameGovernor(m_target);
}

void FrameGovernor::took(double milliseconds, double pixels, double wholePixels) {
    const double x = pixels / 1e6, y = std::max(milliseconds, 0.1);
    for (double* sum : {&m_weight, &m_x, &m_y, &m_xx, &m_xy}) *sum *= kMemory;
    m_weight += 1;
    m_x += x;
    m_y += y;
    m_xx += x * x;
    m_xy += x * y;
    const double meanX = m_x / m_weight, meanY = m_y / m_weight, spread = m_xx / m_weight - meanX * meanX;
    if (spread > 1e-3 * meanX * meanX)
        m_slope = std::clamp((m_xy / m_weight - meanX * meanY) / spread, kLeastSlope * meanY / meanX,
                             meanY / meanX);
    // Frames of one size tell nothing of the two parts: what was known holds, or all of it is taken to grow.
    const double slope = m_slope > 0 ? std::min(m_slope, meanY / meanX) : meanY / meanX;
    const double constant = meanY - slope * meanX;
    const double wanted = std::max(m_target - constant, kLeastShare * constant) / slope; // millions of pixels
    const double scale = std::sqrt(wanted * 1e6 / std::max(wholePixels, 1.0));
    m_scale = std::clamp(std::clamp(scale, m_scale / kLargestStep, m_scale * kLargestStep), kLeast, 1.0);
}

} // namespace ochre::ui
