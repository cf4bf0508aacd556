// SPDX-License-Identifier: GPL-3.0-or-later
// What happens to pictures that are to be restored, made up: the same numbers give the same picture on every machine.
#pragma once

#include <string>
#include <vector>

#include "core/training/data/PictureSet.h"

namespace ochre::training {

enum class Degradation {
    NoiseJpeg, ///< Gaussian noise of 5…30 of 255, rounded, then JPEG at quality 35…95 with half the resolution of colours
    LowLight,  ///< 2 to 4.5 stops too dark with a cast, shot and read noise of a sensor, rounded to 8 bit
};

const std::vector<std::string>& degradationNames(); ///< "noise_jpeg", "low_light"
Degradation degradationFromName(const std::string& name); ///< throws Error that lists them

/// How strongly follows from the draw.
void degrade(Pixels& pixels, Degradation kind, Draw& draw);

/// What JPEG at that quality (1…100) leaves: the tables of ITU-T T.81, annex K, scaled as libjpeg does.
void compressAsJpeg(Pixels& pixels, int quality);

} // namespace ochre::training
