// SPDX-License-Identifier: GPL-3.0-or-later
// Small hash fields and samples of random numbers, for tests.
#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "core/scene/field/FieldKernels.h"

namespace ochre::test {

inline std::vector<float> randomNumbers(std::size_t count, float from, float to, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<float> values(count);
    for (float& v : values) v = from + (to - from) * static_cast<float>(random() >> 8) * 0x1p-24f;
    return values;
}

/// Levels of 2 to 32 cells, of which the finer ones are hashed.
inline HashField randomField(unsigned seed = 1) {
    HashField field({.log2Entries = 8, .coarsest = 2, .finest = 32, .box = {{-1, -1, -1}, {1, 1, 1}}});
    field.table = randomNumbers(field.table.size(), -0.5f, 0.5f, seed);
    field.layers = randomNumbers(field.layers.size(), -0.3f, 0.3f, seed + 1);
    return field;
}

/// A box from −1 to 1 with the same density, per unit of the world, and a colour of ½ wherever cells of a grid of 16 are occupied.
inline HashField evenField(double density, HashField::Config config = {.log2Entries = 8, .coarsest = 2, .finest = 32, .box = {{-1, -1, -1}, {1, 1, 1}}}) {
    HashField field(config); // the networks are 0, so that the density is 1 per side; a feature that is 1 everywhere raises it
    for (float& v : field.table) v = 1;
    field.layers[HashField::Density1] = 1;
    field.layers[HashField::Density2] = static_cast<float>(std::log(density * field.side()));
    field.occupancy = OccupancyGrid(16);
    return field;
}

inline void occupyAlongZ(HashField& field, int fromZ = 0, int toZ = 16) {
    for (int z = fromZ; z < toZ; ++z)
        for (int y = 0; y < 16; ++y)
            for (int x = 0; x < 16; ++x) field.occupancy.occupy(x, y, z);
}

struct RandomSamples {
    std::vector<float> values[6];
    field::Samples view() const {
        return {values[0].data(), values[1].data(), values[2].data(), values[3].data(), values[4].data(), values[5].data()};
    }
};

/// Places in the box, directions of length 1.
inline RandomSamples randomSamples(std::size_t count, unsigned seed = 5) {
    RandomSamples samples;
    for (unsigned k = 0; k < 6; ++k) samples.values[k] = randomNumbers(count, k < 3 ? 0.0f : -1.0f, 1, seed + k);
    for (std::size_t i = 0; i < count; ++i) {
        auto &x = samples.values[3][i], &y = samples.values[4][i], &z = samples.values[5][i];
        const float length = std::sqrt(x * x + y * y + z * z);
        x /= length;
        y /= length;
        z /= length;
    }
    return samples;
}

} // namespace ochre::test
