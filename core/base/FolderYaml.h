// SPDX-License-Identifier: GPL-3.0-or-later
// The little of YAML that lists of folders are written in (ComfyUI's extra_model_paths.yaml): mappings two
// deep, plain and quoted texts, block texts with '|', comments. Whatever else YAML can do is an Error, never
// a guess.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ochre {

struct YamlSection {
    std::string name;
    std::vector<std::pair<std::string, std::string>> entries; ///< block texts keep their line breaks

    const std::string* find(std::string_view key) const;
};

/// At most 1 MiB and 1000 entries. Throws Error (Broken) that starts with "subject: line N".
std::vector<YamlSection> readFolderYaml(std::string_view text, std::string_view subject);

} // namespace ochre
