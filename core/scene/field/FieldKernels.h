// SPDX-License-Identifier: GPL-3.0-or-later
// Hash fields on plain memory: values and gradients of blocks of samples, for several generations of processors. Rows of a
// block depend on nothing but their own sample.
#pragma once

#include "core/scene/field/HashField.h"

namespace ochre::field {

constexpr long kBlock = 64; ///< samples that go through the networks together

/// A field as the kernels read it.
struct View {
    explicit View(const HashField& field);

    const float *table, *layers;
    alignas(64) float cells[HashField::kLevels];
    alignas(64) int last[HashField::kLevels];        ///< cells − 1
    alignas(64) unsigned stepY[HashField::kLevels];  ///< what a corner more along y changes: in a dense grid its index
    alignas(64) unsigned stepZ[HashField::kLevels];
    alignas(64) unsigned offset[HashField::kLevels]; ///< in the table
    alignas(64) int dense[HashField::kLevels];       ///< −1 or 0
    unsigned mask;                                   ///< of hashed indices
};

/// What a block passes through, kept for the gradient. Rows of samples.
struct Work {
    alignas(64) float encoded[kBlock][HashField::kEncoded];
    alignas(64) float hidden1[kBlock][HashField::kHidden];
    alignas(64) float geometry[kBlock][HashField::kGeometry];
    alignas(64) float seen[kBlock][HashField::kDirections + HashField::kGeometry];
    alignas(64) float hidden2[kBlock][HashField::kHidden];
    alignas(64) float hidden3[kBlock][HashField::kHidden];
    alignas(64) float color[kBlock][HashField::kColors];
    alignas(64) float values[4][kBlock]; ///< red, green, blue in 0…1 and density per unit of the box's side
};

/// Samples as arrays: places in 0…1 of the box, directions of unit length.
struct Samples {
    const float *x, *y, *z, *dx, *dy, *dz;
};

/// What samples should be: density and colour in the units of Work::values, and how much the colour counts.
struct Targets {
    const float *density, *red, *green, *blue, *weight;
};

struct Kernels {
    const char* name;
    /// Up to kBlock samples from `first` on → work.values.
    void (*forward)(const View& view, const Samples& samples, long first, long count, Work& work);
    /// The density alone, work.values[3].
    void (*density)(const View& view, const Samples& samples, long first, long count, Work& work);
    /// After forward of a whole block: how far its values are from the targets, as opacities over `step` of the box's side and
    /// as colours, squared and summed; the gradient of that by the layers is added to layerGradient [LayersEnd], that by the
    /// encoded features stored in encodedGradient [kLevels][batch][kFeatures] from column `first` on. transposed: as
    /// transposeLayers gives it.
    double (*backward)(const View& view, const float* transposed, const Targets& targets, float step, long first, long batch,
                       Work& work, float* layerGradient, float* encodedGradient);
    /// Adds the gradient by a level's features [batch][kFeatures] to that by the table [entries][kFeatures].
    void (*scatter)(const View& view, int level, const Samples& samples, long batch, const float* encodedGradient, float* tableGradient);
};

extern const Kernels kPlain, kAvx2, kAvx512;
std::vector<const Kernels*> usableKernels(); ///< that this machine can run, the best last
const Kernels& bestKernels();

/// Each layer as [out][in], in the places of the layers.
void transposeLayers(const float* layers, float* transposed);

} // namespace ochre::field
