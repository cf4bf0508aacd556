// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/RunContext.h"
#include "core/models/vision/FeatureExtractor.h"
#include "core/nodes/Describe.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::understand {

graph::NodeDeclaration Features() {
    return graph::NodeDeclaration("understand.features", 1, "Features", "Understand")
        .describe("Shows what DINOv2 sees in a picture: parts that mean the same get the same colour, from the three main "
                  "directions of its features.")
        .keywords("dino dinov2 pca embedding semantic correspondence parts visualise")
        .input({.id = "image", .label = "Image", .help = "The picture to look at.", .type = types::kImage,
                .constraint = {.minChannels = 1, .maxChannels = 4}})
        .output(socket("image", "Image", "The features as colours, of the same size.", types::kImage))
        .parameter({.id = "model", .label = "Model", .help = "A DINOv2 checkpoint from the models folder, or a path.",
                    .kind = graph::ParameterKind::Model, .defaultValue = std::string()})
        .parameter(pixels("side", "Detail", "Longer side of what the network sees; more shows smaller things and takes longer.", 518,
                          {.min = 14, .max = 4096, .softMax = 1036}))
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun([](graph::RunContext& run) {
            const auto extractor = openKept<models::FeatureExtractor>(findModelOrThrow(run.text("model")));
            const Image& image = run.inputAs<Image>("image");
            run.setOutput("image", makeImageValue(extractor->picture(image, static_cast<int>(run.integer("side")), run.cancel())));
        });
}

} // namespace ochre::nodes::understand
