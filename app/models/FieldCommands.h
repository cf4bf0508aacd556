// SPDX-License-Identifier: GPL-3.0-or-later
// NeRF checkpoints on the command line.
#pragma once

#include "app/ModelLibrary.h"

namespace ochre::app {

/// How the file's network is sampled: {"forward_facing", "near", "far", "coarse", "fine"}. Throws Error where it holds no NeRF.
Json nerfInfo(const ModelRequest& request);
/// Pictures from options.cameras, each told as it comes.
Json renderNerfCommand(const ModelRequest& request);
/// The first file's network as a hash field, written to the second.
Json distillCommand(const ModelRequest& request);

} // namespace ochre::app
