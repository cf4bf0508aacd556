// SPDX-License-Identifier: GPL-3.0-or-later
// The beta distribution: its share below a value, and the value below which a share lies.
#pragma once

namespace ochre::models::sampling {

/// Regularised incomplete beta function I_x(a, b), for x in 0…1 and a, b > 0; relative error below 1e-13.
double betaShare(double x, double a, double b);

/// x with I_x(a, b) = share, for share in 0…1. Throws Error for other arguments.
double betaQuantile(double share, double a, double b);

} // namespace ochre::models::sampling
