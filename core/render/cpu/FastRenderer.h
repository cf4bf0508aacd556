// SPDX-License-Identifier: GPL-3.0-or-later
// The fast CPU renderer with what it runs on, for tests and measurements; makeFastCpuRenderer takes the best of the machine.
#pragma once

#include <memory>

#include "core/base/TaskPool.h"
#include "core/render/Renderer.h"
#include "core/render/cpu/Raster.h"

namespace ochre::raster {

/// `mostEntries`: of tile lists at a time, 4 bytes each; pictures that need more are drawn in bands.
std::unique_ptr<Renderer> makeRenderer(const Kernels& kernels, TaskPool& pool, std::size_t mostEntries = std::size_t{1} << 27);

} // namespace ochre::raster
