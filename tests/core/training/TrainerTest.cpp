// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/Trainer.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "core/tensor/Nn.h"
#include "core/tensor/Runtime.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {

const Shapes kShapes{{"a.bias", {3}}, {"a.weight", {3, 5}}, {"k.weight", {4, 2, 3, 3}}};

double one(const std::string&) {
    return 1;
}

TEST(Parameters, AreLeavesThatShareMemoryWithTheirStretch) {
    Parameters parameters(kShapes);
    parameters.initialise(1, one);
    const tensor::Weights weights = parameters.weights();
    EXPECT_TRUE(weights.tensor("k.weight").is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_TRUE(weights.tensor("a.weight").requires_grad());
    EXPECT_EQ(nn::maxAbs(weights.tensor("a.bias").detach()), 0);
    const double bound = std::sqrt(3.0 / 5);
    EXPECT_LE(nn::maxAbs(weights.tensor("a.weight").detach()), bound);
    parameters.master().fill_(2);
    EXPECT_EQ(weights.tensor("a.weight").detach()[0][0].item<float>(), 2);
    Parameters other(kShapes);
    other.load(weights);
    EXPECT_TRUE(other.entries()[1].master.equal(weights.tensor("a.weight").detach()));
    test::expectError([&] { Parameters({{"a.bias", {4}}}).load(weights); }, "\"a.bias\" is [3], this network's is [4]");
    EXPECT_NE(Parameters({{"a.bias", {4}}}).layout(), parameters.layout());
}

TEST(Optimizer, MovesByAdamWAsItsFormulaSays) {
    Parameters parameters({{"v.weight", {2}}, {"w.weight", {1, 2}}});
    parameters.master().fill_(1);
    const OptimizerOptions options{.learningRate = 0.1, .finalShare = 1, .warmUp = 0, .steps = 10, .weightDecay = 0.5, .clip = 0, .average = 0};
    Optimizer optimizer(parameters, options);
    double w = 1, v = 1, meanW = 0, squareW = 0, meanV = 0, squareV = 0;
    for (int step = 0; step < 3; ++step) {
        const double g = 0.3 * (step + 1);
        parameters.gradient().fill_(2 * g); // of two parts
        optimizer.step(step, 2, optimizer.gradientNorm(2), 1);
        const auto move = [&](double& x, double& m, double& s, double decay) {
            m = 0.9 * m + 0.1 * g;
            s = 0.99 * s + 0.01 * g * g;
            const double mean = m / (1 - std::pow(0.9, step + 1)), square = s / (1 - std::pow(0.99, step + 1));
            x = x * (1 - 0.1 * decay) - 0.1 * mean / (std::sqrt(square) + 1e-8);
        };
        move(w, meanW, squareW, 0.5);
        move(v, meanV, squareV, 0);
        EXPECT_NEAR(parameters.entries()[1].master[0][1].item<double>(), w, 1e-5);
        EXPECT_NEAR(parameters.entries()[0].master[1].item<double>(), v, 1e-5);
        EXPECT_EQ(nn::maxAbs(parameters.gradient()), 0);
    }
}

TEST(Optimizer, OrthogonalisedMatricesHaveSingularValuesOfAboutOne) {
    at::Generator random = tensor::generator(2);
    for (const tensor::Shape& shape : {tensor::Shape{40, 200}, {200, 40}, {64, 64}}) {
        const Tensor matrix = nn::randn(shape, random).mul(100);
        const Tensor result = orthogonalised(matrix);
        ASSERT_EQ(result.sizes(), matrix.sizes());
        const Tensor values = std::get<1>(result.svd());
        EXPECT_GT(values.min().item<float>(), shape[0] == shape[1] ? 0.2 : 0.6); // a square one has values near 0
        EXPECT_LT(values.max().item<float>(), 1.25);
        // The same singular vectors: product with the matrix is symmetric and positive.
        const Tensor product = shape[0] > shape[1] ? result.t().mm(matrix) : result.mm(matrix.t());
        EXPECT_LT(nn::maxAbs(product.sub(product.t())), 1e-3 * nn::maxAbs(product));
    }
    EXPECT_EQ(nn::maxAbs(orthogonalised(nn::zeros({32, 32}))), 0);
    const Tensor many = nn::randn({3, 40, 50}, random), apart = orthogonalised(many[1]);
    EXPECT_LT(nn::maxAbsDifference(orthogonalised(many)[1], apart), 1e-5) << "each on its own";
}

TEST(Optimizer, MuonMovesMatricesAndLeavesTheRestToAdamW) {
    const Shapes shapes{{"bias", {40}}, {"embed.weight", {64, 40}}, {"kernel.weight", {40, 32, 3, 3}}, {"narrow.weight", {8, 64}}};
    const OptimizerOptions base{.learningRate = 0.01, .finalShare = 1, .warmUp = 0, .steps = 10, .weightDecay = 0.1, .average = 0.5};
    Parameters byAdam(shapes), byMuon(shapes);
    OptimizerOptions muon = base;
    muon.method = OptimizerMethod::Muon;
    Optimizer adam(byAdam, base), optimizer(byMuon, muon);
    at::Generator random = tensor::generator(3);
    for (Parameters* parameters : {&byAdam, &byMuon}) parameters->initialise(4, one);
    const Tensor before = byMuon.entries()[2].master.clone(), average = byMuon.entries()[2].average.clone();
    const Tensor gradient = nn::randn({byMuon.count()}, random);
    byAdam.gradient().copy_(gradient);
    byMuon.gradient().copy_(gradient);
    adam.step(0, 1, 0.5, 1);
    optimizer.step(0, 1, 0.5, 1);
    for (const std::size_t entry : {0, 1, 3})
        EXPECT_TRUE(byMuon.entries()[entry].master.equal(byAdam.entries()[entry].master)) << entry;
    const auto& kernel = byMuon.entries()[2];
    const Tensor move = kernel.master.sub(before.mul(1 - 0.01 * 0.1)).div(0.01); // out, in, height, width
    EXPECT_NEAR(move.square().mean().sqrt().item<double>(), 0.2, 0.03) << "as far as AdamW";
    const Tensor values = std::get<1>(move.flatten(1).svd());
    EXPECT_LT(values.max().item<float>() / values.min().item<float>(), 2);
    EXPECT_LT(nn::maxAbs(kernel.average.sub(average.lerp(kernel.master, 1 - 2.0 / 11))), 1e-6);
    EXPECT_EQ(nn::maxAbs(byMuon.gradient()), 0);
}

TEST(Optimizer, MovesAllTogetherAsOneByOne) {
    const Shapes shapes{{"bias", {40}}, {"embed.weight", {64, 40}}, {"first.weight", {40, 64}}, {"kernel.weight", {40, 32, 3, 3}},
                        {"second.weight", {40, 64}}, {"tall.weight", {160, 32}}};
    for (const OptimizerMethod method : {OptimizerMethod::AdamW, OptimizerMethod::Muon}) {
        const OptimizerOptions apart{.method = method, .learningRate = 0.01, .warmUp = 0, .steps = 10, .weightDecay = 0.1, .average = 0.5};
        OptimizerOptions together = apart;
        together.together = true;
        Parameters one(shapes), other(shapes);
        Optimizer first(one, apart), second(other, together);
        at::Generator random = tensor::generator(3);
        for (Parameters* parameters : {&one, &other}) parameters->initialise(4, [](const std::string&) { return 1.0; });
        const Tensor before = one.master().clone();
        for (int step = 0; step < 3; ++step) {
            const Tensor gradient = nn::randn({one.count()}, random);
            one.gradient().copy_(gradient);
            other.gradient().copy_(gradient);
            first.step(step, 2, 5, 0.5);
            second.step(step, 2, 5, 0.5);
            EXPECT_EQ(nn::maxAbs(other.gradient()), 0);
        }
        EXPECT_GT(nn::maxAbs(one.master().sub(before)), 1e-3);
        for (std::size_t i = 0; i < one.entries().size(); ++i) {
            EXPECT_LT(nn::maxAbsDifference(one.entries()[i].master, other.entries()[i].master), 2e-6) << one.entries()[i].name;
            EXPECT_LT(nn::maxAbsDifference(one.entries()[i].average, other.entries()[i].average), 2e-6) << one.entries()[i].name;
        }
    }
}

TEST(Optimizer, TheRateRisesAndThenFallsAlongACosine) {
    const OptimizerOptions o{.learningRate = 1, .finalShare = 0.1, .warmUp = 10, .steps = 110};
    EXPECT_NEAR(learningRate(o, 0), 0.1, 1e-12);
    EXPECT_NEAR(learningRate(o, 9), 1, 1e-12);
    EXPECT_NEAR(learningRate(o, 60), 0.55, 1e-12);
    EXPECT_NEAR(learningRate(o, 110), 0.1, 1e-12);
    EXPECT_NEAR(learningRate(o, 1000), 0.1, 1e-12);
}

/// A line through points that follow from step and part.
class Line {
public:
    explicit Line(int parts, Group& group) : m_parameters({{"a", {1, 4}}, {"b", {1}}}), m_trainer(m_parameters, options(), parts, group) {
        m_parameters.initialise(5, one);
    }
    StepReport step() {
        StepReport report;
        tensor::learn({}, [&] {
            report = m_trainer.step([&](int part) {
                at::Generator random = tensor::generator(static_cast<std::uint64_t>(100 * m_trainer.steps() + part));
                const Tensor x = nn::randn({8, 4}, random);
                const Tensor target = x.sum(1, true).add(0.5);
                const tensor::Weights w = m_parameters.weights();
                return x.matmul(w.tensor("a").t()).add(w.tensor("b")).sub(target).square().mean().mul(m_scale);
            });
        });
        return report;
    }
    Trainer& trainer() { return m_trainer; }
    Parameters& parameters() { return m_parameters; }
    void spoil(double scale) { m_scale = scale; }

private:
    static OptimizerOptions options() { return {.learningRate = 0.1, .warmUp = 0, .steps = 200}; }
    Parameters m_parameters;
    Trainer m_trainer;
    double m_scale = 1;
};

TEST(Trainer, Learns) {
    Group alone;
    Line line(2, alone);
    const double before = line.step().loss;
    double loss = before;
    for (int i = 0; i < 150; ++i) loss = line.step().loss;
    EXPECT_LT(loss, 0.01 * before);
}

TEST(Trainer, GoesOnExactlyWhereItsStateStands) {
    const test::TemporaryFolder folder;
    Group alone;
    Line unbroken(2, alone);
    for (int i = 0; i < 5; ++i) unbroken.step();
    unbroken.trainer().save(folder / "state.safetensors", {{"note", 1}});
    Line resumed(2, alone);
    EXPECT_EQ(resumed.trainer().load(folder / "state.safetensors"), (Json{{"note", 1}}));
    for (int i = 0; i < 20; ++i) {
        const StepReport a = unbroken.step(), b = resumed.step();
        EXPECT_EQ(a.step, b.step);
        EXPECT_EQ(a.loss, b.loss);
        EXPECT_EQ(a.norm, b.norm);
    }
    EXPECT_TRUE(unbroken.parameters().average().equal(resumed.parameters().average()));
}

TEST(Trainer, RefusesStatesOfOtherNetworks) {
    const test::TemporaryFolder folder;
    Group alone;
    Line line(1, alone);
    line.trainer().save(folder / "state.safetensors", {});
    Parameters other({{"c", {7}}});
    Trainer trainer(other, {}, 1, alone);
    test::expectError([&] { trainer.load(folder / "state.safetensors"); }, "of a network of another shape");
}

TEST(Trainer, AStepThatIsNotFiniteDoesNotMoveTheWeights) {
    Group alone;
    Line line(1, alone);
    line.step();
    const Tensor before = line.parameters().master().clone();
    line.spoil(NAN);
    EXPECT_TRUE(line.step().skipped);
    EXPECT_TRUE(before.equal(line.parameters().master()));
    line.spoil(1);
    EXPECT_FALSE(line.step().skipped);
    EXPECT_FALSE(before.equal(line.parameters().master()));
}

} // namespace
} // namespace ochre::training
