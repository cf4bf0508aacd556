// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/UNet.h"

#include <cmath>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/models/Parity.h"
#include "core/models/diffusion/ControlNet.h"
#include "core/models/diffusion/UNetNames.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using tensor::Weights;

Weights caseFile(const std::string& name, tensor::Placement placement = {}) {
    return Weights::open(test::sourceFile("tests/parity/" + name), placement);
}

/// The committed network: 9 channels, prompts of 24, heads of 32, two levels.
UNet smallUNet(tensor::Placement placement = {}) {
    const Weights weights = caseFile("unet/sd2_inpaint9/weights.safetensors", placement);
    auto config = UNet::Config::fromWeights(weights);
    config->headWidth = 32;
    return {weights, *config};
}

struct Inputs {
    nn::Tensor x, timesteps, context;
};

Inputs smallInputs() {
    const Weights file = caseFile("unet/sd2_inpaint9/inputs.safetensors");
    return {file.tensor("x"), file.tensor("timesteps"), file.tensor("context")};
}

/// Other numbers of the same kind: the first pixels of the stored input, over and over.
nn::Tensor latents(std::int64_t batch, std::int64_t height, std::int64_t width) {
    const nn::Tensor values = smallInputs().x.flatten(); // 9·10·14
    const std::int64_t count = batch * 9 * height * width;
    return values.repeat({count / values.size(0) + 1}).narrow(0, 0, count).view({batch, 9, height, width});
}

/// Maps of zeros of the shapes that control for `x` has.
UNetMaps noControl(const UNet& model, const nn::Tensor& x) {
    UNetMaps maps;
    std::int64_t height = x.size(2), width = x.size(3), channels = model.config().channels;
    const auto zeros = [&] { return x.new_zeros({x.size(0), channels, height, width}); };
    maps.skips.push_back(zeros());
    for (const UNetStage& stage : model.config().inputs) {
        channels = stage.out;
        if (stage.resample) {
            height = (height + 1) / 2;
            width = (width + 1) / 2;
        }
        maps.skips.push_back(zeros());
    }
    maps.middle = zeros();
    return maps;
}

/// The same tensors under other names.
Weights renamedFile(const Weights& weights, const std::map<std::string, std::string>& ldmToOther) {
    tensor::Checkpoint file = weights.checkpoint();
    file.index.reset();
    for (tensor::StoredTensor& one : file.tensors) {
        const std::size_t dot = one.name.rfind('.');
        one.name = ldmToOther.at(one.name.substr(0, dot)) + one.name.substr(dot);
    }
    return Weights::from(std::move(file));
}

std::map<std::string, std::string> inverse(const std::map<std::string, std::string>& map) {
    std::map<std::string, std::string> result;
    for (const auto& [a, b] : map) result[b] = a;
    return result;
}

std::set<std::string> modulesOf(const std::filesystem::path& table) {
    std::set<std::string> modules;
    std::istringstream lines(readTextFile(table, 1 << 24));
    for (std::string line; std::getline(lines, line);) {
        const std::string key = line.substr(0, line.find('\t'));
        if (!key.empty()) modules.insert(key.substr(0, key.rfind('.')));
    }
    return modules;
}

TEST(UNet, TheConfigurationFollowsFromKeysAndShapes) {
    const auto config = UNet::Config::fromWeights(caseFile("unet/sd2_inpaint9/weights.safetensors"));
    ASSERT_TRUE(config);
    EXPECT_EQ(config->inChannels, 9);
    EXPECT_EQ(config->outChannels, 4);
    EXPECT_EQ(config->channels, 32);
    EXPECT_EQ(config->embedding, 128);
    EXPECT_EQ(config->context, 24);
    EXPECT_EQ(config->vector, 0);
    EXPECT_TRUE(config->linearProjection);
    EXPECT_EQ(config->headWidth, 64); // as published: it cannot be seen
    EXPECT_EQ(config->inputs.size(), 5u);
    EXPECT_EQ(config->outputs.size(), 6u);
    EXPECT_TRUE(config->inputs[2].resample);
    EXPECT_TRUE(config->outputs[2].resample);
    EXPECT_FALSE(config->diffusers);
}

TEST(UNet, AControlNetIsNoUNetNorTheOtherWayRound) {
    EXPECT_FALSE(
        UNet::Config::fromWeights(caseFile("controlnet/sd1/weights.safetensors").sub("control_model.")));
    EXPECT_FALSE(ControlNet::Config::fromWeights(caseFile("unet/sd2_inpaint9/weights.safetensors")));
}

