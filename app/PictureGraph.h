// SPDX-License-Identifier: GPL-3.0-or-later
// The small graph of the subcommands that do one thing to one picture.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/session/Session.h"

namespace ochre::app {

/// A node that reads the picture, named "load", and one of `type` with these parameters on it, in the session's document;
/// gives the latter.
graph::NodeId buildOnPicture(session::Session& session, const std::string& picture, const std::string& type,
                             const std::map<std::string, graph::ParameterValue>& parameters);

/// The same for a node with several pictures, by socket; "load" reads the first.
graph::NodeId buildOnPictures(session::Session& session, const std::vector<std::pair<std::string, std::string>>& pictures,
                              const std::string& type, const std::map<std::string, graph::ParameterValue>& parameters);

} // namespace ochre::app
