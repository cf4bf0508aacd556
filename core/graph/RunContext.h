// SPDX-License-Identifier: GPL-3.0-or-later
// What a node sees while it runs: inputs, parameters, where to put outputs, and how to stop and report.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "core/base/Cancel.h"
#include "core/base/Hash.h"
#include "core/base/Progress.h"
#include "core/graph/Parameter.h"
#include "core/graph/Value.h"

namespace ochre::graph {

/// Parameter values of one node, defaults filled in, checked against the declaration. Throws Error on unknown
/// ids.
class ParameterView {
public:
    virtual ~ParameterView() = default;
    virtual const ParameterValue& value(const std::string& id) const = 0;

    bool flag(const std::string& id) const { return std::get<bool>(value(id)); }
    std::int64_t integer(const std::string& id) const { return std::get<std::int64_t>(value(id)); }
    double number(const std::string& id) const { return std::get<double>(value(id)); }
    const std::string& text(const std::string& id) const {
        return std::get<std::string>(value(id));
    } ///< also Choice, File…
    const Color& color(const std::string& id) const { return std::get<Color>(value(id)); }
};

/// Items come one at a time, so that a long list never lies in memory as a whole; ask in order and drop each.
class ListView {
public:
    virtual ~ListView() = default;
    virtual std::size_t size() const = 0;
    /// Evaluates the item. Throws the Error of the node that failed; others can still be asked for.
    virtual Value item(std::size_t index) const = 0;
};

/// The payload of a list that a source node puts out: items load when asked for.
struct ListSource {
    struct Item {
        Hash128 key; ///< identity of all that load() depends on (path and time of the file, …)
        std::string name;
        std::function<Value()> load;
    };
    std::vector<Item> items;
};

/// Parameters driven by a link already hold the link's value here.
class RunContext : public ParameterView {
public:
    virtual bool hasInput(const std::string& id) const = 0;
    /// Converted to the socket's type. Evaluates lazy inputs. Throws Error when unlinked and not optional, or
    /// when it failed.
    virtual const Value& input(const std::string& id) = 0;
    virtual const ListView& listInput(const std::string& id) = 0;
    virtual void setOutput(const std::string& id, Value value) = 0;

    virtual const Cancel& cancel() const = 0;
    /// A report from the thread that runs the node is also where it may be paused (see waitWhilePaused).
    virtual const Progress& progress() const = 0;
    /// To be called between two steps, without any lock held: blocks while the artist has paused the run. Throws
    /// Cancelled when it is stopped meanwhile.
    virtual void waitWhilePaused() = 0;
    /// Shows an unfinished result (a step of sampling, tiles so far). Cheap when nobody looks.
    virtual void preview(const std::string& outputId, Value value) = 0;

    virtual Hash128 key() const = 0; ///< Merkle key of this run
    virtual const std::string& nodeLabel() const = 0;
    virtual std::size_t itemIndex() const = 0;       ///< while mapped over a list; else 0
    virtual std::size_t itemCount() const = 0;       ///< while mapped over a list; else 1
    virtual const std::string& itemName() const = 0; ///< while mapped: the item's name; else empty
    /// The graph that this run evaluates, as project JSON text, for embedding in written files; empty when
    /// not known.
    virtual std::string graphText() const = 0;
    /// What else belongs into written pictures, by key ("parameters", "workflow", …): for other programs.
    virtual const std::map<std::string, std::string>& pictureTexts() const = 0;

    /// For nodes whose sockets are a group's: runs the group `times` times, each output going into the input
    /// of the same id of the next round (an input "index" gets the round's number), and sets this node's
    /// outputs to those of the last.
    virtual void repeatGroup(std::size_t times) = 0;

    template <typename T>
    const T& inputAs(const std::string& id) {
        return input(id).template as<T>();
    }
};

} // namespace ochre::graph
