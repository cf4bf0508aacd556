// SPDX-License-Identifier: GPL-3.0-or-later
// Which ComfyUI class is which Ochre node: one table of rows, read in both directions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/Json.h"
#include "core/graph/Parameter.h"

namespace ochre::project::interop {

/// A widget of a ComfyUI class and the parameter that means the same.
struct WidgetRule {
    std::string comfy;     ///< name of the input in API files
    std::string parameter; ///< empty: Ochre has none; the value is kept as it came
    std::string
        kind; ///< how values are turned: "int", "sampler", "clip", …; "only": just the default is understood
    Json fallback; ///< what the class has where a file says nothing

    bool controlled() const {
        return kind == "seed";
    } ///< a "control_after_generate" slot follows in widgets_values
};

/// A socket on both sides. `part`: fed by a class that is no node in Ochre but belongs to this one.
struct SocketRule {
    std::string comfy, ochre, type; ///< `ochre` empty: no counterpart
    bool inverted = false;          ///< masks that mean the opposite: ComfyUI's alpha masks are 1 − alpha
    bool part = false;
};

struct Row {
    std::string comfy;               ///< class_type
    std::string ochre;               ///< node id; "@TYPE": a part of the nodes that have an input @TYPE
    std::vector<WidgetRule> widgets; ///< in the order of widgets_values
    std::vector<SocketRule> inputs, outputs;                          ///< in the order of slots
    std::vector<std::pair<std::string, graph::ParameterValue>> fixed; ///< what the class implies

    bool isPart() const { return ochre.starts_with('@'); }
    const SocketRule* inputOf(std::string_view comfyName) const;
    const WidgetRule* widgetOf(std::string_view comfyName) const;
};

const Row* rowOfClass(std::string_view comfyClass);
/// Rows of an Ochre node, or of a part ("@SAMPLER"), the usual one first.
std::vector<const Row*> rowsOf(std::string_view ochreId);
const std::vector<Row>& allRows();

/// A widget's value as a parameter; nothing where it cannot be said in Ochre.
std::optional<graph::ParameterValue> toOchre(const WidgetRule& rule, const Json& value);
Json toComfy(const WidgetRule& rule, const graph::ParameterValue& value);

/// "MODEL" → "model", "CLIP" → "text_encoder", …; what is not known is "any".
std::string socketTypeOf(std::string_view comfyType);
std::string comfyTypeOf(std::string_view socketType); ///< "*" for any

/// Classes of the front end alone: never sent to a server.
bool isVirtualClass(std::string_view comfyClass);

} // namespace ochre::project::interop
