// SPDX-License-Identifier: GPL-3.0-or-later
// The socket types: names, sub-typing, implicit conversions, and how values of a type go to disk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/graph/Value.h"

namespace ochre::graph {

/// Built in: any, bool, int, float, text, color. Everything else is registered by the layer that knows the
/// payload.
namespace types {
inline const TypeName kAny = "any";
inline const TypeName kBool = "bool";   // payload bool
inline const TypeName kInt = "int";     // payload std::int64_t
inline const TypeName kFloat = "float"; // payload double
inline const TypeName kText = "text";   // payload std::string
inline const TypeName kColor = "color"; // payload std::array<float, 4>, sRGB, straight alpha
} // namespace types

/// Values of the built-in types.
Value makeBool(bool value);
Value makeInt(std::int64_t value);
Value makeFloat(double value);
Value makeText(std::string value);
Value makeColor(const std::array<float, 4>& value);

struct TypeInfo {
    TypeName name;
    std::string label;    ///< "Image", as shown
    TypeName parent = {}; ///< a value of this type may go wherever its parent may; empty under "any"
    /// The disk tier keeps only types that have both. `read` throws Error on damaged bytes.
    std::function<std::vector<std::byte>(const Value&)> write = {};
    std::function<Value(std::span<const std::byte>)> read = {};
    /// What Constraint asks about a value while a graph runs; absent: not asked.
    std::function<int(const Value&)> channels = {};
    std::function<std::string(const Value&)> modelFamily = {};
};

/// Thread-safe; filled when the program starts, read afterwards.
class TypeRegistry {
public:
    static TypeRegistry&
    shared(); ///< holds the built-in types and bool/int/float/text conversions from the start

    void add(TypeInfo info); ///< throws Error when the name is taken by another description
    /// An implicit conversion, used when a link joins `from` to `to`. One step only, never chained.
    void addConversion(const TypeName& from, const TypeName& to, std::function<Value(const Value&)> convert);

    const TypeInfo* find(const TypeName& name) const;
    std::vector<const TypeInfo*> all() const; ///< sorted by name

    bool isA(const TypeName& type, const TypeName& ancestor) const;
    /// Whether an output of type `from` may be linked to an input of type `to`: sub-type, conversion, or
    /// either is any.
    bool accepts(const TypeName& to, const TypeName& from) const;
    /// `value` as `to`. Throws Error where accepts() would be false.
    Value convert(const Value& value, const TypeName& to) const;

private:
    TypeRegistry();
    struct State;
    std::shared_ptr<State> m_state;
};

} // namespace ochre::graph
