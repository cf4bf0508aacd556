// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Adapters.h"

#include <algorithm>
#include <cstring>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/Hash.h"
#include "core/models/diffusion/AdapterNames.h"
#include "core/tensor/Runtime.h"
#include "tests/core/models/DiffusionKeys.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

using tensor::Weights;
using test::floats;
using test::randomValues;
using test::Values;

std::vector<float> fetch(const Weights& weights, const std::string& name) {
    std::vector<float> values;
    tensor::run({}, [&] { values = floats(weights.tensor(name)); });
    return values;
}

struct Pair {
    std::string up = ".lora_up.weight", down = ".lora_down.weight";
};

/// A LoRA of rank 2 of one layer [out, in].
Weights lora(const std::string& module, std::int64_t out, std::int64_t in, const Pair& ends = {},
             unsigned seed = 40) {
    return test::weightsOf({{module + ends.up, randomValues({out, 2}, seed)},
                            {module + ends.down, randomValues({2, in}, seed + 1)}});
}

/// base + strength·up·down of that LoRA, rows from `row` on.
std::vector<float> dense(const Weights& base, const std::string& key, const Weights& file, double strength,
                         std::int64_t row = 0) {
    std::vector<float> values = fetch(base, key);
    const auto names = file.names();
    const auto upName =
        *std::find_if(names.begin(), names.end(), [&](const std::string& n) { return file.shape(n)[0] > 2; });
    const auto downName =
        *std::find_if(names.begin(), names.end(), [&](const std::string& n) { return n != upName; });
    const auto up = fetch(file, upName), down = fetch(file, downName);
    const auto out = file.size(upName, 0), in = file.size(downName, 1);
    for (std::int64_t o = 0; o < out; ++o)
        for (std::int64_t i = 0; i < in; ++i)
            for (std::int64_t r = 0; r < 2; ++r)
                values[static_cast<std::size_t>((row + o) * in + i)] +=
                    static_cast<float>(strength * up[static_cast<std::size_t>(o * 2 + r)] *
                                       down[static_cast<std::size_t>(r * in + i)]);
    return values;
}

void expectNear(const std::vector<float>& seen, const std::vector<float>& wanted) {
    ASSERT_EQ(seen.size(), wanted.size());
    for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_NEAR(seen[i], wanted[i], 1e-4) << "element " << i;
}

Weights smallSd1() {
    static const Weights weights = test::randomWeights(test::unetKeys(test::sd1(8, 16)), 1);
    return weights;
}

AdaptedParts unetOnly(const Weights& unet) {
    return {unet, std::nullopt, std::nullopt};
}

struct NameCase {
    const char* module;
    Pair ends;
};

class AdapterNaming : public ::testing::TestWithParam<NameCase> {};

TEST_P(AdapterNaming, LeadsToTheStoredWeight) {
    const std::string key = "input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight";
    const Weights file = lora(GetParam().module, 8, 8, GetParam().ends);
    for (const std::string prefix : {"", "model.diffusion_model."}) {
        const Weights base =
            test::randomWeights(test::withPrefix(prefix, test::unetKeys(test::sd1(8, 16))), 1);
        AdapterReport report;
        const auto parts =
            applyAdapter(unetOnly(base.sub(prefix)), AdapterFile::from(file), {0.5, 1}, &report);
        expectNear(fetch(*parts.unet, key), dense(base.sub(prefix), key, file, 0.5));
        EXPECT_EQ(report.applied.size(), 2u);
        EXPECT_TRUE(report.unknown.empty());
        // By the whole name from a view above, too.
        const auto above = applyAdapter(unetOnly(base), AdapterFile::from(file), {0.5, 1});
        expectNear(fetch(*above.unet, prefix + key), dense(base.sub(prefix), key, file, 0.5));
        expectNear(fetch(above.unet->sub(prefix + "input_blocks.1.1."), key.substr(17)),
                   dense(base.sub(prefix), key, file, 0.5));
    }
}

const Pair kPeft{".lora_B.weight", ".lora_A.weight"}, kDiffusers{".lora.up.weight", ".lora.down.weight"},
    kProcessor{"_lora.up.weight", "_lora.down.weight"},
    kLinear{".lora_linear_layer.up.weight", ".lora_linear_layer.down.weight"};
