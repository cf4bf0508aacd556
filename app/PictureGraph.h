// SPDX-License-Identifier: GPL-3.0-or-later
// The small graph of the subcommands that do one thing to one picture.
#pragma once

#include <map>
#include <string>

#include "core/session/Session.h"

namespace ochre::app {

/// A node that reads the picture and one of `type` with these parameters on it, in the session's document; gives the latter.
graph::NodeId buildOnPicture(session::Session& session, const std::string& picture, const std::string& type,
                             const std::map<std::string, graph::ParameterValue>& parameters);

} // namespace ochre::app
