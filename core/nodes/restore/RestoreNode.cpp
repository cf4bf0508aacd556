// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/restore/RestoreNode.h"

#include <utility>

#include "core/image/ImageIo.h"
#include "core/models/restore/Restorer.h"
#include "core/nodes/Describe.h"
#include "core/nodes/KeptModels.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::restore {
namespace {
graph::Parameter advanced(graph::Parameter parameter) {
    parameter.advanced = true;
    return parameter;
}

} // namespace

graph::NodeDeclaration pictureNode(const std::string& id, int version, const std::string& label, const std::string& model) {
    return graph::NodeDeclaration(id, version, label, "Restore")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage,
                .constraint = {.minChannels = 1, .maxChannels = 4}})
        .output(socket("image", "Image", "The result, larger by the model's factor if it has one.", types::kImage))
        .parameter({.id = "model", .label = "Model", .help = "A checkpoint from the models folder, or a path.",
                    .kind = graph::ParameterKind::Model, .defaultValue = model})
        .parameter(advanced(pixels("tile", "Tile", "Side of a tile; 0 takes what the free memory allows.", 0, {.softMax = 1024})))
        .parameter(advanced(pixels("overlap", "Overlap", "Surroundings that each tile sees; −1 takes what the network needs.", -1,
                                   {.min = -1, .max = 512, .softMax = 128})))
        .parameter(advanced(choice("dtype", "Numbers", "bfloat16 is faster on processors that compute with it, and a little less exact.",
                                   {{"auto", "What is fast and exact enough"}, {"float32", "float32"}, {"bfloat16", "bfloat16"}})))
        .parameter(advanced(choice("device", "Device", "Where the network runs.",
                                   {{"auto", "The fastest there is"}, {"cpu", "CPU"}, {"cuda", "NVIDIA GPU (CUDA)"}})))
        .lane(graph::Lane::Model)
        .needsRuntime();
}

void runPictureNode(graph::RunContext& run, double strength) {
    const auto restorer = openKept<models::Restorer>(findModelOrThrow(run.text("model")));
    models::RestoreOptions options;
    options.tile = static_cast<int>(run.integer("tile"));
    options.overlap = static_cast<int>(run.integer("overlap"));
    options.dtype = run.text("dtype");
    options.device = run.text("device");
    options.strength = strength;
    Image image = restorer->restore(run.inputAs<Image>("image"), options, run.progress(), run.cancel());
    markDigitalSourceType(image, DigitalSourceType::AlgorithmicallyEnhanced);
    run.setOutput("image", makeImageValue(std::move(image)));
}

} // namespace ochre::nodes::restore