INSTANTIATE_TEST_SUITE_P(
    Published, AdapterNaming,
    ::testing::Values(
        NameCase{"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q", {}},
        NameCase{"lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_q", {}},
        NameCase{"unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", kPeft},
        NameCase{"base_model.model.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", kPeft},
        NameCase{"unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", kDiffusers},
        NameCase{"down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q", kProcessor},
        NameCase{"unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q", kProcessor},
        NameCase{"unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q", kLinear},
        NameCase{"diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_q", {}}));

TEST(AdapterNames, EveryLayerOfDiffusersNamesIsFoundInBothLayouts) {
    OCHRE_SHARED_OR_SKIP(keys, "parity/keys");
    for (const auto& [ldm, diffusers] : {std::pair{"sd15_unet.tsv", "diffusers_sd15_unet.tsv"},
                                         {"sdxl_base_unet.tsv", "diffusers_sdxl_unet.tsv"}}) {
        const test::Keys one = test::readTable(keys / ldm), two = test::readTable(keys / diffusers);
        const AdapterNames ofLdm = AdapterNames::ofUnet(test::zeroWeights(one)),
                           ofDiffusers = AdapterNames::ofUnet(test::zeroWeights(two));
        std::set<std::string> reached;
        for (const auto& [names, stored] : {std::pair{&ofLdm, &two}, {&ofDiffusers, &one}}) {
            reached.clear();
            for (const auto& [key, shape] : *stored) {
                if (!key.ends_with(".weight")) continue;
                std::string module = key.substr(0, key.size() - 7);
                std::replace(module.begin(), module.end(), '.', '_');
                const AdapterTarget* target = names->find(module);
                ASSERT_NE(target, nullptr) << module;
                EXPECT_EQ(*tensor::elementCount(target->shape), *tensor::elementCount(shape)) << module;
                EXPECT_TRUE(reached.insert(target->weight).second) << target->weight << " is reached twice";
            }
        }
        EXPECT_EQ(ofLdm.find("input_blocks_4_1_transformer_blocks_0_attn2_to_k")->weight,
                  "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight");
    }
}

TEST(Adapters, FileOfSgmNamesFitsAFolderOfDiffusers) {
    test::Keys keys;
    for (const auto& [key, shape] : test::unetKeys(test::sd1(8, 16)))
        if (key.starts_with("input_blocks.1."))
            keys[(key.starts_with("input_blocks.1.1") ? "down_blocks.0.attentions.0"
                                                      : "down_blocks.0.resnets.0") +
                 key.substr(16)] = shape;
    keys["down_blocks.0.resnets.0.conv1.weight"] = {8, 8, 3, 3};
    const Weights base = test::randomWeights(keys, 3);
    const Weights file = lora("lora_unet_input_blocks_1_1_transformer_blocks_0_attn2_to_k", 8, 16);
    const auto parts = applyAdapter(unetOnly(base), AdapterFile::from(file));
    const std::string key = "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight";
    expectNear(fetch(*parts.unet, key), dense(base, key, file, 1));
}

TEST(Adapters, StrengthZeroIsNoPatchBitForBit) {
    const Weights file = lora("lora_unet_mid_block_attentions_0_transformer_blocks_0_ff_net_0_proj", 256, 32);
    AdapterReport report;
    const auto parts = applyAdapter(unetOnly(smallSd1()), AdapterFile::from(file), {0, 1}, &report);
    EXPECT_EQ(report.applied.size(), 2u);
    for (const std::string& name : smallSd1().names()) {
        const at::Tensor a = smallSd1().tensor(name), b = parts.unet->tensor(name);
        ASSERT_EQ(a.sizes(), b.sizes());
        ASSERT_EQ(std::memcmp(a.const_data_ptr(), b.const_data_ptr(), static_cast<std::size_t>(a.nbytes())),
                  0)
            << name;
    }
}

