// SPDX-License-Identifier: GPL-3.0-or-later
// Where a node that writes a file is to write it.
#pragma once

#include <string>

#include "core/graph/RunContext.h"

namespace ochre::nodes {

/// The text of a SaveFile parameter, with {index} replaced by the number in the list, from 0 with four
/// digits, and {name} by the name of the item, which never leads into another folder. Folders of a relative
/// path are made where they are missing. Throws Error where it is empty.
std::string outputPath(const graph::RunContext& run, const std::string& parameter);

} // namespace ochre::nodes
