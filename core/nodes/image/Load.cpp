// SPDX-License-Identifier: GPL-3.0-or-later
#include <string>

#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Color.h"
#include "core/image/ImageIo.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Load() {
    return graph::NodeDeclaration("image.load", 1, "Load image", "Image")
        .describe("Reads a picture: PNG, JPEG, WebP, TIFF, EXR, HDR, BMP or TGA.")
        .keywords("open read file picture photo import")
        .output({.id = "image",
                 .label = "Image",
                 .help = "The picture, with its metadata.",
                 .type = types::kImage})
        .output({.id = "mask",
                 .label = "Alpha",
                 .help = "Its alpha; white where it has none.",
                 .type = types::kMask})
        .parameter({.id = "path",
                    .label = "File",
                    .help = "The picture to read.",
                    .kind = graph::ParameterKind::File,
                    .defaultValue = std::string(),
                    .filter = std::string("Pictures (") + imageFilePatterns() + ")"})
        .parameter({.id = "color_space",
                    .label = "Colour space",
                    .help = "What the numbers of the file mean, where it does not say or says it wrongly.",
                    .kind = graph::ParameterKind::Choice,
                    .defaultValue = std::string("auto"),
                    .choices = {{"auto", "From the file"},
                                {"sRGB", "sRGB"},
                                {"linear", "Linear"},
                                {"Rec.709", "Rec.709"},
                                {"raw", "Raw data"}},
                    .advanced = true})
        .parameter({.id = "orientation",
                    .label = "Turn upright",
                    .help = "Turns the picture as the camera noted.",
                    .kind = graph::ParameterKind::Bool,
                    .defaultValue = true,
                    .advanced = true})
        .onRun([](graph::RunContext& run) {
            if (run.text("path").empty()) throw Error("no picture is chosen", "choose a file in the panel");
            ReadOptions options;
            if (run.text("color_space") != "auto")
                options.colorSpace = colorSpaceFromName(run.text("color_space"));
            options.applyOrientation = run.flag("orientation");
            const Image image = readImage(paths::resolve(run.text("path")), options, run.cancel());
            run.setOutput("mask", makeMaskValue(alphaOf(image)));
            run.setOutput("image", makeImageValue(image));
        });
}

} // namespace ochre::nodes::image
