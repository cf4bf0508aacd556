// SPDX-License-Identifier: GPL-3.0-or-later
// The compiled shaders, as SPIR-V words.
#pragma once

#include <cstdint>
#include <span>

namespace ochre::shaders {

extern const std::span<const std::uint32_t> Blend, Cull, Expand, Field, List, Normals, OrderCounts, Picture, Planes, Project, QuadFragment, QuadVertex, Resolve, Sample, ScanApply,
    ScanChunks, ScanSums, Select, SortCount, SortCountBlock, SortScatter, SortScatterBlock, TileRanges;

} // namespace ochre::shaders
