// SPDX-License-Identifier: GPL-3.0-or-later
// What the nodes share that run a network of pictures.
#pragma once

#include <string>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Image.h"
#include "core/models/restore/Restorer.h"

namespace ochre::nodes::restore {

/// A declaration with picture in and out, and the parameters "model", "tile", "overlap", "dtype" and "device".
graph::NodeDeclaration pictureNode(const std::string& id, int version, const std::string& label, const std::string& model);

/// What the model of such a node makes of its picture.
Image runNetwork(graph::RunContext& run);
/// The same; what came of the last pictures is kept, so that a change of what is done with it does not run the network again.
Image runNetworkOnce(graph::RunContext& run);

/// A node of several networks, or of several pictures: without sockets, with what all have in common.
graph::NodeDeclaration networkNode(const std::string& id, const std::string& label);
graph::Socket pictureSocket(const std::string& id, const std::string& label, const std::string& help);
graph::Parameter modelParameter(const std::string& id, const std::string& label, const std::string& help);
graph::Parameter seedOf(std::int64_t value, const std::string& help);
/// "tile" and "overlap".
graph::Parameter tileParameter();
graph::Parameter overlapParameter();
models::RestoreOptions tileOptions(const graph::RunContext& run);

/// Marked as enhanced, as a value.
graph::Value enhanced(Image image);

} // namespace ochre::nodes::restore
