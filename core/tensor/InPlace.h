// SPDX-License-Identifier: GPL-3.0-or-later
// What convolutions do to results of their own.
#pragma once

#include "core/tensor/Nn.h"

namespace ochre::nn {

/// As activate(), without a second map in memory. Not while learning.
void activateInPlace(Tensor& x, const Activation& activation);

} // namespace ochre::nn
