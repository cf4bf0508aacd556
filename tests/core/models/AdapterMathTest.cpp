// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/AdapterMath.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/tensor/Runtime.h"
#include "tests/core/models/DiffusionKeys.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using test::randomValues;
using test::Values;

/// A dense matrix in double, for sums written out.
struct Matrix {
    std::int64_t rows, columns;
    std::vector<double> v;
    Matrix(std::int64_t r, std::int64_t c) : rows(r), columns(c), v(static_cast<std::size_t>(r * c), 0.0) {}
    double& at(std::int64_t r, std::int64_t c) { return v[static_cast<std::size_t>(r * columns + c)]; }
    double at(std::int64_t r, std::int64_t c) const { return v[static_cast<std::size_t>(r * columns + c)]; }
};

double value(const Values& t, std::initializer_list<std::int64_t> at) {
    std::size_t index = 0, side = 0;
    for (const std::int64_t i : at)
        index = index * static_cast<std::size_t>(t.shape[side++]) + static_cast<std::size_t>(i);
    return t.values[index];
}

/// One layer of a denoising network in kohya's names.
struct Case {
    std::map<std::string, Values> pieces;
    std::string module = "lora_unet_mid_block_attentions_0_proj_in";

    Values& add(const std::string& name, const tensor::Shape& shape) {
        return pieces[module + "." + name] = randomValues(shape, static_cast<unsigned>(pieces.size()) + 17);
    }
    void alpha(float alpha) { pieces[module + ".alpha"] = {{}, {alpha}}; }
    AdapterFile file() const { return AdapterFile::from(test::weightsOf(pieces)); }
};

