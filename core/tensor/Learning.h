// SPDX-License-Identifier: GPL-3.0-or-later
// The mode in which models are trained: what layers compute can be differentiated.
#pragma once

#include <functional>

#include "core/base/Cancel.h"

namespace ochre::tensor {

/// As run(), but with gradients: layers that are built inside keep the very weights that they are given, and what they
/// compute there takes no way that autograd cannot follow. A layer belongs to the mode in which it was built. run() inside
/// of it is without gradients, as always.
void learn(const Cancel& cancel, const std::function<void()>& body);

bool learning(); ///< whether this thread is inside learn()

} // namespace ochre::tensor
