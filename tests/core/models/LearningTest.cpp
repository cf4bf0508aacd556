// SPDX-License-Identifier: GPL-3.0-or-later
// Networks that are trained compute what they compute when they are used.
#include "core/tensor/Learning.h"

#include <gtest/gtest.h>

#include "core/models/diffusion/AutoencoderKl.h"
#include "core/models/diffusion/UNet.h"
#include "core/models/restore/Iat.h"
#include "core/models/restore/Restormer.h"
#include "core/tensor/Fill.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using tensor::Weights;

/// The weights of a file as leaves that collect gradients.
std::map<std::string, at::Tensor> leavesOf(const Weights& file) {
    std::map<std::string, at::Tensor> leaves;
    for (const std::string& name : file.names()) {
        const nn::Tensor weight = file.tensor(name).clone();
        leaves[name] = weight.requires_grad_(weight.is_floating_point()); // some are counters
    }
    return leaves;
}

void expectGradients(const std::map<std::string, at::Tensor>& leaves) {
    for (const auto& [name, leaf] : leaves) {
        if (!leaf.requires_grad()) continue;
        ASSERT_TRUE(leaf.grad().defined()) << name;
        EXPECT_GT(nn::maxAbs(leaf.grad()), 0) << name;
    }
}

TEST(Learning, TheDenoisingNetworkComputesTheSameAndEveryWeightHasAGradient) {
    const Weights file = Weights::open(test::sourceFile("tests/parity/unet/sd2_inpaint9/weights.safetensors"));
    const Weights inputs = Weights::open(test::sourceFile("tests/parity/unet/sd2_inpaint9/inputs.safetensors"));
    auto config = UNet::Config::fromWeights(file);
    config->headWidth = 32;
    const nn::Tensor x = inputs.tensor("x"), t = inputs.tensor("timesteps"), context = inputs.tensor("context");
    nn::Tensor used, learned;
    tensor::run({}, [&] { used = UNet(file, *config).forward(x, t, context).clone(); });
    const auto leaves = leavesOf(file);
    tensor::learn({}, [&] {
        const nn::Tensor out = UNet(Weights::of(leaves, "leaves"), *config).forward(x, t, context);
        out.square().mean().backward();
        learned = out.detach();
    });
    EXPECT_LT(nn::maxAbsDifference(used, learned), 1e-4 * std::max(1.0, nn::maxAbs(used)));
    expectGradients(leaves);
}

TEST(Learning, TheAutoencoderInOnePieceIsTheOneInStripes) {
    AutoencoderKl::Config config;
    config.inChannels = config.outChannels = 48;
    config.widths = {32, 64};
    config.stem = 32;
    config.resBlocks = 1;
    config.linearAttention = true;
    std::map<std::string, at::Tensor> leaves;
    at::Generator random = tensor::generator(5);
    for (const auto& [name, shape] : config.expected())
        leaves[name] = nn::randn(shape, random).mul(0.1).detach().requires_grad_();
    const Weights weights = Weights::of(leaves, "leaves");
    ASSERT_TRUE(AutoencoderKl::Config::fromWeights(weights));
    const nn::Tensor x = nn::randn({2, 48, 16, 12}, random), z = nn::randn({2, 4, 8, 6}, random);
    nn::Tensor moments, picture;
    tensor::run({}, [&] {
        auto still = leaves;
        for (auto& [name, tensor] : still) tensor = tensor.detach().clone();
        const AutoencoderKl used(Weights::of(still, "copies"), *AutoencoderKl::Config::fromWeights(weights));
        moments = used.encode(x).clone();
        picture = used.decode(z).clone();
        EXPECT_LT(nn::maxAbsDifference(used.encodeWhole(x), moments), 1e-3);
        EXPECT_LT(nn::maxAbsDifference(used.decodeWhole(z), picture), 1e-3);
    });
    tensor::learn({}, [&] {
        const AutoencoderKl network(weights, config);
        const nn::Tensor out = network.encodeWhole(x), back = network.decodeWhole(z);
        EXPECT_LT(nn::maxAbsDifference(out.detach(), moments), 1e-3);
        EXPECT_LT(nn::maxAbsDifference(back.detach(), picture), 1e-3);
        out.square().mean().add(back.square().mean()).backward();
    });
    expectGradients(leaves);
}

/// A network of pictures on the inputs of its parity case, used and in learning.
template <typename Model, typename Run>
void expectLearnsAsItIsUsed(const char* parityCase, const Run& run) {
    const std::string folder = std::string("tests/parity/") + parityCase;
    const Weights file = Weights::open(test::sourceFile(folder + "/weights.safetensors"));
    const nn::Tensor image = Weights::open(test::sourceFile(folder + "/inputs.safetensors")).tensor("image");
    const auto config = Model::Config::fromWeights(file);
    ASSERT_TRUE(config);
    nn::Tensor used, learned;
    tensor::run({}, [&] { used = run(Model(file, *config), image).clone(); });
    const auto leaves = leavesOf(file);
    tensor::learn({}, [&] {
        const nn::Tensor out = run(Model(Weights::of(leaves, "leaves"), *config), image);
        out.square().mean().backward();
        learned = out.detach();
    });
    EXPECT_LT(nn::maxAbsDifference(used, learned), 1e-4 * std::max(1.0, nn::maxAbs(used)));
    expectGradients(leaves);
}

TEST(Learning, RestormerComputesTheSameAndEveryWeightHasAGradient) {
    expectLearnsAsItIsUsed<Restormer>("restormer/withbias", [](const Restormer& model, const nn::Tensor& x) { return model.forward(x); });
}

TEST(Learning, IatComputesTheSameAndEveryWeightHasAGradient) {
    expectLearnsAsItIsUsed<Iat>("iat/lol", [](const Iat& model, const nn::Tensor& x) { return model.forward(x, model.toneOf(x)); });
}

} // namespace
} // namespace ochre::models
