// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/Inpaint.h"
#include "core/nodes/latent/LatentNode.h"

namespace ochre::nodes::latent {

graph::NodeDeclaration EncodeInpaint() {
    return latentMaker("latent.encode_inpaint", "Encode for inpainting",
                       "Makes a latent of a picture without what lies under the mask, so that it can be "
                       "painted there "
                       "from nothing. Sample it with a denoise of 1.",
                       "vae inpaint fill erase mask")
        .input(socket("image", "Image", "The picture.", types::kImage))
        .input(socket("autoencoder", "Autoencoder", "Makes the latent.", types::kAutoencoder))
        .input(
            socket("mask", "Mask", "White is painted anew. It is stretched over the picture.", types::kMask))
        .parameter(pixels("grow", "Grow", "How much wider the noise mask is, for a seamless edge.", 6,
                          {.min = 0, .max = 64, .softMax = 64}))
        .lane(graph::Lane::Model)
        .onRun([](graph::RunContext& run) {
            putLatent(run, [&] {
                const models::InpaintPicture picture = models::inpaintPicture(
                    models::pixelsOf({run.inputAs<Image>("image")}), maskTensor(run.inputAs<Image>("mask")));
                models::LatentBatch latent;
                latent.samples = autoencoderInput(run).encode(
                    picture.hidden, {.progress = run.progress(), .cancel = run.cancel()});
                latent.noiseMask = models::grownMask(picture.mask, static_cast<int>(run.integer("grow")));
                return latent;
            });
        });
}

} // namespace ochre::nodes::latent
