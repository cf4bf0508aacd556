// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/Parameter.h"

#include <charconv>
#include <climits>
#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::graph {
namespace {

const char* kindName(ParameterKind kind) {
    switch (kind) {
    case ParameterKind::Bool:
        return "bool";
    case ParameterKind::Int:
        return "int";
    case ParameterKind::Float:
        return "float";
    case ParameterKind::Text:
        return "text";
    case ParameterKind::LongText:
        return "long_text";
    case ParameterKind::Choice:
        return "choice";
    case ParameterKind::File:
        return "file";
    case ParameterKind::SaveFile:
        return "save_file";
    case ParameterKind::Folder:
        return "folder";
    case ParameterKind::Model:
        return "model";
    case ParameterKind::Color:
        return "color";
    case ParameterKind::Seed:
        return "seed";
    }
    return "float";
}

std::string choiceList(const Parameter& p) {
    std::string list;
    for (const Choice& c : p.choices) list += (list.empty() ? "" : ", ") + c.id;
    return list;
}

Error wrongKind(const Parameter& p, const ParameterValue& value, const char* wanted) {
    return Error(fmt::format("{}: \"{}\" is not {}", p.id, toText(value), wanted),
                 fmt::format("give {}", wanted));
}

void checkRange(const Parameter& p, double number, const std::string& seen) {
    const bool low = p.min && number < *p.min, high = p.max && number > *p.max;
    if (!low && !high) return;
    const std::string unit = p.unit.empty() ? "" : " " + p.unit;
    const std::string range = p.min && p.max ? fmt::format("from {} to {}{}", *p.min, *p.max, unit)
                              : p.min        ? fmt::format("{}{} or more", *p.min, unit)
                                             : fmt::format("{}{} or less", *p.max, unit);
    throw Error(fmt::format("{}: {} is out of range", p.id, seen), "allowed: " + range);
}

ParameterValue checkBool(const Parameter& p, const ParameterValue& value) {
    if (std::holds_alternative<bool>(value)) return value;
    if (const auto* i = std::get_if<std::int64_t>(&value); i && (*i == 0 || *i == 1)) return *i == 1;
    throw wrongKind(p, value, "true or false");
}

ParameterValue checkInt(const Parameter& p, const ParameterValue& value) {
    std::int64_t number = 0;
    if (const auto* i = std::get_if<std::int64_t>(&value)) {
        number = *i;
    } else if (const auto* d = std::get_if<double>(&value);
               d && std::abs(*d) <= 0x1p53 && std::floor(*d) == *d) {
        number = static_cast<std::int64_t>(*d);
    } else {
        throw wrongKind(p, value, "a whole number");
    }
    if (p.kind == ParameterKind::Seed && number < 0)
        throw Error(fmt::format("{}: {} is out of range", p.id, number), "a seed is 0 or more");
    checkRange(p, static_cast<double>(number), toText(number));
    return number;
}

ParameterValue checkFloat(const Parameter& p, const ParameterValue& value) {
    double number = 0;
    if (const auto* d = std::get_if<double>(&value))
        number = *d;
    else if (const auto* i = std::get_if<std::int64_t>(&value))
        number = static_cast<double>(*i);
    else
        throw wrongKind(p, value, "a number");
    if (!std::isfinite(number)) throw wrongKind(p, value, "a finite number");
    checkRange(p, number, toText(number));
    return number == 0 ? 0.0 : number; // −0 would be another key for the same picture
}

ParameterValue checkText(const Parameter& p, const ParameterValue& value) {
    const auto* text = std::get_if<std::string>(&value);
    if (!text) throw wrongKind(p, value, "text");
    if (p.kind != ParameterKind::Choice) return value;
    for (const Choice& c : p.choices)
        if (c.id == *text) return value;
    throw Error(fmt::format("{}: \"{}\" is not one of the choices", p.id, *text), "choose " + choiceList(p));
}

ParameterValue checkColor(const Parameter& p, const ParameterValue& value) {
    const auto* color = std::get_if<Color>(&value);
    if (!color) throw wrongKind(p, value, "a colour");
    for (const float c : *color)
        if (!std::isfinite(c)) throw wrongKind(p, value, "a colour of finite numbers");
    return value;
}

template <typename T>
std::optional<T> number(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    if (text.starts_with('+')) text.remove_prefix(1);
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

std::optional<Color> hexColor(std::string_view digits) {
    if (digits.size() != 6 && digits.size() != 8) return std::nullopt;
    Color color{0, 0, 0, 1};
    for (std::size_t i = 0; i < digits.size() / 2; ++i) {
        unsigned value = 0;
        const char* begin = digits.data() + 2 * i;
        if (const auto [end, error] = std::from_chars(begin, begin + 2, value, 16); end != begin + 2)
            return std::nullopt;
        color[i] = static_cast<float>(value) / 255.0f;
    }
    return color;
}

std::optional<Color> colorFromText(std::string_view text) {
    if (text.starts_with('#')) return hexColor(text.substr(1));
    Color color{0, 0, 0, 1};
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t comma = text.find(',');
        const auto value = number<float>(text.substr(0, comma));
        if (!value) return std::nullopt;
        color[i] = *value;
        if (comma == std::string_view::npos) return i >= 2 ? std::optional(color) : std::nullopt;
        text.remove_prefix(comma + 1);
    }
    return std::nullopt;
}

std::optional<bool> boolFromText(std::string_view text) {
    if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
    if (text == "false" || text == "0" || text == "no" || text == "off") return false;
    return std::nullopt;
}

} // namespace

