// SPDX-License-Identifier: GPL-3.0-or-later
// The files that prompts name belong to the keys of their nodes.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/base/Hash.h"

namespace ochre::nodes {

/// Place, size and time; an empty path (what is named is not there) counts, too.
void addFile(Hasher& hasher, const std::filesystem::path& path);

/// The textual inversions that a prompt names.
void addEmbeddingFiles(Hasher& hasher, std::string_view prompt);

} // namespace ochre::nodes
