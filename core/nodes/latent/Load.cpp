// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/models/diffusion/LatentFile.h"
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration Load() {
    return latentMaker("latent.load", "Load latent", "Reads a latent that Save latent or ComfyUI wrote.",
                       "open read file import")
        .parameter({.id = "file",
                    .label = "File",
                    .help = "The latent to read.",
                    .kind = graph::ParameterKind::File,
                    .defaultValue = std::string(),
                    .filter = "Latents (*.latent *.safetensors)"})
        .onRun([](graph::RunContext& run) {
            if (run.text("file").empty()) throw Error("no latent is chosen", "choose a file");
            putLatent(run, [&] { return models::loadLatent(paths::resolve(run.text("file"))); });
        });
}

} // namespace ochre::nodes::latent
