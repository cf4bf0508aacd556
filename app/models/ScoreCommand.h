// SPDX-License-Identifier: GPL-3.0-or-later
// The work of `ochre score`.
#pragma once

#include "app/ModelLibrary.h"

namespace ochre::app {

/// options: model (empty: real pictures), scorer (empty: the program's own), prompts (files; none: the program's own), count,
/// sampler, steps, cfg, seed, output (a sheet; empty: none); or write_prompts (a folder), and nothing else.
Json scoreCommand(const ModelRequest& request);

} // namespace ochre::app
