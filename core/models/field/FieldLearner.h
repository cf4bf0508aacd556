// SPDX-License-Identifier: GPL-3.0-or-later
// Fits a hash field to samples of density and colour, on all cores. The same numbers with any number of threads.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/TaskPool.h"
#include "core/scene/field/FieldKernels.h"

namespace ochre::models {

/// Places in 0…1 of the box, directions of unit length, and what is there: density per side of the box, colour in 0…1, and how
/// much the colour counts. All of one length.
struct FieldSamples {
    std::vector<float> x, y, z, dx, dy, dz, density, red, green, blue, weight;

    std::size_t size() const { return x.size(); }
    void resize(std::size_t count);
    void copy(std::size_t to, const FieldSamples& from, std::size_t index);
};

/// Adam (arXiv 1412.6980) with β 0.9 and 0.99 and ε 1e-15, as arXiv 2201.05989 has it: entries of the table that no sample
/// touched stay as they are.
class FieldLearner {
public:
    /// Fills the field with random numbers. `field` must outlive this.
    FieldLearner(HashField& field, std::uint64_t seed, TaskPool& pool);

    /// One step against samples, a multiple of field::kBlock. step: over what share of the box's side densities are compared as
    /// opacities. Returns the mean loss. Throws Error where it is not finite.
    double step(const FieldSamples& samples, float step, float rate);

private:
    /// What one parameter's gradients were like so far.
    struct Moments {
        std::vector<float> gradient, mean, square;
        explicit Moments(std::size_t count) : gradient(count), mean(count), square(count) {}
    };
    double addGradients(const FieldSamples& samples, float step);
    void update(std::vector<float>& values, Moments& moments, float rate);

    HashField& m_field;
    TaskPool& m_pool;
    const field::Kernels& m_kernels = field::bestKernels();
    Moments m_table, m_layers;
    std::vector<float> m_transposed, m_encoded;
    int m_steps = 0;
};

} // namespace ochre::models
