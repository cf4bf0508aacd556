// SPDX-License-Identifier: GPL-3.0-or-later
#include <set>

#include <gtest/gtest.h>

#include "core/base/File.h"
#include "core/graph/GraphJson.h"
#include "core/project/ProjectFile.h"
#include "core/project/interop/ComfyGraph.h"
#include "core/project/interop/ComfyRead.h"
#include "core/project/interop/ComfyTranslate.h"
#include "core/project/interop/ComfyWrite.h"
#include "tests/core/project/interop/InteropRegistry.h"
#include "tests/support/Support.h"

namespace ochre::project::interop {
namespace {

using graph::Graph;
using graph::Node;

Json fileJson(const std::string& name) {
    return parseForeignJson(readTextFile(test::sourceFile("tests/core/project/workflows/" + name), 1 << 20),
                            name);
}

/// The order of keys says nothing.
nlohmann::json plain(const Json& json) {
    return nlohmann::json::parse(json.dump());
}

ReadComfy read(const Json& json) {
    return readComfy(json, "w.json", registry());
}

/// The first difference, for messages.
std::string difference(const Json& a, const Json& b) {
    return nlohmann::json::diff(plain(a), plain(b)).dump().substr(0, 600);
}

const Node& only(const Graph& graph, const std::string& type) {
    const Node* found = nullptr;
    graph.forEach([&](const Node& node) {
        if (node.type == type) found = &node;
    });
    if (!found) throw Error("no node of type " + type);
    return *found;
}

template <typename T>
T value(const Node& node, const std::string& parameter) {
    const auto v = currentValue(node, *registry().find(node.type), parameter);
    return std::get<T>(v.value());
}

const Json& nodeOf(const Json& workflow, int id) {
    for (const Json& node : workflow.at("nodes"))
        if (node.at("id") == id) return node;
    throw Error("no such node");
}

struct File {
    const char* name;
    bool api;
};
constexpr File kFiles[] = {{"text_to_image.json", false},
                           {"image_to_image_subgraph.json", false},
                           {"inpaint_controlnet_api.json", true}};

TEST(Comfy, WhatIsReadComesBackAsItWas) {
    for (const File& file : kFiles) {
        const Json before = fileJson(file.name);
        const ReadComfy r = read(before);
        const WroteComfy w =
            file.api ? writeApi(r.graph, r.extra, registry()) : writeWorkflow(r.graph, r.extra, registry());
        EXPECT_TRUE(plain(w.json) == plain(before)) << file.name << ": " << difference(before, w.json);
        EXPECT_TRUE(w.missing.empty()) << file.name << ": " << w.missing.front();
    }
}

TEST(Comfy, TheSameThroughAnOchreProject) {
    for (const File& file : kFiles) {
        const Json before = fileJson(file.name);
        const ReadComfy r = read(before);
        const Project p = projectFromText(projectToText(r.graph, {}, r.extra), "p.ochre");
        const WroteComfy w =
            file.api ? writeApi(p.graph, p.extra, registry()) : writeWorkflow(p.graph, p.extra, registry());
        EXPECT_TRUE(plain(w.json) == plain(before)) << file.name << ": " << difference(before, w.json);
    }
}

TEST(Comfy, TextToImageBecomesNodesOfOurs) {
    const ReadComfy r = read(fileJson("text_to_image.json"));
    const Node& sampler = only(r.graph, "generate.sample");
    EXPECT_EQ(value<std::string>(sampler, "sampler"), "dpmpp_2m");
    EXPECT_EQ(value<std::string>(sampler, "scheduler"), "karras");
    EXPECT_EQ(value<std::int64_t>(sampler, "steps"), 24);
    EXPECT_EQ(value<double>(sampler, "cfg"), 6.5);
    EXPECT_EQ(value<double>(sampler, "denoise"), 1.0);
    EXPECT_EQ(value<std::int64_t>(only(r.graph, "latent.empty"), "batch"), 2);
    EXPECT_EQ(value<std::string>(only(r.graph, "generate.load_checkpoint"), "checkpoint"),
              "sd15/v1-5-pruned-emaonly.safetensors");
    // The seed comes from a node of its own.
    EXPECT_EQ(r.graph.at(sampler.inputs.at("seed").node).type, "value.int");
    EXPECT_EQ(std::get<std::int64_t>(r.graph.at(14).parameters.at("value")), 156680208700286);
    const Node& positive = r.graph.at(sampler.inputs.at("positive").node);
    EXPECT_EQ(positive.label, "Positive");
    EXPECT_EQ(positive.look.x, 415);
    EXPECT_EQ(positive.look.color, "#223322");
    EXPECT_EQ(value<std::string>(positive, "text"), "a (red:1.2) fox, embedding:grain");
    // Through the reroute.
    EXPECT_EQ(r.graph.at(8).inputs.at("autoencoder"), (graph::Link{12, "out"}));
    EXPECT_EQ(value<std::string>(only(r.graph, "image.save"), "path"), "fox/run_{index}.png");
    EXPECT_TRUE(only(r.graph, "image.view").bypassed);
    EXPECT_EQ(only(r.graph, "value.text").parameters.at("value"),
              graph::ParameterValue(std::string("Use the 1.5 model.")));
    ASSERT_EQ(r.graph.frames().size(), 2u);
    EXPECT_EQ(r.graph.frames()[0].title, "Prompts");
    EXPECT_EQ(r.graph.frames()[1].color, "#AA8888");
}

TEST(Comfy, UnknownNodesStayWithAllTheirLinks) {
    const ReadComfy r = read(fileJson("text_to_image.json"));
    const Node& strange = only(r.graph, "comfyui:ImageGrainPlus");
    EXPECT_EQ(strange.inputs.at("image"), (graph::Link{8, "image"}));
    EXPECT_EQ(r.graph.at(16).inputs.at("image"), (graph::Link{strange.id, "IMAGE_1"}));
    EXPECT_EQ(dumpJson(originOf(strange)->at("widgets_values")), R"([0.25,"soft",{"k":[1,2,null]}])");
    ASSERT_FALSE(r.warnings.empty());
    EXPECT_NE(r.warnings.back().find("ImageGrainPlus"), std::string::npos);
}

TEST(Comfy, EditsLieOnTopAndTheRestStands) {
    const Json before = fileJson("text_to_image.json");
    ReadComfy r = read(before);
    r.graph.setParameter(3, "steps", std::int64_t{31});
    r.graph.setParameter(3, "sampler", std::string("euler"));
    r.graph.setParameter(7, "text", std::string("blurry"));
    r.graph.setParameter(14, "value", std::int64_t{5});
    Node moved = r.graph.at(8);
    moved.look.x = 1300;
    moved.label = "Decode";
    moved.muted = true;
    r.graph.replace(moved);
    r.graph.remove(15);
    const Json after = writeWorkflow(r.graph, r.extra, registry()).json;

    Json expected = before;
    for (Json& node : expected["nodes"]) {
        if (node["id"] == 3)
            node["widgets_values"] = {18446744073709551615u, "randomize", 31, 6.5, "euler", "karras", 1};
        if (node["id"] == 7) node["widgets_values"][0] = "blurry";
        if (node["id"] == 14) node["widgets_values"][0] = 5;
        if (node["id"] == 8) {
            node["pos"][0] = 1300.0;
            node["title"] = "Decode";
            node["mode"] = 2;
            node["outputs"][0]["links"] = {10};
        }
        if (node["id"] == 16) node["inputs"][0]["link"] = nullptr;
    }
    auto& nodes = expected["nodes"].get_ref<Json::array_t&>();
    std::erase_if(nodes, [](const Json& node) { return node.at("id") == 15; });
    auto& links = expected["links"].get_ref<Json::array_t&>();
    std::erase_if(links, [](const Json& link) { return link.at(1) == 15 || link.at(3) == 15; });
    EXPECT_TRUE(plain(after) == plain(expected)) << difference(expected, after);
}

TEST(Comfy, NewNodesAndLinksTakeTheNextNumbers) {
    ReadComfy r = read(fileJson("text_to_image.json"));
    Node blur;
    blur.type = "image.blur";
    blur.parameters["radius"] = 2.5;
    const auto id = r.graph.add(blur);
    r.graph.connect({8, "image"}, id, "image");
    r.graph.connect({id, "image"}, 9, "image");
    const Json after = writeWorkflow(r.graph, r.extra, registry()).json;
    const Json& node = nodeOf(after, 18);
    EXPECT_EQ(node.at("type"), "ImageBlur");
    EXPECT_EQ(dumpJson(node.at("widgets_values")), "[31,2.5]");
    EXPECT_EQ(after.at("last_node_id"), 18);
    EXPECT_EQ(after.at("last_link_id"), 15);
    const std::set<int> links{node.at("inputs")[0].at("link").get<int>(),
                              nodeOf(after, 9).at("inputs")[0].at("link").get<int>()};
    EXPECT_EQ(links, (std::set<int>{14, 15}));
}

TEST(Comfy, ASubgraphIsAGroupAndItsWidgetGivesTheValue) {
    const ReadComfy r = read(fileJson("image_to_image_subgraph.json"));
    const Node& group = only(r.graph, "group");
    const graph::GroupDefinition* definition = r.graph.findGroup(group.group);
    ASSERT_TRUE(definition);
    EXPECT_EQ(definition->label, "Image to image");
    EXPECT_EQ(definition->inputs.size(), 6u);
    EXPECT_EQ(definition->inputs[3].type, "conditioning");
    const Node& inner = only(*definition->graph, "generate.sample");
    EXPECT_EQ(value<double>(inner, "denoise"), 0.6);
    EXPECT_EQ(definition->graph->at(inner.inputs.at("denoise").node).type, "group.input");
    EXPECT_EQ(r.graph.at(group.inputs.at("denoise").node).parameters.at("value"),
              graph::ParameterValue(0.55));
    EXPECT_EQ(value<double>(only(r.graph, "generate.lora"), "strength_text"), 0.7);
}

TEST(Comfy, ASubgraphIsUnrolledForTheApi) {
    ReadComfy r = read(fileJson("image_to_image_subgraph.json"));
    const Json api = writeApi(r.graph, r.extra, registry()).json;
    EXPECT_EQ(dumpJson(api.at("6:2").at("inputs").at("model")), R"(["2",0])");
    EXPECT_EQ(dumpJson(api.at("6:2").at("inputs").at("latent_image")), R"(["6:1",0])");
    EXPECT_EQ(api.at("6:2").at("inputs").at("denoise"), 0.55);
    EXPECT_EQ(dumpJson(api.at("6:1").at("inputs").at("pixels")), R"(["5",0])");
    EXPECT_EQ(dumpJson(api.at("7").at("inputs").at("images")), R"(["6:3",0])");
    EXPECT_FALSE(api.contains("6"));
}

TEST(Comfy, EditsInsideASubgraphAndOfItsWidget) {
    const Json before = fileJson("image_to_image_subgraph.json");
    ReadComfy r = read(before);
    graph::GroupDefinition definition = *r.graph.findGroup(only(r.graph, "group").group);
    Graph inner = *definition.graph;
    inner.setParameter(2, "steps", std::int64_t{12});
    definition.graph = std::make_shared<const Graph>(inner);
    r.graph.setGroup(definition);
    r.graph.setParameter(only(r.graph, "value.float").id, "value", 0.4);
    Json expected = before;
    expected["definitions"]["subgraphs"][0]["nodes"][1]["widgets_values"][2] = 12;
    expected["nodes"][5]["widgets_values"][0] = 0.4;
    const Json after = writeWorkflow(r.graph, r.extra, registry()).json;
    EXPECT_TRUE(plain(after) == plain(expected)) << difference(expected, after);
}

TEST(Comfy, ASamplerOfSeveralNodesIsOne) {
    const ReadComfy r = read(fileJson("inpaint_controlnet_api.json"));
    const Node& sampler = only(r.graph, "generate.sample_custom");
    EXPECT_EQ(value<std::int64_t>(sampler, "seed"), 987654321);
    EXPECT_EQ(value<double>(sampler, "cfg"), 5.5);
    EXPECT_EQ(value<std::string>(sampler, "sampler"), "dpmpp_2m");
    EXPECT_EQ(r.graph.at(sampler.inputs.at("model").node).type, "generate.load_checkpoint");
    EXPECT_EQ(sampler.inputs.at("positive"), (graph::Link{7, "positive"}));
    EXPECT_EQ(sampler.inputs.at("latent"), (graph::Link{8, "latent"}));
    EXPECT_EQ(value<std::string>(only(r.graph, "restore.upscale"), "model"), "RealESRGAN_x4plus.pth");
    EXPECT_EQ(value<std::int64_t>(only(r.graph, "generate.clip_skip"), "skip"), 2);
    EXPECT_EQ(value<std::string>(only(r.graph, "image.resize"), "filter"), "nearest");
    // ComfyUI's mask is 1 − alpha.
    const Node& grow = only(r.graph, "mask.grow_feather");
    const Node& invert = r.graph.at(grow.inputs.at("mask").node);
    EXPECT_EQ(invert.type, "mask.invert");
    EXPECT_EQ(invert.inputs.at("mask"), (graph::Link{4, "mask"}));
    EXPECT_EQ(value<double>(grow, "feather"), 0.0);
}

TEST(Comfy, AnApiPromptAsAWorkflowHasItsWidgetsInOrder) {
    const ReadComfy r = read(fileJson("inpaint_controlnet_api.json"));
    const Json ui = writeWorkflow(r.graph, r.extra, registry()).json;
    EXPECT_EQ(dumpJson(nodeOf(ui, 12).at("widgets_values")), R"([987654321,"fixed"])");
    EXPECT_EQ(dumpJson(nodeOf(ui, 15).at("widgets_values")), R"(["karras",28,1])");
    EXPECT_EQ(ui.dump().find("ochre_api"), std::string::npos);
    const ReadComfy again = read(ui);
    EXPECT_EQ(value<double>(only(again.graph, "generate.sample_custom"), "cfg"), 5.5);
}

TEST(Comfy, EditsOfAnApiPrompt) {
    const Json before = fileJson("inpaint_controlnet_api.json");
    ReadComfy r = read(before);
    r.graph.setParameter(only(r.graph, "generate.sample_custom").id, "cfg", 3.0);
    r.graph.setParameter(only(r.graph, "generate.clip_skip").id, "skip", std::int64_t{1});
    Json expected = before;
    expected["13"]["inputs"]["cfg"] = 3.0;
    expected["10"]["inputs"]["stop_at_clip_layer"] = -1;
    const Json after = writeApi(r.graph, r.extra, registry()).json;
    EXPECT_TRUE(plain(after) == plain(expected)) << difference(expected, after);
}

TEST(Comfy, APartThatAlsoFeedsAnUnknownNodeStandsByItselfToo) {
    Json api = fileJson("inpaint_controlnet_api.json");
    api["30"] = {{"class_type", "SamplerPeek"}, {"inputs", {{"sampler", {"14", 0}}}}};
    const ReadComfy r = read(api);
    EXPECT_EQ(only(r.graph, "comfyui:SamplerPeek").inputs.at("sampler").node,
              only(r.graph, "comfyui:KSamplerSelect").id);
    EXPECT_EQ(value<std::string>(only(r.graph, "generate.sample_custom"), "sampler"), "dpmpp_2m");
    EXPECT_TRUE(plain(writeApi(r.graph, r.extra, registry()).json) == plain(api));
}

/// A node of a workflow; slots without links.
Json foreign(int id, const char* type, Json inputs, Json outputs, Json widgets) {
    return {{"id", id},
            {"type", type},
            {"pos", {10.0 * id, 0}},
            {"size", {200, 100}},
            {"flags", Json::object()},
            {"order", id},
            {"mode", 0},
            {"inputs", std::move(inputs)},
            {"outputs", std::move(outputs)},
            {"properties", Json::object()},
            {"widgets_values", std::move(widgets)}};
}

Json slot(const char* name, const char* type, Json links) {
    const bool isInput = !links.is_array();
    return {{"name", name}, {"type", type}, {isInput ? "link" : "links", std::move(links)}};
}

/// KSamplerSelect 1 → Reroute 2 → SamplerCustom 3, and → Reroute 4 → SamplerCustom 5.
Json reroutedSampler() {
    const auto sampler = [](int id, int link) {
        return foreign(id, "SamplerCustom", Json::array({slot("sampler", "SAMPLER", link)}),
                       Json::array({slot("output", "LATENT", Json::array())}), {true, 7, "fixed", 5.5});
    };
    const auto reroute = [](int id, int link, Json links) {
        return foreign(id, "Reroute", Json::array({slot("", "*", link)}),
                       Json::array({slot("", "SAMPLER", std::move(links))}), Json::array());
    };
    Json nodes{foreign(1, "KSamplerSelect", Json::array(),
                       Json::array({slot("SAMPLER", "SAMPLER", Json::array({1}))}),
                       Json::array({"dpmpp_2m"})),
               reroute(2, 1, {2, 3}), sampler(3, 2), reroute(4, 3, Json::array({4})), sampler(5, 4)};
    return {{"last_node_id", 5},
            {"last_link_id", 4},
            {"nodes", std::move(nodes)},
            {"links",
             {{1, 1, 0, 2, 0, "SAMPLER"},
              {2, 2, 0, 3, 0, "SAMPLER"},
              {3, 2, 0, 4, 0, "SAMPLER"},
              {4, 4, 0, 5, 0, "SAMPLER"}}},
            {"groups", Json::array()},
            {"config", Json::object()},
            {"extra", Json::object()},
            {"version", 0.4}};
}

TEST(Comfy, ASamplerBehindReroutesIsFound) {
    const Json before = reroutedSampler();
    ReadComfy r = read(before);
    EXPECT_TRUE(r.warnings.empty()) << r.warnings.front();
    int count = 0;
    r.graph.forEach([&](const Node& node) {
        ++count;
        EXPECT_EQ(node.type, "generate.sample_custom");
        EXPECT_EQ(value<std::string>(node, "sampler"), "dpmpp_2m");
        EXPECT_EQ(value<std::int64_t>(node, "seed"), 7);
    });
    EXPECT_EQ(count, 2) << "the sampler and the reroutes are part of both";
    const Json same = writeWorkflow(r.graph, r.extra, registry()).json;
    EXPECT_TRUE(plain(same) == plain(before)) << difference(before, same);
    for (const graph::NodeId id : {3u, 5u}) r.graph.setParameter(id, "sampler", std::string("euler"));
    Json expected = before;
    expected["nodes"][0]["widgets_values"][0] = "euler";
    const Json after = writeWorkflow(r.graph, r.extra, registry()).json;
    EXPECT_TRUE(plain(after) == plain(expected)) << difference(expected, after);
}

TEST(Comfy, ARerouteThatAlsoLeadsElsewhereStandsByItselfToo) {
    Json before = reroutedSampler();
    before["nodes"].push_back(
        foreign(6, "SamplerPeek", Json::array({slot("sampler", "SAMPLER", 5)}), Json::array(),
                Json::array()));
    before["nodes"][1]["outputs"][0]["links"].push_back(5);
    before["links"].push_back({5, 2, 0, 6, 0, "SAMPLER"});
    before["last_node_id"] = 6;
    before["last_link_id"] = 5;
    const ReadComfy r = read(before);
    EXPECT_EQ(r.graph.at(6).inputs.at("sampler"), (graph::Link{2, "out"}));
    EXPECT_EQ(r.graph.at(2).inputs.at("in").node, only(r.graph, "comfyui:KSamplerSelect").id);
    EXPECT_EQ(value<std::string>(r.graph.at(5), "sampler"), "dpmpp_2m");
    const Json after = writeWorkflow(r.graph, r.extra, registry()).json;
    EXPECT_TRUE(plain(after) == plain(before)) << difference(before, after);
}

TEST(Comfy, APartWithoutASourceBehindItsRerouteStaysAsItCame) {
    Json before = reroutedSampler();
    before["nodes"][1]["inputs"][0]["link"] = nullptr;
    before["nodes"][0]["outputs"][0]["links"] = nullptr;
    before["links"].erase(0);
    const ReadComfy r = read(before);
    EXPECT_EQ(r.graph.at(3).type, "comfyui:SamplerCustom");
    const Json after = writeWorkflow(r.graph, r.extra, registry()).json;
    EXPECT_TRUE(plain(after) == plain(before)) << difference(before, after);
}

TEST(Comfy, AValueBehindAReroutePutsOnTheWordsOfItsWidget) {
    Json scale = foreign(3, "ImageScale", Json::array({slot("upscale_method", "COMBO", 2)}),
                         Json::array({slot("IMAGE", "IMAGE", Json::array())}), {"area", 64, 32, "center"});
    scale["inputs"][0]["widget"] = {{"name", "upscale_method"}};
    const Json before{{"last_node_id", 3},
                      {"last_link_id", 2},
                      {"nodes",
                       Json::array({foreign(1, "PrimitiveNode", Json::array(),
                                            Json::array({slot("COMBO", "COMBO", Json::array({1}))}),
                                            {"nearest-exact", "fixed"}),
                                    foreign(2, "Reroute", Json::array({slot("", "*", 1)}),
                                            Json::array({slot("", "COMBO", Json::array({2}))}), Json::array()),
                                    scale})},
                      {"links", {{1, 1, 0, 2, 0, "COMBO"}, {2, 2, 0, 3, 0, "COMBO"}}},
                      {"groups", Json::array()},
                      {"config", Json::object()},
                      {"extra", Json::object()},
                      {"version", 0.4}};
    ReadComfy r = read(before);
    EXPECT_EQ(r.graph.at(1).parameters.at("value"), graph::ParameterValue(std::string("nearest")));
    EXPECT_EQ(r.graph.at(3).inputs.at("filter"), (graph::Link{2, "out"}));
    const Json same = writeWorkflow(r.graph, r.extra, registry()).json;
    EXPECT_TRUE(plain(same) == plain(before)) << difference(before, same);
    r.graph.setParameter(1, "value", std::string("lanczos"));
    Json expected = before;
    expected["nodes"][0]["widgets_values"][0] = "lanczos";
    const Json after = writeWorkflow(r.graph, r.extra, registry()).json;
    EXPECT_TRUE(plain(after) == plain(expected)) << difference(expected, after);
}

TEST(Comfy, SeveralUnknownNodesOfOneClassHaveNamesOfTheirOwn) {
    Json api;
    for (const char* id : {"1", "2", "3"}) api[id] = {{"class_type", "Grain.Plus"}, {"inputs", {{"n", 1}}}};
    const ReadComfy r = read(api);
    EXPECT_EQ(r.graph.at(1).name, "Grain_Plus");
    EXPECT_EQ(r.graph.at(3).name, "Grain_Plus_3");
    EXPECT_TRUE(plain(writeApi(r.graph, r.extra, registry()).json) == plain(api));
}

TEST(Comfy, NodesOfPicturesGoBothWays) {
    const Json api = {
        {"1", {{"class_type", "LoadImageMask"}, {"inputs", {{"image", "a.png"}, {"channel", "alpha"}}}}},
        {"2", {{"class_type", "LoadImage"}, {"inputs", {{"image", "a.png"}}}}},
        {"3",
         {{"class_type", "ImageScale"},
          {"inputs",
           {{"image", {"2", 0}},
            {"upscale_method", "area"},
            {"width", 64},
            {"height", 32},
            {"crop", "center"}}}}},
        {"4",
         {{"class_type", "ImageScaleToTotalPixels"},
          {"inputs",
           {{"image", {"3", 0}},
            {"upscale_method", "lanczos"},
            {"megapixels", 0.5},
            {"resolution_steps", 8}}}}},
        {"5",
         {{"class_type", "ImageQuantize"},
          {"inputs", {{"image", {"4", 0}}, {"colors", 12}, {"dither", "floyd-steinberg"}}}}},
        {"6", {{"class_type", "ImageBatch"}, {"inputs", {{"image1", {"4", 0}}, {"image2", {"5", 0}}}}}},
        {"7", {{"class_type", "GetImageSize"}, {"inputs", {{"image", {"6", 0}}}}}},
        {"8",
         {{"class_type", "EmptyLatentImage"},
          {"inputs", {{"width", {"7", 0}}, {"height", {"7", 1}}, {"batch_size", {"7", 2}}}}}}};
    ReadComfy r = read(api);
    EXPECT_TRUE(r.warnings.empty()) << r.warnings.front();
    EXPECT_EQ(value<std::string>(only(r.graph, "image.load_mask"), "channel"), "transparency");
    EXPECT_EQ(value<std::string>(only(r.graph, "image.resize"), "crop"), "center");
    EXPECT_EQ(value<std::int64_t>(only(r.graph, "image.scale_to_pixels"), "multiple"), 8);
    EXPECT_EQ(value<std::string>(only(r.graph, "image.quantize"), "dither"), "floyd_steinberg");
    EXPECT_EQ(only(r.graph, "image.batch").inputs.at("b"), (graph::Link{5, "image"}));
    EXPECT_EQ(only(r.graph, "image.size").inputs.at("image"), (graph::Link{6, "images"}));
    EXPECT_EQ(only(r.graph, "latent.empty").inputs.at("batch"), (graph::Link{7, "count"}));
    EXPECT_TRUE(plain(writeApi(r.graph, r.extra, registry()).json) == plain(api));

    r.graph.setParameter(1, "channel", std::string("blue"));
    r.graph.setParameter(5, "dither", std::string("bayer_8"));
    const Json after = writeApi(r.graph, r.extra, registry()).json;
    EXPECT_EQ(after.at("1").at("inputs").at("channel"), "blue");
    EXPECT_EQ(after.at("5").at("inputs").at("dither"), "bayer-8");
}

TEST(Comfy, ALargeSeedComesBackWhole) {
    const Json api = {{"1",
                       {{"class_type", "KSampler"},
                        {"inputs",
                         {{"seed", 18446744073709551615u},
                          {"steps", 3},
                          {"cfg", 5},
                          {"sampler_name", "euler"},
                          {"scheduler", "normal"},
                          {"denoise", 1}}}}}};
    ReadComfy r = read(api);
    ASSERT_EQ(r.warnings.size(), 1u);
    EXPECT_NE(r.warnings[0].find("18446744073709551615"), std::string::npos) << r.warnings[0];
    r.graph.setParameter(1, "steps", std::int64_t{4});
    const Project p = projectFromText(projectToText(r.graph, {}, r.extra), "p.ochre");
    EXPECT_EQ(writeApi(p.graph, p.extra, registry()).json.at("1").at("inputs").at("seed"),
              18446744073709551615u);
}

Node make(const char* type) {
    Node node;
    node.type = type;
    return node;
}

TEST(Comfy, AGraphOfOursIsExportedAndWhatHasNoCounterpartIsNamed) {
    Graph g;
    const auto load = g.add(make("image.load")), invert = g.add(make("mask.invert")),
               grow = g.add(make("mask.grow_feather"));
    const auto levels = g.add(make("image.levels")), pad = g.add(make("image.outpaint")),
               view = g.add(make("image.view"));
    g.setParameter(load, "path", std::string("/home/a/cat.png"));
    g.connect({load, "mask"}, invert, "mask");
    g.connect({invert, "mask"}, grow, "mask");
    g.connect({load, "image"}, levels, "image");
    g.connect({load, "image"}, pad, "image");
    g.connect({pad, "mask"}, view, "image");
    const WroteComfy w = writeWorkflow(g, nullptr, registry());
    ASSERT_EQ(w.missing.size(), 1u);
    EXPECT_NE(w.missing[0].find("Levels"), std::string::npos);
    // A soft edge that GrowMask cannot make is told.
    ASSERT_EQ(w.warnings.size(), 1u);
    EXPECT_NE(w.warnings[0].find("feather"), std::string::npos);
    const ReadComfy again = read(w.json);
    EXPECT_EQ(value<std::string>(only(again.graph, "image.load"), "path"), "cat.png");
    const Node& grown = only(again.graph, "mask.grow_feather");
    EXPECT_EQ(again.graph.at(grown.inputs.at("mask").node).type, "mask.invert");
    // A mask seen as a picture goes through MaskToImage.
    const Node& viewed = only(again.graph, "image.view");
    EXPECT_EQ(textOf(*originOf(again.graph.at(viewed.inputs.at("image").node)), "type"), "MaskToImage");
}

TEST(Comfy, LoraTagsBecomeLoaders) {
    Graph g;
    const auto model = g.add(make("generate.load_checkpoint")), prompt = g.add(make("generate.prompt"));
    const auto empty = g.add(make("latent.empty")), sample = g.add(make("generate.sample"));
    g.setParameter(
        prompt, "text",
        std::string("a fox <lora:ink:0.8> <lora:line:0.25:0.5> <lyco:grain:te=0.1:unet=0.7>"));
    g.connect({model, "text_encoder"}, prompt, "text_encoder");
    g.connect({model, "model"}, prompt, "model");
    g.connect({prompt, "model"}, sample, "model");
    g.connect({prompt, "conditioning"}, sample, "positive");
    g.connect({empty, "latent"}, sample, "latent");
    const WroteComfy w = writeApi(g, nullptr, registry());
    EXPECT_TRUE(w.warnings.empty()) << w.warnings.front();
    int loras = 0;
    for (const Json& node : w.json)
        if (node.at("class_type") == "LoraLoader") ++loras;
    EXPECT_EQ(loras, 3);
    const Json& sampler = w.json.at(std::to_string(sample)).at("inputs");
    const Json& last = w.json.at(sampler.at("model")[0].get<std::string>());
    EXPECT_EQ(last.at("inputs").at("lora_name"), "grain");
    EXPECT_EQ(last.at("inputs").at("strength_model"), 0.7);
    EXPECT_EQ(last.at("inputs").at("strength_clip"), 0.1);
    const Json& line = w.json.at(last.at("inputs").at("model")[0].get<std::string>()).at("inputs");
    EXPECT_EQ(line.at("lora_name"), "line");
    EXPECT_EQ(line.at("strength_model"), 0.5);
    EXPECT_EQ(line.at("strength_clip"), 0.25);
    EXPECT_EQ(w.json.at(line.at("model")[0].get<std::string>()).at("inputs").at("lora_name"), "ink");
    EXPECT_EQ(w.json.at(std::to_string(prompt)).at("inputs").at("text"), "a fox");
}

TEST(Comfy, AGroupOfOursIsASubgraph) {
    Graph inner;
    const auto in = inner.add(make("group.input")), out = inner.add(make("group.output")),
               blur = inner.add(make("image.blur"));
    inner.connect({in, "picture"}, blur, "image");
    inner.connect({blur, "image"}, out, "soft");
    Graph g;
    g.setGroup({"soften",
                "Soften",
                {{.id = "picture", .label = "Picture", .type = "image"}},
                {{.id = "soft", .label = "Soft", .type = "image"}},
                std::make_shared<const Graph>(inner)});
    const auto load = g.add(make("image.load"));
    Node node = make("group");
    node.group = "soften";
    const auto group = g.add(node), view = g.add(make("image.view"));
    g.connect({load, "image"}, group, "picture");
    g.connect({group, "soft"}, view, "image");
    const Json ui = writeWorkflow(g, nullptr, registry()).json;
    const Json& definition = ui.at("definitions").at("subgraphs")[0];
    EXPECT_EQ(definition.at("id").get<std::string>().size(), 36u);
    EXPECT_EQ(definition.at("inputs")[0].at("linkIds").size(), 1u);
    const ReadComfy again = read(ui);
    const graph::GroupDefinition* read = again.graph.findGroup(only(again.graph, "group").group);
    ASSERT_TRUE(read);
    EXPECT_EQ(only(*read->graph, "image.blur").inputs.at("image").output, "picture");
    const Json api = writeApi(g, nullptr, registry()).json;
    EXPECT_EQ(dumpJson(api.at(std::to_string(view)).at("inputs").at("images")), R"(["2:3",0])");
}

TEST(ComfyTable, EveryRowNamesSocketsAndParametersThatAreThere) {
    int checked = 0;
    for (const Row& row : allRows()) {
        const graph::NodeDeclaration* d = registry().find(row.ochre);
        if (!d) continue;
        ++checked;
        for (const WidgetRule& w : row.widgets) {
            if (w.parameter.empty()) continue;
            ASSERT_TRUE(d->findParameter(w.parameter)) << row.comfy << ": " << w.parameter;
            EXPECT_TRUE(translate(w, w.fallback, *d)) << row.comfy << ": " << w.comfy;
        }
        for (const SocketRule& s : row.inputs) {
            EXPECT_TRUE(s.ochre.empty() || d->findInput(s.ochre)) << row.comfy << ": " << s.ochre;
        }
        for (const SocketRule& s : row.outputs) {
            EXPECT_TRUE(s.ochre.empty() || d->findOutput(s.ochre)) << row.comfy << ": " << s.ochre;
        }
    }
    EXPECT_GT(checked, 50);
}

TEST(ComfyTable, WordsAndNumbersGoBothWays) {
    const std::tuple<const char*, Json, graph::ParameterValue> cases[] = {
        {"resize", "nearest-exact", std::string("nearest")},
        {"resize", "bislerp", std::string("bislerp")},
        {"crop", "disabled", std::string("none")},
        {"clip", -2, std::int64_t{2}},
        {"turn", "90 degrees", std::string("90")},
        {"flip", "y-axis: horizontally", std::string("horizontal")},
        {"enable", "enable", true},
        {"bounds", "mask bounds", true},
        {"prediction", "v_prediction", std::string("v")},
        {"load_channel", "alpha", std::string("transparency")},
        {"dither", "bayer-16", std::string("bayer_16")},
        {"tenth", 0.5, 5.0},
        {"color", 0xff8000, graph::Color{1, 128 / 255.0F, 0, 1}},
        {"sampler", "dpmpp_2m", std::string("dpmpp_2m")},
        {"save_image", "a/b", std::string("a/b_{index}.png")}};
    for (const auto& [kind, comfy, ours] : cases) {
        const WidgetRule rule{"x", "x", kind, nullptr};
        EXPECT_EQ(toOchre(rule, comfy), std::optional(ours)) << kind;
        EXPECT_EQ(toComfy(rule, ours), comfy) << kind;
    }
    // Names from other systems, and prefixes that lead out of the folder.
    EXPECT_EQ(toOchre({"x", "x", "model", nullptr}, "a\\b.pt"),
              std::optional<graph::ParameterValue>("a/b.pt"));
    EXPECT_EQ(toOchre({"x", "x", "save_image", nullptr}, "/../../etc/x"),
              std::optional<graph::ParameterValue>("etc/x_{index}.png"));
    EXPECT_FALSE(toOchre({"x", "x", "int", nullptr}, "five"));
    EXPECT_FALSE(toOchre({"x", "x", "clip", nullptr}, std::numeric_limits<std::int64_t>::min()));
}

TEST(ComfyHostile, DamagedFilesSayWhatIsWrong) {
    const auto fails = [](const std::string& text, const std::string& part) {
        const Error e = test::expectError([&] { read(parseForeignJson(text, "w.json")); }, part);
        EXPECT_EQ(e.message().rfind("w.json", 0), 0u) << e.message();
    };
    fails(R"({"nodes":[{"type":"A"}],"links":[]})", "nodes[0]: the id is missing");
    fails(R"({"nodes":[{"id":1,"type":"A"},{"id":1,"type":"B"}],"links":[]})", "stands twice");
    fails(R"({"nodes":[{"id":1,"type":"A"}],"links":[[1,2]]})", "links[0]");
    fails(R"({"nodes":[{"id":1,"type":"A"}],"links":[[1,1,-4,1,0,"X"]]})", "slot number");
    fails(
        R"({"nodes":[{"id":1,"type":"Reroute","inputs":[{"name":"","type":"*"}],"outputs":[{"name":"","type":"*"}]}],)"
        R"("links":[[1,1,0,1,0,"*"]]})",
        "circle");
    fails(
        R"({"nodes":[{"id":1,"type":"s"}],"links":[],"definitions":{"subgraphs":[{"id":"s","nodes":[{"id":1,"type":"s"}],)"
        R"("links":[]}]}})",
        "circle");
    fails(R"({"1":{"class_type":5}})", "class_type");
    fails("[1]", "workflow");
    fails(std::string(300, '[') + std::string(300, ']'), "nested deeper");
    fails("{\"nodes\":[", "byte");
}

TEST(ComfyHostile, DoublingSubgraphsAreRefusedBeforeTheyGrow) {
    Json definitions = Json::array();
    for (int i = 0; i < 15; ++i) {
        Json nodes = Json::array();
        for (int n = 1; n <= 4; ++n) nodes.push_back({{"id", n}, {"type", "s" + std::to_string(i + 1)}});
        definitions.push_back({{"id", "s" + std::to_string(i)}, {"nodes", nodes}, {"links", Json::array()}});
    }
    const Json json{{"nodes", {{{"id", 1}, {"type", "s0"}}}},
                    {"links", Json::array()},
                    {"definitions", {{"subgraphs", definitions}}}};
    test::expectError([&] { read(json); }, "more than 20000 nodes");
}

TEST(ComfyHostile, BareNumbersOfPythonAreReadAsNothing) {
    const Json json = parseForeignJson(R"({"a":NaN,"b":[Infinity,-Infinity],"c":"NaN \" Infinity"})", "w");
    EXPECT_EQ(dumpJson(json), R"({"a":null,"b":[null,null],"c":"NaN \" Infinity"})");
}

} // namespace
} // namespace ochre::project::interop
