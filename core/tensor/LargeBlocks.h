// SPDX-License-Identifier: GPL-3.0-or-later
// Memory for large tensors on the CPU. The C library's heap lays them between small objects that stay, so that a network's maps,
// each of another size, soon take twice the memory that they need together; and it gives the largest back to the system after
// each use, to be cleared anew page by page.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ochre::tensor {

/// From now on LibTorch takes what is larger than some 500 KB from one range of addresses, always the lowest place that is
/// large enough, in huge pages where the system has them. What is free goes back to the system where it is more than a quarter of what
/// is in use and 64 MiB. Does nothing the second time, nor where a sanitizer watches memory or addresses are limited (ulimit -v). Thread-safe.
void useLargeBlocks();

struct LargeBlockUse {
    std::size_t used = 0;    ///< bytes of tensors
    std::size_t spare = 0;   ///< bytes that are free and that the process still holds
    std::size_t reached = 0; ///< from the first byte to the last one in use
};
LargeBlockUse largeBlockUse();

} // namespace ochre::tensor
