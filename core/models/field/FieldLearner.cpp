// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/field/FieldLearner.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

using F = HashField;

constexpr float kMeanDecay = 0.9f, kSquareDecay = 0.99f, kEpsilon = 1e-15f;
constexpr float kFirstFeatures = 1e-4f; // of the table, at most
constexpr std::size_t kPieceBlocks = 16; // whose gradients are summed before those of others are added
constexpr std::size_t kPieceValues = std::size_t{1} << 15;

void fillEvenly(std::span<float> values, float most, std::mt19937_64& random) {
    for (float& v : values) v = most * (static_cast<float>(random() >> 40) * 0x1p-23f - 1.0f);
}

/// U(−√(6/in), √(6/in)): He et al., arXiv 1502.01852, for layers before a ReLU.
void fillLayer(std::vector<float>& layers, F::Layer at, std::size_t in, std::size_t out, std::mt19937_64& random) {
    fillEvenly(std::span(layers).subspan(at, in * out), std::sqrt(6.0f / static_cast<float>(in)), random);
}

} // namespace

void FieldSamples::resize(std::size_t count) {
    for (auto* values : {&x, &y, &z, &dx, &dy, &dz, &density, &red, &green, &blue, &weight}) values->resize(count);
}

void FieldSamples::copy(std::size_t to, const FieldSamples& from, std::size_t index) {
    constexpr std::vector<float> FieldSamples::*kAll[] = {
        &FieldSamples::x,  &FieldSamples::y,       &FieldSamples::z,   &FieldSamples::dx,    &FieldSamples::dy,    &FieldSamples::dz,
        &FieldSamples::density, &FieldSamples::red, &FieldSamples::green, &FieldSamples::blue, &FieldSamples::weight};
    for (const auto values : kAll) (this->*values)[to] = (from.*values)[index];
}

FieldLearner::FieldLearner(HashField& field, std::uint64_t seed, TaskPool& pool)
    : m_field(field), m_pool(pool), m_table(field.table.size()), m_layers(F::LayersEnd), m_transposed(F::LayersEnd) {
    std::mt19937_64 random(seed);
    fillEvenly(field.table, kFirstFeatures, random);
    fillLayer(field.layers, F::Density1, F::kEncoded, F::kHidden, random);
    fillLayer(field.layers, F::Density2, F::kHidden, F::kGeometry, random);
    fillLayer(field.layers, F::Color1, F::kDirections + F::kGeometry, F::kHidden, random);
    fillLayer(field.layers, F::Color2, F::kHidden, F::kHidden, random);
    fillLayer(field.layers, F::Color3, F::kHidden, F::kColors, random);
}

double FieldLearner::addGradients(const FieldSamples& s, float step) {
    const auto batch = static_cast<long>(s.size());
    const std::size_t blocks = s.size() / field::kBlock, pieces = (blocks + kPieceBlocks - 1) / kPieceBlocks;
    const field::View view(m_field);
    const field::Samples samples{s.x.data(), s.y.data(), s.z.data(), s.dx.data(), s.dy.data(), s.dz.data()};
    const field::Targets targets{s.density.data(), s.red.data(), s.green.data(), s.blue.data(), s.weight.data()};
    field::transposeLayers(m_field.layers.data(), m_transposed.data());
    m_encoded.resize(static_cast<std::size_t>(F::kEncoded) * s.size());
    std::vector<std::vector<float>> gradients(pieces);
    std::vector<double> losses(pieces);
    m_pool.parallelFor(pieces, 1, [&](std::size_t begin, std::size_t end) {
        const auto work = std::make_unique<field::Work>();
        for (std::size_t piece = begin; piece < end; ++piece) {
            gradients[piece].resize(F::LayersEnd);
            for (std::size_t block = piece * kPieceBlocks; block < std::min(blocks, (piece + 1) * kPieceBlocks); ++block) {
                const long first = static_cast<long>(block) * field::kBlock;
                m_kernels.forward(view, samples, first, field::kBlock, *work);
                losses[piece] += m_kernels.backward(view, m_transposed.data(), targets, step, first, batch, *work,
                                                    gradients[piece].data(), m_encoded.data());
            }
        }
    });
    std::ranges::fill(m_layers.gradient, 0.0f);
    for (const std::vector<float>& piece : gradients)
        for (std::size_t i = 0; i < piece.size(); ++i) m_layers.gradient[i] += piece[i];
    m_pool.parallelFor(F::kLevels, 1, [&](std::size_t begin, std::size_t end) {
        for (std::size_t level = begin; level < end; ++level)
            m_kernels.scatter(view, static_cast<int>(level), samples, batch, m_encoded.data() + F::kFeatures * level * s.size(),
                              m_table.gradient.data());
    });
    double loss = 0;
    for (const double piece : losses) loss += piece;
    return loss / static_cast<double>(s.size());
}

void FieldLearner::update(std::vector<float>& values, Moments& moments, float rate) {
    // Both moments begin at 0; their means are made up for that.
    const float meanShare = 1 - std::pow(kMeanDecay, static_cast<float>(m_steps));
    const float squareShare = 1 - std::pow(kSquareDecay, static_cast<float>(m_steps));
    const float scale = rate * std::sqrt(squareShare) / meanShare;
    m_pool.parallelFor(values.size(), kPieceValues, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            float& gradient = moments.gradient[i];
            if (gradient == 0) continue;
            float &mean = moments.mean[i], &square = moments.square[i];
            mean += (1 - kMeanDecay) * (gradient - mean);
            square += (1 - kSquareDecay) * (gradient * gradient - square);
            values[i] -= scale * mean / (std::sqrt(square) + kEpsilon);
            gradient = 0;
        }
    });
}

double FieldLearner::step(const FieldSamples& samples, float step, float rate) {
    if (samples.size() == 0 || samples.size() % field::kBlock != 0)
        throw Error(fmt::format("hash field: a step of {} samples", samples.size()), fmt::format("take a multiple of {}", field::kBlock));
    const double loss = addGradients(samples, step);
    if (!std::isfinite(loss)) throw Error(fmt::format("hash field: the loss became {} in step {}", loss, m_steps + 1));
    ++m_steps;
    update(m_field.table, m_table, rate);
    update(m_field.layers, m_layers, rate);
    return loss;
}

} // namespace ochre::models
