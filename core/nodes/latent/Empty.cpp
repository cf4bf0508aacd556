// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"
#include "core/nodes/FamilyDefaults.h"

namespace ochre::nodes::latent {
namespace {

graph::Parameter side(const char* id, const char* label) {
    return {.id = id,
            .label = label,
            .help = "Of the picture, a multiple of 8.",
            .kind = graph::ParameterKind::Int,
            .defaultValue = kFamilyDefaults.front().side,
            .min = 1,
            .max = 16384,
            .softMin = 64,
            .softMax = 2048,
            .step = 8,
            .unit = "px"};
}

} // namespace

graph::NodeDeclaration Empty() {
    return graph::NodeDeclaration("latent.empty", 1, "Empty latent", "Latent")
        .describe("Where a picture begins: its size, and how many are made at once. Stable Diffusion 1 likes "
                  "512, 2 likes 768, XL 1024 pixels, Ochre's starter model 128.")
        .keywords("empty latent image size width height batch resolution")
        .output(socket("latent", "Latent", "Nothing but its size.", types::kLatent))
        .parameter(side("width", "Width"))
        .parameter(side("height", "Height"))
        .parameter({.id = "batch",
                    .label = "Batch",
                    .help = "How many pictures.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{1},
                    .min = 1,
                    .max = 4096,
                    .softMax = 16})
        .needsRuntime()
        .onRun([](graph::RunContext& run) {
            const auto number = [&run](const char* id) { return static_cast<int>(run.integer(id)); };
            run.setOutput("latent", makeLatentValue(models::emptyLatent(number("width"), number("height"),
                                                                        number("batch"))));
        });
}

} // namespace ochre::nodes::latent
