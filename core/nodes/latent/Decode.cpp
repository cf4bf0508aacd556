// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionSampling.h"

namespace ochre::nodes::latent {
namespace {

void run(graph::RunContext& run) {
    const models::LatentBatch& latent = latentInput(run);
    const models::AutoencodeOptions options{static_cast<int>(run.integer("tile")),
                                            static_cast<int>(run.integer("overlap")), run.progress(),
                                            run.cancel()};
    std::vector<Image> images = autoencoderInput(run).decode(latent.samples, options);
    graph::ListSource list;
    for (std::size_t i = 0; i < images.size(); ++i) {
        markGenerated(images[i], latent);
        const graph::Value value = makeImageValue(images[i]);
        if (i == 0) run.setOutput("image", value);
        Hasher hasher;
        list.items.push_back({hasher.add(run.key()).add(static_cast<std::uint64_t>(i)).finish(),
                              std::to_string(i + 1), [value] { return value; }});
    }
    std::size_t bytes = 0;
    for (const Image& image : images) bytes += image.bytes();
    run.setOutput("images", graph::Value::make<graph::ListSource>(types::kImage, std::move(list), bytes));
}

} // namespace

graph::NodeDeclaration Decode() {
    return graph::NodeDeclaration("latent.decode", 1, "Decode", "Latent")
        .describe("A latent as a picture. Use tiles where a large picture does not fit into memory.")
        .keywords("vae decode latent to image")
        .input(socket("latent", "Latent", "What a sampler gave.", types::kLatent))
        .input(socket("autoencoder", "Autoencoder", "Of the model that sampled.", types::kAutoencoder))
        .output(socket("image", "Image", "The picture; of a batch, the first.", types::kImage))
        .output({.id = "images",
                 .label = "Images",
                 .help = "All pictures of a batch, as a list.",
                 .type = types::kImage,
                 .list = true})
        .parameter(tileParameter())
        .parameter(overlapParameter())
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::latent
