// SPDX-License-Identifier: GPL-3.0-or-later
// Descriptions of sockets and parameters that many nodes have, so that the same thing is offered in the same
// way everywhere.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/graph/NodeDeclaration.h"

namespace ochre::nodes {

inline graph::Socket socket(std::string id, std::string label, std::string help, graph::TypeName type) {
    return {.id = std::move(id), .label = std::move(label), .help = std::move(help), .type = std::move(type)};
}

inline graph::Socket optional(graph::Socket socket) {
    socket.optional = true;
    return socket;
}

/// What may be typed, and where the slider ends; it begins at `min`.
struct Range {
    double min = 0, max = 65536, softMax = 4096;
};

inline graph::Parameter whole(std::string id, std::string label, std::string help, std::int64_t value,
                              Range range) {
    return {.id = std::move(id),
            .label = std::move(label),
            .help = std::move(help),
            .kind = graph::ParameterKind::Int,
            .defaultValue = value,
            .min = range.min,
            .max = range.max,
            .softMin = range.min,
            .softMax = range.softMax};
}

/// A length in whole pixels.
inline graph::Parameter pixels(std::string id, std::string label, std::string help, std::int64_t value,
                               Range range = {}) {
    graph::Parameter p = whole(std::move(id), std::move(label), std::move(help), value, range);
    p.unit = "px";
    return p;
}

inline graph::Parameter number(std::string id, std::string label, std::string help, double value,
                               Range range) {
    return {.id = std::move(id),
            .label = std::move(label),
            .help = std::move(help),
            .kind = graph::ParameterKind::Float,
            .defaultValue = value,
            .min = range.min,
            .max = range.max,
            .softMin = range.min,
            .softMax = range.softMax};
}

/// A part of a whole, 0…1.
inline graph::Parameter share(std::string id, std::string label, std::string help, double value) {
    return number(std::move(id), std::move(label), std::move(help), value,
                  {.min = 0, .max = 1, .softMax = 1});
}

inline graph::Parameter flag(std::string id, std::string label, std::string help, bool value) {
    return {.id = std::move(id),
            .label = std::move(label),
            .help = std::move(help),
            .kind = graph::ParameterKind::Bool,
            .defaultValue = value};
}

/// The first choice is the default.
inline graph::Parameter choice(std::string id, std::string label, std::string help,
                               std::vector<graph::Choice> choices) {
    graph::ParameterValue first = choices.front().id;
    return {.id = std::move(id),
            .label = std::move(label),
            .help = std::move(help),
            .kind = graph::ParameterKind::Choice,
            .defaultValue = std::move(first),
            .choices = std::move(choices)};
}

inline graph::Parameter longText(std::string id, std::string label, std::string help) {
    return {.id = std::move(id),
            .label = std::move(label),
            .help = std::move(help),
            .kind = graph::ParameterKind::LongText,
            .defaultValue = std::string()};
}

inline graph::Parameter advanced(graph::Parameter parameter) {
    parameter.advanced = true;
    return parameter;
}

/// Shown only while `id` has one of `values`, apart by '|'.
inline graph::Parameter shownWhen(graph::Parameter parameter, std::string id, std::string values) {
    parameter.visibleWhenId = std::move(id);
    parameter.visibleWhenValues = std::move(values);
    return parameter;
}

} // namespace ochre::nodes
