// SPDX-License-Identifier: GPL-3.0-or-later
// float16 to bfloat16, the step between most files and the type that processors multiply fast.
#pragma once

#include <cstdint>

namespace ochre::tensor {

/// Each value to the nearest bfloat16, ties to even, as LibTorch's conversion does; NaN stays NaN. On all threads.
void halfToBfloat16(const std::uint16_t* from, std::int64_t count, std::uint16_t* to);

} // namespace ochre::tensor
