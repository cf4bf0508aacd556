// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/ParametersText.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/base/Text.h"

namespace ochre {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxValues = 1000;
constexpr std::string_view kNegative = "Negative prompt:";

bool isWordCharacter(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool isKeyCharacter(char c) {
    return isWordCharacter(c) || c == ' ' || c == '-' || c == '/';
}

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Bytes of the quoted text that `line` begins with, quotes included; 0 where it does not end.
std::size_t quotedLength(std::string_view line) {
    for (std::size_t i = 1; i < line.size(); ++i) {
        if (line[i] == '\\')
            ++i;
        else if (line[i] == '"')
            return i + 1;
    }
    return 0;
}

/// Of the JSON object that `line` begins with ("Hashes" of Civitai stand unquoted); 0 where it does not end.
std::size_t objectLength(std::string_view line) {
    int depth = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"') {
            const std::size_t length = quotedLength(line.substr(i));
            if (length == 0) return 0;
            i += length - 1;
        } else if (line[i] == '{') {
            ++depth;
        } else if (line[i] == '}' && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

std::string unquoted(std::string_view value) {
    if (value.size() < 2 || value.front() != '"') return std::string(value);
    try {
        const Json json = parseJson(value, "value");
        if (json.is_string()) return json.get<std::string>();
    } catch (const Error&) {
        // as it stands
    }
    return std::string(value);
}

bool isWholeObject(std::string_view value) {
    return value.starts_with('{') && objectLength(value) == value.size();
}

std::string quoted(const std::string& value) {
    const bool plain = value.find_first_of(",\n:\r") == std::string::npos && !value.starts_with('"') &&
                       !value.starts_with('{') && trimmed(value) == value;
    if (plain || (isWholeObject(value) && value.find('\n') == std::string::npos)) return value;
    return dumpJson(value);
}

std::vector<std::pair<std::string, std::string>> readValues(std::string_view line) {
    std::vector<std::pair<std::string, std::string>> values;
    while (!line.empty() && values.size() < kMaxValues) {
        line = trimmed(line);
        std::size_t end = 0;
        while (end < line.size() && isKeyCharacter(line[end])) ++end;
        const std::string key(trimmed(line.substr(0, end)));
        if (key.size() < 2 || end == line.size() || line[end] != ':' || !isWordCharacter(line[0])) {
            const std::size_t comma = line.find(',');
            line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
            continue;
        }
        line = trimmed(line.substr(end + 1));
        std::size_t length = line.starts_with('"')   ? quotedLength(line)
                             : line.starts_with('{') ? objectLength(line)
                                                     : 0;
        const std::size_t after = line.find_first_not_of(' ', length);
        if (length == 0 || (after != std::string_view::npos && line[after] != ','))
            length = std::min(line.find(','), line.size());
        values.emplace_back(key, unquoted(trimmed(line.substr(0, length))));
        const std::size_t comma = line.find(',', length);
        line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
    }
    return values;
}

} // namespace

const std::string* ParametersText::find(std::string_view key) const {
    const auto it =
        std::find_if(values.begin(), values.end(), [&](const auto& entry) { return entry.first == key; });
    return it == values.end() ? nullptr : &it->second;
}

void ParametersText::set(std::string key, std::string value) {
    values.emplace_back(std::move(key), std::move(value));
}

ParametersText readParameters(std::string_view text, std::string_view subject) {
    if (text.size() > kMaxBytes)
        throw broken(
            fmt::format("{}: parameters of {} bytes, more than {}", subject, text.size(), kMaxBytes));
    if (!isUtf8(text)) throw broken(fmt::format("{}: its parameters are no UTF-8 text", subject));
    text = trimmed(text);
    const std::size_t lastBreak = text.rfind('\n');
    const std::string_view last = lastBreak == std::string_view::npos ? text : text.substr(lastBreak + 1);
    ParametersText result;
    result.values = readValues(last);
    if (result.values.size() < 3)
        throw notMine(fmt::format("{}: holds no generation parameters: its last line has {} values", subject,
                                  result.values.size()));
    std::string_view rest =
        lastBreak == std::string_view::npos ? std::string_view{} : text.substr(0, lastBreak);
    std::string* into = &result.prompt;
    bool first = true;
    while (!rest.empty() || !first) {
        const std::size_t end = rest.find('\n');
        std::string_view line = rest.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (into == &result.prompt && trimmed(line).starts_with(kNegative)) {
            into = &result.negative;
            line = trimmed(trimmed(line).substr(kNegative.size()));
            first = true;
        }
        *into += (first ? "" : "\n") + std::string(line);
        first = false;
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    return result;
}

std::string writeParameters(const ParametersText& text) {
    std::string out = text.prompt;
    const auto addLine = [&](const std::string& line) { out += (out.empty() ? "" : "\n") + line; };
    if (!text.negative.empty()) addLine(std::string(kNegative) + " " + text.negative);
    std::string line;
    for (const auto& [key, value] : text.values)
        line += (line.empty() ? "" : ", ") + key + ": " + quoted(value);
    addLine(line);
    return out;
}

} // namespace ochre
