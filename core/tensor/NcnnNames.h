// SPDX-License-Identifier: GPL-3.0-or-later
// Finds out which published network an ncnn graph is, and gives its weights the names of the PyTorch release.
#pragma once

#include <string>
#include <vector>

#include "core/tensor/Ncnn.h"

namespace ochre::tensor {

/// Renames `checkpoint`'s tensors if the graph is one of Real-ESRGAN's (SRVGGNetCompact, RRDBNet); else
/// leaves them.
void givePublishedNames(const std::vector<NcnnLayer>& graph, Checkpoint& checkpoint);

} // namespace ochre::tensor
