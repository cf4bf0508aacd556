// SPDX-License-Identifier: GPL-3.0-or-later
// What a node is: sockets, parameters, help and its run function, said once. Panel, search, command line,
// help page and tests come from this description.
//
//     NodeDeclaration declareBlur() {
//         return NodeDeclaration("image.blur", 1, "Blur", "Image")
//             .describe("Softens a picture with a Gaussian kernel.").keywords("gaussian smooth soften")
//             .input({.id = "image", .label = "Image", .type = "image"})
//             .output({.id = "image", .label = "Image", .type = "image"})
//             .parameter({.id = "radius", .label = "Radius", .help = "Standard deviation.", .defaultValue
//             = 4.0,
//                         .min = 0, .softMax = 100, .unit = "px"})
//             .onRun([](RunContext& run) { … run.setOutput("image", …); });
//     }
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Hash.h"
#include "core/graph/Parameter.h"
#include "core/graph/Value.h"

namespace ochre::graph {

class RunContext;
class ParameterView;

/// What a socket asks of a value, or promises of it, beyond its type; checked before a run where both sides
/// know.
struct Constraint {
    int minChannels = 0, maxChannels = 0; ///< pictures; 0: any
    std::string modelFamily = {};         ///< "sd1", "sdxl", …; empty: any; several with '|'
};

struct Socket {
    std::string id; ///< snake_case: goes to disk
    std::string label;
    std::string help = {};
    TypeName type;
    bool list =
        false; ///< takes or gives a whole list; a list linked to a plain input maps the node over its items
    bool optional = false; ///< inputs: may stay unlinked
    bool lazy = false;     ///< inputs: evaluated only when onNeeds or the run asks for it
    Constraint constraint = {};
};

/// Nodes of one lane never run at the same time; Free nodes run in parallel.
enum class Lane { Free, Model, Display };

class NodeDeclaration {
public:
    using Run = std::function<void(RunContext&)>;
    using Needs = std::function<std::vector<std::string>(const ParameterView&)>;
    using Fingerprint = std::function<Hash128(const ParameterView&)>;

    NodeDeclaration(std::string id, int version, std::string label, std::string category);

    NodeDeclaration& describe(std::string help);
    NodeDeclaration& keywords(std::string words); ///< search aliases, space separated
    NodeDeclaration& input(Socket socket);
    NodeDeclaration& output(Socket socket);
    NodeDeclaration& parameter(Parameter parameter);
    NodeDeclaration& lane(Lane lane);
    NodeDeclaration& sink();     ///< has an effect or is looked at: run even when nothing takes its output
    NodeDeclaration& uncached(); ///< runs each time it is asked for (clock, camera, save)
    NodeDeclaration& needsRuntime(); ///< lives in the model library, which loads in the background
    NodeDeclaration&
    passThrough(); ///< never runs: outputs hand on the inputs as if it were bypassed (reroutes)
    NodeDeclaration& groupSockets(); ///< sockets are those of the group definition that Node::group names
    NodeDeclaration& onRun(Run run);
    /// Which lazy inputs these parameters want; the others are pruned before anything runs and stay out of
    /// the key.
    NodeDeclaration& onNeeds(Needs needs);
    /// Hash of what the node reads besides inputs, parameters and File/Folder/Model parameters (those are
    /// automatic).
    NodeDeclaration& onFingerprint(Fingerprint fingerprint);

    const std::string& id() const { return m_id; }
    int version() const { return m_version; }
    const std::string& label() const { return m_label; }
    const std::string& category() const { return m_category; } ///< "Image", "Image/Color": the menu path
    const std::string& help() const { return m_help; }
    const std::string& searchWords() const { return m_keywords; }
    const std::vector<Socket>& inputs() const { return m_inputs; }
    const std::vector<Socket>& outputs() const { return m_outputs; }
    const std::vector<Parameter>& parameters() const { return m_parameters; }
    Lane runLane() const { return m_lane; }
    bool isSink() const { return m_sink; }
    bool isCached() const { return m_cached; }
    bool isRuntime() const { return m_runtime; }
    bool isPassThrough() const { return m_passThrough; }
    bool hasGroupSockets() const { return m_groupSockets; }
    /// Also true for a declaration of the catalogue whose function is not bound yet.
    bool hasNeeds() const { return m_hasNeeds; }
    bool hasFingerprint() const { return m_hasFingerprint; }
    const Run& runFunction() const { return m_run; }
    const Needs& needsFunction() const { return m_needs; }
    const Fingerprint& fingerprintFunction() const { return m_fingerprint; }

    const Socket* findInput(const std::string& id) const;
    const Socket* findOutput(const std::string& id) const;
    const Parameter* findParameter(const std::string& id) const;

    /// Says what is missing or contradictory (empty label or help, ids twice, default out of range, no run…);
    /// empty: complete.
    std::vector<std::string> problems() const;

    Json toJson() const;                               ///< all but the functions
    static NodeDeclaration fromJson(const Json& json); ///< a declaration without functions; throws Error

private:
    std::string m_id, m_label, m_category, m_help, m_keywords;
    int m_version;
    std::vector<Socket> m_inputs, m_outputs;
    std::vector<Parameter> m_parameters;
    Lane m_lane = Lane::Free;
    bool m_sink = false, m_cached = true, m_runtime = false, m_passThrough = false, m_groupSockets = false;
    bool m_hasNeeds = false, m_hasFingerprint = false;
    Run m_run;
    Needs m_needs;
    Fingerprint m_fingerprint;
};

} // namespace ochre::graph
