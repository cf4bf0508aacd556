// SPDX-License-Identifier: GPL-3.0-or-later
// Libraries that are opened while the program runs.
#pragma once

#include <filesystem>

namespace ochre {

/// Opens a library of the program's that uses LibTorch, for good: values, functions and threads of it live as long as the
/// program. LibTorch is opened first, so that it calls its own functions where the program has others of the same name:
/// OpenImageIO brings the reference BLAS, whose matrix products are some fifty times slower. That is left out where malloc is
/// not the C library's (sanitizers, preloaded allocators), for memory is then given back to who did not give it. Throws Error
/// with what the system's loader said.
void* openModelLibrary(const std::filesystem::path& path);

} // namespace ochre
