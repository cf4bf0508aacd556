// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/Document.h"

#include <random>

#include <gtest/gtest.h>

#include "core/graph/GraphJson.h"
#include "tests/support/Support.h"

namespace ochre::project {
namespace {

graph::Node makeNode(double value) {
    graph::Node node;
    node.type = "value.float";
    node.parameters["value"] = value;
    return node;
}

double valueOf(const Document& d, graph::NodeId id) {
    return std::get<double>(d.graph().at(id).parameters.at("value"));
}

TEST(Document, UndoAndRedoLeadThroughEveryState) {
    Document d;
    graph::NodeId id = 0;
    d.edit("Add", [&](graph::Graph& g) { id = g.add(makeNode(1)); });
    d.edit("Set", [&](graph::Graph& g) { g.setParameter(id, "value", 2.0); });
    EXPECT_EQ(d.history().undoTitle(), "Set");
    EXPECT_TRUE(d.undo());
    EXPECT_EQ(valueOf(d, id), 1.0);
    EXPECT_TRUE(d.undo());
    EXPECT_EQ(d.graph().size(), 0u);
    EXPECT_FALSE(d.undo());
    EXPECT_TRUE(d.redo());
    EXPECT_TRUE(d.redo());
    EXPECT_FALSE(d.redo());
    EXPECT_EQ(valueOf(d, id), 2.0);
}

TEST(Document, AFailedEditChangesNothing) {
    Document d;
    test::expectError([&] {
        d.edit("Bad", [&](graph::Graph& g) {
            g.add(makeNode(1));
            throw Error("stop here");
        });
    });
    EXPECT_EQ(d.graph().size(), 0u);
    EXPECT_FALSE(d.history().canUndo());
    EXPECT_EQ(d.revision(), 0u);
}

TEST(Document, ADragIsOneStepUntilTheMouseIsLetGo) {
    Document d;
    graph::NodeId id = 0;
    d.edit("Add", [&](graph::Graph& g) { id = g.add(makeNode(0)); });
    for (int i = 1; i <= 5; ++i) d.edit("Drag", [&](graph::Graph& g) { g.setParameter(id, "value", double(i)); }, "value");
    d.endMerge();
    d.edit("Drag", [&](graph::Graph& g) { g.setParameter(id, "value", 9.0); }, "value");
    d.undo();
    EXPECT_EQ(valueOf(d, id), 5.0);
    d.undo();
    EXPECT_EQ(valueOf(d, id), 0.0);
}

TEST(Document, ModifiedMeansDifferentFromTheFile) {
    Document d;
    EXPECT_FALSE(d.modified());
    d.edit("Add", [&](graph::Graph& g) { g.add(makeNode(1)); });
    EXPECT_TRUE(d.modified());
    d.undo();
    EXPECT_FALSE(d.modified());
    d.redo();
    d.markSaved("/tmp/a.ochre");
    EXPECT_FALSE(d.modified());
    EXPECT_EQ(d.title(), "a");
    d.undo();
    EXPECT_TRUE(d.modified());
}

TEST(Document, RandomWalksOfUndoAlwaysMeetTheSameStates) {
    std::mt19937 random(7);
    Document d;
    std::vector<std::string> states{dumpJson(graph::graphToJson(d.graph()))};
    std::size_t at = 0;
    std::vector<graph::NodeId> ids;
    for (int step = 0; step < 3000; ++step) {
        const auto dice = random() % 10;
        if (dice < 3 && d.undo()) --at;
        else if (dice < 5 && d.redo()) ++at;
        else if (dice >= 5) {
            const double value = double(random() % 1000000) + 0.5;
            d.edit("Edit", [&](graph::Graph& g) {
                std::vector<graph::NodeId> all;
                g.forEach([&](const graph::Node& n) { all.push_back(n.id); });
                if (all.size() < 3 || value > 700000) g.add(makeNode(value));
                else if (value > 600000) g.remove(all[random() % all.size()]);
                else g.setParameter(all[random() % all.size()], "value", value);
            });
            states.resize(++at);
            states.push_back(dumpJson(graph::graphToJson(d.graph())));
        }
        if (step % 7 == 0) {
            ASSERT_EQ(dumpJson(graph::graphToJson(d.graph())), states[at]) << "step " << step;
        }
    }
}

} // namespace
} // namespace ochre::project
