// SPDX-License-Identifier: GPL-3.0-or-later
// Every node that this program knows. Declarations of the model library come from the catalogue made at build
// time, so that the window shows them before LibTorch is loaded; their run functions are bound when it is.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/graph/NodeDeclaration.h"

namespace ochre::graph {

/// Thread-safe. Declarations never move or change once added, but for their functions being bound.
class NodeRegistry {
public:
    NodeRegistry();
    ~NodeRegistry();

    /// Throws Error when the id is taken, or problems() is not empty.
    void add(NodeDeclaration declaration);
    /// Declarations without functions from NodeDeclaration::toJson, as an array.
    void addCatalogue(const Json& declarations);
    /// Gives a catalogued declaration its functions (adds it where the catalogue lacked it).
    void bind(NodeDeclaration declaration);

    /// Called once, on the thread that first needs a catalogued node's function; it must bind() all of them
    /// or throw.
    void setRuntimeLoader(std::function<void(NodeRegistry&)> loader);
    /// Runs the loader if it has not run. Throws what it threw, each time. Safe from any thread.
    void loadRuntime();
    bool runtimeLoaded() const;

    const NodeDeclaration* find(const std::string& id) const;
    /// The declaration with its functions bound, loading the runtime if need be. Throws Error on unknown ids.
    const NodeDeclaration& runnable(const std::string& id);
    std::vector<const NodeDeclaration*> all() const; ///< by category, then label

    struct Match {
        const NodeDeclaration* declaration;
        int score;
    };
    /// Best first: label, keywords, category and id, by words and fuzzily. With types given, only nodes that
    /// can take `fromOutputType` in an input (or give `toInputType` from an output).
    std::vector<Match> search(const std::string& text, const std::string& fromOutputType = {},
                              const std::string& toInputType = {}) const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace ochre::graph
