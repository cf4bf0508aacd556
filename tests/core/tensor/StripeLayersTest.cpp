// SPDX-License-Identifier: GPL-3.0-or-later
// Layers that see a map in stretches of rows: they must give what they give for all of it.
#include <algorithm>
#include <span>

#include <ATen/ops/group_norm.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/silu.h>
#include <gtest/gtest.h>

#include "core/tensor/GroupStatistics.h"
#include "core/tensor/Runtime.h"
#include "core/tensor/UpsampleConv.h"
#include "tests/support/Support.h"

namespace ochre::nn {
namespace {

Tensor noise(std::vector<std::int64_t> sides, std::uint64_t seed = 1) {
    return at::randn(sides, tensor::generator(seed), at::TensorOptions().dtype(at::kFloat));
}

/// The tensors as weights of the type.
Weights weightsOf(const std::map<std::string, Tensor>& tensors, at::ScalarType type = at::kFloat) {
    tensor::Checkpoint checkpoint;
    checkpoint.subject = "test";
    for (const auto& [name, value] : tensors) {
        const auto kept = std::make_shared<Tensor>(value.contiguous());
        checkpoint.owners.push_back(kept);
        tensor::StoredTensor& stored = checkpoint.tensors.emplace_back();
        stored.name = name;
        stored.shape = value.sizes().vec();
        stored.bytes = std::as_bytes(
            std::span(kept->const_data_ptr<float>(), static_cast<std::size_t>(kept->numel())));
    }
    return Weights::from(std::move(checkpoint), {.floating = type});
}

class StripeLayers : public testing::Test {
protected:
    void SetUp() override { tensor::useThreads(); }
};

TEST_F(StripeLayers, NormOfPiecesIsTheNormOfTheWhole) {
    for (const auto& [channels, groups] : {std::pair{32, 32}, {64, 32}, {6, 2}, {13, 13}, {320, 32}})
        for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kHalf})
            tensor::run({}, [&, channels = channels, groups = groups] {
                const Weights weights = weightsOf({{"n.weight", noise({channels}, 2)}, {"n.bias", noise({channels}, 3)}});
                const GroupNorm norm(weights, "n", groups, 1e-6);
                const Tensor x = channelsLast(noise({1, channels, 23, 11}).add_(0.7).to(type));
                GroupStatistics statistics(channels);
                for (const auto& [first, count] : {std::pair{0, 1}, {1, 9}, {10, 13}})
                    statistics.add(x.narrow(2, first, count));
                const Tensor exact = at::silu(at::group_norm(x.to(at::kDouble), groups, norm.weight().to(at::kDouble),
                                                             norm.bias().to(at::kDouble), 1e-6));
                Tensor out = x.clone();
                scaleChannels(x, statistics.factors(norm), Activation{Activation::Kind::Silu}, out);
                const double tolerance = type == at::kFloat ? 1e-5 : type == at::kHalf ? 1e-2 : 5e-2;
                EXPECT_LT(maxAbsDifference(out, exact), tolerance) << channels << " channels";
            });
}

TEST_F(StripeLayers, NormTakesALargeMeanAndAFlatMap) {
    tensor::run({}, [] {
        const Weights weights = weightsOf({{"n.weight", noise({32}, 2)}, {"n.bias", noise({32}, 3)}});
        const GroupNorm norm(weights, "n", 32, 1e-6);
        const Tensor far = channelsLast(noise({1, 32, 16, 16}).add_(50));
        GroupStatistics statistics(32);
        statistics.add(far);
        Tensor out = far.clone();
        scaleChannels(far, statistics.factors(norm), {}, out);
        const Tensor exact = at::group_norm(far.to(at::kDouble), 32, norm.weight().to(at::kDouble),
                                            norm.bias().to(at::kDouble), 1e-6);
        EXPECT_LT(maxAbsDifference(out, exact), 1e-3);
        GroupStatistics flat(32);
        flat.add(channelsLast(far.mul(0).add(3)));
        EXPECT_TRUE(flat.factors(norm).isfinite().all().item<bool>());
    });
}

TEST_F(StripeLayers, SiluIsRightForEverySize) {
    tensor::run({}, [] {
        const Tensor x = channelsLast(noise({1, 64, 8, 8}).mul_(noise({1, 64, 8, 8}, 5).mul_(4).exp_()));
        Tensor factors = noise({2, 64});
        factors[0].fill_(1);
        factors[1].fill_(0);
        Tensor out = x.clone();
        scaleChannels(x, factors, Activation{Activation::Kind::Silu}, out);
        const Tensor exact = at::silu(x.to(at::kDouble));
        EXPECT_LT(out.to(at::kDouble).sub(exact).abs().div(exact.abs().add(1e-6)).max().item<double>(), 1e-5);
        EXPECT_GT(maxAbs(x), 1000);
    });
}