TEST(Adapters, OnlyPatchedNamesAreCopiedAndTheBaseIsNeverWritten) {
    const std::string patched = "middle_block.1.transformer_blocks.0.attn1.to_v.weight",
                      other = "out.2.weight";
    const auto& stored = *smallSd1().checkpoint().find(patched);
    const Hash128 before = hashBytes(stored.bytes.data(), stored.bytes.size());
    const Weights file = lora("lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_v", 32, 32);
    const auto parts = applyAdapter(unetOnly(smallSd1()), AdapterFile::from(file));
    EXPECT_NE(fetch(*parts.unet, patched), fetch(smallSd1(), patched));
    EXPECT_EQ(parts.unet->tensor(other).const_data_ptr(), smallSd1().tensor(other).const_data_ptr());
    EXPECT_EQ(hashBytes(stored.bytes.data(), stored.bytes.size()), before);
    EXPECT_EQ(fetch(*parts.unet, patched), fetch(*parts.unet, patched));
}

TEST(Adapters, StacksAddUpWithTheirStrengths) {
    const std::string key = "output_blocks.5.1.transformer_blocks.0.attn2.to_k.weight";
    const std::string module = "lora_unet_up_blocks_1_attentions_2_transformer_blocks_0_attn2_to_k";
    const Weights a = lora(module, 32, 16, {}, 50), b = lora(module, 32, 16, {}, 60);
    auto parts = applyAdapter(unetOnly(smallSd1()), AdapterFile::from(a), {0.75, 1});
    parts = applyAdapter(parts, AdapterFile::from(b), {-0.5, 1});
    std::vector<float> wanted = dense(smallSd1(), key, a, 0.75);
    const std::vector<float> second = dense(smallSd1(), key, b, -0.5), base = fetch(smallSd1(), key);
    for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] += second[i] - base[i];
    expectNear(fetch(*parts.unet, key), wanted);
}

TEST(Adapters, PlacementDecidesTheTypeAfterTheSumInFloat32) {
    const std::string key = "middle_block.1.transformer_blocks.0.attn1.to_v.weight";
    const Weights file = lora("lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_v", 32, 32);
    const auto parts = applyAdapter(unetOnly(smallSd1()), AdapterFile::from(file));
    const at::Tensor half = parts.unet->placed({.floating = at::kBFloat16}).tensor(key);
    EXPECT_EQ(half.scalar_type(), at::kBFloat16);
    EXPECT_TRUE(half.equal(parts.unet->tensor(key).to(at::kBFloat16)));
}

TEST(Adapters, BiasesNormsAndFullDifferencesAreAdded) {
    const std::map<std::string, Values> pieces{
        {"lora_unet_mid_block_resnets_0_conv1.diff", randomValues({32, 32, 3, 3}, 1)},
        {"lora_unet_mid_block_resnets_0_conv1.diff_b", randomValues({32}, 2)},
        {"lora_unet_mid_block_resnets_0_norm1.w_norm", randomValues({32}, 3)},
        {"lora_unet_mid_block_resnets_0_norm1.b_norm", randomValues({32}, 4)}};
    AdapterReport report;
    const auto parts =
        applyAdapter(unetOnly(smallSd1()), AdapterFile::from(test::weightsOf(pieces)), {0.5, 1}, &report);
    EXPECT_EQ(report.applied.size(), 4u);
    const std::pair<const char*, const char*> places[] = {
        {"middle_block.0.in_layers.2.weight", "lora_unet_mid_block_resnets_0_conv1.diff"},
        {"middle_block.0.in_layers.2.bias", "lora_unet_mid_block_resnets_0_conv1.diff_b"},
        {"middle_block.0.in_layers.0.weight", "lora_unet_mid_block_resnets_0_norm1.w_norm"},
        {"middle_block.0.in_layers.0.bias", "lora_unet_mid_block_resnets_0_norm1.b_norm"}};
    for (const auto& [key, piece] : places) {
        std::vector<float> wanted = fetch(smallSd1(), key);
        for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] += 0.5f * pieces.at(piece).values[i];
        expectNear(fetch(*parts.unet, key), wanted);
    }
}

TEST(Adapters, OpenClipTakesEachOfQKAndVAsAThirdOfItsOneWeight) {
    const Weights base = test::randomWeights(test::openClipKeys(16, 2), 5);
    const std::string key = "transformer.resblocks.1.attn.in_proj_weight";
    std::int64_t row = 0;
    for (const char* part : {"q", "k", "v"}) {
        const Weights file =
            lora(fmt::format("lora_te2_text_model_encoder_layers_1_self_attn_{}_proj", part), 16, 16);
        const auto parts =
            applyAdapter({std::nullopt, std::nullopt, base}, AdapterFile::from(file), {1, 0.25});
        expectNear(fetch(*parts.text2, key), dense(base, key, file, 0.25, row));
        row += 16;
    }
}

