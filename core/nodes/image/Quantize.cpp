// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/Quantize.h"

#include "core/graph/RunContext.h"
#include "core/nodes/Describe.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Quantize() {
    return graph::NodeDeclaration("image.quantize", 1, "Few colours", "Image/Color")
        .describe("Paints the picture with a small palette of its own colours.")
        .keywords("quantize posterize palette dither indexed gif pixel reduce colors")
        .input(socket("image", "Image", "The picture to work on.", types::kImage))
        .output(socket("image", "Image", "The result.", types::kImage))
        .parameter(whole("colors", "Colours", "How many at most.", 256, {.min = 1, .max = 256, .softMax = 256}))
        .parameter(choice("dither", "Dither", "How colours between those of the palette are shown.",
                          {{"none", "None"},
                           {"floyd_steinberg", "Floyd and Steinberg"},
                           {"bayer_2", "Pattern of 2 × 2"},
                           {"bayer_4", "Pattern of 4 × 4"},
                           {"bayer_8", "Pattern of 8 × 8"},
                           {"bayer_16", "Pattern of 16 × 16"}}))
        .onRun([](graph::RunContext& run) {
            const std::string& word = run.text("dither");
            const bool pattern = word.starts_with("bayer_");
            const Dither dither = pattern          ? Dither::Bayer
                                  : word == "none" ? Dither::None
                                                   : Dither::FloydSteinberg;
            run.setOutput("image", makeImageValue(quantized(
                                       run.inputAs<Image>("image"), static_cast<int>(run.integer("colors")),
                                       dither, pattern ? std::stoi(word.substr(6)) : 4, run.cancel())));
        });
}

} // namespace ochre::nodes::image
