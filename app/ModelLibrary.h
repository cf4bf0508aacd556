// SPDX-License-Identifier: GPL-3.0-or-later
// The subcommands that need LibTorch live in a library of their own, opened when one of them is asked for: starting the window or
// a picture-only run never pays for it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Json.h"
#include "core/base/Progress.h"
#include "core/image/Image.h"

namespace ochre::app {

struct ModelRequest {
    std::string command;            ///< "inspect", "convert", "parity", "doctor", "train", …
    std::vector<std::string> files; ///< as given on the command line
    Json options = Json::object();
    std::function<void(const std::string&)> line = {}; ///< a finished line for stdout, as it comes
    std::function<void(const std::string&)> note = {}; ///< text for stderr: how far it is
    std::function<void(std::size_t index, const Image& color, const Image& depth)> picture = {}; ///< a finished one, as it comes
    Progress progress = {};
    Cancel cancel = {};
};

/// Opens the library once and runs the command. Throws Error when LibTorch cannot be loaded, or what the command threw.
Json runModelCommand(const ModelRequest& request);

} // namespace ochre::app

/// What the library exports; `result` receives the outcome.
extern "C" void ochreModelCommand(const ochre::app::ModelRequest& request, ochre::Json& result);
