// SPDX-License-Identifier: GPL-3.0-or-later
// Every picture reader, chosen by the first bytes as for users: a picture comes back, or an Error that names
// the file.
#include <cstdint>
#include <cstdlib>
#include <span>

#include "core/base/Error.h"
#include "core/base/Log.h"
#include "core/image/ImageIo.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool quiet = (ochre::log::setConsoleLevel(ochre::log::Level::Error), true);
    static_cast<void>(quiet);
    const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
    try {
        const ochre::ImageInfo info = ochre::probeImage(bytes, "input");
        // Sizes within the limits can still take seconds: what matters here is what lies in the file.
        if (static_cast<long>(info.width) * info.height > 1 << 16) return 0;
        const ochre::Image image = ochre::decodeImage(bytes, "input");
        if (image.width() != info.width || image.height() != info.height || image.channels() != info.channels)
            std::abort();
    } catch (const ochre::Error& e) {
        if (!e.message().starts_with("input: ")) std::abort();
    }
    return 0;
}
