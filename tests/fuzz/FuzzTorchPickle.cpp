// SPDX-License-Identifier: GPL-3.0-or-later
// Checkpoints of torch.save, zip and legacy. A pickle alone is wrapped into an archive, so that mutations
// reach the machine behind the checks of the archive.
#include "tests/fuzz/FuzzCheckpoint.h"

#include "core/tensor/TorchPickle.h"
#include "tests/core/tensor/CheckpointFiles.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace ochre;
    const auto bytes = std::as_bytes(std::span(data, size));
    if (tensor::isTorchZip(bytes))
        fuzz::touchAll([&] { return tensor::readTorchZip(bytes, "fuzz"); });
    else if (tensor::isTorchLegacy(bytes))
        fuzz::touchAll([&] { return tensor::readTorchLegacy(bytes, "fuzz"); });
    else {
        const std::string file =
            test::torchZip({reinterpret_cast<const char*>(data), size}, std::string(8, '\1')).make();
        fuzz::touchAll([&] { return tensor::readTorchZip(test::asBytes(file), "fuzz"); });
    }
    return 0;
}
