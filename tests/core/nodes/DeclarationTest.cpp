// SPDX-License-Identifier: GPL-3.0-or-later
// What holds for every node of the registry.
#include <optional>

#include <gtest/gtest.h>

#include "core/graph/Executor.h"
#include "core/nodes/Types.h"

namespace ochre::nodes {
namespace {

using namespace graph;

// Another value that the parameter accepts.
std::optional<ParameterValue> other(const Parameter& p) {
    std::vector<ParameterValue> candidates;
    if (const auto* b = std::get_if<bool>(&p.defaultValue)) candidates = {!*b};
    if (const auto* i = std::get_if<std::int64_t>(&p.defaultValue)) candidates = {*i + 1, *i - 1};
    if (const auto* d = std::get_if<double>(&p.defaultValue))
        candidates = {*d + 0.25, *d - 0.25, *d + 1, *d - 1};
    if (std::holds_alternative<std::string>(p.defaultValue)) candidates = {std::string("another")};
    if (const auto* c = std::get_if<Color>(&p.defaultValue))
        candidates = {Color{1 - (*c)[0], 0.25f, 0.5f, 1}};
    for (const Choice& c : p.choices)
        if (ParameterValue(c.id) != p.defaultValue) candidates.insert(candidates.begin(), c.id);
    for (const ParameterValue& value : candidates) {
        try {
            return p.check(value);
        } catch (const Error&) {
        }
    }
    return std::nullopt;
}

void checkAll(NodeRegistry& registry) {
    Executor executor(registry, std::make_shared<Cache>());
    for (const NodeDeclaration* d : registry.all()) {
        EXPECT_TRUE(d->problems().empty())
            << d->id() << ": " << (d->problems().empty() ? "" : d->problems().front());
        if (d->hasGroupSockets() || d->isPassThrough()) continue;
        Graph plain;
        Node node;
        node.type = d->id();
        const NodeId id = plain.add(node);
        const Hash128 key = executor.key(plain, id);
        for (const Parameter& p : d->parameters()) {
            const auto value = other(p);
            if (!value) continue; // a choice of one
            Graph changed = plain;
            changed.setParameter(id, p.id, *value);
            EXPECT_NE(executor.key(changed, id), key) << d->id() << "." << p.id;
        }
        Graph moved = plain;
        moved.setLook(id, {.x = 5, .y = 6, .color = "#abcdef"});
        Node renamed = moved.at(id);
        renamed.label = "Renamed";
        moved.replace(renamed);
        EXPECT_EQ(executor.key(moved, id), key) << d->id();
    }
}

TEST(Declarations, AreCompleteAndTheirKeysFollowEachParameter) {
    NodeRegistry registry;
    registerNodes(registry);
    checkAll(registry);
}

#ifdef OCHRE_HAS_MODEL_NODES
TEST(Declarations, OfTheModelLibraryAreToo) {
    NodeRegistry registry;
    registerTypes();
    registry.setRuntimeLoader(bindModelNodes);
    registry.addCatalogue(modelNodeCatalogue());
    registry.loadRuntime();
    ASSERT_FALSE(registry.all().empty());
    checkAll(registry);
}
#endif

} // namespace
} // namespace ochre::nodes
