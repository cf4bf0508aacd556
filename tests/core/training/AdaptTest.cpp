// SPDX-License-Identifier: GPL-3.0-or-later
// LoRA and textual inversion on small seeded checkpoints.
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/image/ImageIo.h"
#include "core/models/diffusion/Adapters.h"
#include "core/models/diffusion/CheckpointShapes.h"
#include "core/models/diffusion/MakeCheckpoint.h"
#include "core/models/diffusion/UNet.h"
#include "core/models/text/TextualInversion.h"
#include "core/tensor/Learning.h"
#include "core/training/TrainingRun.h"
#include "tests/core/models/diffusion/SmallCheckpoint.h"
#include "tests/core/training/SmallStarter.h"
#include "tests/support/Support.h"

namespace ochre::training {
namespace {
namespace fs = std::filesystem;

using models::AdapterFile;
using models::DiffusionCheckpoint;
using test::makeStarter;
using test::ModelsWithMiniLm;

/// Stripes of one colour, each picture with its caption but for the last.
fs::path makePictures(const test::TemporaryFolder& folder) {
    const fs::path pictures = folder / "pictures";
    fs::create_directories(pictures);
    for (int n = 0; n < 3; ++n) {
        Image image(48, 40, 3);
        const auto values = image.edit();
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = i % 3 == 1 ? 0.1f : (i / 3 / 48 / 4 + static_cast<std::size_t>(n)) % 2 ? 0.9f : 0.3f;
        writeImage(image, pictures / (std::to_string(n) + ".png"));
        if (n < 2) std::ofstream(pictures / (std::to_string(n) + ".txt")) << "stripes (number " << n << ")";
    }
    return pictures;
}

TrainingRequest request(const std::string& recipe, const fs::path& model, const fs::path& pictures,
                        const fs::path& folder, int steps) {
    return {.recipe = recipe,
            .settings = {{"model", model.string()}, {"dataset", pictures.string()}, {"side", "32"},
                         {"steps", std::to_string(steps)},
                         {"batch", "2"}, {"warm_up", "2"}, {"dtype", "float32"}, {"average", "0"}, {"samples", "0"}},
            .folder = folder,
            .samplesEvery = 100000};
}

TrainingRequest loraRequest(const fs::path& model, const fs::path& pictures, const fs::path& folder, int steps) {
    TrainingRequest lora = request("lora", model, pictures, folder, steps);
    lora.settings.insert({{"rank", "4"}, {"alpha", "2"}, {"learning_rate", "0.01"}, {"trigger", "mystyle"}});
    return lora;
}

std::vector<double> losses(const fs::path& folder) {
    std::istringstream lines(readTextFile(folder / "log.jsonl", 1 << 20));
    std::vector<double> values;
    for (std::string line; std::getline(lines, line);)
        values.push_back(parseJson(line, "log").at("loss").get<double>());
    return values;
}

void expectLower(const Json& figures) {
    EXPECT_LT(figures.at("loss").get<double>(), figures.at("loss_before").get<double>()) << figures.dump();
}

/// The denoising network's answer to fixed noise.
nn::Tensor answer(const tensor::Weights& unet) {
    nn::Tensor out;
    tensor::run({}, [&] {
        const auto config = models::UNet::Config::fromWeights(unet);
        const nn::Tensor y = config->vector ? test::noise({1, config->vector}, 3) : nn::Tensor();
        out = models::UNet(unet, *config).forward(test::noise({1, 4, 8, 8}), test::noise({1}, 4).abs().mul(300),
                                                  test::noise({1, 7, config->context}, 2), y);
    });
    return out;
}

/// Reads the file as any program does, every key of it, and changes the network by it.
void expectLoads(const fs::path& file, const fs::path& model, std::size_t layers,
                 const std::vector<std::string>& kinds = {"LoRA"}) {
    const AdapterFile adapter = AdapterFile::open(file);
    EXPECT_TRUE(adapter.unknown.empty());
    EXPECT_EQ(adapter.layers.size(), layers);
    EXPECT_EQ(adapter.layers.front().alpha, 2.0);
    const DiffusionCheckpoint checkpoint = DiffusionCheckpoint::open(model);
    models::AdapterReport report;
    const auto full = applyAdapter(checkpoint.adapted(), adapter, {.unet = 1, .text = 1}, &report);
    EXPECT_TRUE(report.unknown.empty());
    EXPECT_TRUE(report.absent.empty());
    EXPECT_EQ(report.applied.size(), 3 * layers);
    EXPECT_EQ(report.kinds, kinds);
    const nn::Tensor before = answer(checkpoint.unet);
    const auto none = applyAdapter(checkpoint.adapted(), adapter, {.unet = 0, .text = 0});
    EXPECT_EQ(nn::maxAbsDifference(answer(*none.unet), before), 0);
    EXPECT_GT(nn::maxAbsDifference(answer(*full.unet), before), 0.01);
}

void trainAndLoadLora(const test::TemporaryFolder& folder, const fs::path& model) {
    Group alone;
    const auto outcome = train(loraRequest(model, makePictures(folder), folder / "run", 16), alone);
    ASSERT_TRUE(outcome.finished);
    expectLower(outcome.figures);
    expectLoads(folder / "run" / outcome.result, model, outcome.figures.at("layers").get<std::size_t>());
}

TEST(Lora, LowersTheLossOfStableDiffusion1AndLoadsAsAnyOther) {
    const test::TemporaryFolder folder;
    const fs::path& model = test::smallCheckpoint("sd15-small");
    trainAndLoadLora(folder, model);
    const auto file = tensor::Weights::open(folder / "run" / "lora.safetensors");
    EXPECT_TRUE(file.has("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight"));
    EXPECT_TRUE(file.has("lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_out_0.alpha"));
    const auto& metadata = file.checkpoint().metadata;
    EXPECT_EQ(metadata.at("ss_network_dim"), "4");
    EXPECT_EQ(metadata.at("ss_network_alpha"), "2");
    EXPECT_EQ(metadata.at("ss_steps"), "16");
    EXPECT_EQ(metadata.at("ss_new_sd_model_hash").size(), 64u);
    EXPECT_EQ(metadata.at("modelspec.trigger_phrase"), "mystyle");
}

TEST(Lora, LowersTheLossOfSdxlWithItsSecondVector) {
    const test::TemporaryFolder folder;
    trainAndLoadLora(folder, test::smallCheckpoint("sdxl-small"));
    const auto file = tensor::Weights::open(folder / "run" / "lora.safetensors");
    EXPECT_TRUE(file.has("lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.lora_up.weight"));
}

TEST(Lora, LowersTheLossOfTheProgramsOwnModel) {
    const ModelsWithMiniLm models;
    const test::TemporaryFolder folder;
    const fs::path model = makeStarter(folder);
    ASSERT_EQ(DiffusionCheckpoint::open(model).family, models::DiffusionFamily::Starter);
    trainAndLoadLora(folder, model);
}

/// The same networks as sd15-small under the names and in the folders of diffusers.
fs::path makeDiffusersFolder(const test::TemporaryFolder& folder) {
    const auto parts = models::checkpointParts("sd15-small");
    auto unet = *models::UNet::Config::fromWeights(DiffusionCheckpoint::open(test::smallCheckpoint("sd15-small")).unet);
    unet.diffusers = true;
    const fs::path model = folder / "diffusers";
    const auto write = [&](const char* part, const char* file, const std::map<std::string, tensor::Shape>& keys) {
        fs::create_directories(model / part);
        models::makeCheckpoint(model / part / file, {{"", keys}}, {.seed = 9});
    };
    write("unet", "diffusion_pytorch_model.safetensors", unet.expected());
    write("text_encoder", "model.safetensors", parts.at(1).keys);
    write("vae", "diffusion_pytorch_model.safetensors", parts.at(2).keys);
    return model;
}

TEST(Lora, AFolderOfDiffusersGivesAFileOfTheSameNames) {
    const test::TemporaryFolder folder;
    trainAndLoadLora(folder, makeDiffusersFolder(folder));
    const auto file = tensor::Weights::open(folder / "run" / "lora.safetensors");
    EXPECT_TRUE(file.has("lora_unet_up_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_up.weight"));
    EXPECT_FALSE(file.checkpoint().metadata.contains("ss_new_sd_model_hash"));
    // Other programs, and ours, put it on a file in LDM's names as well.
    expectLoads(folder / "run" / "lora.safetensors", test::smallCheckpoint("sd15-small"), file.names().size() / 3);
}

TEST(Lora, FeedForwardLayersLearnWhereTheyAreAskedFor) {
    const test::TemporaryFolder folder;
    const fs::path& model = test::smallCheckpoint("sd15-small");
    Group alone;
    TrainingRequest lora = loraRequest(model, makePictures(folder), folder / "run", 8);
    lora.settings["layers"] = "attention_ff";
    const auto outcome = train(lora, alone);
    EXPECT_EQ(outcome.figures.at("layers").get<int>() % 10, 0); // 8 of attention and 2 behind it, a block
    expectLoads(folder / "run" / outcome.result, model, outcome.figures.at("layers").get<std::size_t>());
}

TEST(Lora, ConvolutionsLearnWhereTheyAreAskedFor) {
    for (const char* kind : {"sd15-small", "sdxl-small"}) {
        const test::TemporaryFolder folder;
        Group alone;
        TrainingRequest lora = loraRequest(test::smallCheckpoint(kind), makePictures(folder), folder / "run", 8);
        lora.settings["layers"] = "attention_ff_conv";
        const auto outcome = train(lora, alone);
        expectLower(outcome.figures);
        expectLoads(folder / "run" / outcome.result, test::smallCheckpoint(kind), outcome.figures.at("layers").get<std::size_t>(),
                    {"LoCon", "LoRA"});
        const auto file = tensor::Weights::open(folder / "run" / outcome.result);
        const std::string module = kind == std::string("sd15-small") ? "lora_unet_down_blocks_0_resnets_0_conv1"
                                                                     : "lora_unet_input_blocks_1_0_in_layers_2";
        EXPECT_EQ(file.size(module + ".lora_down.weight", 2), 3);
        EXPECT_EQ(file.size(module + ".lora_down.weight", 0), 4);
        EXPECT_EQ(file.shape(module + ".lora_up.weight").size(), 4u);
        EXPECT_FALSE(file.has("lora_unet_conv_in.alpha"));
    }
}

TEST(Lora, DrawsSamplesWithoutAndWith) {
    const test::TemporaryFolder folder;
    Group alone;
    TrainingRequest lora = loraRequest(test::smallCheckpoint("sd15-small"), makePictures(folder), folder / "run", 2);
    lora.settings["samples"] = "2";
    lora.settings["sample_steps"] = "2";
    lora.settings["sample_prompt"] = "a (striped:1.2) cat";
    train(lora, alone);
    const Image sheet = readImage(folder / "run" / "samples" / "0000002.png");
    EXPECT_EQ(sheet.height(), 2 * (32 + 4) + 4);
    EXPECT_GE(sheet.width(), 2 * (32 + 4) + 4);
}

TEST(Lora, GoesOnAfterAStopWithTheLossesOfAnUnbrokenRun) {
    const test::TemporaryFolder folder;
    const fs::path pictures = makePictures(folder);
    Group alone;
    train(loraRequest(test::smallCheckpoint("sd15-small"), pictures, folder / "unbroken", 6), alone);
    TrainingRequest broken = loraRequest(test::smallCheckpoint("sd15-small"), pictures, folder / "broken", 6);
    broken.cancel = Cancel::make();
    TrainingObserver stopper;
    stopper.step = [&](const StepReport& report, double) {
        if (report.step == 2) broken.cancel.request();
    };
    EXPECT_FALSE(train(broken, alone, stopper).finished);
    EXPECT_TRUE(train({.recipe = "lora", .folder = folder / "broken", .resume = true}, alone).finished);
    EXPECT_EQ(losses(folder / "broken"), losses(folder / "unbroken"));
    TrainingRequest other = loraRequest(test::smallCheckpoint("sd15-small"), pictures, folder / "broken", 6);
    other.resume = true;
    other.settings["rank"] = "2";
    test::expectError([&] { train(other, alone); }, "network of another shape");
}

/// Losses and the result of a short training with more settings.
struct Trained {
    std::vector<double> losses;
    std::map<std::string, nn::Tensor> result;
};

Trained trained(const test::TemporaryFolder& folder, const std::string& name, TrainingRequest request,
                const std::map<std::string, std::string>& settings) {
    Group alone;
    request.folder = folder / name;
    for (const auto& [id, value] : settings) request.settings[id] = value;
    const auto outcome = train(request, alone);
    const auto file = tensor::Weights::open(request.folder / outcome.result);
    Trained all{.losses = losses(request.folder), .result = {}};
    for (const std::string& key : file.names()) all.result[key] = file.tensor(key).clone();
    return all;
}

void expectSame(const Trained& a, const Trained& b) {
    EXPECT_EQ(a.losses, b.losses);
    ASSERT_EQ(a.result.size(), b.result.size());
    for (const auto& [key, tensor] : b.result) EXPECT_TRUE(a.result.at(key).equal(tensor)) << key;
}

TEST(Lora, CheckpointingChangesNoBitOfLossesAndResult) {
    const test::TemporaryFolder folder;
    const TrainingRequest lora = loraRequest(test::smallCheckpoint("sd15-small"), makePictures(folder), {}, 5);
    const Trained kept = trained(folder, "kept", lora, {{"layers", "attention_ff"}, {"checkpointing", "off"}});
    ASSERT_EQ(kept.losses.size(), 5u);
    expectSame(trained(folder, "recomputed", lora, {{"layers", "attention_ff"}, {"checkpointing", "on"}}), kept);
}

TEST(Lora, WeightsThatStayAsStoredGiveTheSameLosses) {
    const test::TemporaryFolder folder;
    const TrainingRequest lora = loraRequest(test::smallCheckpoint("sd15-small"), makePictures(folder), {}, 4);
    const Trained converted = trained(folder, "converted", lora, {{"frozen", "converted"}});
    const Trained stored = trained(folder, "stored", lora, {{"frozen", "stored"}});
    ASSERT_EQ(stored.losses.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(stored.losses[i], converted.losses[i], 1e-4 * converted.losses[i]);
}

TEST(Lora, LearnsInBfloat16) {
    const test::TemporaryFolder folder;
    Group alone;
    TrainingRequest lora = loraRequest(test::smallCheckpoint("sd15-small"), makePictures(folder), folder / "run", 16);
    lora.settings["dtype"] = "bfloat16";
    expectLower(train(lora, alone).figures);
}

/// Gradients of the factors of all attention layers, from `make(weights with changes)`.
template <typename Make>
std::map<std::string, nn::Tensor> factorGradients(const tensor::Weights& unet, const Make& make) {
    std::map<std::string, tensor::LowRank> changes;
    std::map<std::string, nn::Tensor> gradients;
    tensor::learn({}, [&] {
        std::uint64_t seed = 1;
        for (const std::string& name : unet.names()) {
            if (name.find(".transformer_blocks.") == std::string::npos || unet.shape(name).size() != 2) continue;
            const nn::Tensor down = test::noise({3, unet.size(name, 1)}, ++seed).mul(0.1).detach().requires_grad_(),
                             up = test::noise({unet.size(name, 0), 3}, ++seed).mul(0.1).detach().requires_grad_();
            changes[name] = {down, up, 0.5};
        }
        const auto config = models::UNet::Config::fromWeights(unet);
        const models::UNet network(make(unet.changed(changes)), *config);
        const nn::Tensor out = network.forward(test::noise({2, 4, 16, 16}), test::noise({2}, 4).abs().mul(300),
                                               test::noise({2, 7, config->context}, 2));
        out.square().mean().backward();
        for (const auto& [name, change] : changes) {
            gradients[name + " down"] = change.down.grad();
            gradients[name + " up"] = change.up.grad();
        }
    });
    return gradients;
}

TEST(Lora, GradientsThroughTheNetworkAreThoseOfWholeMatrices) {
    const tensor::Weights unet = DiffusionCheckpoint::open(test::smallCheckpoint("sd15-small")).unet.placed({});
    const auto apart = factorGradients(unet, [](const tensor::Weights& weights) { return weights; });
    const auto whole = factorGradients(unet, [](const tensor::Weights& weights) {
        std::map<std::string, nn::Tensor> all;
        for (const std::string& name : weights.names()) all[name] = weights.tensor(name);
        return tensor::Weights::of(all, "whole matrices");
    });
    ASSERT_GT(apart.size(), 40u);
    for (const auto& [name, gradient] : whole) {
        EXPECT_GT(nn::maxAbs(gradient), 0) << name;
        EXPECT_LT(nn::maxAbsDifference(apart.at(name), gradient), 1e-4 * nn::maxAbs(gradient)) << name;
    }
}

TEST(Lora, WrongFilesAndNumbersAreSaid) {
    const test::TemporaryFolder folder;
    const fs::path& model = test::smallCheckpoint("sd15-small");
    const fs::path pictures = makePictures(folder);
    Group alone;
    const auto fails = [&](const std::string& setting, const std::string& value, const std::string& part) {
        TrainingRequest wrong = loraRequest(model, pictures, folder / "run", 1);
        wrong.settings[setting] = value;
        test::expectError([&] { train(wrong, alone); }, part);
    };
    train(loraRequest(model, pictures, folder / "first", 1), alone);
    fails("model", (folder / "first" / "lora.safetensors").string(), "is a LoRA or LyCORIS file, not a checkpoint");
    fails("model", "", "no model is set");
    fails("model", "no-such-model", "\"no-such-model\" is neither a file nor in the models folder");
    fails("model", test::smallCheckpoint("sd15-inpaint-small").string(), "is an inpainting model");
    fails("model", test::smallCheckpoint("sdxl-refiner-small").string(), "is the SDXL refiner");
    fs::create_directories(folder / "empty");
    fails("dataset", (folder / "empty").string(), "holds no picture");
    fails("dataset", "", "no pictures are set");
    fails("rank", "0", "rank: 0 is out of range");
    fails("side", "36", "36×36");
}

void trainWord(const test::TemporaryFolder& folder, const fs::path& model, const std::vector<std::string>& keys) {
    Group alone;
    TrainingRequest word = request("textual_inversion", model, makePictures(folder), folder / "run", 30);
    word.settings.insert({{"token", "my-thing"}, {"vectors", "3"}, {"init", "striped cat"}, {"learning_rate", "0.05"}});
    const auto outcome = train(word, alone);
    ASSERT_TRUE(outcome.finished);
    expectLower(outcome.figures);
    EXPECT_EQ(outcome.result, "my-thing.safetensors");
    const auto inversion = models::TextualInversion::open(folder / "run" / outcome.result);
    EXPECT_EQ(inversion.name(), "my-thing");
    EXPECT_EQ(inversion.rows(), 3);
    EXPECT_TRUE(inversion.fits(64)); // the small encoders' width
    EXPECT_EQ(inversion.parts().size(), keys.size());
    const auto file = tensor::Weights::open(folder / "run" / outcome.result);
    for (const std::string& key : keys) EXPECT_TRUE(file.has(key)) << key;
}

TEST(TextualInversion, LowersTheLossOfStableDiffusion1AndTheWordChangesAPrompt) {
    const test::TemporaryFolder folder;
    trainWord(folder, test::smallCheckpoint("sd15-small"), {"emb_params"});
    models::EncodeOptions with;
    with.findEmbedding = [&](const std::string& name) { return name == "my-thing"
                                                       ? folder / "run" / "my-thing.safetensors" : fs::path(); };
    const auto encoder = test::smallTextEncoder("sd15-small");
    const nn::Tensor learned = encoder.encode("a picture of embedding:my-thing", with).entries.front().states;
    const nn::Tensor first = encoder.encode("a picture of striped cat striped", with).entries.front().states;
    EXPECT_EQ(learned.sizes(), first.sizes());
    EXPECT_GT(nn::maxAbsDifference(learned, first), 0.01);
}

TEST(TextualInversion, LearnsForBothEncodersOfSdxl) {
    const test::TemporaryFolder folder;
    trainWord(folder, test::smallCheckpoint("sdxl-small"), {"clip_l", "clip_g"});
}

TEST(TextualInversion, GoesOnAfterAStopWithTheLossesOfAnUnbrokenRun) {
    const test::TemporaryFolder folder;
    const fs::path pictures = makePictures(folder);
    Group alone;
    train(request("textual_inversion", test::smallCheckpoint("sd15-small"), pictures, folder / "unbroken", 5), alone);
    TrainingRequest broken = request("textual_inversion", test::smallCheckpoint("sd15-small"), pictures,
                                     folder / "broken", 5);
    broken.cancel = Cancel::make();
    TrainingObserver stopper;
    stopper.step = [&](const StepReport& report, double) {
        if (report.step == 1) broken.cancel.request();
    };
    EXPECT_FALSE(train(broken, alone, stopper).finished);
    EXPECT_TRUE(train({.recipe = "textual_inversion", .folder = folder / "broken", .resume = true}, alone).finished);
    EXPECT_EQ(losses(folder / "broken"), losses(folder / "unbroken"));
}

TEST(TextualInversion, CheckpointingChangesNoBitAndStoredWeightsNothing) {
    const test::TemporaryFolder folder;
    const TrainingRequest word = request("textual_inversion", test::smallCheckpoint("sd15-small"), makePictures(folder), {}, 4);
    const Trained kept = trained(folder, "kept", word, {{"checkpointing", "off"}, {"frozen", "converted"}});
    ASSERT_EQ(kept.losses.size(), 4u);
    expectSame(trained(folder, "recomputed", word, {{"checkpointing", "on"}, {"frozen", "converted"}}), kept);
    const Trained stored = trained(folder, "stored", word, {{"checkpointing", "off"}, {"frozen", "stored"}});
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(stored.losses[i], kept.losses[i], 1e-4 * kept.losses[i]);
}

TEST(TextualInversion, AWordInACaptionIsItsVectorsAndOthersStandBehindIt) {
    const test::TemporaryFolder folder;
    Group alone;
    const auto lossOf = [&](const std::string& name, const std::string& caption) {
        const fs::path pictures = folder / (name + "-pictures");
        fs::create_directories(pictures);
        writeImage(Image(32, 32, 3), pictures / "one.png");
        if (!caption.empty()) std::ofstream(pictures / "one.txt") << caption;
        TrainingRequest word = request("textual_inversion", test::smallCheckpoint("sd15-small"), pictures,
                                       folder / name, 1);
        word.settings.insert({{"token", "toy-1"}, {"template", "a picture of {}"}});
        train(word, alone);
        return losses(folder / name).front();
    };
    const double named = lossOf("named", "toy-1, red");
    EXPECT_EQ(lossOf("marked", "embedding:toy-1, red"), named);
    EXPECT_EQ(lossOf("behind", "red"), named);
    EXPECT_NE(lossOf("other", "toy-12, red"), named); // another word: the vectors stand before it
    EXPECT_EQ(lossOf("none", ""), lossOf("template", "a picture of toy-1"));
}

TEST(TextualInversion, DrawsSamples) {
    const test::TemporaryFolder folder;
    Group alone;
    TrainingRequest word = request("textual_inversion", test::smallCheckpoint("sd15-small"), makePictures(folder),
                                   folder / "run", 1);
    word.settings.insert({{"sample_steps", "2"}});
    word.settings["samples"] = "2";
    train(word, alone);
    EXPECT_EQ(readImage(folder / "run" / "samples" / "0000001.png").height(), 32 + 8);
}

TEST(TextualInversion, WrongWordsAndModelsAreSaid) {
    const test::TemporaryFolder folder;
    const fs::path pictures = makePictures(folder);
    Group alone;
    const auto fails = [&](const std::string& setting, const std::string& value, const std::string& part) {
        TrainingRequest wrong = request("textual_inversion", test::smallCheckpoint("sd15-small"), pictures,
                                        folder / "run", 1);
        wrong.settings[setting] = value;
        test::expectError([&] { train(wrong, alone); }, part);
    };
    fails("token", "my thing", "\"my thing\" cannot be the name of a new word");
    fails("token", "latents", "\"latents\" cannot be the name of a new word");
    fails("init", "", "is no word to begin with");
    fails("template", "a picture", "has no {} for the word");
    fails("vectors", "0", "vectors: 0 is out of range");
    fails("model", makeStarter(folder).string(), "looks at sentences");
}

} // namespace
} // namespace ochre::training