void expectNear(const at::Tensor& seen, const Matrix& wanted) {
    const auto values = test::floats(seen);
    ASSERT_EQ(values.size(), wanted.v.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        ASSERT_NEAR(values[i], wanted.v[i], 1e-4 * std::max(1.0, std::fabs(wanted.v[i]))) << "element " << i;
}

at::Tensor deltaOf(const Case& c) {
    const AdapterFile file = c.file();
    EXPECT_EQ(file.layers.size(), 1u);
    EXPECT_EQ(file.unknown, std::vector<std::string>());
    at::Tensor delta;
    tensor::run({}, [&] { delta = adapterDelta(file.layers.at(0), file.weights); });
    const AdapterSides sides = adapterSides(file.layers.at(0), file.weights, 0);
    EXPECT_EQ(sides, (AdapterSides{delta.size(0), delta.size(1)})) << "told before it is computed";
    return delta;
}

TEST(AdapterMath, LoraIsUpTimesDownByAlphaOverRank) {
    Case c;
    const Values up = c.add("lora_up.weight", {6, 3}), down = c.add("lora_down.weight", {3, 5});
    c.alpha(1.5f);
    Matrix wanted(6, 5);
    for (int o = 0; o < 6; ++o)
        for (int i = 0; i < 5; ++i)
            for (int r = 0; r < 3; ++r) wanted.at(o, i) += 0.5 * value(up, {o, r}) * value(down, {r, i});
    expectNear(deltaOf(c), wanted);
    EXPECT_EQ(c.file().layers[0].kind(c.file().weights), "LoRA");
}

TEST(AdapterMath, WithoutAlphaTheScaleIsOne) {
    Case c;
    const Values up = c.add("lora_up.weight", {4, 2}), down = c.add("lora_down.weight", {2, 3});
    Matrix wanted(4, 3);
    for (int o = 0; o < 4; ++o)
        for (int i = 0; i < 3; ++i)
            for (int r = 0; r < 2; ++r) wanted.at(o, i) += value(up, {o, r}) * value(down, {r, i});
    expectNear(deltaOf(c), wanted);
}

TEST(AdapterMath, LoconConvolutionsWithAndWithoutAMiddle) {
    Case plain;
    const Values up = plain.add("lora_up.weight", {4, 2, 1, 1}),
                 down = plain.add("lora_down.weight", {2, 3, 3, 3});
    Matrix wanted(4, 27);
    for (int o = 0; o < 4; ++o)
        for (int i = 0; i < 27; ++i)
            for (int r = 0; r < 2; ++r)
                wanted.at(o, i) += value(up, {o, r, 0, 0}) * value(down, {r, i / 9, i / 3 % 3, i % 3});
    expectNear(deltaOf(plain), wanted);
    EXPECT_EQ(plain.file().layers[0].kind(plain.file().weights), "LoCon");

    Case core;
    const Values u = core.add("lora_up.weight", {4, 2, 1, 1}), d = core.add("lora_down.weight", {3, 5, 1, 1}),
                 m = core.add("lora_mid.weight", {2, 3, 3, 3});
    core.alpha(6);
    Matrix tucker(4, 45);
    for (int o = 0; o < 4; ++o)
        for (int i = 0; i < 45; ++i)
            for (int a = 0; a < 2; ++a)
                for (int b = 0; b < 3; ++b)
                    tucker.at(o, i) += 2.0 * value(u, {o, a, 0, 0}) * value(m, {a, b, i / 3 % 3, i % 3}) *
                                       value(d, {b, i / 9, 0, 0});
    expectNear(deltaOf(core), tucker);
}

TEST(AdapterMath, LohaMultipliesTwoProducts) {
    Case c;
    const Values a1 = c.add("hada_w1_a", {4, 2}), b1 = c.add("hada_w1_b", {2, 6}),
                 a2 = c.add("hada_w2_a", {4, 2}), b2 = c.add("hada_w2_b", {2, 6});
    c.alpha(1);
    Matrix wanted(4, 6);
    for (int o = 0; o < 4; ++o)
        for (int i = 0; i < 6; ++i) {
            double one = 0, two = 0;
            for (int r = 0; r < 2; ++r) {
                one += value(a1, {o, r}) * value(b1, {r, i});
                two += value(a2, {o, r}) * value(b2, {r, i});
            }
            wanted.at(o, i) = 0.5 * one * two;
        }
    expectNear(deltaOf(c), wanted);
}

double tucker(const Values& t, const Values& a, const Values& b, int o, int i, int y, int x) {
    double sum = 0;
    for (int p = 0; p < t.shape[0]; ++p)
        for (int q = 0; q < t.shape[1]; ++q)
            sum += value(t, {p, q, y, x}) * value(a, {p, o}) * value(b, {q, i});
    return sum;
}

TEST(AdapterMath, LohaCoresOfConvolutions) {
    Case c;
    const Values a1 = c.add("hada_w1_a", {2, 4}), b1 = c.add("hada_w1_b", {2, 3}),
                 a2 = c.add("hada_w2_a", {2, 4}), b2 = c.add("hada_w2_b", {2, 3}),
                 t1 = c.add("hada_t1", {2, 2, 3, 3}), t2 = c.add("hada_t2", {2, 2, 3, 3});
    Matrix wanted(4, 27);
    for (int o = 0; o < 4; ++o)
        for (int i = 0; i < 27; ++i)
            wanted.at(o, i) = tucker(t1, a1, b1, o, i / 9, i / 3 % 3, i % 3) *
                              tucker(t2, a2, b2, o, i / 9, i / 3 % 3, i % 3);
    expectNear(deltaOf(c), wanted);
}

TEST(AdapterMath, LokrIsTheKroneckerProduct) {
    Case whole;
    const Values w1 = whole.add("lokr_w1", {2, 3}), w2 = whole.add("lokr_w2", {4, 5});
    whole.alpha(7); // has no meaning where both factors are whole
    Matrix wanted(8, 15);
    for (int o = 0; o < 8; ++o)
        for (int i = 0; i < 15; ++i) wanted.at(o, i) = value(w1, {o / 4, i / 5}) * value(w2, {o % 4, i % 5});
    expectNear(deltaOf(whole), wanted);

    Case factors;
    const Values a1 = factors.add("lokr_w1_a", {2, 1}), b1 = factors.add("lokr_w1_b", {1, 3}),
                 a2 = factors.add("lokr_w2_a", {4, 2}), b2 = factors.add("lokr_w2_b", {2, 5});
    factors.alpha(4); // by the rank of w2
    for (int o = 0; o < 8; ++o)
        for (int i = 0; i < 15; ++i) {
            double two = 0;
            for (int r = 0; r < 2; ++r) two += value(a2, {o % 4, r}) * value(b2, {r, i % 5});
            wanted.at(o, i) = 2.0 * value(a1, {o / 4, 0}) * value(b1, {0, i / 5}) * two;
        }
    expectNear(deltaOf(factors), wanted);
}

TEST(AdapterMath, LokrConvolutionsWithACore) {
    Case c;
    const Values w1 = c.add("lokr_w1", {2, 3}), a = c.add("lokr_w2_a", {2, 4}),
                 b = c.add("lokr_w2_b", {2, 5}), t = c.add("lokr_t2", {2, 2, 3, 3});
    Matrix wanted(8, 15 * 9);
    for (int o = 0; o < 8; ++o)
        for (int i = 0; i < 15 * 9; ++i)
            wanted.at(o, i) =
                value(w1, {o / 4, i / 45}) * tucker(t, a, b, o % 4, i / 9 % 5, i / 3 % 3, i % 3);
    expectNear(deltaOf(c), wanted);
}

TEST(AdapterMath, DoraKeepsTheMagnitudeThatItIsGivenOfRowsOrColumns) {
    const tensor::Shape shape{6, 4};
    const Values base = randomValues(shape, 5);
    for (const bool ofRows : {true, false}) {
        Case c;
        const Values up = c.add("lora_up.weight", {6, 2}), down = c.add("lora_down.weight", {2, 4});
        const Values m = c.add("dora_scale", ofRows ? tensor::Shape{6, 1} : tensor::Shape{1, 4});
        Matrix merged(6, 4), wanted(6, 4);
        for (int o = 0; o < 6; ++o)
            for (int i = 0; i < 4; ++i) {
                merged.at(o, i) = value(base, {o, i});
                for (int r = 0; r < 2; ++r) merged.at(o, i) += value(up, {o, r}) * value(down, {r, i});
            }
        for (int o = 0; o < 6; ++o)
            for (int i = 0; i < 4; ++i) {
                double square = 0;
                for (int k = 0; k < (ofRows ? 4 : 6); ++k)
                    square += std::pow(ofRows ? merged.at(o, k) : merged.at(k, i), 2);
                const double whole =
                    merged.at(o, i) * m.values[static_cast<std::size_t>(ofRows ? o : i)] / std::sqrt(square);
                wanted.at(o, i) = value(base, {o, i}) + 0.7 * (whole - value(base, {o, i}));
            }
        const AdapterFile file = c.file();
        at::Tensor seen;
        tensor::run({}, [&] {
            seen = test::weightsOf({{"w", base}}).tensor("w").clone();
            adaptWeight(seen, file.layers.at(0), file.weights, 0.7);
        });
        expectNear(seen, wanted);
        EXPECT_EQ(file.layers[0].kind(file.weights), "DoRA of LoRA");
    }
}

TEST(AdapterMath, OftTurnsPairsOfRowsByCayleysRotation) {
    Case c;
    c.module = "oft_unet_mid_block_attentions_0_proj_in";
    const Values blocks = c.add("oft_blocks", {2, 2, 2});
    const Values base = randomValues({4, 3}, 9);
    Matrix wanted(4, 3);
    for (int n = 0; n < 2; ++n) {
        const double q = value(blocks, {n, 0, 1}) - value(blocks, {n, 1, 0});
        const double cosine = (1 - q * q) / (1 + q * q), sine = 2 * q / (1 + q * q);
        for (int i = 0; i < 3; ++i) { // Rᵀ·W
            const double x = value(base, {2 * n, i}), y = value(base, {2 * n + 1, i});
            wanted.at(2 * n, i) = cosine * x - sine * y;
            wanted.at(2 * n + 1, i) = sine * x + cosine * y;
        }
    }
    const AdapterFile file = c.file();
    at::Tensor seen;
    tensor::run({}, [&] {
        seen = test::weightsOf({{"w", base}}).tensor("w").clone();
        adaptWeight(seen, file.layers.at(0), file.weights, 1);
    });
    expectNear(seen, wanted);
}

TEST(AdapterMath, BoftTurnsTheWingsOfAButterfly) {
    Case c;
    const Values blocks = c.add("oft_blocks", {2, 2, 2, 2}); // 2 stages, 2 blocks of 2 rows
    const Values base = randomValues({4, 3}, 11);
    // Stage 0 turns rows (0,1) and (2,3); stage 1 rows (0,2) and (1,3).
    const int pairs[2][2][2] = {{{0, 1}, {2, 3}}, {{0, 2}, {1, 3}}};
    Matrix wanted(4, 3);
    for (int o = 0; o < 4; ++o)
        for (int i = 0; i < 3; ++i) wanted.at(o, i) = value(base, {o, i});
    for (int stage = 0; stage < 2; ++stage)
        for (int n = 0; n < 2; ++n) {
            const double q = value(blocks, {stage, n, 0, 1}) - value(blocks, {stage, n, 1, 0});
            const double cosine = (1 - q * q) / (1 + q * q), sine = 2 * q / (1 + q * q);
            for (int i = 0; i < 3; ++i) {
                double& x = wanted.at(pairs[stage][n][0], i);
                double& y = wanted.at(pairs[stage][n][1], i);
                const double turned = cosine * x + sine * y;
                y = -sine * x + cosine * y;
                x = turned;
            }
        }
    const AdapterFile file = c.file();
    at::Tensor seen;
    tensor::run({}, [&] {
        seen = test::weightsOf({{"w", base}}).tensor("w").clone();
        adaptWeight(seen, file.layers.at(0), file.weights, 1);
    });
    expectNear(seen, wanted);
    EXPECT_EQ(file.layers[0].kind(file.weights), "BOFT");
}

TEST(AdapterMath, PiecesThatDoNotFitEachOtherAreNamed) {
    Case c;
    c.add("lora_up.weight", {6, 3});
    c.add("lora_down.weight", {2, 5});
    const AdapterFile file = c.file();
    test::expectError([&] { adapterSides(file.layers.at(0), file.weights, 0); },
                      "layer \"lora_unet_mid_block_attentions_0_proj_in\": up [6, 3] and down [2, 5]");
}

TEST(AdapterMath, HostileShapesAreErrorsBeforeAnythingIsComputed) {
    const std::int64_t most = std::int64_t{1} << 40;
    const std::map<std::string, tensor::Shape> layers[] = {
        {{"lora_up.weight", {4, 0}}, {"lora_down.weight", {0, 4}}},
        {{"lora_up.weight", {}}, {"lora_down.weight", {4, 4}}},
        {{"lora_up.weight", {4, 2}}, {"lora_down.weight", {2, 4}}, {"lora_mid.weight", {2}}},
        {{"hada_w1_a", {4, 2}}, {"hada_w1_b", {2, 4}}, {"hada_w2_a", {4, 2}}, {"hada_w2_b", {2, 5}}},
        {{"oft_blocks", {2, 2, 3}}},
        {{"diff", {}}}};
    for (const auto& shapes : layers) {
        Case c;
        for (const auto& [piece, shape] : shapes) c.add(piece, shape);
        const AdapterFile file = c.file();
        test::expectError([&] { adapterSides(file.layers.at(0), file.weights, 4); }, "proj_in");
    }
    Case huge;
    huge.add("lokr_w1", {most, 0});
    huge.add("lokr_w2", {most, most, 0});
    const AdapterFile file = huge.file();
    EXPECT_EQ(adapterSides(file.layers.at(0), file.weights, 4).rows,
              std::numeric_limits<std::int64_t>::max());
}

TEST(AdapterFile, ALayerThatLacksAPieceIsNamed) {
    for (const auto& [piece, missing] : {std::pair{"lora_up.weight", "\"down\""},
                                         {"lora_down.weight", "\"up\""},
                                         {"hada_w1_a", "\"hada_w1_b\""},
                                         {"lokr_w1", "\"lokr_w2\""},
                                         {"lokr_w2_a", "\"lokr_w2_b\""}}) {
        Case c;
        c.add(piece, {2, 2});
        test::expectError([&] { c.file(); }, missing);
    }
}

TEST(AdapterFile, ALayerOfTwoKindsIsRefused) {
    Case c;
    for (const char* piece : {"lora_up.weight", "lora_down.weight", "diff"}) c.add(piece, {2, 2});
    test::expectError([&] { c.file(); }, "is of two kinds at once");
}

TEST(AdapterFile, AlphaMustBeOneFiniteNumber) {
    Case c;
    c.add("lora_up.weight", {2, 2});
    c.add("lora_down.weight", {2, 2});
    c.alpha(std::nanf(""));
    test::expectError([&] { c.file(); }, "is not one finite number");
    c.add("alpha", {3});
    test::expectError([&] { c.file(); }, "is not one finite number");
}

TEST(AdapterFile, PeftAlphaComesFromTheMetadata) {
    const std::map<std::string, Values> pieces{
        {"unet.mid_block.attentions.0.proj_in.lora_A.weight", randomValues({4, 8}, 1)},
        {"unet.mid_block.attentions.0.proj_in.lora_B.weight", randomValues({8, 4}, 2)},
        {"unet.mid_block.attentions.0.proj_out.lora_A.weight", randomValues({4, 8}, 1)},
        {"unet.mid_block.attentions.0.proj_out.lora_B.weight", randomValues({8, 4}, 2)}};
    const AdapterFile file = AdapterFile::from(test::weightsOf(
        pieces,
        {{"lora_adapter_metadata",
          R"({"unet.r":4,"unet.lora_alpha":8,"unet.use_rslora":true,"unet.alpha_pattern":{"proj_out":2}})"}}));
    ASSERT_EQ(file.layers.size(), 2u);
    EXPECT_EQ(file.layers[0].alpha, 8.0);
    EXPECT_EQ(file.layers[1].alpha, 2.0);
    EXPECT_TRUE(file.layers[0].rankStabilised);
}

} // namespace
} // namespace ochre::models
