// SPDX-License-Identifier: GPL-3.0-or-later
// The table of kernels for registers of some width; included once for each generation of processors.
#pragma once

#include "core/render/cpu/PlanesKernel.h"
#include "core/render/cpu/ProjectKernel.h"
#include "core/render/cpu/ShadeKernel.h"

namespace ochre::raster {
namespace {

template <int N, Float<N> (*Function)(Float<N>)>
void onSixteen(const float* from, float* to) {
    for (int i = 0; i < 16; i += N) {
        Float<N> v;
        __builtin_memcpy(&v, from + i, sizeof v);
        v = Function(v);
        __builtin_memcpy(to + i, &v, sizeof v);
    }
}

template <int N>
constexpr Kernels makeKernels(const char* name) {
    return {name, project<N>, shade<N>, blend<N>, blendPlanes<N>, onSixteen<N, exp2<N>>, onSixteen<N, log2<N>>};
}

} // namespace
} // namespace ochre::raster
