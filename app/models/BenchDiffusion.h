// SPDX-License-Identifier: GPL-3.0-or-later
// ochre bench diffusion: how long the networks of a Stable Diffusion checkpoint take, and their memory.
#pragma once

#include "app/ModelLibrary.h"

namespace ochre::app {

/// Options: "model" (a file; empty: random weights of "shape" are made in the cache and used), "dtype", "size" (pixels),
/// "steps" (how often each part is run), "parts" (a list of "text", "step", "encode", "decode"; empty: all).
/// Times of loading count from the start of the process.
Json benchDiffusion(const ModelRequest& request);

} // namespace ochre::app
