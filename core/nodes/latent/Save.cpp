// SPDX-License-Identifier: GPL-3.0-or-later
#include <map>
#include <string>

#include "core/graph/Types.h"
#include "core/models/diffusion/LatentFile.h"
#include "core/nodes/OutputPath.h"
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Save() {
    return graph::NodeDeclaration("latent.save", 1, "Save latent", "Latent")
        .describe("Writes a latent to a file that ComfyUI reads too. Noise masks are not kept.")
        .keywords("write export file store")
        .input(socket("latent", "Latent", "The latent to write.", types::kLatent))
        .output(socket("path", "File", "Where the latent was written.", graph::types::kText))
        .parameter({.id = "file",
                    .label = "File",
                    .help = "Name of the file. {index} stands for the number in a list, {name} for the name "
                            "of the item.",
                    .kind = graph::ParameterKind::SaveFile,
                    .defaultValue = std::string(),
                    .filter = "Latents (*.latent)"})
        .needsRuntime()
        .sink()
        .uncached()
        .onRun([](graph::RunContext& run) {
            const std::string path = outputPath(run, "file");
            std::map<std::string, std::string> metadata;
            if (!run.graphText().empty()) metadata["ochre:graph"] = run.graphText();
            models::saveLatent(path, latentInput(run), metadata);
            run.setOutput("path", graph::makeText(path));
        });
}

} // namespace ochre::nodes::latent