TEST(UNet, ACachedPromptGivesTheSameToTheBit) {
    tensor::run({}, [] {
        const UNet model = smallUNet();
        const Inputs in = smallInputs();
        const PromptCache cache = model.prepareContext(in.context);
        const nn::Tensor plain = model.forward(in.x, in.timesteps, in.context);
        for (int step = 0; step < 2; ++step)
            EXPECT_EQ(nn::maxAbsDifference(model.forward(in.x, in.timesteps, cache), plain), 0);
    });
}

TEST(UNet, SamplesOfABatchDoNotMix) {
    tensor::run({}, [] {
        const UNet model = smallUNet();
        const nn::Tensor x = latents(2, 8, 6), context = smallInputs().context;
        const nn::Tensor prompts = nn::cat({context, context.mul(-0.5)}, 0);
        const nn::Tensor steps = x.new_full({2}, 300).cumsum(0); // 300, 600
        const nn::Tensor both = model.forward(x, steps, prompts);
        for (std::int64_t n = 0; n < 2; ++n) {
            const nn::Tensor one =
                model.forward(x.narrow(0, n, 1), steps.narrow(0, n, 1), prompts.narrow(0, n, 1));
            EXPECT_LT(nn::maxAbsDifference(both.narrow(0, n, 1), one), 1e-4);
        }
        EXPECT_GT(nn::maxAbsDifference(both[0], both[1]), 0.01);
    });
}

TEST(UNet, OneTimeStepServesAllSamples) {
    tensor::run({}, [] {
        const UNet model = smallUNet();
        const nn::Tensor x = latents(2, 4, 4), context = smallInputs().context.expand({2, -1, -1});
        EXPECT_EQ(nn::maxAbsDifference(model.forward(x, x.new_full({1}, 77), context),
                                       model.forward(x, x.new_full({2}, 77), context)),
                  0);
    });
}

TEST(UNet, OddSizesComeOutAsTheyWentIn) {
    tensor::run({}, [] {
        const UNet model = smallUNet();
        const Inputs in = smallInputs();
        for (const auto& [height, width] : {std::pair{7, 5}, {1, 1}, {9, 8}, {2, 13}}) {
            const nn::Tensor out = model.forward(latents(1, height, width), in.timesteps, in.context);
            EXPECT_EQ(out.sizes(), (std::vector<std::int64_t>{1, 4, height, width}));
            EXPECT_TRUE(std::isfinite(nn::maxAbs(out)));
        }
    });
}

TEST(UNet, Bfloat16StaysNearFloat32) {
    tensor::run({}, [] {
        const Inputs in = smallInputs();
        const nn::Tensor full = smallUNet().forward(in.x, in.timesteps, in.context);
        const nn::Tensor half =
            smallUNet({.floating = at::kBFloat16}).forward(in.x, in.timesteps, in.context);
        EXPECT_EQ(half.scalar_type(), at::kFloat);
        EXPECT_LT(nn::meanAbsDifference(full, half), 0.02 * nn::maxAbs(full));
        EXPECT_GT(nn::maxAbsDifference(full, half), 0);
    });
}

TEST(UNet, ControlOfZerosChangesNothingAndOtherControlDoes) {
    tensor::run({}, [] {
        const UNet model = smallUNet();
        const Inputs in = smallInputs();
        const nn::Tensor x = latents(1, 7, 6);
        const nn::Tensor plain = model.forward(x, in.timesteps, in.context);
        UNetMaps control = noControl(model, x);
        EXPECT_EQ(nn::maxAbsDifference(model.forward(x, in.timesteps, in.context, {}, &control), plain), 0);
        for (std::size_t i = 0; i <= control.skips.size(); ++i) {
            UNetMaps one = noControl(model, x);
            (i < one.skips.size() ? one.skips[i] : one.middle).select(3, 0).fill_(1);
            const nn::Tensor steered = model.forward(x, in.timesteps, in.context, {}, &one);
            EXPECT_GT(nn::maxAbsDifference(steered, plain), 1e-3) << "map " << i;
            UNetMaps none;
            addControl(none, one, 0);
            EXPECT_EQ(nn::maxAbsDifference(model.forward(x, in.timesteps, in.context, {}, &none), plain), 0);
        }
        control.skips.pop_back();
        test::expectError([&] { model.forward(x, in.timesteps, in.context, {}, &control); },
                          "control of 6 maps, was given 5");
    });
}

