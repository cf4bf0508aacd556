// SPDX-License-Identifier: GPL-3.0-or-later
// What the engine itself costs: building, keying and re-evaluating large graphs of nodes that do nothing.
#pragma once

#include <memory>

#include "core/base/Json.h"
#include "core/graph/Executor.h"

namespace ochre::graph {

/// Nodes "bench.number" (parameter value) and "bench.add" (inputs a, b) in a registry of their own.
void registerBenchNodes(NodeRegistry& registry);

/// `count` nodes: one number, then nodes that each add two of those before it. The last one depends on all.
Graph benchGraphOf(std::size_t count);

/// For `ochre bench graph --json`: milliseconds, medians of several rounds, at 10,000 and 100,000 nodes.
Json benchGraph();

} // namespace ochre::graph
