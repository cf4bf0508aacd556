// SPDX-License-Identifier: GPL-3.0-or-later
// Hashes: XXH3-128 for keys of the graph and caches, SHA-256 for the identity of files.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace ochre {

struct Hash128 {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    auto operator<=>(const Hash128&) const = default;
    bool isNull() const { return high == 0 && low == 0; }
    std::string hex() const; ///< 32 lower-case digits
    static std::optional<Hash128> fromHex(std::string_view hex);
};

/// Order-dependent streaming hash. Strings are preceded by their length, so ("ab","c") differs from ("a","bc").
class Hasher {
public:
    Hasher();
    ~Hasher();
    Hasher(const Hasher&) = delete;
    Hasher& operator=(const Hasher&) = delete;

    Hasher& bytes(std::span<const std::byte> data);
    Hasher& bytes(const void* data, std::size_t size);
    Hasher& add(std::string_view text);
    Hasher& add(Hash128 hash);
    template <typename T>
        requires std::is_arithmetic_v<T> || std::is_enum_v<T>
    Hasher& add(T value) {
        return bytes(&value, sizeof value);
    }
    Hash128 finish() const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

Hash128 hashBytes(const void* data, std::size_t size);
Hash128 hashText(std::string_view text);

/// 64 hexadecimal digits. Throws Error naming the file if it cannot be read.
std::string sha256File(const std::string& path);
std::string sha256(std::span<const std::byte> data);

} // namespace ochre

template <>
struct std::hash<ochre::Hash128> {
    std::size_t operator()(const ochre::Hash128& h) const noexcept { return h.low ^ (h.high * 0x9e3779b97f4a7c15ull); }
};
