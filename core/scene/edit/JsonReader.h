// SPDX-License-Identifier: GPL-3.0-or-later
// Values of a JSON object by their keys, with errors that name them.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Json.h"

namespace ochre {

struct JsonReader {
    const Json& json;
    std::string_view subject;

    const Json& at(const char* key) const {
        const auto found = json.is_object() ? json.find(key) : json.end();
        if (found == json.end()) throw broken(fmt::format("{}: {} is missing", subject, key));
        return *found;
    }
    std::string text(const char* key) const {
        const Json& value = at(key);
        if (!value.is_string()) throw broken(fmt::format("{}: {}: {} is no text", subject, key, dumpJson(value)));
        return value.get<std::string>();
    }
    double number(const char* key) const { return number(at(key), subject, key); }
    template <std::size_t N>
    std::array<double, N> numbers(const char* key) const {
        return numbers<N>(at(key), subject, key);
    }
    const Json& list(const char* key) const {
        if (!at(key).is_array()) throw broken(fmt::format("{}: {} is no list", subject, key));
        return at(key);
    }
    const Json& object(const char* key) const {
        if (!at(key).is_object()) throw broken(fmt::format("{}: {} is no object", subject, key));
        return at(key);
    }

    static double number(const Json& value, std::string_view subject, const char* key) {
        if (!value.is_number() || !std::isfinite(value.get<double>()))
            throw broken(fmt::format("{}: {}: {} is no number", subject, key, dumpJson(value)));
        return value.get<double>();
    }
    template <std::size_t N>
    static std::array<double, N> numbers(const Json& value, std::string_view subject, const char* key) {
        if (!value.is_array() || value.size() != N) throw broken(fmt::format("{}: {}: not {} numbers", subject, key, N));
        std::array<double, N> result{};
        for (std::size_t k = 0; k < N; ++k) result[k] = number(value[k], subject, key);
        return result;
    }
};

} // namespace ochre
