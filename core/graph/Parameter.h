// SPDX-License-Identifier: GPL-3.0-or-later
// Parameters of nodes: their values, and the descriptions that draw the panel, the command line and the help.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/Json.h"

namespace ochre::graph {

using Color = std::array<float, 4>; ///< sRGB 0…1, straight alpha

using ParameterValue = std::variant<bool, std::int64_t, double, std::string, Color>;

enum class ParameterKind {
    Bool,
    Int,
    Float,
    Text,     ///< one line
    LongText, ///< grows with its content: prompts, notes
    Choice,   ///< text, one of `choices`
    File,     ///< text: an existing file; its content belongs to the key
    SaveFile, ///< text: where to write
    Folder,   ///< text: an existing folder; the list of its files belongs to the key
    Model,    ///< text: name of a file in the models folder, or a path; its content belongs to the key
    Color,
    Seed, ///< integer ≥ 0; the panel offers dice
};

struct Choice {
    std::string id;    ///< as written to files
    std::string label; ///< as shown
};

/// `softMin…softMax` is what the slider spans, `min…max` what may be typed.
struct Parameter {
    std::string id; ///< snake_case: goes to disk
    std::string label;
    std::string help;
    ParameterKind kind = ParameterKind::Float;
    ParameterValue defaultValue = 0.0;
    std::optional<double> min = {}, max = {}, softMin = {}, softMax = {};
    double step = 0; ///< 0: chosen from the range
    std::string unit = {};
    std::vector<Choice> choices = {};
    std::string filter =
        {}; ///< File kinds: "Pictures (*.png *.jpg)"; Model: the folder under models, "upscale"
    std::string group = {}; ///< fold of the panel; empty: the first one
    bool advanced = false;
    /// Shown only while another parameter has one of these values: {"mode", "a|b"}; empty id: always.
    std::string visibleWhenId = {}, visibleWhenValues = {};

    /// `value` as this parameter's kind (int from 3.0, choice checked, range clamped never: out of range
    /// throws). Throws Error naming the parameter, the value seen and what is allowed.
    ParameterValue check(const ParameterValue& value) const;
    /// From the text of `--set node.parameter=value`. Throws Error as check().
    ParameterValue parse(const std::string& text) const;
    /// The socket type of a link that drives this parameter ("float", "text", …).
    std::string socketType() const;
    Json toJson() const; ///< the description, for `ochre nodes --json`
    static Parameter
    fromJson(const Json& json); ///< throws Error, or the JSON library's exceptions on missing keys
};

Json toJson(const ParameterValue& value);
/// Throws Error when the JSON is not a scalar or a colour.
ParameterValue parameterFromJson(const Json& json);
std::string toText(const ParameterValue& value); ///< shortest text that reads back the same

} // namespace ochre::graph