ParameterValue Parameter::check(const ParameterValue& value) const {
    switch (kind) {
    case ParameterKind::Bool:
        return checkBool(*this, value);
    case ParameterKind::Int:
    case ParameterKind::Seed:
        return checkInt(*this, value);
    case ParameterKind::Float:
        return checkFloat(*this, value);
    case ParameterKind::Color:
        return checkColor(*this, value);
    default:
        return checkText(*this, value);
    }
}

ParameterValue Parameter::parse(const std::string& text) const {
    const ParameterValue asText = text;
    switch (kind) {
    case ParameterKind::Bool:
        if (const auto flag = boolFromText(text)) return check(*flag);
        throw wrongKind(*this, asText, "true or false");
    case ParameterKind::Int:
    case ParameterKind::Seed:
        if (const auto i = number<std::int64_t>(text)) return check(*i);
        if (const auto d = number<double>(text)) return check(*d);
        throw wrongKind(*this, asText, "a whole number");
    case ParameterKind::Float:
        if (const auto d = number<double>(text)) return check(*d);
        throw wrongKind(*this, asText, "a number");
    case ParameterKind::Color:
        if (const auto c = colorFromText(text)) return check(*c);
        throw wrongKind(*this, asText, "a colour such as #ff8800, #ff8800ff or 1,0.5,0");
    case ParameterKind::Choice:
        for (const Choice& c : choices)
            if (c.label == text) return check(c.id);
        return check(asText);
    default:
        return check(asText);
    }
}

std::string Parameter::socketType() const {
    switch (kind) {
    case ParameterKind::Bool:
        return "bool";
    case ParameterKind::Int:
    case ParameterKind::Seed:
        return "int";
    case ParameterKind::Float:
        return "float";
    case ParameterKind::Color:
        return "color";
    default:
        return "text";
    }
}

Json Parameter::toJson() const {
    Json json = {{"id", id}, {"label", label}, {"help", help}, {"kind", kindName(kind)}};
    json["default"] = graph::toJson(defaultValue);
    const auto putNumber = [&](const char* key, const std::optional<double>& value) {
        if (value) json[key] = *value;
    };
    putNumber("min", min);
    putNumber("max", max);
    putNumber("soft_min", softMin);
    putNumber("soft_max", softMax);
    if (step != 0) json["step"] = step;
    if (!unit.empty()) json["unit"] = unit;
    if (!choices.empty()) {
        Json list = Json::array();
        for (const Choice& c : choices) list.push_back({{"id", c.id}, {"label", c.label}});
        json["choices"] = std::move(list);
    }
    if (!filter.empty()) json["filter"] = filter;
    if (!group.empty()) json["group"] = group;
    if (advanced) json["advanced"] = true;
    if (!visibleWhenId.empty()) json["visible_when"] = {{"id", visibleWhenId}, {"values", visibleWhenValues}};
    return json;
}

Parameter Parameter::fromJson(const Json& json) {
    const auto textOf = [&](const char* key) { return json.value(key, std::string()); };
    const auto numberOf = [&](const char* key) {
        return json.contains(key) ? std::optional(json.at(key).get<double>()) : std::nullopt;
    };
    Parameter p;
    p.id = json.at("id").get<std::string>();
    p.label = textOf("label");
    p.help = textOf("help");
    const std::string kindText = json.at("kind").get<std::string>();
    bool known = false;
    for (int k = 0; k <= static_cast<int>(ParameterKind::Seed) && !known; ++k) {
        p.kind = static_cast<ParameterKind>(k);
        known = kindText == kindName(p.kind);
    }
    if (!known) throw broken(fmt::format("{}: unknown kind of parameter \"{}\"", p.id, kindText));
    p.defaultValue = parameterFromJson(json.at("default"));
    p.min = numberOf("min");
    p.max = numberOf("max");
    p.softMin = numberOf("soft_min");
    p.softMax = numberOf("soft_max");
    p.step = json.value("step", 0.0);
    p.unit = textOf("unit");
    for (const Json& c : json.value("choices", Json::array()))
        p.choices.push_back({c.at("id").get<std::string>(), c.at("label").get<std::string>()});
    p.filter = textOf("filter");
    p.group = textOf("group");
    p.advanced = json.value("advanced", false);
    if (json.contains("visible_when")) {
        p.visibleWhenId = json.at("visible_when").at("id").get<std::string>();
        p.visibleWhenValues = json.at("visible_when").at("values").get<std::string>();
    }
    return p;
}

Json toJson(const ParameterValue& value) {
    return std::visit([](const auto& v) { return Json(v); }, value);
}

ParameterValue parameterFromJson(const Json& json) {
    if (json.is_boolean()) return json.get<bool>();
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
        throw broken(fmt::format("{} does not fit in 64 bits", json.get<std::uint64_t>()));
    if (json.is_number_integer()) return json.get<std::int64_t>();
    if (json.is_number_float()) return json.get<double>();
    if (json.is_string()) return json.get<std::string>();
    if (json.is_array() && (json.size() == 3 || json.size() == 4)) {
        Color color{0, 0, 0, 1};
        for (std::size_t i = 0; i < json.size(); ++i) {
            if (!json[i].is_number()) throw broken("a colour holds something that is not a number");
            color[i] = json[i].get<float>();
        }
        return color;
    }
    throw broken(fmt::format("a value of type {} where a number, text, true, false or a colour belongs",
                             json.type_name()));
}

std::string toText(const ParameterValue& value) {
    struct Visitor {
        std::string operator()(bool v) const { return v ? "true" : "false"; }
        std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
        std::string operator()(double v) const { return fmt::format("{}", v); }
        std::string operator()(const std::string& v) const { return v; }
        std::string operator()(const Color& v) const {
            return fmt::format("{},{},{},{}", v[0], v[1], v[2], v[3]);
        }
    };
    return std::visit(Visitor{}, value);
}

} // namespace ochre::graph
