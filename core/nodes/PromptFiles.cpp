// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/PromptFiles.h"

#include "core/base/Paths.h"
#include "core/models/text/Prompt.h"

namespace ochre::nodes {

void addFile(Hasher& hasher, const std::filesystem::path& path) {
    std::error_code ignored;
    hasher.add(path.string());
    if (path.empty()) return;
    hasher.add(static_cast<std::uint64_t>(std::filesystem::file_size(path, ignored)));
    hasher.add(static_cast<std::int64_t>(
        std::filesystem::last_write_time(path, ignored).time_since_epoch().count()));
}

void addEmbeddingFiles(Hasher& hasher, std::string_view prompt) {
    for (const models::EmbeddingMark& mark : models::findEmbeddings(prompt)) {
        hasher.add(mark.name);
        addFile(hasher, paths::findModel(mark.name, "embeddings"));
    }
}

} // namespace ochre::nodes
