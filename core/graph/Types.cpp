// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/Types.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <mutex>
#include <shared_mutex>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/graph/Parameter.h"

namespace ochre::graph {

struct TypeRegistry::State {
    mutable std::shared_mutex mutex;
    std::map<TypeName, TypeInfo> types;
    std::map<std::pair<TypeName, TypeName>, std::function<Value(const Value&)>> conversions;

    const TypeInfo* find(const TypeName& name) const {
        const auto it = types.find(name);
        return it == types.end() ? nullptr : &it->second;
    }
    bool isA(const TypeName& type, const TypeName& ancestor) const {
        if (ancestor == types::kAny || type == ancestor) return true;
        // Parents exist before their children, so the walk ends.
        for (const TypeInfo* info = find(type); info && !info->parent.empty(); info = find(info->parent))
            if (info->parent == ancestor) return true;
        return false;
    }
    const std::function<Value(const Value&)>* conversion(const TypeName& from, const TypeName& to) const {
        for (TypeName name = from; !name.empty();) {
            if (const auto it = conversions.find({name, to}); it != conversions.end()) return &it->second;
            const TypeInfo* info = find(name);
            name = info ? info->parent : TypeName();
        }
        return nullptr;
    }
};

namespace {

template <typename T>
std::vector<std::byte> scalarBytes(const Value& value) {
    std::vector<std::byte> bytes(sizeof(T));
    std::memcpy(bytes.data(), &value.as<T>(), sizeof(T));
    return bytes;
}

template <typename T>
TypeInfo scalarType(const TypeName& name, const std::string& label) {
    return {.name = name,
            .label = label,
            .write = scalarBytes<T>,
            .read = [name](std::span<const std::byte> bytes) {
                if (bytes.size() != sizeof(T)) throw broken(name + ": the stored value has the wrong size");
                T value;
                std::memcpy(&value, bytes.data(), sizeof(T));
                return Value::make<T>(name, value);
            }};
}

TypeInfo textType() {
    return {.name = types::kText,
            .label = "Text",
            .write =
                [](const Value& value) {
                    const auto& text = value.as<std::string>();
                    const auto* begin = reinterpret_cast<const std::byte*>(text.data());
                    return std::vector<std::byte>(begin, begin + text.size());
                },
            .read =
                [](std::span<const std::byte> bytes) {
                    return makeText(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
                }};
}

TypeInfo boolType() {
    TypeInfo info = scalarType<std::uint8_t>(types::kBool, "Yes or no");
    info.write = [](const Value& v) { return std::vector<std::byte>{std::byte{v.as<bool>()}}; };
    info.read = [](std::span<const std::byte> bytes) {
        if (bytes.size() != 1) throw broken("bool: the stored value has the wrong size");
        return makeBool(bytes[0] != std::byte{0});
    };
    return info;
}

Value textToNumber(const Value& value) {
    const auto& text = value.as<std::string>();
    double number = 0;
    const char* end = text.data() + text.size();
    if (const auto [at, error] = std::from_chars(text.data(), end, number); error != std::errc() || at != end)
        throw Error(fmt::format("\"{}\" is not a number", text), "link a number, or text that is one");
    return makeFloat(number);
}

Value floatToInt(const Value& value) {
    const double number = std::round(value.as<double>());
    if (!(std::abs(number) <= 0x1p62)) throw Error(fmt::format("{} does not fit in a whole number", number));
    return makeInt(static_cast<std::int64_t>(number));
}

Value colorToText(const Value& value) {
    return makeText(toText(ParameterValue(value.as<Color>())));
}

} // namespace

Value makeBool(bool value) {
    return Value::make<bool>(types::kBool, value);
}
Value makeInt(std::int64_t value) {
    return Value::make<std::int64_t>(types::kInt, value);
}
Value makeFloat(double value) {
    return Value::make<double>(types::kFloat, value);
}
Value makeText(std::string value) {
    const std::size_t bytes = value.size();
    return Value::make<std::string>(types::kText, std::move(value), bytes);
}
Value makeColor(const std::array<float, 4>& value) {
    return Value::make<std::array<float, 4>>(types::kColor, value);
}

TypeRegistry& TypeRegistry::shared() {
    static TypeRegistry* registry = new TypeRegistry; // never destroyed: values may outlive main's statics
    return *registry;
}

TypeRegistry::TypeRegistry() : m_state(std::make_shared<State>()) {
    using namespace types;
    add({.name = kAny, .label = "Anything"});
    add(boolType());
    add(scalarType<std::int64_t>(kInt, "Whole number"));
    add(scalarType<double>(kFloat, "Number"));
    add(textType());
    add(scalarType<std::array<float, 4>>(kColor, "Colour"));
    addConversion(kInt, kFloat,
                  [](const Value& v) { return makeFloat(static_cast<double>(v.as<std::int64_t>())); });
    addConversion(kFloat, kInt, floatToInt);
    addConversion(kBool, kInt, [](const Value& v) { return makeInt(v.as<bool>() ? 1 : 0); });
    addConversion(kBool, kFloat, [](const Value& v) { return makeFloat(v.as<bool>() ? 1 : 0); });
    addConversion(kInt, kBool, [](const Value& v) { return makeBool(v.as<std::int64_t>() != 0); });
    addConversion(kFloat, kBool, [](const Value& v) { return makeBool(v.as<double>() != 0); });
    addConversion(kBool, kText, [](const Value& v) { return makeText(v.as<bool>() ? "true" : "false"); });
    addConversion(kInt, kText,
                  [](const Value& v) { return makeText(fmt::format("{}", v.as<std::int64_t>())); });
    addConversion(kFloat, kText, [](const Value& v) { return makeText(fmt::format("{}", v.as<double>())); });
    addConversion(kText, kFloat, textToNumber);
    addConversion(kText, kInt, [](const Value& v) { return floatToInt(textToNumber(v)); });
    addConversion(kColor, kText, colorToText);
}

void TypeRegistry::add(TypeInfo info) {
    std::unique_lock lock(m_state->mutex);
    if (info.name.empty()) throw Error("a socket type has no name");
    if (const TypeInfo* old = m_state->find(info.name)) {
        if (old->label == info.label && old->parent == info.parent) return;
        throw Error(
            fmt::format("the socket type \"{}\" is already registered as \"{}\"", info.name, old->label));
    }
    if (!info.parent.empty() && !m_state->find(info.parent))
        throw Error(
            fmt::format("the socket type \"{}\" has the unknown parent \"{}\"", info.name, info.parent));
    m_state->types.emplace(info.name, std::move(info));
}

void TypeRegistry::addConversion(const TypeName& from, const TypeName& to,
                                 std::function<Value(const Value&)> convert) {
    std::unique_lock lock(m_state->mutex);
    m_state->conversions.insert_or_assign({from, to}, std::move(convert));
}

const TypeInfo* TypeRegistry::find(const TypeName& name) const {
    std::shared_lock lock(m_state->mutex);
    return m_state->find(name);
}

std::vector<const TypeInfo*> TypeRegistry::all() const {
    std::shared_lock lock(m_state->mutex);
    std::vector<const TypeInfo*> list;
    for (const auto& [name, info] : m_state->types) list.push_back(&info);
    return list;
}

bool TypeRegistry::isA(const TypeName& type, const TypeName& ancestor) const {
    std::shared_lock lock(m_state->mutex);
    return m_state->isA(type, ancestor);
}

bool TypeRegistry::accepts(const TypeName& to, const TypeName& from) const {
    if (to == from || to == types::kAny || from == types::kAny) return true;
    std::shared_lock lock(m_state->mutex);
    return m_state->isA(from, to) || m_state->conversion(from, to);
}

Value TypeRegistry::convert(const Value& value, const TypeName& to) const {
    if (value.empty() || value.type() == to || to == types::kAny) return value;
    std::function<Value(const Value&)> function;
    {
        std::shared_lock lock(m_state->mutex);
        if (m_state->isA(value.type(), to)) return value;
        if (const auto* found = m_state->conversion(value.type(), to)) function = *found;
    }
    if (!function)
        throw Error(fmt::format("a value of type \"{}\" cannot be used as \"{}\"", value.type(), to),
                    "put a node between them that makes one from the other");
    return function(value);
}

} // namespace ochre::graph
