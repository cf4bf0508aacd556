// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Region.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration StitchRegion() {
    return graph::NodeDeclaration("image.stitch_region", 1, "Stitch region", "Image/Region")
        .describe("Puts a part that was cut out and worked on back into its picture. Outside of the mask "
                  "nothing changes.")
        .keywords("inpaint crop stitch paste back masked only region")
        .input({.id = "image", .label = "Image", .help = "The whole picture.", .type = types::kImage})
        .input({.id = "patch", .label = "Patch", .help = "The part as it came out.", .type = types::kImage})
        .input({.id = "region",
                .label = "Region",
                .help = "Where the part lies, from Crop to mask.",
                .type = types::kRegion})
        .input({.id = "mask",
                .label = "Mask",
                .help = "Where the part shows: of the part, or of the whole picture. None: all of it.",
                .type = types::kMask,
                .optional = true})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .parameter({.id = "feather",
                    .label = "Feather",
                    .help = "Width of the soft edge, inside of the mask.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 8.0,
                    .min = 0,
                    .max = 4096,
                    .softMin = 0,
                    .softMax = 64,
                    .unit = "px"})
        .onRun([](graph::RunContext& run) {
            const Image mask = run.hasInput("mask") ? run.inputAs<Image>("mask") : Image();
            run.setOutput("image", makeImageValue(stitchRegion(
                                       run.inputAs<Image>("image"), run.inputAs<Image>("patch"),
                                       run.inputAs<WorkRegion>("region"), mask,
                                       static_cast<float>(run.number("feather")), run.cancel())));
        });
}

} // namespace ochre::nodes::image
