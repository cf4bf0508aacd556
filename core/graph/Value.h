// SPDX-License-Identifier: GPL-3.0-or-later
// What travels along links: an immutable payload of any C++ type, with its socket type and size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>
#include <vector>

#include "core/base/Error.h"

namespace ochre::graph {

/// A socket type, known by name ("image", "mask", "float"): a name is all the engine needs. Sub-typing and
/// conversions are in Types.h.
using TypeName = std::string;

/// Copies share the payload; reading is safe from any thread. A default-made Value is empty.
class Value {
public:
    Value() = default;

    /// `bytes` is what the payload holds beyond sizeof(T), for the cache's budget.
    template <typename T>
    static Value make(TypeName type, T payload, std::size_t bytes = 0) {
        Value v;
        v.m_box = std::make_shared<Holder<T>>(std::move(type), std::move(payload), bytes + sizeof(T));
        return v;
    }

    bool empty() const { return !m_box; }
    const TypeName& type() const { return m_box ? m_box->type : kEmptyType; }
    std::size_t bytes() const { return m_box ? m_box->bytes : 0; }

    template <typename T>
    const T* tryAs() const {
        if (!m_box || m_box->payload != std::type_index(typeid(T))) return nullptr;
        return &static_cast<const Holder<T>*>(m_box.get())->value;
    }

    /// The payload. Throws Error when it is of another C++ type: a declaration and its node disagree.
    template <typename T>
    const T& as() const {
        if (const T* value = tryAs<T>()) return *value;
        throw Error("a value of type \"" + type() + "\" does not hold what was asked for",
                    "this is a fault in the node");
    }

    /// True when both are the same payload in memory.
    bool sameAs(const Value& other) const { return m_box == other.m_box; }

private:
    struct Box {
        Box(TypeName t, std::type_index p, std::size_t b) : type(std::move(t)), payload(p), bytes(b) {}
        virtual ~Box() = default;
        TypeName type;
        std::type_index payload;
        std::size_t bytes;
    };
    template <typename T>
    struct Holder : Box {
        Holder(TypeName t, T v, std::size_t b) : Box(std::move(t), typeid(T), b), value(std::move(v)) {}
        T value;
    };

    static inline const TypeName kEmptyType{};
    std::shared_ptr<const Box> m_box;
};

} // namespace ochre::graph