TEST(Adapters, OpenClipNamesOfOtherLayersAndItsTurnedProjection) {
    const Weights base = test::randomWeights(test::openClipKeys(16, 2), 5);
    const Weights fc1 = lora("text_encoder_2.text_model.encoder.layers.0.mlp.fc1", 64, 16, kPeft);
    auto parts = applyAdapter({std::nullopt, std::nullopt, base}, AdapterFile::from(fc1));
    expectNear(fetch(*parts.text2, "transformer.resblocks.0.mlp.c_fc.weight"),
               dense(base, "transformer.resblocks.0.mlp.c_fc.weight", fc1, 1));
    const Weights projection = lora("lora_te2_text_projection", 16, 16);
    parts = applyAdapter({std::nullopt, std::nullopt, base}, AdapterFile::from(projection));
    const auto seen = fetch(*parts.text2, "text_projection"), stored = fetch(base, "text_projection"),
               change = dense(test::zeroWeights({{"w", {16, 16}}}), "w", projection, 1);
    for (std::size_t o = 0; o < 16; ++o)
        for (std::size_t i = 0; i < 16; ++i)
            EXPECT_NEAR(seen[i * 16 + o], stored[i * 16 + o] + change[o * 16 + i], 1e-4);
}

TEST(Adapters, TextEncodersHaveAStrengthOfTheirOwn) {
    const Weights text =
        test::randomWeights(test::withPrefix("cond_stage_model.transformer.", test::textKeys(16, 2)), 7);
    const std::string key =
        "cond_stage_model.transformer.text_model.encoder.layers.1.self_attn.out_proj.weight";
    for (const char* module : {"lora_te_text_model_encoder_layers_1_self_attn_out_proj",
                               "text_encoder.text_model.encoder.layers.1.self_attn.out_proj",
                               "text_encoder.text_model.encoder.layers.1.self_attn.to_out"}) {
        const Weights file = lora(module, 16, 16);
        const auto parts =
            applyAdapter({std::nullopt, text, std::nullopt}, AdapterFile::from(file), {0, 0.5});
        expectNear(fetch(*parts.text1, key), dense(text, key, file, 0.5));
    }
}

TEST(Adapters, EveryKeyIsUsedOrNamed) {
    std::mt19937 random(3);
    const std::vector<std::string> modules{"lora_unet_mid_block_attentions_0_proj_in",
                                           "lora_unet_mid_block_nowhere",
                                           "lora_te_text_model_encoder_layers_0_mlp_fc2",
                                           "lora_te3_encoder_block_0",
                                           "something.else",
                                           "lora_unet_mid_block_resnets_0_conv2"};
    for (int round = 0; round < 50; ++round) {
        std::map<std::string, Values> pieces{
            {"lora_unet_mid_block_attentions_0_proj_out.lora_up.weight", randomValues({32, 1}, 1)},
            {"lora_unet_mid_block_attentions_0_proj_out.lora_down.weight", randomValues({1, 32}, 1)},
            {"<token>", randomValues({16}, 1)}};
        for (const std::string& module : modules) {
            if (random() % 2) continue;
            const std::int64_t in = module.ends_with("conv2") ? 288 : 32;
            pieces[module + ".lora_up.weight"] = randomValues({32, 1}, 2);
            pieces[module + ".lora_down.weight"] = randomValues({1, in}, 3);
            if (random() % 2) pieces[module + ".alpha"] = {{}, {1}};
        }
        AdapterReport report;
        applyAdapter(unetOnly(smallSd1()), AdapterFile::from(test::weightsOf(pieces)), {}, &report);
        std::vector<std::string> all;
        for (const auto* list : {&report.applied, &report.absent, &report.unknown})
            all.insert(all.end(), list->begin(), list->end());
        for (const auto& [token, key] : report.embeddings) all.push_back(key);
        std::sort(all.begin(), all.end());
        std::vector<std::string> wanted;
        for (const auto& [key, values] : pieces) wanted.push_back(key);
        ASSERT_EQ(all, wanted);
    }
}

