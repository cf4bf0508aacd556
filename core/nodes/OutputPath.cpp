// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/OutputPath.h"

#include <filesystem>
#include <utility>

#include "core/base/Error.h"

namespace ochre::nodes {

std::string outputPath(const graph::RunContext& run, const std::string& parameter) {
    std::string path = run.text(parameter);
    if (path.empty()) throw Error("no file name is given", "choose where to save in the panel");
    std::string number = std::to_string(run.itemIndex());
    number.insert(0, number.size() < 4 ? 4 - number.size() : 0, '0');
    // A name is data: it must not lead into other folders.
    std::string safe = run.itemName().empty() ? number : run.itemName();
    for (char& c : safe)
        if (c == '/' || c == '\\' || c == '\0') c = '_';
    for (const auto& [mark, text] :
         {std::pair<std::string, std::string>{"{index}", number}, {"{name}", safe}})
        for (std::size_t at = path.find(mark); at != std::string::npos;
             at = path.find(mark, at + text.size()))
            path.replace(at, mark.size(), text);
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code ignored; // the writer says it
    if (folder.is_relative() && !folder.empty()) std::filesystem::create_directories(folder, ignored);
    return path;
}

} // namespace ochre::nodes
