// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/field/HashField.h"

#include <memory>

#include <gtest/gtest.h>

#include "tests/core/scene/field/RandomField.h"
#include "tests/support/Support.h"

namespace ochre {
namespace {

using F = HashField;
using field::kBlock;

/// The field's features of a place, straight from the description of the file format.
std::vector<double> plainFeatures(const HashField& field, double x, double y, double z) {
    std::vector<double> features;
    for (const F::Level& level : field.levels) {
        const double at[3] = {x * level.cells, y * level.cells, z * level.cells};
        unsigned cell[3];
        for (int k = 0; k < 3; ++k) cell[k] = std::min(static_cast<unsigned>(at[k]), level.cells - 1);
        double sums[2]{};
        for (unsigned c = 0; c < 8; ++c) {
            const unsigned i = cell[0] + (c & 1), j = cell[1] + (c >> 1 & 1), k = cell[2] + (c >> 2);
            const unsigned side = level.cells + 1;
            const unsigned entry = level.dense ? i + j * side + k * side * side
                                               : (i ^ j * 2654435761u ^ k * 805459861u) % (1u << field.config.log2Entries);
            double share = 1;
            for (int d = 0; d < 3; ++d) share *= c >> d & 1 ? at[d] - cell[d] : 1 - (at[d] - cell[d]);
            for (std::size_t f = 0; f < 2; ++f) sums[f] += share * static_cast<double>(field.table[2 * (level.offset + entry) + f]);
        }
        features.insert(features.end(), {sums[0], sums[1]});
    }
    return features;
}

std::vector<double> product(const std::vector<double>& x, const std::vector<float>& layers, F::Layer at, std::size_t out, bool relu) {
    std::vector<double> y(out);
    for (std::size_t o = 0; o < out; ++o) {
        for (std::size_t i = 0; i < x.size(); ++i) y[o] += x[i] * static_cast<double>(layers[at + i * out + o]);
        if (relu) y[o] = std::max(0.0, y[o]);
    }
    return y;
}

TEST(HashField, CoarseLevelsAreDenseAndFineOnesHashed) {
    const HashField field({.log2Entries = 12, .coarsest = 4, .finest = 100});
    EXPECT_EQ(field.levels[0].cells, 4u);
    EXPECT_EQ(field.levels[15].cells, 100u);
    EXPECT_TRUE(field.levels[0].dense);
    EXPECT_EQ(field.levels[0].entries, 125u);
    EXPECT_FALSE(field.levels[15].dense);
    EXPECT_EQ(field.levels[15].entries, 4096u);
    EXPECT_EQ(field.levels[1].offset, 125u);
}

TEST(HashField, RefusesWhatIsOutsideItsLimits) {
    test::expectError([] { HashField({.log2Entries = 20}); }, "2^20");
    test::expectError([] { HashField({.coarsest = 1}); }, "1 to 512");
    test::expectError([] { HashField({.finest = 8}); }, "16 to 8");
    test::expectError([] { HashField({.box = {{0, 0, 0}, {1, 1, 2}}}); }, "no cube");
    test::expectError([] { HashField({.box = {{0, 0, 0}, {0, 0, 0}}}); }, "no cube");
}

TEST(HashField, OccupancyIsKeptInBits) {
    OccupancyGrid grid(16);
    grid.occupy(3, 9, 15);
    const OccupancyGrid again = OccupancyGrid::fromBits(16, grid.bits());
    EXPECT_EQ(again.count(), 1u);
    EXPECT_TRUE(again.occupied(3, 9, 15));
    EXPECT_FALSE(again.occupied(9, 3, 15));
    EXPECT_TRUE(again.coarseOccupied(0, 1, 1));
    EXPECT_FALSE(again.coarseOccupied(1, 1, 1));
}

class FieldKernels : public ::testing::TestWithParam<const field::Kernels*> {};
INSTANTIATE_TEST_SUITE_P(All, FieldKernels, ::testing::ValuesIn(field::usableKernels()));

TEST_P(FieldKernels, GiveWhatTheFormatDescribes) {
    const HashField field = test::randomField();
    const auto samples = test::randomSamples(kBlock);
    const auto work = std::make_unique<field::Work>();
    GetParam()->forward(field::View(field), samples.view(), 0, 37, *work);
    for (std::size_t b = 0; b < 37; ++b) {
        const auto at = [&](std::size_t k) { return static_cast<double>(samples.values[k][b]); };
        const auto features = plainFeatures(field, at(0), at(1), at(2));
        const auto geometry = product(product(features, field.layers, F::Density1, F::kHidden, true), field.layers, F::Density2, F::kGeometry, false);
        EXPECT_NEAR(work->values[3][b], std::exp(geometry[0]), 1e-5 * std::exp(geometry[0]));
        std::vector<double> seen(work->seen[b], work->seen[b] + F::kDirections);
        EXPECT_NEAR(seen[6], 0.31539157 * (3 * at(5) * at(5) - 1), 1e-6);
        seen.insert(seen.end(), geometry.begin(), geometry.end());
        const auto color = product(product(product(seen, field.layers, F::Color1, F::kHidden, true), field.layers, F::Color2, F::kHidden, true),
                                   field.layers, F::Color3, F::kColors, false);
        for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(work->values[k][b], 1 / (1 + std::exp(-color[k])), 2e-6);
    }
}

TEST_P(FieldKernels, ReachTheEdgesOfTheBox) {
    const HashField field = test::randomField();
    const float x[] = {0, 1, 1}, y[] = {0, 0, 1}, z[] = {0, 1, 1};
    const auto work = std::make_unique<field::Work>();
    GetParam()->density(field::View(field), {x, y, z, nullptr, nullptr, nullptr}, 0, 3, *work);
    for (std::size_t b = 0; b < 3; ++b) {
        const auto features = plainFeatures(field, static_cast<double>(x[b]), static_cast<double>(y[b]), static_cast<double>(z[b]));
        for (std::size_t i = 0; i < features.size(); ++i) EXPECT_NEAR(work->encoded[b][i], features[i], 1e-6);
    }
}

/// The loss of a block and, where they are wanted, its gradients.
struct Gradients {
    std::vector<float> layers = std::vector<float>(F::LayersEnd), table;
};
double lossOf(const field::Kernels& kernels, const HashField& field, const test::RandomSamples& samples, const std::vector<float> (&targets)[5],
              Gradients* gradients) {
    constexpr float kStep = 0.1f;
    const field::View view(field);
    std::vector<float> transposed(F::LayersEnd), encoded(F::kEncoded * kBlock);
    field::transposeLayers(field.layers.data(), transposed.data());
    Gradients own;
    Gradients& to = gradients ? *gradients : own;
    to.table.resize(field.table.size());
    const auto work = std::make_unique<field::Work>();
    kernels.forward(view, samples.view(), 0, kBlock, *work);
    const field::Targets wanted{targets[0].data(), targets[1].data(), targets[2].data(), targets[3].data(), targets[4].data()};
    const double loss = kernels.backward(view, transposed.data(), wanted, kStep, 0, kBlock, *work, to.layers.data(), encoded.data());
    for (int l = 0; l < F::kLevels; ++l)
        kernels.scatter(view, l, samples.view(), kBlock, encoded.data() + 2 * l * kBlock, to.table.data());
    return loss;
}

TEST_P(FieldKernels, GradientsAreTheSlopesOfTheLoss) {
    HashField field = test::randomField();
    const auto samples = test::randomSamples(kBlock);
    const std::vector<float> targets[5] = {test::randomNumbers(kBlock, 0, 20, 21), test::randomNumbers(kBlock, 0, 1, 22),
                                           test::randomNumbers(kBlock, 0, 1, 23), test::randomNumbers(kBlock, 0, 1, 24),
                                           test::randomNumbers(kBlock, 0, 1, 25)};
    Gradients gradients;
    lossOf(*GetParam(), field, samples, targets, &gradients);
    const auto slope = [&](float& value) {
        const float before = value, step = 4e-3f;
        value = before + step;
        const double above = lossOf(*GetParam(), field, samples, targets, nullptr);
        value = before - step;
        const double below = lossOf(*GetParam(), field, samples, targets, nullptr);
        value = before;
        return (above - below) / (2 * static_cast<double>(step));
    };
    for (const std::size_t at : {F::Density1 + 70, F::Density2 + 0, F::Density2 + 35, F::Color1 + 100, F::Color1 + 1500, F::Color2 + 999, F::Color3 + 33})
        EXPECT_NEAR(static_cast<double>(gradients.layers[at]), slope(field.layers[at]), 2e-3 + 0.02 * std::abs(slope(field.layers[at]))) << at;
    int touched = 0;
    for (std::size_t i = 0; i < field.table.size(); i += 97) {
        if (std::abs(gradients.table[i]) < 1e-3f) continue;
        ++touched;
        EXPECT_NEAR(static_cast<double>(gradients.table[i]), slope(field.table[i]), 2e-3 + 0.05 * std::abs(slope(field.table[i]))) << i;
    }
    EXPECT_GT(touched, 5);
}

} // namespace
} // namespace ochre
