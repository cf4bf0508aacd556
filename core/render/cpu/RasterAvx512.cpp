// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/render/cpu/RasterKernels.h"

namespace ochre::raster {

const Kernels kAvx512 = makeKernels<16>("AVX-512");

} // namespace ochre::raster
