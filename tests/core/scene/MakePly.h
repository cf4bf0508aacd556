// SPDX-License-Identifier: GPL-3.0-or-later
// Builds PLY files in memory: a header from lines, and rows of numbers in any of the three formats.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace ochre::test {

inline std::span<const std::byte> asBytes(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

struct PlyColumn {
    std::string type, name;
};

/// One element "vertex". `format` is ascii, binary_little_endian or binary_big_endian; rows are row-major.
class MakePly {
public:
    std::string format = "binary_little_endian", newline = "\n";
    std::vector<std::string> comments;
    std::vector<PlyColumn> columns;
    std::vector<double> values;

    /// The columns of a 3DGS file of that degree.
    static MakePly splats(int degree, bool normals = true) {
        MakePly p;
        const auto add = [&p](const std::string& name) { p.columns.push_back({"float", name}); };
        for (const char* n : {"x", "y", "z"}) add(n);
        if (normals)
            for (const char* n : {"nx", "ny", "nz"}) add(n);
        for (const char* n : {"f_dc_0", "f_dc_1", "f_dc_2"}) add(n);
        for (int k = 0; k < 3 * ((degree + 1) * (degree + 1) - 1); ++k) add("f_rest_" + std::to_string(k));
        for (const char* n : {"opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"})
            add(n);
        return p;
    }

    std::size_t column(std::string_view name) const {
        return static_cast<std::size_t>(
            std::find_if(columns.begin(), columns.end(), [&](const PlyColumn& c) { return c.name == name; }) -
            columns.begin());
    }

    /// Rows whose value in column c of row r is 0.001·(r·100 + c), the quaternion (1, 0, 0, 0).
    MakePly& fill(std::size_t rows) {
        values.resize(rows * columns.size());
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t c = 0; c < columns.size(); ++c) {
                double& v = values[r * columns.size() + c];
                v = 0.001 * static_cast<double>(r * 100 + c);
                if (columns[c].name.starts_with("rot_")) v = columns[c].name == "rot_0";
            }
        return *this;
    }

    double& at(std::size_t row, std::string_view name) { return values[row * columns.size() + column(name)]; }

    std::string text() const {
        std::string out = "ply" + newline + "format " + format + " 1.0" + newline;
        for (const std::string& c : comments) out += "comment " + c + newline;
        out += "element vertex " + std::to_string(values.size() / std::max<std::size_t>(1, columns.size())) +
               newline;
        for (const PlyColumn& c : columns) out += "property " + c.type + " " + c.name + newline;
        out += "end_header" + newline;
        for (std::size_t i = 0; i < values.size(); ++i)
            append(out, columns[i % columns.size()].type, values[i]);
        return out;
    }

private:
    template <typename T>
    void appendAs(std::string& out, double value) const {
        const T v = static_cast<T>(value);
        char raw[sizeof(T)];
        std::memcpy(raw, &v, sizeof(T));
        if (format == "binary_big_endian") std::reverse(std::begin(raw), std::end(raw));
        out.append(raw, sizeof(T));
    }

    void append(std::string& out, const std::string& type, double value) const {
        if (format == "ascii") {
            std::ostringstream number;
            number.precision(12);
            number << value << newline;
            out += number.str();
        } else if (type == "float") {
            appendAs<float>(out, value);
        } else if (type == "double") {
            appendAs<double>(out, value);
        } else if (type == "uchar") {
            appendAs<unsigned char>(out, value);
        } else {
            appendAs<std::uint32_t>(out, value);
        }
    }
};

} // namespace ochre::test
