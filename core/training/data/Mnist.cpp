// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/data/Mnist.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <zlib.h>

#include "core/base/Error.h"
#include "core/base/File.h"

namespace ochre::training {
namespace fs = std::filesystem;
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint64_t kFileLimit = std::uint64_t{1} << 30;
constexpr std::uint32_t kImages = 0x803, kLabels = 0x801; // unsigned bytes in three and in one dimension
constexpr std::uint32_t kLargestSide = 4096;
constexpr const char* kDigits[] = {"zero", "one", "two",   "three", "four",
                                   "five", "six", "seven", "eight", "nine"};

bool isGzip(Bytes bytes) {
    return bytes.size() >= 2 && bytes[0] == std::byte{0x1F} && bytes[1] == std::byte{0x8B};
}

/// Every member of a gzip file (RFC 1952).
std::vector<std::byte> unzipped(Bytes bytes, const std::string& subject) {
    std::vector<std::byte> out;
    z_stream stream{};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) throw Error(subject + ": zlib cannot be started");
    struct End {
        z_stream& stream;
        ~End() { inflateEnd(&stream); }
    } const end{stream};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    std::array<std::byte, 1 << 16> piece;
    for (;;) {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = piece.size();
        const int status = inflate(&stream, Z_NO_FLUSH);
        out.insert(out.end(), piece.begin(), piece.end() - stream.avail_out);
        if (out.size() > kFileLimit)
            throw broken(fmt::format("{}: unpacks to more than {} bytes", subject, kFileLimit));
        if (status == Z_STREAM_END) {
            if (stream.avail_in == 0) return out;
            if (inflateReset(&stream) != Z_OK) throw Error(subject + ": zlib cannot go on");
        } else if (status != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) {
            throw broken(fmt::format("{}: the gzip stream is damaged or cut after {} of {} bytes", subject,
                                     bytes.size() - stream.avail_in, bytes.size()),
                         "fetch the file again");
        }
    }
}

std::uint32_t bigEndian(Bytes bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
    return value;
}

struct Idx {
    std::array<std::uint32_t, 3> sizes{};
    std::vector<std::uint8_t> values;
};

Idx readIdx(Bytes bytes, const std::string& subject, std::uint32_t magic) {
    std::vector<std::byte> plain;
    if (isGzip(bytes)) {
        plain = unzipped(bytes, subject);
        bytes = plain;
    }
    const std::size_t dimensions = magic & 0xFF, header = 4 + 4 * dimensions;
    if (bytes.size() < header)
        throw broken(
            fmt::format("{}: {} bytes, too short for an IDX header of {}", subject, bytes.size(), header));
    if (bigEndian(bytes, 0) != magic)
        throw broken(
            fmt::format("{}: begins with {:#010x}, not {:#010x}", subject, bigEndian(bytes, 0), magic),
            magic == kImages ? "is this the file of images?" : "is this the file of labels?");
    Idx idx;
    std::uint64_t count = 1;
    for (std::size_t i = 0; i < dimensions; ++i) {
        idx.sizes[i] = bigEndian(bytes, 4 + 4 * i);
        if (idx.sizes[i] == 0 || (i > 0 && idx.sizes[i] > kLargestSide) ||
            (count *= idx.sizes[i]) > kFileLimit)
            throw broken(fmt::format("{}: dimension {} of {} makes no pictures of a known size", subject,
                                     i + 1, idx.sizes[i]));
    }
    if (bytes.size() - header != count)
        throw broken(fmt::format("{}: {} bytes follow the header, its sizes ask for {}", subject,
                                 bytes.size() - header, count),
                     bytes.size() - header < count ? "the file is cut: fetch it again"
                                                   : "the file has bytes that belong to nothing");
    idx.values.resize(count);
    std::transform(bytes.begin() + static_cast<std::ptrdiff_t>(header), bytes.end(), idx.values.begin(),
                   [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
    return idx;
}

fs::path partOf(const fs::path& folder, const std::string& name) {
    for (const char* ending : {"", ".gz"}) {
        std::error_code ignored;
        if (fs::path path = folder / (name + ending); fs::is_regular_file(path, ignored)) return path;
    }
    throw Error(fmt::format("{}: holds neither {} nor {}.gz", folder.string(), name, name),
                "choose the folder with the IDX files");
}

} // namespace

Mnist::Mnist(const fs::path& images, const fs::path& labels)
    : Mnist(readFile(images, kFileLimit), images.string(), readFile(labels, kFileLimit), labels.string()) {}

Mnist::Mnist(Bytes images, const std::string& imagesSubject, Bytes labels, const std::string& labelsSubject) {
    Idx pictures = readIdx(images, imagesSubject, kImages), classes = readIdx(labels, labelsSubject, kLabels);
    if (pictures.sizes[0] != classes.sizes[0])
        throw broken(fmt::format("{}: {} labels for the {} pictures of {}", labelsSubject, classes.sizes[0],
                                 pictures.sizes[0], imagesSubject),
                     "take both files from the same part");
    m_height = static_cast<int>(pictures.sizes[1]);
    m_width = static_cast<int>(pictures.sizes[2]);
    m_pixels = std::move(pictures.values);
    m_labels = std::move(classes.values);
}

Mnist Mnist::fromFolder(const fs::path& folder, const std::string& part) {
    return Mnist(partOf(folder, part + "-images-idx3-ubyte"), partOf(folder, part + "-labels-idx1-ubyte"));
}

std::span<const std::uint8_t> Mnist::picture(std::size_t index) const {
    const std::size_t values = static_cast<std::size_t>(m_width) * static_cast<std::size_t>(m_height);
    return std::span(m_pixels).subspan(index * values, values);
}

std::string Mnist::caption(std::size_t index) const {
    const std::size_t label = m_labels[index];
    return label < std::size(kDigits) ? std::string("the handwritten digit ") + kDigits[label]
                                      : fmt::format("class {}", label);
}

Example Mnist::example(std::size_t index, std::uint64_t) const {
    if (index >= size()) throw Error(fmt::format("MNIST: there is no picture {} of {}", index, size()));
    const auto pixels = picture(index);
    return {m_width, m_height, 1, {pixels.begin(), pixels.end()}, caption(index), label(index)};
}

std::vector<std::string> Mnist::labels() const {
    return {std::begin(kDigits), std::end(kDigits)};
}

} // namespace ochre::training
