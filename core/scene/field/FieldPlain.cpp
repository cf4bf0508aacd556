// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/scene/field/FieldKernel.h"

namespace ochre::field {

const Kernels kPlain = makeKernels<4>("plain");

} // namespace ochre::field
