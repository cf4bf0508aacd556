// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/interop/ComfyTranslate.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "core/base/Error.h"
#include "core/project/interop/ComfyGraph.h"

namespace ochre::project::interop {
namespace {

constexpr double kFarthest = 1e7; // scene units; beyond it a canvas cannot be scrolled to

double coordinate(const Json& value) {
    if (!value.is_number()) return 0;
    const double number = value.get<double>();
    return std::isfinite(number) ? std::clamp(number, -kFarthest, kFarthest) : 0;
}

/// [a, b, …] or {"0": a, "1": b, …}.
double component(const Json& object, const char* key, std::size_t index) {
    const auto it = object.find(key);
    if (it == object.end()) return 0;
    if (it->is_array()) return index < it->size() ? coordinate((*it)[index]) : 0;
    if (!it->is_object()) return 0;
    const auto entry = it->find(std::to_string(index));
    return entry == it->end() ? 0 : coordinate(*entry);
}

/// Not more bytes than the project file takes for a title, cut between characters.
std::string shortened(std::string text) {
    if (text.size() <= kMaxNameBytes) return text;
    std::size_t end = kMaxNameBytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    return text;
}

} // namespace

std::optional<graph::ParameterValue> translate(const WidgetRule& rule, const Json& value,
                                               const graph::NodeDeclaration& declaration) {
    const graph::Parameter* parameter = declaration.findParameter(rule.parameter);
    if (!parameter) return std::nullopt;
    const auto raw = toOchre(rule, value);
    if (!raw) return std::nullopt;
    try {
        return parameter->check(*raw);
    } catch (const Error&) {
        const bool word =
            parameter->kind == graph::ParameterKind::Choice && std::holds_alternative<std::string>(*raw);
        return word ? raw : std::nullopt;
    }
}

std::optional<graph::ParameterValue> currentValue(const graph::Node& node,
                                                  const graph::NodeDeclaration& declaration,
                                                  const std::string& parameter) {
    if (const auto set = node.parameters.find(parameter); set != node.parameters.end()) return set->second;
    const graph::Parameter* known = declaration.findParameter(parameter);
    return known ? std::optional(known->defaultValue) : std::nullopt;
}

bool sameValue(const graph::ParameterValue& a, const graph::ParameterValue& b) {
    const auto number = [](const graph::ParameterValue& v) -> std::optional<double> {
        if (const auto* d = std::get_if<double>(&v)) return *d;
        if (const auto* i = std::get_if<std::int64_t>(&v)) return static_cast<double>(*i);
        return std::nullopt;
    };
    if (a.index() == b.index()) return a == b;
    const auto x = number(a), y = number(b);
    return x && y && *x == *y;
}

std::string hexColor(const std::string& text) {
    const bool valid =
        (text.size() == 4 || text.size() == 7) && text[0] == '#' &&
        std::all_of(text.begin() + 1, text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
    if (!valid) return {};
    if (text.size() == 7) return text;
    std::string full = "#";
    for (const char c : text.substr(1)) full += {c, c};
    return full;
}

graph::NodeLook lookOf(const Json& node) {
    graph::NodeLook look;
    look.x = component(node, "pos", 0);
    look.y = component(node, "pos", 1);
    look.width = std::clamp(component(node, "size", 0), 0.0, 4000.0);
    const auto flags = node.find("flags");
    if (flags != node.end() && flags->is_object())
        if (const auto it = flags->find("collapsed"); it != flags->end() && it->is_boolean())
            look.collapsed = it->get<bool>();
    look.color = hexColor(textOf(node, "color"));
    return look;
}

std::string labelOf(const Json& node) {
    return shortened(textOf(node, "title"));
}

graph::Frame frameOf(const Json& group, std::uint32_t id) {
    graph::Frame frame;
    frame.id = id;
    frame.title = shortened(textOf(group, "title"));
    frame.color = hexColor(textOf(group, "color"));
    frame.x = component(group, "bounding", 0);
    frame.y = component(group, "bounding", 1);
    frame.width = std::max(0.0, component(group, "bounding", 2));
    frame.height = std::max(0.0, component(group, "bounding", 3));
    return frame;
}

const Json* originOf(const graph::Node& node) {
    if (!node.extra.is_object()) return nullptr;
    const auto comfy = node.extra.find(kComfyMember);
    if (comfy == node.extra.end() || !comfy->is_object()) return nullptr;
    const auto json = comfy->find("node");
    return json != comfy->end() && json->is_object() ? &*json : nullptr;
}

} // namespace ochre::project::interop
