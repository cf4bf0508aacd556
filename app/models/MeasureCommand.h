// SPDX-License-Identifier: GPL-3.0-or-later
// The work of `ochre measure`.
#pragma once

#include "app/ModelLibrary.h"

namespace ochre::app {

/// options: task, pictures, truth, cutouts, baseline, model, seed, count, side, output (a sheet).
Json measureCommand(const ModelRequest& request);

} // namespace ochre::app
