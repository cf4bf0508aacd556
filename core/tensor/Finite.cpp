// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Finite.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::tensor {
namespace {

constexpr std::size_t kBlock = 4096; // elements looked at before asking whether one was bad

/// In every binary format an exponent of all ones, the bits of `mask`, means NaN or infinity.
template <typename Bits>
std::optional<std::uint64_t> firstWithAll(std::span<const std::byte> bytes, Bits mask) {
    const std::size_t count = bytes.size() / sizeof(Bits);
    Bits block[kBlock];
    for (std::size_t from = 0; from < count; from += kBlock) {
        const std::size_t size = std::min(kBlock, count - from);
        std::memcpy(block, bytes.data() + from * sizeof(Bits), size * sizeof(Bits));
        Bits bad = 0;
        for (std::size_t i = 0; i < size; ++i) bad |= static_cast<Bits>((block[i] & mask) == mask);
        if (bad == 0) continue;
        for (std::size_t i = 0; i < size; ++i)
            if ((block[i] & mask) == mask) return from + i;
    }
    return std::nullopt;
}

} // namespace

std::optional<std::uint64_t> firstNonFinite(const StoredTensor& tensor) {
    const bool whole = !isFloating(tensor.dtype) && tensor.dtype != Dtype::C64 && tensor.dtype != Dtype::C128;
    if (whole) return std::nullopt;
    std::vector<std::byte> buffer;
    auto bytes = contiguousBytes(tensor, buffer);
    bytes = bytes.first(std::min<std::size_t>(bytes.size(), tensor.count() * byteSize(tensor.dtype)));
    const auto half = [](std::optional<std::uint64_t> at) { return at ? std::optional(*at / 2) : at; };
    switch (tensor.dtype) {
    case Dtype::F8E5M2:
        return firstWithAll<std::uint8_t>(bytes, 0x7c);
    case Dtype::F8E4M3: // no infinity; NaN has the mantissa's bits set too
        return firstWithAll<std::uint8_t>(bytes, 0x7f);
    case Dtype::F16:
        return firstWithAll<std::uint16_t>(bytes, 0x7c00);
    case Dtype::BF16:
        return firstWithAll<std::uint16_t>(bytes, 0x7f80);
    case Dtype::F64:
        return firstWithAll<std::uint64_t>(bytes, 0x7ff0000000000000);
    case Dtype::C64:
        return half(firstWithAll<std::uint32_t>(bytes, 0x7f800000));
    case Dtype::C128:
        return half(firstWithAll<std::uint64_t>(bytes, 0x7ff0000000000000));
    default:
        return firstWithAll<std::uint32_t>(bytes, 0x7f800000);
    }
}

void requireFinite(const StoredTensor& tensor, const std::string& subject) {
    const auto at = firstNonFinite(tensor);
    if (!at) return;
    throw broken(fmt::format("{}: tensor \"{}\" holds NaN or an infinite value at element {} of {}", subject,
                             tensor.name, *at, tensor.count()),
                 "the file is damaged or its training failed: choose another one");
}

} // namespace ochre::tensor
