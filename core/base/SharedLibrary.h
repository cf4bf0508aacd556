// SPDX-License-Identifier: GPL-3.0-or-later
// Libraries that are opened while the program runs.
#pragma once

namespace ochre {

/// Opens a library so that it calls its own functions where the program has others of the same name already: OpenImageIO
/// brings the reference BLAS, whose matrix products are some fifty times slower than LibTorch's own. To be called before
/// anything that links it is opened. Does nothing, and says so, where the library is not found (whoever needs it tells
/// more), with sanitizers, which forbid it, and with LD_PRELOAD, whose functions must reach every library.
bool openWithOwnFunctions(const char* name);

} // namespace ochre
