// SPDX-License-Identifier: GPL-3.0-or-later
// Any text, read as a workflow of ComfyUI, as a project that came from one, as A1111 parameters and as a list
// of folders: each either opens or gives an Error. What opens as a workflow is written in both formats, and what
// was written opens again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/base/Error.h"
#include "core/base/FolderYaml.h"
#include "core/graph/GraphJson.h"
#include "core/project/ProjectFile.h"
#include "core/project/interop/A1111.h"
#include "core/project/interop/ComfyGraph.h"
#include "core/project/interop/ComfyRead.h"
#include "core/project/interop/ComfyWrite.h"
#include "tests/support/GenerationNodes.h"

namespace {
using namespace ochre;
using namespace ochre::project;

graph::NodeRegistry& registry() {
    static graph::NodeRegistry all;
    static const bool filled = (test::addGenerationNodes(all), true);
    (void)filled;
    return all;
}

void workflow(std::string_view text) {
    const interop::ReadComfy read =
        interop::readComfy(interop::parseForeignJson(text, "input"), "input", registry());
    graph::graphFromJson(graph::graphToJson(read.graph), "round trip");
    const Json ui = interop::writeWorkflow(read.graph, read.extra, registry()).json;
    interop::readComfy(ui, "round trip", registry());
    const Json api = interop::writeApi(read.graph, read.extra, registry()).json;
    if (interop::isApiPrompt(api)) interop::readComfy(api, "again", registry());
}

/// A project says anything about the file that it came from.
void writtenProject(std::string_view text) {
    const Project read = projectFromText(text, "input");
    interop::writeWorkflow(read.graph, read.extra, registry());
    interop::writeApi(read.graph, read.extra, registry());
}

void parameters(std::string_view text) {
    const ParametersText read = readParameters(text, "input");
    const ParametersText again = readParameters(writeParameters(read), "round trip");
    if (again.values != read.values) std::abort();
    std::vector<std::string> warnings;
    interop::parametersFromGraph(interop::graphFromParameters(read, registry(), warnings), registry());
}

template <typename Read>
void tryTo(const Read& read) {
    try {
        read();
    } catch (const Error& e) {
        if (e.message().rfind("round trip", 0) == 0) std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    tryTo([&] { workflow(text); });
    tryTo([&] { writtenProject(text); });
    tryTo([&] { parameters(text); });
    tryTo([&] { readFolderYaml(text, "input"); });
    return 0;
}