TEST(Adapters, AnotherFamilysFileIsRefusedByName) {
    const Weights sd15 = test::zeroWeights(test::unetKeys(test::sd1(320)), "v1-5.safetensors");
    const Weights large = lora("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k", 640, 2048);
    const Error error = test::expectError(
        [&] { applyAdapter(unetOnly(sd15), AdapterFile::from(large)); },
        "adapter.safetensors: is made for SDXL (text width 2048), the model v1-5.safetensors is "
        "Stable Diffusion 1 (text width 768)");
    EXPECT_NE(error.hint().find("Stable Diffusion 1"), std::string::npos);
    const Weights narrow = lora("lora_unet_down_blocks_0_attentions_0_proj_in", 640, 640);
    test::expectError(
        [&] { applyAdapter(unetOnly(sd15), AdapterFile::from(narrow)); },
        "is for a weight of [640, 640], \"input_blocks.1.1.proj_in.weight\" of v1-5.safetensors is [320, "
        "320, 1, 1]");
    const Weights flux = lora("lora_unet_double_blocks_0_img_attn_proj", 64, 64);
    test::expectError([&] { applyAdapter(unetOnly(sd15), AdapterFile::from(flux)); },
                      "none of its 1 layers is in this model");
}

TEST(Adapters, CountedLayersFollowTheModulesOfDiffusers) {
    OCHRE_SHARED_OR_SKIP(keys, "parity/keys");
    OCHRE_SHARED_OR_SKIP(path, "data/models/lora/lora_disney.safetensors");
    const Weights unet = test::zeroWeights(test::readTable(keys / "sd15_unet.tsv")),
                  text = test::zeroWeights(test::readTable(keys / "clip_hf_vitl14_text.tsv"));
    const AdapterFile file = AdapterFile::open(path);
    AdapterReport report;
    const auto parts = applyAdapter({unet, text, std::nullopt}, file, {2, 0.5}, &report);
    EXPECT_EQ(report.applied.size(), 384u);
    EXPECT_EQ(report.layers, 192u);
    EXPECT_EQ(report.embeddings.size(), 2u);
    EXPECT_TRUE(report.unknown.empty());
    EXPECT_TRUE(report.absent.empty());
    EXPECT_EQ(report.kinds, std::vector<std::string>{"LoRA"});
    // On weights of zeros what comes out is the change: the outer product of two vectors.
    const auto check = [&](const Weights& weights, const std::string& key, const std::string& layer,
                           float strength) {
        const auto seen = fetch(weights, key), up = fetch(file.weights, layer + ":up"),
                   down = fetch(file.weights, layer + ":down");
        for (const std::size_t o : {std::size_t{0}, up.size() - 1})
            for (const std::size_t i : {std::size_t{1}, down.size() - 1})
                EXPECT_NEAR(seen[o * down.size() + i], strength * up[o] * down[i],
                            1e-6f + 1e-3f * std::fabs(strength * up[o] * down[i]))
                    << key;
    };
    check(*parts.unet, "input_blocks.1.1.transformer_blocks.0.attn1.to_k.weight", "unet:1", 2);
    check(*parts.unet, "input_blocks.1.1.transformer_blocks.0.ff.net.0.proj.weight", "unet:4", 2);
    check(*parts.unet, "input_blocks.1.1.transformer_blocks.0.attn2.to_out.0.weight", "unet:8", 2);
    check(*parts.unet, "output_blocks.3.1.transformer_blocks.0.attn1.to_q.weight", "unet:54", 2);
    check(*parts.unet, "middle_block.1.transformer_blocks.0.attn2.to_out.0.weight", "unet:143", 2);
    check(*parts.text1, "text_model.encoder.layers.0.self_attn.k_proj.weight", "text_encoder:0", 0.5f);
    check(*parts.text1, "text_model.encoder.layers.11.self_attn.out_proj.weight", "text_encoder:47", 0.5f);
}

TEST(Adapters, CountedLayersOfAnotherModelAreRefused) {
    OCHRE_SHARED_OR_SKIP(path, "data/models/lora/lora_disney.safetensors");
    const Weights small = test::zeroWeights(test::unetKeys(test::sd1(64)));
    test::expectError([&] { applyAdapter(unetOnly(small), AdapterFile::open(path)); },
                      "layer unet:0 is for a weight of [320, 320]");
}

} // namespace
} // namespace ochre::models
