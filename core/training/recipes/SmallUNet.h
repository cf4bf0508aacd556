// SPDX-License-Identifier: GPL-3.0-or-later
// How the small denoising networks that recipes make (models/diffusion/SmallModel.h) begin, and their widths as a setting.
#pragma once

#include <string>
#include <vector>

namespace ochre::training {

/// For Parameters::initialise: layers whose result is added to something begin silent.
double smallUNetGain(const std::string& name);

/// "128,192" as numbers. Throws Error where one is no multiple of `multiple`.
std::vector<int> widthsOf(const std::string& text, int multiple);

} // namespace ochre::training
