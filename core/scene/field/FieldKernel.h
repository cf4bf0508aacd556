// SPDX-License-Identifier: GPL-3.0-or-later
// A hash field's values and gradients, over vectors of N floats; included once for each generation of processors.
#pragma once

#include "core/scene/field/FieldEncoding.h"
#include "core/scene/field/FieldProducts.h"

namespace ochre::field {
namespace {

constexpr float kMostExponent = 15; // of densities

template <int N>
inline void density(const View& view, const Samples& s, long first, long count, Work& work) {
    for (long b = 0; b < count; ++b) encode<N>(view, s.x[first + b], s.y[first + b], s.z[first + b], work.encoded[b]);
    multiply<N, F::kHidden, After::Relu>(work.encoded[0], F::kEncoded, view.layers + F::Density1, F::kHidden, F::kEncoded,
                                         work.hidden1[0], F::kHidden, count);
    multiply<N, F::kGeometry, After::Nothing>(work.hidden1[0], F::kHidden, view.layers + F::Density2, F::kGeometry, F::kHidden,
                                              work.geometry[0], F::kGeometry, count);
    for (long b = 0; b < count; ++b) work.values[3][b] = work.geometry[b][0];
    for (long b = 0; b < count; b += N)
        store(work.values[3] + b, exponential<N>(smaller(load<Float<N>>(work.values[3] + b), filled<N>(kMostExponent))));
}

template <int N>
inline void forward(const View& view, const Samples& s, long first, long count, Work& work) {
    density<N>(view, s, first, count, work);
    for (long b = 0; b < count; ++b) {
        harmonics(s.dx[first + b], s.dy[first + b], s.dz[first + b], work.seen[b]);
        for (int k = 0; k < F::kGeometry; ++k) work.seen[b][F::kDirections + k] = work.geometry[b][k];
    }
    multiply<N, F::kHidden, After::Relu>(work.seen[0], F::kDirections + F::kGeometry, view.layers + F::Color1, F::kHidden,
                                         F::kDirections + F::kGeometry, work.hidden2[0], F::kHidden, count);
    multiply<N, F::kHidden, After::Relu>(work.hidden2[0], F::kHidden, view.layers + F::Color2, F::kHidden, F::kHidden,
                                         work.hidden3[0], F::kHidden, count);
    multiply<N, F::kColors, After::Nothing>(work.hidden3[0], F::kHidden, view.layers + F::Color3, F::kColors, F::kHidden,
                                            work.color[0], F::kColors, count);
    for (int k = 0; k < 3; ++k) {
        for (long b = 0; b < count; ++b) work.values[k][b] = work.color[b][k];
        for (long b = 0; b < count; b += N)
            store(work.values[k] + b, 1.0f / (1.0f + exponential<N>(-load<Float<N>>(work.values[k] + b))));
    }
}

/// Gradients by what the networks give: colors [kBlock][kColors] before the sigmoid, densities [kBlock] before the exponential.
template <int N>
inline double outputGradient(const Targets& t, float step, long first, const Work& work, float (*colors)[F::kColors], float* densities) {
    using V = Float<N>;
    V loss{};
    for (long b = 0; b < kBlock; b += N) {
        const V value = load<V>(work.values[3] + b);
        const V light = exponential<N>(-value * step), miss = exponential<N>(-load<V>(t.density + first + b) * step) - light;
        loss += miss * miss;
        store(densities + b, 2.0f * miss * light * value * step);
        const float* wanted[] = {t.red, t.green, t.blue};
        const V weight = load<V>(t.weight + first + b);
        for (int k = 0; k < 3; ++k) {
            const V color = load<V>(work.values[k] + b), off = color - load<V>(wanted[k] + first + b);
            loss += weight * off * off;
            const V gradient = 2.0f * weight * off * color * (1.0f - color);
            for (int i = 0; i < N; ++i) colors[b + i][k] = gradient[i];
        }
    }
    double sum = 0;
    for (int i = 0; i < N; ++i) sum += static_cast<double>(loss[i]);
    return sum;
}

template <int N>
double backward(const View&, const float* transposed, const Targets& targets, float step, long first, long batch, Work& work,
                float* layerGradient, float* encodedGradient) {
    alignas(64) float colors[kBlock][F::kColors]{}, densities[kBlock];
    alignas(64) float third[kBlock][F::kHidden], second[kBlock][F::kHidden], geometry[kBlock][F::kGeometry], encoded[kBlock][F::kEncoded];
    auto& hidden = second; // what the layers before see is done with by then
    const double loss = outputGradient<N>(targets, step, first, work, colors, densities);
    addProduct<N, F::kColors>(work.hidden3[0], F::kHidden, colors[0], layerGradient + F::Color3);
    multiply<N, F::kHidden, After::Gate>(colors[0], F::kColors, transposed + F::Color3, F::kHidden, 3, third[0], F::kHidden, kBlock,
                                         work.hidden3[0]);
    addProduct<N, F::kHidden>(work.hidden2[0], F::kHidden, third[0], layerGradient + F::Color2);
    multiply<N, F::kHidden, After::Gate>(third[0], F::kHidden, transposed + F::Color2, F::kHidden, F::kHidden, second[0], F::kHidden,
                                         kBlock, work.hidden2[0]);
    addProduct<N, F::kHidden>(work.seen[0], F::kDirections + F::kGeometry, second[0], layerGradient + F::Color1);
    multiply<N, F::kGeometry, After::Nothing>(second[0], F::kHidden, transposed + F::Color1 + F::kDirections,
                                              F::kDirections + F::kGeometry, F::kHidden, geometry[0], F::kGeometry, kBlock);
    for (long b = 0; b < kBlock; ++b) geometry[b][0] += densities[b];
    addProduct<N, F::kGeometry>(work.hidden1[0], F::kHidden, geometry[0], layerGradient + F::Density2);
    multiply<N, F::kHidden, After::Gate>(geometry[0], F::kGeometry, transposed + F::Density2, F::kHidden, F::kGeometry, hidden[0],
                                         F::kHidden, kBlock, work.hidden1[0]);
    addProduct<N, F::kHidden>(work.encoded[0], F::kEncoded, hidden[0], layerGradient + F::Density1);
    multiply<N, F::kEncoded, After::Nothing>(hidden[0], F::kHidden, transposed + F::Density1, F::kEncoded, F::kHidden, encoded[0],
                                             F::kEncoded, kBlock);
    for (long l = 0; l < F::kLevels; ++l)
        for (long b = 0; b < kBlock; ++b)
            __builtin_memcpy(encodedGradient + 2 * (l * batch + first + b), encoded[b] + 2 * l, 2 * sizeof(float));
    return loss;
}

template <int N>
constexpr Kernels makeKernels(const char* name) {
    return {name, forward<N>, density<N>, backward<N>, scatter<N>};
}

} // namespace
} // namespace ochre::field
