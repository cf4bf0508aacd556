// SPDX-License-Identifier: GPL-3.0-or-later
// Files of safetensors and indexes of shards.
#include "tests/fuzz/FuzzCheckpoint.h"

#include "core/tensor/Safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ochre;
    const auto bytes = std::as_bytes(std::span(data, size));
    fuzz::touchAll([&] { return tensor::readSafetensors(bytes, "fuzz"); });
    fuzz::expectOnlyErrors([&] {
        tensor::readShardIndex({reinterpret_cast<const char*>(data), size}, "fuzz");
    });
    return 0;
}