TEST(UNet, WrongShapesAreErrorsThatTellBoth) {
    tensor::run({}, [] {
        const UNet model = smallUNet();
        const Inputs in = smallInputs();
        const auto fails = [&](const nn::Tensor& x, const nn::Tensor& steps, const nn::Tensor& context,
                               const nn::Tensor& y, const std::string& message) {
            test::expectError([&] { model.forward(x, steps, context, y); }, message);
        };
        fails(in.x.narrow(1, 0, 4), in.timesteps, in.context, {},
              "takes latents of [N, 9, H, W], was given [1, 4, 10, 14]");
        fails({}, in.timesteps, in.context, {}, "was given nothing");
        fails(in.x, in.timesteps, in.context.narrow(2, 0, 20), {},
              "takes a prompt of [N, tokens, 24], was given [1, 7, 20]");
        fails(in.x, in.timesteps, in.context.expand({3, -1, -1}), {}, "one prompt a sample (1), was given 3");
        fails(in.x, in.timesteps.repeat({3}), in.context, {}, "one time step a sample (1), was given [3]");
        fails(in.x, in.timesteps, in.context, in.x, "takes no vector beside the prompt");
    });
}

TEST(UNet, HeadsThatDoNotFitAreAnError) {
    const Weights weights = caseFile("unet/sd2_inpaint9/weights.safetensors");
    auto config = *UNet::Config::fromWeights(weights);
    test::expectError([&] { UNet(weights, config); }, "attention over 32 channels cannot have 64-wide heads");
}

TEST(UNet, AMissingKeyIsNamed) {
    tensor::Checkpoint file = caseFile("unet/sd2_inpaint9/weights.safetensors").checkpoint();
    file.index.reset();
    std::erase_if(file.tensors,
                  [](const auto& one) { return one.name == "output_blocks.3.0.emb_layers.1.weight"; });
    const Weights weights = Weights::from(std::move(file));
    auto config = UNet::Config::fromWeights(weights);
    ASSERT_TRUE(config);
    config->headWidth = 32;
    test::expectError([&] { UNet(weights, *config); },
                      "has no tensor \"output_blocks.3.0.emb_layers.1.weight\"");
}

TEST(UNet, CancelStopsBetweenLayers) {
    const Cancel cancel = Cancel::make();
    const Inputs in = smallInputs();
    const UNet model = smallUNet();
    cancel.request();
    EXPECT_TRUE(test::expectError([&] {
                    tensor::run(cancel, [&] { model.forward(in.x, in.timesteps, in.context); });
                }).cancelled());
}

TEST(UNet, TheLayoutOfDiffusersIsTheSameNetwork) {
    tensor::run({}, [] {
        const Weights ldm = caseFile("unet/sd2_inpaint9/weights.safetensors");
        const Inputs in = smallInputs();
        auto config = *UNet::Config::fromWeights(ldm);
        const Weights stored = renamedFile(ldm, inverse(diffusersToLdm(config)));
        EXPECT_TRUE(stored.has("up_blocks.1.attentions.1.transformer_blocks.0.ff.net.0.proj.weight"));
        auto found = UNet::Config::fromWeights(stored);
        ASSERT_TRUE(found);
        EXPECT_TRUE(found->diffusers);
        for (const auto& [key, shape] : found->expected()) EXPECT_EQ(stored.shape(key), shape) << key;
        config.headWidth = found->headWidth = 32;
        EXPECT_EQ(nn::maxAbsDifference(UNet(stored, *found).forward(in.x, in.timesteps, in.context),
                                       UNet(ldm, config).forward(in.x, in.timesteps, in.context)),
                  0);
        EXPECT_TRUE(stored.unused().empty());
    });
}

TEST(UNet, NamesOfDiffusersAndLdmPairOffForReleasedNetworks) {
    OCHRE_SHARED_OR_SKIP(keys, "parity/keys");
    for (const auto& [diffusers, ldm] :
         {std::pair{"diffusers_sd15_unet", "sd15_unet"}, {"diffusers_sdxl_unet", "sdxl_base_unet"}}) {
        const auto theirs = modulesOf(keys / (std::string(diffusers) + ".tsv"));
        const auto ours = modulesOf(keys / (std::string(ldm) + ".tsv"));
        tensor::Checkpoint table;
        // The configuration is read from one table, the names are compared with both.
        std::istringstream lines(readTextFile(keys / (std::string(ldm) + ".tsv"), 1 << 24));
        for (std::string line; std::getline(lines, line);) {
            tensor::StoredTensor& one = table.tensors.emplace_back();
            const std::size_t first = line.find('\t'), second = line.find('\t', first + 1);
            one.name = line.substr(0, first);
            std::istringstream sides(line.substr(first + 1, second - first - 1));
            for (std::string side; std::getline(sides, side, ',');) one.shape.push_back(std::stoll(side));
        }
        table.finish();
        const auto config = UNet::Config::fromWeights(Weights::from(std::move(table)));
        ASSERT_TRUE(config) << ldm;
        std::set<std::string> left, right;
        for (const auto& [a, b] : diffusersToLdm(*config)) {
            left.insert(a);
            EXPECT_TRUE(right.insert(b).second) << b;
        }
        EXPECT_EQ(left, theirs);
        EXPECT_EQ(right, ours);
    }
}

