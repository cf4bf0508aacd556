// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/PlyFile.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Math.h"
#include "core/base/Text.h"
#include "core/scene/SplatValues.h"

namespace ochre {
namespace {

constexpr std::size_t kMaxHeader = 64 << 10, kMaxLine = 1 << 10, kMaxProperties = 4096, kMaxElements = 64;

struct TypeName {
    std::string_view name;
    PlyType type;
};
constexpr std::array<TypeName, 16> kTypes{{
    {"char", PlyType::Int8},
    {"int8", PlyType::Int8},
    {"uchar", PlyType::Uint8},
    {"uint8", PlyType::Uint8},
    {"short", PlyType::Int16},
    {"int16", PlyType::Int16},
    {"ushort", PlyType::Uint16},
    {"uint16", PlyType::Uint16},
    {"int", PlyType::Int32},
    {"int32", PlyType::Int32},
    {"uint", PlyType::Uint32},
    {"uint32", PlyType::Uint32},
    {"float", PlyType::Float32},
    {"float32", PlyType::Float32},
    {"double", PlyType::Float64},
    {"float64", PlyType::Float64},
}};

constexpr std::size_t sizeOf(PlyType type) {
    switch (type) {
    case PlyType::Int8:
    case PlyType::Uint8:
        return 1;
    case PlyType::Int16:
    case PlyType::Uint16:
        return 2;
    case PlyType::Float64:
        return 8;
    default:
        return 4;
    }
}

template <typename T>
T load(const std::byte* p, bool swap) {
    std::array<std::byte, sizeof(T)> raw;
    std::memcpy(raw.data(), p, sizeof(T));
    if (swap) std::reverse(raw.begin(), raw.end());
    return std::bit_cast<T>(raw);
}

double valueAs(PlyType type, const std::byte* p, bool swap) {
    switch (type) {
    case PlyType::Int8:
        return load<std::int8_t>(p, swap);
    case PlyType::Uint8:
        return load<std::uint8_t>(p, swap);
    case PlyType::Int16:
        return load<std::int16_t>(p, swap);
    case PlyType::Uint16:
        return load<std::uint16_t>(p, swap);
    case PlyType::Int32:
        return load<std::int32_t>(p, swap);
    case PlyType::Uint32:
        return load<std::uint32_t>(p, swap);
    case PlyType::Float32:
        return load<float>(p, swap);
    case PlyType::Float64:
        return load<double>(p, swap);
    }
    return 0;
}

std::vector<std::string_view> words(std::string_view line) {
    std::vector<std::string_view> result;
    std::size_t i = 0;
    while (i < line.size()) {
        const std::size_t start = line.find_first_not_of(" \t", i);
        if (start == std::string_view::npos) break;
        i = std::min(line.find_first_of(" \t", start), line.size());
        result.push_back(line.substr(start, i - start));
    }
    return result;
}

bool isSpace(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

/// What a number stands for that double cannot hold: nothing, or infinity.
double outOfRange(std::string_view number) {
    const bool tiny =
        number.find("e-") != std::string_view::npos || number.find("E-") != std::string_view::npos;
    if (tiny) return 0;
    return number.starts_with('-') ? -std::numeric_limits<double>::infinity()
                                   : std::numeric_limits<double>::infinity();
}

} // namespace

const PlyProperty* PlyElement::find(std::string_view property) const {
    const auto it = std::find_if(properties.begin(), properties.end(),
                                 [&](const PlyProperty& p) { return p.name == property; });
    return it == properties.end() ? nullptr : &*it;
}

PlyFile::PlyFile(std::span<const std::byte> bytes, std::string subject)
    : m_bytes(bytes), m_subject(std::move(subject)) {
    parseHeader();
}

const PlyElement* PlyFile::find(std::string_view element) const {
    const auto it = std::find_if(m_elements.begin(), m_elements.end(),
                                 [&](const PlyElement& e) { return e.name == element; });
    return it == m_elements.end() ? nullptr : &*it;
}

void PlyFile::parseHeader() {
    const std::string_view text(reinterpret_cast<const char*>(m_bytes.data()),
                                std::min(m_bytes.size(), kMaxHeader));
    if (!text.starts_with("ply\n") && !text.starts_with("ply\r\n"))
        throw notMine(m_subject + ": not a PLY file");
    std::size_t at = 0;
    for (int number = 1;; ++number) {
        const std::size_t end = text.find('\n', at);
        if (end == std::string_view::npos)
            throw broken(fmt::format("{}: line {}: the header does not end within {} bytes", m_subject,
                                     number, text.size()),
                         "the file is cut short or no PLY file");
        std::string_view line = text.substr(at, end - at);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.size() > kMaxLine)
            throw broken(fmt::format("{}: line {}: {} bytes long", m_subject, number, line.size()));
        at = end + 1;
        if (line == "end_header") break;
        if (number > 1) parseLine(line, number);
    }
    if (!m_format) throw broken(m_subject + ": the header names no format");
    dropLists();
    if (*m_format == Format::Ascii)
        parseAscii(at);
    else
        layOut(at);
}

Error PlyFile::damaged(const std::string& what, int number) const {
    return broken(fmt::format("{}: line {}: {}", m_subject, number, printable(what)),
                  "the header is damaged");
}

void PlyFile::parseLine(std::string_view line, int number) {
    const auto w = words(line);
    if (w.empty()) return;
    if (w[0] == "comment" || w[0] == "obj_info")
        m_comments.emplace_back(line.substr(std::min(line.size(), w[0].size() + 1)));
    else if (w[0] == "format")
        parseFormat(line, number);
    else if (w[0] == "element")
        parseElement(line, number);
    else if (w[0] == "property")
        parseProperty(line, number);
    else
        throw damaged(fmt::format("\"{}\" is not understood", w[0]), number);
}

void PlyFile::parseFormat(std::string_view line, int number) {
    const auto w = words(line);
    if (w.size() != 3 || w[2] != "1.0" || m_format)
        throw damaged(fmt::format("format \"{}\" is not known", line), number);
    if (w[1] == "ascii")
        m_format = Format::Ascii;
    else if (w[1] == "binary_little_endian")
        m_format = Format::LittleEndian;
    else if (w[1] == "binary_big_endian")
        m_format = Format::BigEndian;
    else
        throw damaged(fmt::format("format \"{}\" is not known", w[1]), number);
}

void PlyFile::parseElement(std::string_view line, int number) {
    const auto w = words(line);
    PlyElement e;
    if (w.size() != 3 || m_elements.size() >= kMaxElements)
        throw damaged("an element needs a name and a count", number);
    const char* last = w[2].data() + w[2].size();
    const auto parsed = std::from_chars(w[2].data(), last, e.count);
    if (parsed.ec != std::errc() || parsed.ptr != last)
        throw damaged("an element needs a name and a count", number);
    e.name = w[1];
    if (find(e.name)) throw damaged(fmt::format("the element \"{}\" stands twice", e.name), number);
    m_elements.push_back(std::move(e));
}

void PlyFile::parseProperty(std::string_view line, int number) {
    const auto w = words(line);
    if (m_elements.empty()) throw damaged("a property before any element", number);
    PlyElement& e = m_elements.back();
    if (w.size() == 5 && w[1] == "list") {
        e.hasList = true;
        return;
    }
    const auto type = std::find_if(kTypes.begin(), kTypes.end(),
                                   [&](const TypeName& t) { return w.size() == 3 && t.name == w[1]; });
    if (type == kTypes.end()) throw damaged(fmt::format("\"{}\" is no property", line), number);
    if (e.find(w[2])) throw damaged(fmt::format("the property \"{}\" stands twice", w[2]), number);
    if (e.properties.size() >= kMaxProperties) throw damaged("more than 4096 properties", number);
    e.properties.push_back({std::string(w[2]), type->type, e.rowBytes});
    e.rowBytes += sizeOf(type->type);
}

void PlyFile::dropLists() {
    m_elements.erase(
        std::find_if(m_elements.begin(), m_elements.end(), [](const PlyElement& e) { return e.hasList; }),
        m_elements.end());
}

void PlyFile::layOut(std::size_t headerBytes) {
    std::size_t at = headerBytes;
    for (PlyElement& e : m_elements) {
        e.dataOffset = at;
        const auto size = checkedMultiply(e.count, e.rowBytes);
        if (e.rowBytes == 0 && e.count > 0)
            throw broken(fmt::format("{}: the element \"{}\" has no properties", m_subject, e.name));
        if (!size || *size > m_bytes.size() - at)
            throw broken(
                fmt::format(
                    "{}: {} rows of \"{}\" with {} bytes each do not fit into the {} bytes that are left",
                    m_subject, e.count, e.name, e.rowBytes, m_bytes.size() - at),
                "the file is cut short or its header is wrong");
        at += *size;
    }
}

void PlyFile::parseAscii(std::size_t headerBytes) {
    std::size_t total = 0;
    for (PlyElement& e : m_elements) {
        e.firstValue = total;
        const auto values = checkedMultiply(e.count, e.properties.size());
        // Each value takes two bytes at least: a digit and what separates it.
        if (!values || *values > (m_bytes.size() - headerBytes) / 2 + 1 ||
            (e.properties.empty() && e.count > 0))
            throw broken(
                fmt::format("{}: {} rows of \"{}\" do not fit into the file", m_subject, e.count, e.name));
        total += *values;
    }
    m_ascii.reserve(std::min(total, m_bytes.size()));
    const char* p = reinterpret_cast<const char*>(m_bytes.data()) + headerBytes;
    const char* end = reinterpret_cast<const char*>(m_bytes.data()) + m_bytes.size();
    while (m_ascii.size() < total) {
        while (p < end && isSpace(*p)) ++p;
        if (p < end && *p == '+') ++p;
        double value = 0;
        const auto parsed = std::from_chars(p, end, value);
        if (parsed.ec == std::errc::invalid_argument)
            throw broken(fmt::format("{}: byte {}: value {} of {} is missing or no number", m_subject,
                                     p - reinterpret_cast<const char*>(m_bytes.data()), m_ascii.size() + 1,
                                     total));
        m_ascii.push_back(parsed.ec == std::errc() ? value : outOfRange({p, parsed.ptr}));
        p = parsed.ptr;
    }
}

double PlyFile::value(const PlyElement& e, const PlyProperty& p, std::size_t row) const {
    if (*m_format == Format::Ascii)
        return m_ascii[e.firstValue + row * e.properties.size() +
                       static_cast<std::size_t>(&p - e.properties.data())];
    return valueAs(p.type, m_bytes.data() + e.dataOffset + row * e.rowBytes + p.offset,
                   *m_format == Format::BigEndian);
}

const std::byte* PlyFile::rows(const PlyElement& element) const {
    return *m_format == Format::LittleEndian ? m_bytes.data() + element.dataOffset : nullptr;
}

const PlyProperty& PlyFile::require(const PlyElement& element, std::string_view property) const {
    if (const PlyProperty* p = element.find(property)) return *p;
    throw broken(fmt::format("{}: \"{}\" has no property \"{}\"", m_subject, element.name, property));
}

void PlyFile::read(const PlyElement& element, const PlyProperty& property, std::size_t first,
                   std::size_t count, float* target, std::size_t stride) const {
    if (*m_format == Format::LittleEndian && property.type == PlyType::Float32) {
        const std::byte* from =
            m_bytes.data() + element.dataOffset + first * element.rowBytes + property.offset;
        for (std::size_t i = 0; i < count; ++i)
            std::memcpy(target + i * stride, from + i * element.rowBytes, sizeof(float));
        return;
    }
    for (std::size_t i = 0; i < count; ++i) target[i * stride] = asFloat(value(element, property, first + i));
}

std::vector<float> PlyFile::floats(const PlyElement& element, std::string_view property,
                                   const Cancel& cancel) const {
    const PlyProperty& p = require(element, property);
    std::vector<float> column(element.count);
    constexpr std::size_t kBlock = 65536;
    for (std::size_t i = 0; i < column.size(); i += kBlock) {
        cancel.check();
        read(element, p, i, std::min(kBlock, column.size() - i), column.data() + i, 1);
    }
    return column;
}

std::vector<std::uint32_t> PlyFile::integers(const PlyElement& element, std::string_view property,
                                             const Cancel& cancel) const {
    const PlyProperty& p = require(element, property);
    std::vector<std::uint32_t> column(element.count);
    if (*m_format == Format::LittleEndian && (p.type == PlyType::Uint32 || p.type == PlyType::Uint8)) {
        const std::byte* from = m_bytes.data() + element.dataOffset + p.offset;
        for (std::size_t i = 0; i < column.size(); ++i)
            std::memcpy(&column[i], from + i * element.rowBytes, sizeOf(p.type)); // the upper bytes are zero
        return column;
    }
    for (std::size_t i = 0; i < column.size(); ++i) {
        if (i % 65536 == 0) cancel.check();
        const double v = value(element, p, i);
        if (!(v >= 0 && v <= 4294967295.0) || v != std::floor(v))
            throw broken(fmt::format("{}: {}[{}].{}: {} is not a 32-bit number", m_subject, element.name, i,
                                     property, v));
        column[i] = static_cast<std::uint32_t>(v);
    }
    return column;
}

} // namespace ochre
