// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/field/FieldKernel.h"

namespace ochre::field {

const Kernels kAvx2 = makeKernels<8>("AVX2");

} // namespace ochre::field
