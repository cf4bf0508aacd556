// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/cameras/Lens.h"

#include <cmath>

namespace ochre {
namespace {
constexpr double kAxis = 1e-9; ///< so near to it nothing bends
}

std::array<double, 2> Lens::bent(double x, double y) const {
    const double away = std::hypot(x, y);
    if (fieldOfView != 0) {
        if (away < kAxis) return {x, y};
        const double share = std::atan(2 * away * std::tan(fieldOfView / 2)) / (away * fieldOfView);
        return {x * share, y * share};
    }
    if (fisheye && away > kAxis) {
        const double share = std::atan(away) / away;
        x *= share;
        y *= share;
    }
    const double r2 = x * x + y * y, xy = x * y;
    double up = 0, down = 0;
    for (std::size_t i = radial.size(); i-- > 0;) up = r2 * (radial[i] + up);
    for (std::size_t i = divisor.size(); i-- > 0;) down = r2 * (divisor[i] + down);
    const double share = (1 + up) / (1 + down);
    return {x * share + 2 * tangential[0] * xy + tangential[1] * (r2 + 2 * x * x) + prism[0] * r2,
            y * share + 2 * tangential[1] * xy + tangential[0] * (r2 + 2 * y * y) + prism[1] * r2};
}

} // namespace ochre
