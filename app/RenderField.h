// SPDX-License-Identifier: GPL-3.0-or-later
// ochre render for radiance fields: NeRF checkpoints and hash fields.
#pragma once

#include <string>

#include "app/RenderOptions.h"

namespace ochre::app {

/// By its name: a checkpoint, where scenes of splats have other extensions.
bool isRadianceField(const std::string& scene);

/// Returns an exit status. Throws Error, for options that are of splats alone too.
int renderRadianceField(const RenderRequest& request);

} // namespace ochre::app
