// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/Compression.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include "core/base/Error.h"

namespace ochre {
namespace {

constexpr int kGzipWindow = 15 + 16; // the largest window, with gzip's header
constexpr std::size_t kStep = std::numeric_limits<uInt>::max();

Bytef* asInput(const std::byte* p) {
    return reinterpret_cast<Bytef*>(const_cast<std::byte*>(p)); // zlib's next_in is not const, but only read
}

} // namespace

void checkExpansion(std::uint64_t packed, std::uint64_t expanded, const std::string& subject,
                    std::uint64_t free) {
    constexpr std::uint64_t kShare = 100;
    if (expanded > free && expanded / kShare > packed)
        throw broken(fmt::format("{}: {} bytes that claim to expand to {}", subject, packed, expanded),
                     "the header is damaged, or the file was made to exhaust the memory");
}

bool isGzip(std::span<const std::byte> bytes) {
    return bytes.size() >= 18 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

struct GzipReader::State {
    z_stream stream{};
    std::span<const std::byte> left;
    bool ended = false;

    explicit State(std::span<const std::byte> packed) : left(packed) {
        if (inflateInit2(&stream, kGzipWindow) != Z_OK) throw Error("zlib cannot start", "free some memory");
    }
    ~State() { inflateEnd(&stream); }
};

GzipReader::GzipReader(std::span<const std::byte> packed, std::string subject)
    : m_state(std::make_unique<State>(packed)), m_subject(std::move(subject)) {}

GzipReader::~GzipReader() = default;

bool GzipReader::atEnd() const {
    return m_state->ended;
}

std::size_t GzipReader::read(std::span<std::byte> target) {
    z_stream& z = m_state->stream;
    std::size_t done = 0;
    while (done < target.size() && !m_state->ended) {
        const auto in = static_cast<uInt>(std::min(m_state->left.size(), kStep));
        const auto room = static_cast<uInt>(std::min(target.size() - done, kStep));
        z.next_in = asInput(m_state->left.data());
        z.avail_in = in;
        z.next_out = reinterpret_cast<Bytef*>(target.data() + done);
        z.avail_out = room;
        const int code = inflate(&z, Z_NO_FLUSH);
        m_state->left = m_state->left.subspan(in - z.avail_in);
        done += room - z.avail_out;
        m_state->ended = code == Z_STREAM_END;
        if (code == Z_BUF_ERROR || (code == Z_OK && m_state->left.empty() && z.avail_out > 0))
            throw broken(m_subject + ": the gzip data ends early", "the file is cut short: fetch it again");
        if (code != Z_OK && code != Z_STREAM_END)
            throw broken(
                fmt::format("{}: the gzip data is damaged: {}", m_subject, z.msg ? z.msg : "unknown"),
                "fetch the file again");
    }
    return done;
}

void GzipReader::require(std::span<std::byte> target, std::string_view what) {
    const std::size_t got = read(target);
    if (got != target.size())
        throw broken(fmt::format("{}: {}: {} bytes of {}", m_subject, what, got, target.size()),
                     "the file is cut short or its header is wrong");
}

void unpackZstd(std::span<const std::byte> packed, std::span<std::byte> target, const std::string& subject,
                std::string_view what) {
    const std::size_t got = ZSTD_decompress(target.data(), target.size(), packed.data(), packed.size());
    if (ZSTD_isError(got))
        throw broken(
            fmt::format("{}: {}: the zstd data is damaged: {}", subject, what, ZSTD_getErrorName(got)),
            "fetch the file again");
    if (got != target.size())
        throw broken(fmt::format("{}: {}: {} bytes of {}", subject, what, got, target.size()));
}

std::vector<std::byte> packGzip(std::span<const std::byte> bytes) {
    z_stream z{};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw Error("zlib cannot start", "free some memory");
    const std::unique_ptr<z_stream, decltype(&deflateEnd)> guard(&z, deflateEnd);
    std::vector<std::byte> out;
    std::vector<std::byte> piece(std::size_t{1} << 18);
    std::size_t at = 0;
    for (int code = Z_OK; code != Z_STREAM_END;) {
        const auto in = static_cast<uInt>(std::min(bytes.size() - at, kStep));
        z.next_in = asInput(bytes.data() + at);
        z.avail_in = in;
        z.next_out = reinterpret_cast<Bytef*>(piece.data());
        z.avail_out = static_cast<uInt>(piece.size());
        code = deflate(&z, at + in == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
        at += in - z.avail_in;
        out.insert(out.end(), piece.begin(), piece.end() - static_cast<std::ptrdiff_t>(z.avail_out));
    }
    return out;
}

std::vector<std::byte> packZstd(std::span<const std::byte> bytes) {
    std::vector<std::byte> out(ZSTD_compressBound(bytes.size()));
    const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 12);
    if (ZSTD_isError(size)) throw Error(fmt::format("zstd: {}", ZSTD_getErrorName(size)), "free some memory");
    out.resize(size);
    return out;
}

} // namespace ochre
