// SPDX-License-Identifier: GPL-3.0-or-later
// Subcommands that take a folder or a video in place of a picture.
#pragma once

#include <string>

#include "app/Command.h"
#include "core/session/Session.h"

namespace ochre::app {

/// Whether that is a folder or a video: to be worked on picture by picture.
bool isBatchSource(const std::string& source);

/// The options that only a batch has.
void addBatchOptions(CLI::App* sub, session::BatchOptions& options);
/// --bits, which single pictures have, too.
void addBitsOption(CLI::App* sub, int& bits);

/// Runs the session's document on all of it; progress and failures go to stderr, the target or one JSON object to stdout. Gives
/// the exit status.
int runBatch(session::Session& session, const session::BatchOptions& options, bool json);

} // namespace ochre::app
