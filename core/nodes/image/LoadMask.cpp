// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/Error.h"
#include "core/base/Paths.h"
#include "core/graph/RunContext.h"
#include "core/image/Color.h"
#include "core/image/ImageIo.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {
namespace {

/// 1 − alpha: what was painted out is chosen.
Image transparency(const Image& image) {
    Image mask = alphaOf(image);
    for (float& v : mask.edit()) v = 1 - v;
    return mask;
}

void run(graph::RunContext& run) {
    if (run.text("path").empty()) throw Error("no picture is chosen", "choose a file in the panel");
    const Image image = readImage(paths::resolve(run.text("path")), {}, run.cancel());
    const std::string& channel = run.text("channel");
    Image mask;
    if (channel == "transparency") {
        mask = transparency(image);
    } else {
        const int color = channel == "red" ? 0 : channel == "green" ? 1 : 2;
        const int wanted[] = {image.channels() < 3 ? 0 : color};
        mask = selectChannels(image, wanted);
    }
    mask.setColorSpace(ColorSpace::Raw);
    run.setOutput("mask", makeMaskValue(mask));
}

} // namespace

graph::NodeDeclaration LoadMask() {
    graph::Parameter path{.id = "path",
                          .label = "File",
                          .help = "The picture to read.",
                          .kind = graph::ParameterKind::File,
                          .defaultValue = std::string(),
                          .filter = std::string("Pictures (") + imageFilePatterns() + ")"};
    return graph::NodeDeclaration("image.load_mask", 1, "Load mask", "Mask")
        .describe("Reads one channel of a picture as a mask.")
        .keywords("open read file picture alpha channel transparent import")
        .output(socket("mask", "Mask", "The result.", types::kMask))
        .parameter(std::move(path))
        .parameter(choice("channel", "Channel", "What becomes the mask; where a picture is clear, it is chosen.",
                          {{"transparency", "Transparency"},
                           {"red", "Red"},
                           {"green", "Green"},
                           {"blue", "Blue"}}))
        .onRun(run);
}

} // namespace ochre::nodes::image
