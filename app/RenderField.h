// SPDX-License-Identifier: GPL-3.0-or-later
// ochre render for NeRF checkpoints, drawn by their networks.
#pragma once

#include <string>

#include "app/RenderOptions.h"

namespace ochre::app {

/// By its name: a checkpoint or a hash field, where scenes of splats have other extensions.
bool isRadianceField(const std::string& scene);

/// Returns an exit status. Throws Error, for options that networks do not know too.
int renderNerf(const RenderRequest& request);

} // namespace ochre::app
