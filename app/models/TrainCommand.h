// SPDX-License-Identifier: GPL-3.0-or-later
// The work of `ochre train`.
#pragma once

#include "app/ModelLibrary.h"

namespace ochre::app {

/// options: recipe (empty: lists all), settings, output, resume, save_every, samples_every, terminal,
/// processes, rank, join ("host:port" or empty), report.
Json trainCommand(const ModelRequest& request);

} // namespace ochre::app
