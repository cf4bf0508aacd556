// SPDX-License-Identifier: GPL-3.0-or-later
// A .param text, a zero byte, and the .bin.
#include "tests/fuzz/FuzzCheckpoint.h"

#include <algorithm>

#include "core/tensor/Ncnn.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ochre;
    const std::uint8_t* end = std::find(data, data + size, 0);
    const std::string_view param(reinterpret_cast<const char*>(data), static_cast<std::size_t>(end - data));
    const std::uint8_t* rest = end == data + size ? end : end + 1;
    const auto weights = std::as_bytes(std::span(rest, static_cast<std::size_t>(data + size - rest)));
    fuzz::touchAll([&] { return tensor::readNcnn(param, weights, "fuzz"); });
    return 0;
}
