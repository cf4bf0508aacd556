// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Filter.h"
#include "core/image/Region.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration CropRegion() {
    return graph::NodeDeclaration("image.crop_region", 1, "Crop to mask", "Image/Region")
        .describe("Cuts out the surroundings of a mask, so that only they are computed. Stitch region puts "
                  "the result back.")
        .keywords("inpaint crop stitch masked only region bounds detail")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .input({.id = "mask", .label = "Mask", .help = "What is to change.", .type = types::kMask})
        .output({.id = "image", .label = "Image", .help = "The part.", .type = types::kImage})
        .output({.id = "mask", .label = "Mask", .help = "The grown mask of the part.", .type = types::kMask})
        .output({.id = "region", .label = "Region", .help = "Where the part lies.", .type = types::kRegion})
        .parameter({.id = "grow",
                    .label = "Grow",
                    .help = "The mask grows first; negative shrinks.",
                    .kind = graph::ParameterKind::Int,
                    .defaultValue = std::int64_t{16},
                    .min = -4096,
                    .max = 4096,
                    .softMin = -64,
                    .softMax = 64,
                    .unit = "px"})
        .parameter(
            pixels("padding", "Surroundings", "What the model sees around the mask.", 64, {.softMax = 512}))
        .parameter(pixels("size", "Working size",
                          "Longer side of the part while it is worked on; 0 keeps its own.", 0,
                          {.max = 16384, .softMax = 2048}))
        .parameter({.id = "multiple",
                    .label = "Multiple",
                    .help = "Both sides of the part are a multiple of this.",
                    .kind = graph::ParameterKind::Choice,
                    .defaultValue = std::string("8"),
                    .unit = "px",
                    .choices = {{"8", "8"}, {"64", "64"}},
                    .advanced = true})
        .onRun([](graph::RunContext& run) {
            const Image& image = run.inputAs<Image>("image");
            const Image mask =
                growMask(run.inputAs<Image>("mask"), static_cast<int>(run.integer("grow")), run.cancel());
            const WorkRegion region = regionAbout(mask, {.padding = static_cast<int>(run.integer("padding")),
                                                         .multiple = std::stoi(run.text("multiple")),
                                                         .size = static_cast<int>(run.integer("size"))});
            run.setOutput("image", makeImageValue(cropRegion(image, region, run.cancel())));
            run.setOutput("mask", makeMaskValue(cropRegionMask(mask, region, run.cancel())));
            run.setOutput("region", makeRegionValue(region));
        });
}

} // namespace ochre::nodes::image
