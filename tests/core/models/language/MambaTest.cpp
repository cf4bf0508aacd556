// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/language/Mamba.h"

#include <gtest/gtest.h>

#include "core/models/Parity.h"
#include "core/tensor/Fill.h"
#include "core/tensor/Learning.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using tensor::Weights;

const std::string kCase = "tests/parity/mamba/small/";

Weights caseWeights() {
    return Weights::open(test::sourceFile(kCase + "weights.safetensors"));
}

nn::Tensor caseTokens() {
    return Weights::open(test::sourceFile(kCase + "inputs.safetensors")).tensor("tokens");
}

TEST(Mamba, AllCasesAndKeyTablesOfReleasesPass) {
    OCHRE_SHARED_OR_SKIP(cases, "parity");
    std::vector<ParityResult> results = runParity(cases / "mamba");
    for (const char* name : {"mamba_130m", "mamba_130m_hf", "mamba_370m"})
        results.push_back(runParity(cases / "keys" / (std::string(name) + ".json")).at(0));
    EXPECT_GE(results.size(), 5u);
    for (const ParityResult& result : results) EXPECT_EQ(result.verdict, ParityResult::Verdict::Pass) << result.line();
}

TEST(Mamba, IsKnownByItsKeys) {
    const auto config = Mamba::Config::fromWeights(caseWeights());
    ASSERT_TRUE(config);
    EXPECT_EQ(config->layers, 2);
    EXPECT_EQ(config->vocabulary, 96);
    EXPECT_EQ(config->mixer.inner, 64);
    EXPECT_EQ(config->mixer.rank, 2);
    EXPECT_FALSE(config->ownHead);
    EXPECT_EQ(recogniseArchitecture(test::sourceFile(kCase + "weights.safetensors")), "mamba");
    EXPECT_FALSE(Mamba::Config::fromWeights(Weights::open(test::sourceFile("tests/parity/bert/token_types_prefixed/weights.safetensors"))));
}

TEST(Mamba, ATokenSeesItselfAndThoseBefore) {
    const Mamba model(caseWeights(), *Mamba::Config::fromWeights(caseWeights()));
    tensor::run({}, [&] {
        const nn::Tensor tokens = caseTokens(), all = model.forward(tokens), part = model.forward(tokens.narrow(1, 0, 5));
        EXPECT_LT(nn::maxAbsDifference(all.narrow(1, 0, 5), part), 1e-4);
        EXPECT_GT(nn::maxAbsDifference(all.narrow(1, 0, 5), all.narrow(1, 5, 5)), 0.1);
    });
}

TEST(Mamba, LearnsWithWhatItComputesWhenItIsUsed) {
    const Weights file = caseWeights();
    const auto config = *Mamba::Config::fromWeights(file);
    nn::Tensor used;
    tensor::run({}, [&] { used = Mamba(file, config).forward(caseTokens()).clone(); });
    std::map<std::string, at::Tensor> leaves;
    for (const std::string& name : file.names()) leaves[name] = file.tensor(name).clone().requires_grad_();
    tensor::learn({}, [&] {
        const nn::Tensor out = Mamba(Weights::of(leaves, "leaves"), config).forward(caseTokens());
        EXPECT_LT(nn::maxAbsDifference(out.detach(), used), 1e-4 * std::max(1.0, nn::maxAbs(used)));
        out.square().mean().backward();
    });
    for (const auto& [name, leaf] : leaves) {
        ASSERT_TRUE(leaf.grad().defined()) << name;
        EXPECT_GT(nn::maxAbs(leaf.grad()), 0) << name;
    }
}

TEST(Mamba, WrongTokensAndShapesAreNamed) {
    const Weights file = caseWeights();
    auto config = *Mamba::Config::fromWeights(file);
    const Mamba model(file, config);
    test::expectError([&] { model.forward(caseTokens().add(96)); }, "outside the table of 96");
    test::expectError([&] { model.forward(caseTokens().to(at::kFloat)); }, "tokens are int64");
    config.mixer.state = 8;
    test::expectError([&] { Mamba(file, config); }, "A_log\" is [64, 16], expected [64, 8]");
}

} // namespace
} // namespace ochre::models
