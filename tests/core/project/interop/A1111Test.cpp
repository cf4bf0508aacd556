// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/interop/A1111.h"

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/graph/GraphJson.h"
#include "core/image/ImageIo.h"
#include "core/project/interop/ComfyTranslate.h"
#include "core/project/interop/ComfyWrite.h"
#include "core/project/interop/Interop.h"
#include "tests/core/project/interop/InteropRegistry.h"
#include "tests/support/Support.h"

namespace ochre::project::interop {
namespace {

using graph::Graph;
using graph::Node;

constexpr const char* kText =
    "a fox, (red:1.2)\nin the snow <lora:ink:0.8>\nNegative prompt: blurry,\nlow quality\n"
    "Steps: 24, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 77, Size: 512x768, "
    "Model hash: 6ce0161689, Model: dream_v5, Denoising strength: 0.5, Clip skip: 2, ENSD: 31337, Hires "
    "upscale: 2, "
    "Hires steps: 10, Hires upscaler: Latent, Lora hashes: \"ink: 1f, line: 2e\", Version: v1.10.0";

std::vector<const Node*> all(const Graph& graph, const std::string& type) {
    std::vector<const Node*> found;
    graph.forEach([&](const Node& node) {
        if (node.type == type) found.push_back(graph.find(node.id));
    });
    return found;
}

template <typename T>
T value(const Node& node, const std::string& parameter) {
    return std::get<T>(currentValue(node, *registry().find(node.type), parameter).value());
}

TEST(A1111, TheTextIsReadAndWrittenAgain) {
    const A1111Text text = readParameters(kText, "p");
    EXPECT_EQ(text.prompt, "a fox, (red:1.2)\nin the snow <lora:ink:0.8>");
    EXPECT_EQ(text.negative, "blurry,\nlow quality");
    EXPECT_EQ(*text.find("Seed"), "77");
    EXPECT_EQ(*text.find("Lora hashes"), "ink: 1f, line: 2e");
    EXPECT_EQ(text.values.size(), 16u);
    EXPECT_EQ(writeParameters(text), kText);
}

TEST(A1111, SamplersHaveTheirNamesAndSchedules) {
    EXPECT_EQ(samplerFromA1111("Euler a", ""), (SamplerNames{"euler_ancestral", "normal"}));
    EXPECT_EQ(samplerFromA1111("DPM++ 2M Karras", ""), (SamplerNames{"dpmpp_2m", "karras"}));
    EXPECT_EQ(samplerFromA1111("DPM++ 2M SDE Exponential", ""),
              (SamplerNames{"dpmpp_2m_sde", "exponential"}));
    EXPECT_EQ(samplerFromA1111("DPM++ 2M", "Automatic"), (SamplerNames{"dpmpp_2m", "karras"}));
    EXPECT_EQ(samplerFromA1111("DPM++ 2M", "Uniform"), (SamplerNames{"dpmpp_2m", "normal"}));
    EXPECT_EQ(samplerFromA1111("PLMS", ""), std::nullopt);
    EXPECT_EQ(samplerToA1111({"dpmpp_2s_ancestral", "sgm_uniform"}),
              (std::pair<std::string, std::string>("DPM++ 2S a", "SGM Uniform")));
}

TEST(A1111, SettingsBuildAGraphWithASecondPass) {
    std::vector<std::string> warnings;
    const Graph g = graphFromParameters(readParameters(kText, "p"), registry(), warnings);
    EXPECT_TRUE(warnings.empty()) << warnings.front();
    const Node& first = *all(g, "generate.sample").at(0);
    EXPECT_EQ(value<std::string>(first, "noise"), "gpu");
    EXPECT_EQ(value<std::string>(first, "sampler"), "dpmpp_2m");
    EXPECT_EQ(value<std::int64_t>(first, "seed"), 77);
    EXPECT_EQ(value<double>(first, "cfg"), 6.5);
    const Node& positive = g.at(first.inputs.at("positive").node);
    EXPECT_EQ(value<std::string>(positive, "style"), "a1111");
    EXPECT_EQ(first.inputs.at("model"), (graph::Link{positive.id, "model"})) << "the LoRA of the prompt";
    EXPECT_EQ(g.at(positive.inputs.at("text_encoder").node).type, "generate.clip_skip");
    EXPECT_EQ(value<std::string>(*all(g, "generate.load_checkpoint").at(0), "checkpoint"), "dream_v5");
    const Node& second = *all(g, "generate.sample_advanced").at(0);
    EXPECT_EQ(value<std::int64_t>(second, "steps"), 10);
    EXPECT_EQ(value<std::int64_t>(second, "start_at_step"),
              4); // int(0.5 · 10) + 1 = 6 of 10 steps are walked
    const Node& resize = g.at(second.inputs.at("latent").node);
    EXPECT_EQ(resize.type, "latent.resize");
    EXPECT_EQ(value<std::int64_t>(resize, "width"), 1024);
    EXPECT_EQ(value<std::int64_t>(resize, "height"), 1536);
    EXPECT_EQ(value<std::string>(resize, "method"), "bilinear");
    EXPECT_EQ(all(g, "image.view").size(), 1u);
}

TEST(A1111, AnUpscalingModelBetweenThePasses) {
    std::vector<std::string> warnings;
    const Graph g = graphFromParameters(
        readParameters(
            "cat\nSteps: 8, Sampler: Euler, Seed: 1, Size: 512x512, Model: m, Denoising strength: 0.3, "
            "Hires upscale: 1.5, Hires upscaler: R-ESRGAN 4x+, RNG: CPU",
            "p"),
        registry(), warnings);
    const Node& upscale = *all(g, "restore.upscale").at(0);
    EXPECT_EQ(value<std::string>(upscale, "model"), "R-ESRGAN 4x+");
    EXPECT_EQ(value<std::int64_t>(*all(g, "image.resize").at(0), "width"), 768);
    EXPECT_EQ(value<std::string>(*all(g, "generate.sample").at(0), "noise"), "cpu");
}

TEST(A1111, WhatAGraphSaysOfItself) {
    std::vector<std::string> warnings;
    const A1111Text before = readParameters(kText, "p");
    const auto after = parametersFromGraph(graphFromParameters(before, registry(), warnings), registry());
    ASSERT_TRUE(after);
    EXPECT_EQ(after->prompt, before.prompt);
    EXPECT_EQ(after->negative, before.negative);
    for (const char* key : {"Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model",
                            "Clip skip", "Hires steps", "Hires upscaler"}) {
        ASSERT_TRUE(after->find(key)) << key;
        EXPECT_EQ(*after->find(key), *before.find(key)) << key;
    }
    EXPECT_EQ(*after->find("Hires resize"), "1024x1536");
    EXPECT_FALSE(parametersFromGraph(Graph(), registry()));
}

TEST(A1111, NodesOfLorasAreTagsWithBothStrengths) {
    Graph g;
    const auto add = [&](const char* type) {
        Node node;
        node.type = type;
        return g.add(node);
    };
    const auto model = add("generate.load_checkpoint"), lora = add("generate.lora"),
               prompt = add("generate.prompt"), sample = add("generate.sample");
    g.connect({model, "model"}, lora, "model");
    g.connect({model, "text_encoder"}, lora, "text_encoder");
    g.connect({lora, "text_encoder"}, prompt, "text_encoder");
    g.connect({lora, "model"}, sample, "model");
    g.connect({prompt, "conditioning"}, sample, "positive");
    g.setParameter(prompt, "text", std::string("a fox"));
    g.setParameter(lora, "lora", std::string("styles/ink.safetensors"));
    g.setParameter(lora, "strength_model", 0.8);
    g.setParameter(lora, "strength_text", 0.25);
    EXPECT_EQ(parametersFromGraph(g, registry())->prompt, "a fox <lora:ink:0.25:0.8>");
    g.setParameter(lora, "strength_text", 0.8);
    EXPECT_EQ(parametersFromGraph(g, registry())->prompt, "a fox <lora:ink:0.8>");
}

TEST(A1111, PromptsThatGoThroughOneNodeKeepTheirSides) {
    Graph g;
    const auto add = [&](const char* type, const char* text = nullptr) {
        Node node;
        node.type = type;
        if (text) node.parameters["text"] = std::string(text);
        return g.add(node);
    };
    const auto boat = add("generate.prompt", "a boat"), fog = add("generate.prompt", "fog"),
               control = add("generate.apply_controlnet"), sample = add("generate.sample");
    g.connect({boat, "conditioning"}, control, "positive");
    g.connect({fog, "conditioning"}, control, "negative");
    g.connect({control, "positive"}, sample, "positive");
    g.connect({control, "negative"}, sample, "negative");
    const auto parameters = parametersFromGraph(g, registry());
    EXPECT_EQ(parameters->prompt, "a boat");
    EXPECT_EQ(parameters->negative, "fog");
}

// Pictures

std::string fixture(const std::string& name) {
    return readTextFile(test::sourceFile("tests/core/project/workflows/" + name), 1 << 20);
}

TEST(Interop, PicturesOpenByWhatTheyHoldBestFirst) {
    const test::TemporaryFolder folder;
    const Image image(8, 8, 3);
    const auto open = [&](std::map<std::string, std::string> text, const std::string& name = "p.png") {
        WriteOptions options;
        options.text = std::move(text);
        writeImage(image, folder / name, options);
        return openProject(folder / name, registry());
    };
    const std::string workflow = fixture("text_to_image.json"),
                      prompt = fixture("inpaint_controlnet_api.json");
    Graph own;
    Node node;
    node.type = "image.blur";
    own.add(node);
    const std::map<std::string, std::string> everything{{"ochre:graph", projectToText(own, {})},
                                                        {"workflow", workflow},
                                                        {"prompt", prompt},
                                                        {"parameters", kText}};
    EXPECT_EQ(open(everything).graph.size(), 1u);
    EXPECT_EQ(all(open({{"workflow", workflow}, {"prompt", prompt}}).graph, "generate.sample").size(), 1u);
    EXPECT_EQ(all(open({{"prompt", prompt}, {"parameters", kText}}).graph, "generate.sample_custom").size(),
              1u);
    EXPECT_EQ(all(open({{"workflow", "{broken"}, {"prompt", prompt}}).graph, "generate.sample_custom").size(),
              1u);
    for (const char* name : {"p.png", "p.jpg", "p.webp"})
        EXPECT_EQ(all(open({{"parameters", kText}}, name).graph, "generate.sample_advanced").size(), 1u)
            << name;
    test::expectError([&] { open({{"workflow", "{broken"}}); }, "p.png: workflow: byte");
    test::expectError([&] { open({}); }, "holds no graph");
    writeFileAtomic(folder / "w.json", workflow);
    EXPECT_EQ(all(openProject(folder / "w.json", registry()).graph, "generate.sample").size(), 1u);
    writeFileAtomic(folder / "p.json", projectToText(own, {}));
    EXPECT_EQ(openProject(folder / "p.json", registry()).graph.size(), 1u);
    writeFileAtomic(folder / "x.json", "{\"a\":1}");
    test::expectError([&] { openProject(folder / "x.json", registry()); }, "neither an Ochre project nor");
}

TEST(Interop, ComfyTextsInTheExifOfAWebpAreFound) {
    const test::TemporaryFolder folder;
    Image image(8, 8, 3);
    image.setMetadata("Exif:Model", "prompt:" + fixture("inpaint_controlnet_api.json"));
    writeImage(image, folder / "a.webp", {});
    EXPECT_EQ(all(openProject(folder / "a.webp", registry()).graph, "generate.sample_custom").size(), 1u);
    WriteOptions options;
    options.text["workflow"] = fixture("text_to_image.json");
    writeImage(Image(8, 8, 3), folder / "b.webp", options);
    EXPECT_EQ(probeImage(folder / "b.webp").metadata.at("Exif:Make").rfind("workflow:{", 0), 0u);
}

TEST(Interop, PicturesOfAGraphThatGeneratesSpeakToOtherPrograms) {
    std::vector<std::string> warnings;
    A1111Text settings =
        readParameters("a café\nSteps: 8, Sampler: Euler, Seed: 1, Size: 512x512, Model: m", "p");
    const Graph g = graphFromParameters(settings, registry(), warnings);
    const auto texts = pictureTexts(g, nullptr, registry());
    ASSERT_EQ(texts.size(), 3u);
    EXPECT_NE(texts.at("workflow").find("caf\\u00e9"), std::string::npos) << "ASCII, as ComfyUI writes it";
    EXPECT_EQ(readParameters(texts.at("parameters"), "p").prompt, "a café");
    const Project again = projectFromForeignText(texts.at("prompt"), "p", registry());
    EXPECT_EQ(value<std::int64_t>(*all(again.graph, "generate.sample").at(0), "steps"), 8);
    EXPECT_TRUE(pictureTexts(Graph(), nullptr, registry()).empty());
}

TEST(Interop, APictureThatAWorkflowLoadsIsFoundBesideIt) {
    const test::TemporaryFolder folder;
    std::filesystem::create_directories(folder / "input");
    writeImage(Image(4, 4, 3), folder / "input/harbour.png");
    const std::string text = fixture("image_to_image_subgraph.json");
    writeFileAtomic(folder / "w.json", text);
    const Project p = openProject(folder / "w.json", registry());
    EXPECT_EQ(value<std::string>(*all(p.graph, "image.load").at(0), "path"),
              (folder / "input/harbour.png").string());
    // The name in the file stays what it was.
    EXPECT_EQ(nlohmann::json::parse(writeWorkflow(p.graph, p.extra, registry()).json.dump()),
              nlohmann::json::parse(text));
    Json api = Json::parse(R"({"1":{"class_type":"LoadImage","inputs":{"image":"../harbour.png"}}})");
    writeFileAtomic(folder / "input/up.json", dumpJson(api));
    writeImage(Image(4, 4, 3), folder / "harbour.png");
    EXPECT_EQ(value<std::string>(
                  *all(openProject(folder / "input/up.json", registry()).graph, "image.load").at(0), "path"),
              "../harbour.png");
}

} // namespace
} // namespace ochre::project::interop
