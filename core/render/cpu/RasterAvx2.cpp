// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/cpu/RasterKernels.h"

namespace ochre::raster {

const Kernels kAvx2 = makeKernels<8>("AVX2");

} // namespace ochre::raster
