// SPDX-License-Identifier: GPL-3.0-or-later
// What tools of several networks share that see a whole picture in colours: to tensors and back, filled up to what a
// network takes, in tiles that fit into memory.
#pragma once

#include <string>

#include "core/base/Progress.h"
#include "core/image/Image.h"
#include "core/models/Architectures.h"
#include "core/models/restore/Restorer.h"

namespace ochre::models {

/// Throws Error, of which `subject` is the subject, where a picture is empty or a value of it is no number.
void requireNumbers(const Image& image, const std::string& subject);

/// [1, 3, H, W] in 0…1, sRGB, without alpha. Throws Error as above.
nn::Tensor colorsOf(const Image& image, const std::string& subject, const Cancel& cancel);
/// [1, 3, H, W] in sRGB as a picture like `like`: of its colour space, with its alpha and metadata.
Image pictureLike(const nn::Tensor& colors, const Image& like, const Cancel& cancel);

/// x [N, C, H, W] with sides that are multiples of `multiple` and at least `leastSide`: mirrored at the right and below, and
/// repeated where there is too little to mirror.
nn::Tensor filledUp(const nn::Tensor& x, int multiple, int leastSide = 1);

/// The network on x [1, inChannels, H, W], float32 on the CPU, of any size, in tiles that overlap and are faded into each
/// other: [1, outChannels, H, W]. Of `options` counts what is about tiles and memory; where it runs out, tiles become smaller.
nn::Tensor forwardInTiles(const PictureModel& model, const nn::Tensor& x, const RestoreOptions& options,
                          const Progress& progress = {}, RestoreReport* report = nullptr);

} // namespace ochre::models