TEST_F(StripeLayers, StatisticsOfOtherChannelsAreAnError) {
    GroupStatistics statistics(32);
    test::expectError([&] { statistics.add(noise({1, 16, 4, 4})); }, "statistics of 32 channels, was given 16");
    const Weights weights = weightsOf({{"n.weight", noise({64}, 2)}, {"n.bias", noise({64}, 3)}});
    test::expectError([&] { statistics.factors(GroupNorm(weights, "n")); }, "takes 64 channels, was given 32");
}

/// Whole and in rows, into memory that is given and onto what is there.
void checkRows(int in, int out, int kernel, at::ScalarType type, double tolerance) {
    const Weights weights = weightsOf({{"c.weight", noise({out, in, kernel, kernel}, 2).mul(0.1)}, {"c.bias", noise({out}, 3)}}, type);
    const Conv2d conv(weights, "c");
    const int reach = kernel / 2;
    const Tensor x = channelsLast(noise({1, in, 40, 50}).to(type));
    const Tensor whole = conv(x), padded = channelsLast(pad(x, 0, 0, reach, reach));
    Tensor memory;
    const Conv2d ready = conv.prepared(memory);
    for (const auto& [first, count] : {std::pair{0, 40}, {8, 24}, {36, 4}}) {
        const Tensor part = channelsLast(padded.narrow(2, first, count + 2 * reach));
        const Tensor expected = channelsLast(whole.narrow(2, first, count));
        Tensor room = expected.clone().zero_(), onto = expected.clone().fill_(1);
        EXPECT_LE(maxAbsDifference(ready.rows(part, room), expected), tolerance);
        ready.addRows(part, onto);
        EXPECT_LE(maxAbsDifference(onto, expected.add(1)), tolerance) << in << "->" << out << " " << kernel;
    }
}

TEST_F(StripeLayers, ConvolutionOfRowsIsThatOfTheWhole) {
    tensor::run({}, [] {
        checkRows(64, 48, 3, at::kFloat, 1e-4);  // Winograd's algorithm
        checkRows(160, 160, 3, at::kFloat, 3e-4); // its weights are packed as they are used
        checkRows(5, 7, 3, at::kFloat, 1e-5);
        checkRows(32, 16, 1, at::kFloat, 1e-5);
        checkRows(16, 16, 3, at::kBFloat16, 0.1);
    });
}

TEST_F(StripeLayers, UpsamplingWithAConvolutionIsOneAfterTheOther) {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16})
        for (const auto& [in, out, height, width] :
             {std::tuple{32, 48, 20, 17}, {16, 16, 1, 1}, {24, 20, 3, 70}, {5, 3, 9, 8}, {16, 16, 70, 3}})
            tensor::run({}, [&, in = in, out = out, height = height, width = width] {
                const Weights weights =
                    weightsOf({{"c.weight", noise({out, in, 3, 3}, 2).mul(0.1)}, {"c.bias", noise({out}, 3)}}, type);
                const UpsampleConv2d one(weights, "c");
                const Conv2d two(weights, "c");
                const Tensor x = channelsLast(noise({2, in, height, width}).to(type));
                const Tensor expected = two(upsampleNearest(x, 2));
                const double tolerance = type == at::kFloat ? 1e-4 : 0.05 * maxAbs(expected);
                EXPECT_LE(maxAbsDifference(one(x), expected), tolerance) << in << " " << out << " " << height << "x" << width;
                if (height < 3) return;
                const Tensor some = one.rows(channelsLast(x.narrow(2, 0, 3)));
                EXPECT_LE(maxAbsDifference(some, expected.narrow(2, 2, 2)), tolerance);
            });
}

TEST_F(StripeLayers, UpsamplingTakesThreeByThreeOnly) {
    test::expectError([] { UpsampleConv2d(weightsOf({{"c.weight", noise({4, 4, 1, 1})}}), "c"); },
                      "upsampling needs a kernel of 3x3");
}

TEST(RenamedWeights, AreAskedForByOtherNames) {
    const Weights file = weightsOf({{"a.x", noise({1})}, {"a.y", noise({2})}, {"b", noise({3})}});
    const Weights view = file.renamed({{"first.x", "a.x"}, {"second", "b"}});
    EXPECT_EQ(view.size("first.x", 0), 1);
    EXPECT_EQ(view.sub("first.").size("x", 0), 1);
    EXPECT_EQ(view.size("a.y", 0), 2); // passes through
    EXPECT_EQ(view.size("second", 0), 3);
    EXPECT_EQ(view.names(), (std::vector<std::string>{"first.x", "a.y", "second"}));
    EXPECT_EQ(view.renamed({{"third", "second"}}).size("third", 0), 3);
    view.tensor("second");
    EXPECT_EQ(file.unused(), (std::vector<std::string>{"a.x", "a.y"}));
    test::expectError([&] { view.renamed({{"none", "gone"}}).tensor("none"); }, "has no tensor \"gone\"");
}

} // namespace
} // namespace ochre::nn
