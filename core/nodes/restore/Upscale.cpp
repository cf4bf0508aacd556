// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/ImageIo.h"
#include "core/models/restore/Upscaler.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::restore {
namespace {

void run(graph::RunContext& run) {
    const auto upscaler = openKept<models::Upscaler>(findModelOrThrow(run.text("model")));
    models::UpscaleOptions options;
    options.tile = static_cast<int>(run.integer("tile"));
    options.overlap = static_cast<int>(run.integer("overlap"));
    options.dtype = run.text("dtype");
    options.device = run.text("device");
    Image image = upscaler->upscale(run.inputAs<Image>("image"), options, run.progress(), run.cancel());
    markDigitalSourceType(image, DigitalSourceType::AlgorithmicallyEnhanced);
    run.setOutput("image", makeImageValue(std::move(image)));
}

} // namespace

graph::NodeDeclaration Upscale() {
    using Kind = graph::ParameterKind;
    return graph::NodeDeclaration("restore.upscale", 2, "Upscale", "Restore")
        .describe("Enlarges a picture with a super-resolution network: Real-ESRGAN, ESRGAN and their kin.")
        .keywords("enlarge super resolution esrgan realesrgan enhance bigger 4x")
        .input({.id = "image", .label = "Image", .help = "The picture to enlarge.", .type = types::kImage,
                .constraint = {.minChannels = 1, .maxChannels = 4}})
        .output({.id = "image", .label = "Image", .help = "Larger by the model's factor.", .type = types::kImage})
        .parameter({.id = "model", .label = "Model", .help = "A checkpoint from the models folder, or a path.", .kind = Kind::Model,
                    .defaultValue = std::string("realesrgan-x4plus")})
        .parameter({.id = "tile", .label = "Tile", .help = "Side of a tile; 0 takes what the free memory allows.", .kind = Kind::Int,
                    .defaultValue = std::int64_t{0}, .min = 0, .max = 65536, .softMax = 1024, .unit = "px", .advanced = true})
        .parameter({.id = "overlap", .label = "Overlap", .help = "Surroundings that each tile sees; −1 takes what the network needs.",
                    .kind = Kind::Int, .defaultValue = std::int64_t{-1}, .min = -1, .max = 512, .softMax = 128, .unit = "px", .advanced = true})
        .parameter({.id = "dtype", .label = "Numbers", .help = "bfloat16 is faster on processors that compute with it, and a little less exact.",
                    .kind = Kind::Choice, .defaultValue = std::string("auto"),
                    .choices = {{"auto", "What is fast and exact enough"}, {"float32", "float32"}, {"bfloat16", "bfloat16"}}, .advanced = true})
        .parameter({.id = "device", .label = "Device", .help = "Where the network runs.", .kind = Kind::Choice, .defaultValue = std::string("auto"),
                    .choices = {{"auto", "The fastest there is"}, {"cpu", "CPU"}, {"cuda", "NVIDIA GPU (CUDA)"}}, .advanced = true})
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::restore
