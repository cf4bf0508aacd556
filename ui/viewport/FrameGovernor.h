// SPDX-License-Identifier: GPL-3.0-or-later
// How large frames may be while the camera moves, so that each takes the time that is aimed at.
#pragma once

#include <algorithm>

namespace ochre::ui {

/// A frame's time is taken for a part that grows with its splats (placing and sorting them) and one that
/// grows with its pixels; both are fitted to the last frames, the latest counting most. Times are those of
/// the drawing thread, from the start of a frame until its pixels lie in memory, without waiting.
class FrameGovernor {
public:
    explicit FrameGovernor(double targetMilliseconds) : m_target(targetMilliseconds) {}

    double scale() const { return std::max(m_scale, m_least); } ///< of both sides, kLeast…1
    void setLeast(double scale) { m_least = std::clamp(scale, kLeast, 1.0); } ///< for the scene that is shown
    /// Of the splats, kFewest…1: fewer where placing and sorting them takes too long and what draws can leave some out.
    double share() const { return m_share; }
    void setThins(bool thins);
    /// A moving frame of `pixels` took so long; a whole one has `wholePixels`.
    void took(double milliseconds, double pixels, double wholePixels);
    void reset(); ///< another scene

    static constexpr double kLeast = 0.15, kFewest = 0.02;

private:
    double m_target, m_scale = 0.5, m_least = kLeast, m_share = 1;
    bool m_thins = false;
    double m_slope = 0; ///< milliseconds for a million of pixels; 0: not known
    double m_ss = 0, m_sx = 0, m_sy = 0, m_xx = 0,
           m_xy = 0; ///< decayed sums; s: share of the splats, x: millions of pixels, y: milliseconds
};

} // namespace ochre::ui
