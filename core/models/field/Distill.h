// SPDX-License-Identifier: GPL-3.0-or-later
// A NeRF as a hash field: what the network says along random views is learned by a field that is drawn in seconds.
#pragma once

#include <cstdint>

#include "core/base/TaskPool.h"
#include "core/models/field/FieldLearner.h"
#include "core/models/field/NerfScene.h"

namespace ochre::models {

struct DistillOptions {
    HashField::Config field;       ///< its box is where the scene is looked for
    double cameraDistance = 4.031; ///< of views, from the middle of the box
    int occupancySide = 128;       ///< cells
    std::size_t samples = std::size_t{1} << 22; ///< that the network is asked for
    int steps = 2000;
    std::size_t batch = std::size_t{1} << 14; ///< samples a step
    float rate = 1e-2f, lastRate = 1e-4f;     ///< of learning, falling by the same factor in every step
    std::uint64_t seed = 0;
};

struct DistillReport {
    double loss = 0;          ///< mean of the last steps
    std::size_t occupied = 0; ///< cells
    double seconds[3]{};      ///< looking for the scene, asking the network, learning
};

/// Views come from all around: from a sphere about the box's middle, of which samples are taken where they matter to what is seen.
/// The same field for the same options on the same kind of processor. Throws Error where the box is empty, also when cancelled.
HashField distill(const NerfScene& scene, const DistillOptions& options, const Progress& progress = {}, const Cancel& cancel = {},
                  TaskPool& pool = TaskPool::shared(), DistillReport* report = nullptr);

} // namespace ochre::models
