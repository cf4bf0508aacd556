// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Inpaint.h"
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionValues.h"
#include "core/tensor/Runtime.h"

namespace ochre::nodes::generate {
namespace {

models::Conditioning withInpaint(models::Conditioning conditioning, const models::InpaintConcat& concat) {
    for (models::ConditioningEntry& entry : conditioning.entries) entry.inpaint = concat;
    return conditioning;
}

void run(graph::RunContext& run) {
    tensor::run(run.cancel(), [&] {
        const models::InpaintPicture picture = models::inpaintPicture(
            models::pixelsOf({run.inputAs<Image>("image")}), maskTensor(run.inputAs<Image>("mask")));
        const models::Autoencoder& autoencoder = autoencoderInput(run);
        const auto encode = [&](const nn::Tensor& pixels, double from, double to) {
            return autoencoder.encode(pixels,
                                      {.progress = run.progress().part(from, to), .cancel = run.cancel()});
        };
        const models::InpaintConcat concat{encode(picture.hidden, 0, 0.5), picture.mask};
        models::LatentBatch latent;
        latent.samples = encode(picture.pixels, 0.5, 1);
        if (run.flag("noise_mask")) latent.noiseMask = picture.mask;
        run.setOutput("positive",
                      makeConditioningValue(withInpaint(conditioningInput(run, "positive"), concat)));
        run.setOutput("negative",
                      makeConditioningValue(withInpaint(conditioningInput(run, "negative"), concat)));
        run.setOutput("latent", makeLatentValue(std::move(latent)));
    });
}

} // namespace

graph::NodeDeclaration InpaintConditioning() {
    return graph::NodeDeclaration("generate.inpaint_conditioning", 1, "Inpaint conditioning", "Generate")
        .describe("Shows an inpainting model the picture without what lies under the mask, and makes the "
                  "latent to sample.")
        .keywords("inpaint fill mask model concat erase")
        .input(socket("positive", "Positive", "The prompt.", types::kConditioning))
        .input(socket("negative", "Negative", "The negative prompt.", types::kConditioning))
        .input(socket("autoencoder", "Autoencoder", "Makes the latents.", types::kAutoencoder))
        .input(socket("image", "Image", "The picture.", types::kImage))
        .input(
            socket("mask", "Mask", "White is painted anew. It is stretched over the picture.", types::kMask))
        .output(socket("positive", "Positive", "The prompt, with the picture.", types::kConditioning))
        .output(
            socket("negative", "Negative", "The negative prompt, with the picture.", types::kConditioning))
        .output(socket("latent", "Latent", "The whole picture, to be sampled.", types::kLatent))
        .parameter(flag("noise_mask", "Keep the rest",
                        "Samples under the mask alone. Without it the model may change all of the picture.",
                        true))
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::generate
