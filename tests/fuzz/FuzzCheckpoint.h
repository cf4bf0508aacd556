// SPDX-License-Identifier: GPL-3.0-or-later
// What the fuzz targets of checkpoints do with one: read every value that it claims to have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "core/base/Error.h"
#include "core/tensor/Checkpoint.h"

namespace ochre::fuzz {

/// Anything but an Error that comes out is a finding.
template <typename Body>
void expectOnlyErrors(const Body& body) {
    try {
        body();
    } catch (const Error& error) {
        if (error.message().empty()) std::abort();
    }
}

template <typename Read>
void touchAll(const Read& read) {
    expectOnlyErrors([&] {
        tensor::Checkpoint checkpoint = read();
        checkpoint.finish();
        std::size_t budget = 1 << 20; // values: a small file may repeat a storage many times
        for (const tensor::StoredTensor& tensor : checkpoint.tensors) {
            checkpoint.verify(tensor);
            if (tensor.count() > budget) break;
            budget -= tensor.count();
            std::vector<std::byte> buffer;
            const auto bytes = contiguousBytes(tensor, buffer);
            if (bytes.size() != tensor.count() * byteSize(tensor.dtype)) std::abort();
            if (tensor.dtype != tensor::Dtype::C64 && tensor.dtype != tensor::Dtype::C128) toFloats(tensor);
        }
    });
}

} // namespace ochre::fuzz
