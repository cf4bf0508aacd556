// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/cpu/RasterKernels.h"

namespace ochre::raster {

const Kernels kPlain = makeKernels<4>("plain");

} // namespace ochre::raster
