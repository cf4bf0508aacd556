// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/field/FieldKernels.h"

namespace ochre::field {
namespace {

constexpr unsigned kHashY = 2654435761u, kHashZ = 805459861u;

void transposeLayer(const float* from, std::size_t in, std::size_t out, float* to) {
    for (std::size_t i = 0; i < in; ++i)
        for (std::size_t o = 0; o < out; ++o) to[o * in + i] = from[i * out + o];
}

} // namespace

View::View(const HashField& field)
    : table(field.table.data()), layers(field.layers.data()), mask((1u << field.config.log2Entries) - 1) {
    for (std::size_t l = 0; l < HashField::kLevels; ++l) {
        const HashField::Level& level = field.levels[l];
        cells[l] = static_cast<float>(level.cells);
        last[l] = static_cast<int>(level.cells) - 1;
        stepY[l] = level.dense ? level.cells + 1 : kHashY;
        stepZ[l] = level.dense ? (level.cells + 1) * (level.cells + 1) : kHashZ;
        offset[l] = level.offset;
        dense[l] = level.dense ? -1 : 0;
    }
}

std::vector<const Kernels*> usableKernels() {
    std::vector<const Kernels*> found{&kPlain};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(&kAvx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        found.push_back(&kAvx512);
#endif
    return found;
}

const Kernels& bestKernels() {
    static const Kernels& best = *usableKernels().back();
    return best;
}

void transposeLayers(const float* layers, float* transposed) {
    using F = HashField;
    const auto layer = [&](std::size_t at, std::size_t in, std::size_t out) { transposeLayer(layers + at, in, out, transposed + at); };
    layer(F::Density1, F::kEncoded, F::kHidden);
    layer(F::Density2, F::kHidden, F::kGeometry);
    layer(F::Color1, F::kDirections + F::kGeometry, F::kHidden);
    layer(F::Color2, F::kHidden, F::kHidden);
    layer(F::Color3, F::kHidden, F::kColors);
}

} // namespace ochre::field
