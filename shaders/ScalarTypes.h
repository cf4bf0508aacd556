// SPDX-License-Identifier: GPL-3.0-or-later
// How C++ and GLSL write the same scalars and constants; what both are to lay out alike has 4-byte scalars only.
#ifndef OCHRE_SCALAR_TYPES_H
#define OCHRE_SCALAR_TYPES_H

#ifdef __cplusplus
#include <cstdint>
namespace ochre::shared {
using uint = std::uint32_t;
} // namespace ochre::shared
#define OCHRE_CONST inline constexpr uint
#else
#define OCHRE_CONST const uint
#endif

#endif
