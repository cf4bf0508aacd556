// SPDX-License-Identifier: GPL-3.0-or-later
// A PLY file of fixed-size rows: its header, checked against the file before anything is allocated, and
// columns by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Error.h"

namespace ochre {

enum class PlyType : std::uint8_t { Int8, Uint8, Int16, Uint16, Int32, Uint32, Float32, Float64 };

struct PlyProperty {
    std::string name;
    PlyType type;
    std::size_t offset; ///< within a row, binary
};

struct PlyElement {
    std::string name;
    std::size_t count = 0;
    std::vector<PlyProperty> properties;
    std::size_t rowBytes = 0;
    std::size_t dataOffset = 0; ///< binary: of the first row in the file
    std::size_t firstValue = 0; ///< ascii: index of the first number in the file
    bool hasList = false;

    const PlyProperty* find(std::string_view property) const;
};

/// Limits: header 64 KiB, lines 1 KiB, 4096 properties, 64 elements. Rows of an element with a list differ in
/// size: that element (a mesh's faces) and all after it are not there for readers. `bytes` must outlive it.
class PlyFile {
public:
    /// Throws Error: NotMine when it does not begin with "ply", Broken otherwise, with the line or the sizes.
    PlyFile(std::span<const std::byte> bytes, std::string subject);

    const PlyElement* find(std::string_view element) const;
    const std::vector<std::string>& comments() const { return m_comments; }
    const std::string& subject() const { return m_subject; }

    /// Where the rows lie as the machine's own numbers, or nothing: ascii and big endian files.
    const std::byte* rows(const PlyElement& element) const;

    /// Values [first, first + count) of one property to target[0], target[stride], …; beyond float's range
    /// they are ±∞.
    void read(const PlyElement& element, const PlyProperty& property, std::size_t first, std::size_t count,
              float* target, std::size_t stride) const;
    /// The values of one property as float, or as the exact integer. Throws Error when the property is not
    /// there.
    const PlyProperty& require(const PlyElement& element, std::string_view property) const;
    std::vector<float> floats(const PlyElement& element, std::string_view property,
                              const Cancel& cancel = {}) const;
    std::vector<std::uint32_t> integers(const PlyElement& element, std::string_view property,
                                        const Cancel& cancel = {}) const;

private:
    enum class Format { Ascii, LittleEndian, BigEndian };

    void parseHeader();
    void parseLine(std::string_view line, int number);
    void parseFormat(std::string_view line, int number);
    void parseElement(std::string_view line, int number);
    void parseProperty(std::string_view line, int number);
    Error damaged(const std::string& what, int number) const;
    void dropLists();
    void layOut(std::size_t headerBytes);
    void parseAscii(std::size_t headerBytes);
    double value(const PlyElement& element, const PlyProperty& property, std::size_t row) const;

    std::span<const std::byte> m_bytes;
    std::string m_subject;
    std::optional<Format> m_format;
    std::vector<PlyElement> m_elements;
    std::vector<std::string> m_comments;
    std::vector<double> m_ascii;
};

} // namespace ochre
