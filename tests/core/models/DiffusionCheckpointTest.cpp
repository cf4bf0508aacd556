// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/DiffusionCheckpoint.h"

#include <chrono>
#include <fstream>
#include <limits>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/models/diffusion/AdapterNames.h"
#include "core/models/diffusion/MakeCheckpoint.h"
#include "core/tensor/Runtime.h"
#include "tests/core/models/DiffusionKeys.h"
#include "tests/support/Support.h"

namespace ochre::models {
namespace {

namespace fs = std::filesystem;
using test::expectError;
using test::Keys;
using test::operator+;
using test::withPrefix;

Keys whole(const test::UnetSize& unet, const Keys& text) {
    return withPrefix("model.diffusion_model.", test::unetKeys(unet)) + text +
           withPrefix("first_stage_model.", test::smallVaeKeys());
}

const Keys& sd1Text() {
    static const Keys keys = withPrefix("cond_stage_model.transformer.", test::textKeys(16, 1));
    return keys;
}

Keys sdxlText() {
    return withPrefix("conditioner.embedders.0.transformer.", test::textKeys(16, 1)) +
           withPrefix("conditioner.embedders.1.model.", test::openClipKeys(16, 1));
}

DiffusionCheckpoint open(const Keys& keys, const DiffusionOptions& options = {}) {
    return DiffusionCheckpoint::from(test::zeroWeights(keys), options);
}

struct FamilyCase {
    const char* label;
    Keys keys;
    DiffusionFamily family;
    int inChannels, context;
    double scale;
    bool text1, text2;
};

class Families : public ::testing::TestWithParam<FamilyCase> {};

TEST_P(Families, AreKnownByKeysAndShapes) {
    const FamilyCase& wanted = GetParam();
    for (const std::string wrapper : {"", "state_dict."}) {
        const DiffusionCheckpoint c = open(withPrefix(wrapper, wanted.keys));
        EXPECT_EQ(c.family, wanted.family) << name(c.family);
        EXPECT_EQ(c.inChannels, wanted.inChannels);
        EXPECT_EQ(c.isInpaint(), wanted.inChannels == 9);
        EXPECT_EQ(c.contextWidth, wanted.context);
        EXPECT_EQ(c.latentScale, wanted.scale);
        EXPECT_EQ(c.prediction, Prediction::Epsilon);
        EXPECT_FALSE(c.diffusers);
        EXPECT_TRUE(c.unet.has("input_blocks.0.0.weight"));
        ASSERT_TRUE(c.vae.has_value());
        EXPECT_TRUE(c.vae->has("decoder.conv_in.weight"));
        ASSERT_EQ(c.text1.has_value(), wanted.text1);
        ASSERT_EQ(c.text2.has_value(), wanted.text2);
        if (wanted.text2) {
            EXPECT_TRUE(c.text2->has("transformer.resblocks.0.attn.in_proj_weight"));
        }
        EXPECT_TRUE(c.missing.empty());
    }
}

test::UnetSize withIn(test::UnetSize size, std::int64_t in) {
    size.in = in;
    return size;
}

Keys sd2Text(const std::string& prefix = "cond_stage_model.model.") {
    return withPrefix(prefix, test::openClipKeys(16, 1));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Families,
    ::testing::Values(
        FamilyCase{"sd1", whole(test::sd1(), sd1Text()), DiffusionFamily::Sd1, 4, 768, 0.18215, true, false},
        FamilyCase{"sd1Inpaint", whole(withIn(test::sd1(), 9), sd1Text()), DiffusionFamily::Sd1, 9, 768,
                   0.18215, true, false},
        FamilyCase{"sd2", whole(test::sd2(), sd2Text()), DiffusionFamily::Sd2, 4, 1024, 0.18215, true, false},
        FamilyCase{"sd2Sgm", whole(test::sd2(), sd2Text("conditioner.embedders.0.model.")),
                   DiffusionFamily::Sd2, 4, 1024, 0.18215, true, false},
        FamilyCase{"sdxl", whole(test::sdxl(), sdxlText()), DiffusionFamily::Sdxl, 4, 2048, 0.13025, true,
                   true},
        FamilyCase{"sdxlInpaint", whole(withIn(test::sdxl(), 9), sdxlText()), DiffusionFamily::Sdxl, 9, 2048,
                   0.13025, true, true},
        FamilyCase{"refiner", whole(test::refiner(), sd2Text("conditioner.embedders.0.model.")),
                   DiffusionFamily::SdxlRefiner, 4, 1280, 0.13025, false, true},
        // Small ones of no published width, by their build.
        FamilyCase{"tiny1", whole(test::sd1(8, 16), sd1Text()), DiffusionFamily::Sd1, 4, 16, 0.18215, true,
                   false},
        FamilyCase{"tiny2", whole(test::sd2(8, 16), sd2Text()), DiffusionFamily::Sd2, 4, 16, 0.18215, true,
                   false},
        FamilyCase{"tinyXl", whole(test::sdxl(8, 16, 24), sdxlText()), DiffusionFamily::Sdxl, 4, 16, 0.13025,
                   true, true},
        FamilyCase{"tinyRefiner", whole(test::refiner(8, 16, 24), sd2Text("conditioner.embedders.0.model.")),
                   DiffusionFamily::SdxlRefiner, 4, 16, 0.13025, false, true}),
    [](const auto& info) { return std::string(info.param.label); });

TEST(DiffusionCheckpoint, TheTestsNetworksHaveThePublishedKeys) {
    OCHRE_SHARED_OR_SKIP(tables, "parity/keys");
    EXPECT_EQ(test::unetKeys(test::sd1(320)), test::readTable(tables / "sd15_unet.tsv"));
    EXPECT_EQ(test::unetKeys(withIn(test::sd1(320), 9)), test::readTable(tables / "sd15_inpaint_unet.tsv"));
    test::UnetSize convolving = test::sd2(320); // the table has proj_in and proj_out as convolutions
    convolving.linear = false;
    EXPECT_EQ(test::unetKeys(convolving), test::readTable(tables / "sd21_unet.tsv"));
    EXPECT_EQ(open(test::unetKeys(convolving)).family, DiffusionFamily::Sd2);
    EXPECT_EQ(test::unetKeys(test::sdxl(320)), test::readTable(tables / "sdxl_base_unet.tsv"));
    EXPECT_EQ(test::unetKeys(test::refiner(384)), test::readTable(tables / "sdxl_refiner_unet.tsv"));
    EXPECT_EQ(test::textKeys(768, 12, 49408), test::readTable(tables / "clip_hf_vitl14_text.tsv"));
}

TEST(DiffusionCheckpoint, MissingPartsAreLegalAndReported) {
    const DiffusionCheckpoint c = open(withPrefix("model.diffusion_model.", test::unetKeys(test::sdxl())));
    EXPECT_EQ(c.missing, (std::vector<std::string>{"autoencoder", "text encoder", "second text encoder"}));
    EXPECT_FALSE(c.vae);
    const DiffusionCheckpoint alone = open(test::unetKeys(test::sd1()));
    EXPECT_EQ(alone.family, DiffusionFamily::Sd1);
    EXPECT_EQ(alone.missing, (std::vector<std::string>{"autoencoder", "text encoder"}));
}

TEST(DiffusionCheckpoint, PredictionIsAskedForOrSaidOrSeen) {
    const Keys keys = whole(test::sd2(), sd2Text());
    EXPECT_EQ(open(keys).predictionFrom, "usual");
    EXPECT_EQ(open(keys, {.prediction = Prediction::V}).prediction, Prediction::V);
    EXPECT_EQ(open(keys, {.prediction = Prediction::V}).predictionFrom, "asked for");

    std::map<std::string, test::Values> small;
    for (const auto& [key, shape] : withPrefix("model.diffusion_model.", test::unetKeys(test::sd2(8, 16))))
        small[key] = test::randomValues(shape, 1);
    auto& bias = small["model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"].values;
    for (const float spread : {0.05f, 0.12f}) {
        for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = 0.5f + (i % 2 ? spread : -spread);
        const auto c = DiffusionCheckpoint::from(test::weightsOf(small));
        EXPECT_EQ(c.prediction, spread > 0.09f ? Prediction::V : Prediction::Epsilon);
    }
    const auto said =
        DiffusionCheckpoint::from(test::weightsOf(small, {{"modelspec.prediction_type", "epsilon"}}));
    EXPECT_EQ(said.prediction, Prediction::Epsilon);
    EXPECT_EQ(said.predictionFrom, "metadata");
}

TEST(DiffusionCheckpoint, MarkerKeysOfSdxlVariants) {
    Keys keys = whole(test::sdxl(), sdxlText());
    keys["v_pred"] = keys["ztsnr"] = {0};
    const DiffusionCheckpoint c = open(keys);
    EXPECT_EQ(c.prediction, Prediction::V);
    EXPECT_TRUE(c.zeroTerminalSnr);
    Keys edm = whole(test::sdxl(), sdxlText());
    edm["edm_mean"] = edm["edm_std"] = {4};
    expectError([&] { open(edm); }, "EDM family");
}

TEST(DiffusionCheckpoint, OtherFilesAreNamedForWhatTheyAre) {
    const auto refuse = [](const Keys& keys, const std::string& what, const std::string& hint) {
        const Error error = expectError([&] { open(keys); }, "model.safetensors: is " + what);
        EXPECT_NE(error.hint().find(hint), std::string::npos) << error.hint();
        EXPECT_EQ(error.kind(), ErrorKind::NotMine);
    };
    refuse(test::smallVaeKeys(), "an autoencoder", "autoencoder is asked for");
    refuse(withPrefix("first_stage_model.", test::smallVaeKeys()), "an autoencoder",
           "autoencoder is asked for");
    refuse({{"lora_unet_mid_block_attentions_0_proj_in.lora_up.weight", {8, 1}},
            {"lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", {1, 8}}},
           "a LoRA or LyCORIS file", "on top of it");
    Keys control = test::unetKeys(test::sd1());
    std::erase_if(control, [](const auto& entry) { return entry.first.starts_with("output_blocks."); });
    control["input_hint_block.0.weight"] = {16, 3, 3, 3};
    refuse(control, "a ControlNet", "ControlNet is asked for");
    refuse(withPrefix("control_model.", control), "a ControlNet", "ControlNet is asked for");
    refuse(test::textKeys(768, 1), "a text encoder", "text encoder is asked for");
    refuse({{"emb_params", {4, 768}}}, "a text embedding", "prompt");
    refuse({{"model.diffusion_model.double_blocks.0.img_attn.qkv.weight", {9, 3}}}, "a FLUX model",
           "1, 2 or XL");
    refuse({{"model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight", {9, 3}}}, "a Stable Diffusion 3",
           "1, 2 or XL");
    refuse({{"body.0.weight", {8, 3, 3, 3}},
            {"body.0.bias", {8}},
            {"body.1.weight", {8}},
            {"body.2.weight", {12, 8, 3, 3}},
            {"body.2.bias", {12}}},
           "a network of pictures (srvggnetcompact)", "enlarges");
    expectError([] { open({{"w", {3}}}); }, "no Stable Diffusion is known with these 1 tensors (\"w\"");
}

TEST(DiffusionCheckpoint, NetworksOfOtherInputsAreRefusedByName) {
    for (const auto& [in, what] :
         {std::pair{5, "depth-to-picture"}, {7, "x4 upscaler"}, {8, "by instruction"}})
        expectError([&, in = in] { open(whole(withIn(test::sd2(), in), sd2Text())); }, what);
    test::UnetSize unclip = test::refiner(32, 1024, 2048);
    expectError([&] { open(whole(unclip, sd2Text())); }, "unCLIP");
}

TEST(DiffusionCheckpoint, ValuesThatAreNotFiniteAreNamedWhenFetched) {
    std::map<std::string, test::Values> values;
    for (const auto& [key, shape] : withPrefix("model.diffusion_model.", test::unetKeys(test::sd1(8, 16))))
        values[key] = test::randomValues(shape, 1);
    values["model.diffusion_model.out.2.bias"].values[3] = std::numeric_limits<float>::infinity();
    const DiffusionCheckpoint c = DiffusionCheckpoint::from(test::weightsOf(values));
    tensor::run({}, [&] { c.unet.tensor("out.2.weight"); });
    const Error error =
        expectError([&] { c.unet.tensor("out.2.bias"); },
                    "tensor \"model.diffusion_model.out.2.bias\" holds NaN or an infinite value at "
                    "element 3 of 4");
    EXPECT_EQ(error.kind(), ErrorKind::Broken);
}

/// The same network in diffusers' names.
Keys toDiffusers(const Keys& ldm) {
    const tensor::Weights weights = test::zeroWeights(ldm);
    Keys result;
    const auto blocks = unetBlocks(weights, unetLayout(weights));
    for (const auto& [key, shape] : ldm)
        for (const UnetBlock& block : blocks) {
            if (!key.starts_with(block.ldm + ".")) continue;
            std::string rest = key.substr(block.ldm.size() + 1);
            if (block.kind == UnetBlock::Kind::Resnet)
                rest = resnetName(rest.substr(0, rest.rfind('.')), false) + rest.substr(rest.rfind('.'));
            result[block.diffusers + "." + rest] = shape;
        }
    return result;
}

TEST(DiffusionCheckpoint, DiffusersNamesAreThePublishedOnes) {
    OCHRE_SHARED_OR_SKIP(tables, "parity/keys");
    for (const auto& [ldm, diffusers] : {std::pair{"sd15_unet.tsv", "diffusers_sd15_unet.tsv"},
                                         {"sdxl_base_unet.tsv", "diffusers_sdxl_unet.tsv"}})
        EXPECT_EQ(toDiffusers(test::readTable(tables / ldm)), test::readTable(tables / diffusers));
}

class Folder : public ::testing::Test {
protected:
    void write(const std::string& file, const Keys& keys) {
        fs::create_directories((m_folder / file).parent_path());
        makeCheckpoint(m_folder / file, {{"", keys}});
    }
    void write(const std::string& file, const std::string& text) {
        fs::create_directories((m_folder / file).parent_path());
        writeFileAtomic(m_folder / file, text);
    }
    test::TemporaryFolder m_folder;
};

TEST_F(Folder, OfDiffusersIsOpened) {
    write("model_index.json", R"({"_class_name":"StableDiffusionXLPipeline"})");
    write("unet/diffusion_pytorch_model.fp16.safetensors",
          toDiffusers(test::unetKeys(test::sdxl(8, 16, 24))));
    write("vae/diffusion_pytorch_model.safetensors", test::smallVaeKeys());
    write("vae/config.json", R"({"scaling_factor":0.2})");
    write("text_encoder/model.safetensors", test::textKeys(16, 1));
    write("text_encoder_2/model.safetensors", test::textKeys(24, 1));
    write("scheduler/scheduler_config.json",
          R"({"prediction_type":"v_prediction","rescale_betas_zero_snr":true})");
    for (const fs::path& path : {m_folder.path(), m_folder / "model_index.json"}) {
        const DiffusionCheckpoint c = DiffusionCheckpoint::open(path);
        EXPECT_EQ(c.family, DiffusionFamily::Sdxl);
        EXPECT_TRUE(c.diffusers);
        EXPECT_EQ(c.contextWidth, 16);
        EXPECT_EQ(c.vectorWidth, 24);
        EXPECT_EQ(c.latentScale, 0.2);
        EXPECT_EQ(c.prediction, Prediction::V);
        EXPECT_EQ(c.predictionFrom, "scheduler_config.json");
        EXPECT_TRUE(c.zeroTerminalSnr);
        EXPECT_TRUE(c.missing.empty());
        EXPECT_EQ(c.text2->size("text_model.final_layer_norm.weight", 0), 24);
    }
    EXPECT_EQ(DiffusionCheckpoint::open(m_folder.path(), {.prediction = Prediction::Epsilon}).predictionFrom,
              "asked for");
}

TEST_F(Folder, OfShardsIsOpened) {
    const Keys keys = toDiffusers(test::unetKeys(test::sd1(8, 16)));
    Keys halves[2];
    Json index = {{"weight_map", Json::object()}};
    int i = 0;
    for (const auto& [key, shape] : keys) {
        const int shard = i++ % 2;
        halves[shard][key] = shape;
        index["weight_map"][key] = fmt::format("part-{}.safetensors", shard);
    }
    write("unet/part-0.safetensors", halves[0]);
    write("unet/part-1.safetensors", halves[1]);
    write("unet/diffusion_pytorch_model.safetensors.index.json", dumpJson(index));
    const DiffusionCheckpoint c = DiffusionCheckpoint::open(m_folder.path());
    EXPECT_EQ(c.family, DiffusionFamily::Sd1);
    EXPECT_EQ(c.unet.names().size(), keys.size());
    EXPECT_EQ(c.missing, (std::vector<std::string>{"autoencoder", "text encoder"}));
}

TEST_F(Folder, WithoutANetworkSaysWhatItIs) {
    write("model_index.json", R"({"_class_name":"FluxPipeline"})");
    expectError([&] { DiffusionCheckpoint::open(m_folder.path()); },
                "is a FluxPipeline without weights in unet/");
}

TEST_F(Folder, AFileOfManyGigabytesOpensWithoutBeingRead) {
    // A whole SD 1.5 of true shapes, its data a hole in the file.
    Json header = Json::object();
    std::uint64_t end = 0;
    const Keys keys =
        whole(test::sd1(320), withPrefix("cond_stage_model.transformer.", test::textKeys(768, 12, 49408)));
    for (const auto& [key, shape] : keys) {
        const std::uint64_t begin = end;
        end += *tensor::elementCount(shape) * 2;
        header[key] = {{"dtype", "F16"}, {"shape", shape}, {"data_offsets", {begin, end}}};
    }
    const std::string text = dumpJson(header);
    const std::uint64_t length = text.size();
    const fs::path path = m_folder / "huge.safetensors";
    {
        std::ofstream file(path, std::ios::binary);
        file.write(reinterpret_cast<const char*>(&length), sizeof length);
        file << text;
    }
    fs::resize_file(path, sizeof length + length + end);
    EXPECT_GT(fs::file_size(path), std::uint64_t{1'900'000'000});
    const std::uint64_t before = tensor::residentMemory();
    const auto start = std::chrono::steady_clock::now();
    const DiffusionCheckpoint c = DiffusionCheckpoint::open(path);
    const double ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    EXPECT_EQ(c.family, DiffusionFamily::Sd1);
    EXPECT_LT(ms, 500) << "some 20 ms where the machine is not busy";
    EXPECT_LT(tensor::residentMemory() - std::min(before, tensor::residentMemory()),
              std::uint64_t{100} << 20);
    RecordProperty("milliseconds", fmt::format("{:.1f}", ms));
}

} // namespace
} // namespace ochre::models
