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
    double cameraReach = 0.4;      ///< of forward-facing scenes: how far from the origin along x and y views are taken
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

/// As usual for the kind of scene: a box of the world, or of device coordinates where the scene is forward-facing; those are of
/// pictures of 4:3 that see 50° from the lower edge to the upper, since checkpoints do not say it.
DistillOptions usualDistilling(bool forwardFacing);

/// Views come from all around, from a sphere about the box's middle, or where the field is of device coordinates from about the
/// origin along −z; samples are taken where they matter to what is seen. The same field for the same options on the same kind of
/// processor. Throws Error where the box is empty, also when cancelled.
HashField distill(const NerfScene& scene, const DistillOptions& options, const Progress& progress = {}, const Cancel& cancel = {},
                  TaskPool& pool = TaskPool::shared(), DistillReport* report = nullptr);

} // namespace ochre::models