TEST(ControlNet, TheLayoutOfDiffusersIsTheSameNetwork) {
    tensor::run({}, [] {
        const Weights file = caseFile("controlnet/sd1/weights.safetensors");
        const Weights in = caseFile("controlnet/sd1/inputs.safetensors");
        auto config = *ControlNet::Config::fromWeights(file);
        EXPECT_EQ(config.prefix, "control_model.");
        EXPECT_EQ(config.hintScale(), 8);
        std::map<std::string, std::string> names;
        for (const auto& [theirs, ours] : diffusersToLdm(config)) names[config.prefix + ours] = theirs;
        const Weights stored = renamedFile(file, names);
        EXPECT_TRUE(stored.has("controlnet_cond_embedding.blocks.5.weight"));
        EXPECT_TRUE(stored.has("controlnet_mid_block.weight"));
        auto found = ControlNet::Config::fromWeights(stored);
        ASSERT_TRUE(found);
        config.heads = found->heads = 4;
        const auto run = [&in](const ControlNet& net) {
            return net.forward(in.tensor("x"), net.prepareHint(in.tensor("hint")), in.tensor("timesteps"),
                               net.prepareContext(in.tensor("context")));
        };
        const UNetMaps a = run({stored, *found}), b = run({file, config});
        ASSERT_EQ(a.skips.size(), b.skips.size());
        for (std::size_t i = 0; i < a.skips.size(); ++i)
            EXPECT_EQ(nn::maxAbsDifference(a.skips[i], b.skips[i]), 0);
        EXPECT_EQ(nn::maxAbsDifference(a.middle, b.middle), 0);
        EXPECT_TRUE(stored.unused().empty());
    });
}

TEST(ControlNet, SeveralAddUp) {
    tensor::run({}, [] {
        const nn::Tensor x = smallInputs().x;
        const UNetMaps one{{x, x.mul(2)}, x.mul(3)}, other{{x.mul(10), x}, x};
        UNetMaps total;
        addControl(total, one, 0.5);
        addControl(total, other, -1);
        EXPECT_LT(nn::maxAbsDifference(total.skips[0], x.mul(-9.5)), 1e-5);
        EXPECT_LT(nn::maxAbsDifference(total.skips[1], x.mul(0)), 1e-5);
        EXPECT_LT(nn::maxAbsDifference(total.middle, x.mul(0.5)), 1e-5);
        EXPECT_EQ(nn::maxAbsDifference(one.middle, x.mul(3)), 0) << "what is added stays as it was";
        test::expectError([&] { addControl(total, {{x}, x}, 1); }, "control of 2 and of 1 maps");
        test::expectError([&] { addControl(total, {{x, x}, x.narrow(3, 0, 2)}, 1); }, "cannot be added");
    });
}

TEST(ControlNet, AHintOfAnotherSizeIsAnError) {
    tensor::run({}, [] {
        const Weights file = caseFile("controlnet/sd1/weights.safetensors");
        const Weights in = caseFile("controlnet/sd1/inputs.safetensors");
        const ControlNet net(file, *ControlNet::Config::fromWeights(file));
        const PromptCache prompt = net.prepareContext(in.tensor("context"));
        const nn::Tensor hint = net.prepareHint(in.tensor("hint").narrow(2, 0, 32));
        test::expectError([&] { net.forward(in.tensor("x"), hint, in.tensor("timesteps"), prompt); },
                          "a prepared hint of [1, 32, 4, 8] does not fit latents of [1, 4, 8, 8]");
        test::expectError([&] { net.prepareHint(in.tensor("x")); }, "takes a hint of [N, 3, H, W]");
    });
}

TEST(Diffusion, AllCasesOfTheseNetworksPass) {
    OCHRE_SHARED_OR_SKIP(cases, "parity");
    for (const char* path :
         {"unet", "controlnet", "keys/sd15_unet.json", "keys/sd15_inpaint_unet.json", "keys/sd21_unet.json",
          "keys/sdxl_base_unet.json", "keys/sdxl_refiner_unet.json", "keys/diffusers_sd15_unet.json",
          "keys/diffusers_sdxl_unet.json", "keys/controlnet_sd15.json"})
        for (const ParityResult& result : runParity(cases / path))
            EXPECT_EQ(result.verdict, ParityResult::Verdict::Pass) << result.line();
}

} // namespace
} // namespace ochre::models
