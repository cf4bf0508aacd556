// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/field/FieldKernel.h"

namespace ochre::field {

const Kernels kAvx512 = makeKernels<16>("AVX-512");

} // namespace ochre::field
