// SPDX-License-Identifier: GPL-3.0-or-later
// What the nodes share that run a network of pictures.
#pragma once

#include <string>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"

namespace ochre::nodes::restore {

/// A declaration with picture in and out, and the parameters "model", "tile", "overlap", "dtype" and "device".
graph::NodeDeclaration pictureNode(const std::string& id, int version, const std::string& label, const std::string& model);

/// Runs the model of such a node on its picture; `strength` as in models::RestoreOptions.
void runPictureNode(graph::RunContext& run, double strength);

} // namespace ochre::nodes::restore
