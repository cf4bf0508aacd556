// SPDX-License-Identifier: GPL-3.0-or-later
// JSON from strangers: bounded in size and depth, every key once. The only door to the parser.
#pragma once

#include <cstddef>
#include <string_view>

#include <nlohmann/json.hpp>

namespace ochre {

/// Keeps the order of keys, so that a file written back reads as it did.
using Json = nlohmann::ordered_json;

struct JsonLimits {
    std::size_t bytes = std::size_t{64} << 20;
    int depth = 128;
};

/// Throws Error (Broken) that starts with `subject` and gives the byte offset: malformed UTF-8 or syntax, too long, too
/// deep, or a key twice in one object (escapes resolved).
Json parseJson(std::string_view text, std::string_view subject, const JsonLimits& limits = {});

/// Text for files and messages; invalid UTF-8 is replaced, never thrown.
std::string dumpJson(const Json& json, int indent = -1);

} // namespace ochre
