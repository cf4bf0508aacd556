// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Hash.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <openssl/evp.h>
#include <xxhash.h>

#include "core/base/Error.h"

namespace ochre {
namespace {

Hash128 fromXxh(XXH128_hash_t h) {
    return {h.high64, h.low64};
}

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

class Sha256 {
public:
    Sha256() { EVP_DigestInit_ex(m_context.get(), EVP_sha256(), nullptr); }
    void update(const void* data, std::size_t size) { EVP_DigestUpdate(m_context.get(), data, size); }
    std::string hex() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned size = 0;
        EVP_DigestFinal_ex(m_context.get(), digest.data(), &size);
        std::string text;
        for (unsigned i = 0; i < size; ++i) {
            text += "0123456789abcdef"[digest[i] >> 4];
            text += "0123456789abcdef"[digest[i] & 15];
        }
        return text;
    }

private:
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> m_context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

} // namespace

std::string Hash128::hex() const {
    char text[33];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(high),
                  static_cast<unsigned long long>(low));
    return text;
}

std::optional<Hash128> Hash128::fromHex(std::string_view hex) {
    if (hex.size() != 32) return std::nullopt;
    Hash128 h;
    for (std::size_t i = 0; i < 32; ++i) {
        const int d = digit(hex[i]);
        if (d < 0) return std::nullopt;
        std::uint64_t& half = i < 16 ? h.high : h.low;
        half = half << 4 | static_cast<std::uint64_t>(d);
    }
    return h;
}

struct Hasher::State {
    State() { XXH3_128bits_reset(xxh.get()); }
    std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> xxh{XXH3_createState(), XXH3_freeState};
};

Hasher::Hasher() : m_state(std::make_unique<State>()) {}
Hasher::~Hasher() = default;

Hasher& Hasher::bytes(const void* data, std::size_t size) {
    XXH3_128bits_update(m_state->xxh.get(), data, size);
    return *this;
}
Hasher& Hasher::bytes(std::span<const std::byte> data) {
    return bytes(data.data(), data.size());
}
Hasher& Hasher::add(std::string_view text) {
    add(static_cast<std::uint64_t>(text.size()));
    return bytes(text.data(), text.size());
}
Hasher& Hasher::add(Hash128 hash) {
    return add(hash.high).add(hash.low);
}
Hash128 Hasher::finish() const {
    return fromXxh(XXH3_128bits_digest(m_state->xxh.get()));
}

Hash128 hashBytes(const void* data, std::size_t size) {
    return fromXxh(XXH3_128bits(data, size));
}
Hash128 hashText(std::string_view text) {
    return hashBytes(text.data(), text.size());
}

std::string sha256File(const std::string& path) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
    if (!file) throw Error(path + ": cannot be opened: " + std::strerror(errno), "check the path and its permissions");
    Sha256 sha;
    std::array<char, 1 << 16> buffer;
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), file.get())) sha.update(buffer.data(), n);
    if (std::ferror(file.get())) throw Error(path + ": reading failed: " + std::strerror(errno));
    return sha.hex();
}

std::string sha256(std::span<const std::byte> data) {
    Sha256 sha;
    sha.update(data.data(), data.size());
    return sha.hex();
}

} // namespace ochre
