// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/ProjectFile.h"

#include <csignal>
#include <random>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/File.h"
#include "core/graph/GraphJson.h"
#include "core/image/ImageIo.h"
#include "tests/support/Support.h"

namespace ochre::project {
namespace {

graph::Node makeNode(const std::string& type, double x) {
    graph::Node node;
    node.type = type;
    node.look.x = x;
    return node;
}

// Two nodes, a link, a frame, a foreign node with a field nobody knows.
graph::Graph sample(int extraNodes = 0) {
    graph::Graph g;
    const auto a = g.add(makeNode("value.float", 10));
    g.setParameter(a, "value", 0.1);
    const auto b = g.add(makeNode("math.from.the.future", 300));
    g.connect({a, "value"}, b, "in");
    graph::Node strange = makeNode("custom.node", 5);
    strange.extra = {{"widgets_values", {1, "two", nullptr}}};
    g.add(strange);
    g.setFrames({{1, "Inputs", "#886622", 0, 0, 400, 200}});
    for (int i = 0; i < extraNodes; ++i) g.add(makeNode("value.float", i));
    return g;
}

std::string json(const graph::Graph& g) {
    return dumpJson(graph::graphToJson(g));
}

TEST(ProjectFile, WrittenAndReadIsTheSame) {
    const test::TemporaryFolder folder;
    const graph::Graph g = sample();
    const View view{12.5, -3, 0.75, 2};
    writeProject(folder / "p.ochre", g, view, {{"future", {{"a", 1}}}});
    const Project p = readProject(folder / "p.ochre");
    EXPECT_EQ(json(p.graph), json(g));
    EXPECT_EQ(p.view, view);
    EXPECT_EQ(dumpJson(p.extra), R"({"future":{"a":1}})");
    EXPECT_TRUE(p.warning.empty());
    EXPECT_EQ(projectToText(p.graph, p.view, p.extra), readTextFile(folder / "p.ochre", 1 << 20));
}

TEST(ProjectFile, ANewerSchemaOpensWithAWarningAndANewerMinimumIsRefused) {
    std::string text = projectToText(sample(), {});
    const auto replace = [](std::string s, const std::string& a, const std::string& b) {
        const auto at = s.find(a);
        EXPECT_NE(at, std::string::npos);
        return s.replace(at, a.size(), b);
    };
    EXPECT_NE(projectFromText(replace(text, "\"schema\": 1", "\"schema\": 9"), "p").warning.find("newer Ochre"),
              std::string::npos);
    test::expectError([&] { projectFromText(replace(text, "\"minimum\": 1", "\"minimum\": 9"), "p"); }, "needs an Ochre");
    test::expectError([&] { projectFromText(replace(text, "\"schema\": 1", "\"schema\": \"x\""), "p"); }, "ochre.schema");
}

TEST(ProjectFile, WhatIsNoProjectSaysSo) {
    EXPECT_EQ(test::expectError([] { projectFromText("{}", "x.json"); }, "not an Ochre project").kind(), ErrorKind::NotMine);
    EXPECT_EQ(test::expectError([] { projectFromText("[1]", "x.json"); }).kind(), ErrorKind::NotMine);
    EXPECT_EQ(test::expectError([] { projectFromText("{\"ochre\":", "x.ochre"); }).kind(), ErrorKind::Broken);
    test::expectError([] { projectFromText(R"({"ochre":{"schema":1,"minimum":1}})", "x.ochre"); }, "graph is missing");
}

TEST(ProjectFile, CutAtEveryByteItOpensWholeOrGivesAnError) {
    const std::string text = projectToText(sample(), {});
    int errors = 0;
    for (std::size_t n = 0; n + 2 < text.size(); ++n) {
        try {
            projectFromText(text.substr(0, n), "cut.ochre");
            ADD_FAILURE() << "cut at " << n << " opened";
        } catch (const Error& e) {
            EXPECT_EQ(e.message().rfind("cut.ochre", 0), 0u) << e.message();
            ++errors;
        }
    }
    EXPECT_GT(errors, 300);
}

TEST(ProjectFile, MutilatedProjectsGiveErrorsNeverCrashes) {
    const std::string text = projectToText(sample(), {});
    std::mt19937 random(3);
    for (int i = 0; i < 3000; ++i) {
        std::string bad = text;
        for (int n = 0; n < 3; ++n) bad[random() % bad.size()] = static_cast<char>(random());
        try {
            projectFromText(bad, "bad.ochre");
        } catch (const Error& e) {
            ASSERT_EQ(e.message().rfind("bad.ochre", 0), 0u) << e.message();
        }
    }
}

TEST(ProjectFile, KilledHundredTimesWhileSavingTheProjectIsOldOrNew) {
    const test::TemporaryFolder folder;
    const graph::Graph small = sample(), large = sample(3000);
    writeProject(folder / "p.ochre", small, {});
    const std::string a = json(small), b = json(large);
    std::mt19937 random(11);
    for (int i = 0; i < 100; ++i) {
        const pid_t child = ::fork();
        if (child == 0)
            for (;;) {
                writeProject(folder / "p.ochre", large, {});
                writeProject(folder / "p.ochre", small, {});
            }
        ::usleep(random() % 40000);
        ::kill(child, SIGKILL);
        ::waitpid(child, nullptr, 0);
        const std::string now = json(readProject(folder / "p.ochre").graph);
        ASSERT_TRUE(now == a || now == b) << "kill " << i;
    }
}

TEST(ProjectFile, APictureCarriesItsGraph) {
    const test::TemporaryFolder folder;
    const Image image(4, 3, 3);
    WriteOptions options;
    options.text["ochre:graph"] = projectToText(sample(), {});
    writeImage(image, folder / "p.png", options);
    EXPECT_EQ(json(readProject(folder / "p.png").graph), json(sample()));
    writeImage(image, folder / "plain.png", {});
    test::expectError([&] { readProject(folder / "plain.png"); }, "holds no Ochre graph");
}

TEST(Selection, PastedNodesAreNewAndLinkedAmongThemselves) {
    graph::Graph g = sample();
    const std::string text = selectionToText(g, {1, 2});
    const auto added = pasteText(g, text, 100, 50);
    ASSERT_EQ(added.size(), 2u);
    EXPECT_EQ(g.size(), 5u);
    EXPECT_EQ(g.at(added[1]).inputs.at("in").node, added[0]);
    EXPECT_EQ(g.at(added[0]).look.x, 110);
    EXPECT_NE(g.at(added[0]).name, g.at(1).name);
}

TEST(Selection, LinksFromOutsideAreKeptOnRequest) {
    graph::Graph g = sample();
    const std::string text = selectionToText(g, {2});
    EXPECT_TRUE(g.at(pasteText(g, text, 0, 0).front()).inputs.empty());
    EXPECT_EQ(g.at(pasteText(g, text, 0, 0, true).front()).inputs.at("in").node, 1u);
}

TEST(Selection, ForeignTextIsRefusedAndTheGraphStands) {
    graph::Graph g = sample();
    const std::string before = json(g);
    for (const std::string text : {"", "hello", "{}", "{\"ochre\":{\"schema\":1,\"minimum\":1}}"})
        test::expectError([&] { pasteText(g, text, 0, 0); });
    EXPECT_EQ(json(g), before);
}

} // namespace
} // namespace ochre::project
