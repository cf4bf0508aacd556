// SPDX-License-Identifier: GPL-3.0-or-later
// The compiled shaders, as SPIR-V words.
#pragma once

#include <cstdint>
#include <span>

namespace ochre::shaders {

extern const std::span<const std::uint32_t> Blend, Expand, Field, Normals, OrderCounts, Picture, Planes, Project, QuadFragment, QuadVertex, Resolve, ScanApply,
    ScanChunks, ScanSums, Select, SortCount, SortScatter, TileRanges;

} // namespace ochre::shaders
