// SPDX-License-Identifier: GPL-3.0-or-later
// How alike two pictures are: mean square error, PSNR and SSIM.
#pragma once

#include "core/base/Cancel.h"
#include "core/image/Image.h"

namespace ochre {

/// Over all channels of the numbers as they stand. Throws Error where size or channels differ.
double meanSquareError(const Image& a, const Image& b, const Cancel& cancel = {});
/// 10·log10(1/mse) in dB, peak 1; infinite for equal pictures.
double psnr(const Image& a, const Image& b, const Cancel& cancel = {});
/// Wang et al. 2004: 11×11 Gaussian window of deviation 1.5, K1 = 0.01, K2 = 0.03, peak 1, mean over the
/// places where the window lies wholly inside and over the colour channels. Throws Error on sides below 11.
double ssim(const Image& a, const Image& b, const Cancel& cancel = {});
double maxDifference(const Image& a, const Image& b);

} // namespace ochre
