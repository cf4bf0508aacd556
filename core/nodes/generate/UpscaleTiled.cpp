// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "core/image/Color.h"
#include "core/image/Filter.h"
#include "core/image/ImageIo.h"
#include "core/models/diffusion/TiledSample.h"
#include "core/nodes/Describe.h"
#include "core/nodes/DiffusionSampling.h"

namespace ochre::nodes::generate {

namespace {

constexpr int kWholeSide = 2048; ///< pixels: larger pictures go through the autoencoder in tiles
constexpr int kAutoencoderTile = 1024;

/// The picture in its new size, and on a canvas that latents can cover: its edges go on to the right and
/// below.
struct Enlarged {
    Image picture, canvas;
};

Enlarged enlarged(const Image& image, double scale, const Cancel& cancel) {
    if (image.empty()) throw Error("the picture is empty", "link one that has pixels");
    const auto side = [scale](int length) {
        return std::max(1, static_cast<int>(std::lround(length * scale)));
    };
    Enlarged result;
    const int width = side(image.width()), height = side(image.height());
    const bool same = width == image.width() && height == image.height();
    result.picture = same ? image : resize(image, width, height, ResizeFilter::Lanczos, cancel);
    const auto missing = [](int length) {
        return (models::kLatentSide - length % models::kLatentSide) % models::kLatentSide;
    };
    result.canvas = pad(result.picture, 0, 0, missing(width), missing(height), PadMode::Edge);
    return result;
}

/// `painted` cut to the size of `before`, with its alpha and metadata.
Image finished(const Image& painted, const Image& before) {
    Image result = crop(painted, 0, 0, before.width(), before.height());
    if (before.hasAlpha()) result = withAlpha(result, alphaOf(before));
    result.setMetadata(before.metadata());
    markDigitalSourceType(result, DigitalSourceType::CompositeWithTrainedAlgorithmicMedia);
    return result;
}

models::AutoencodeOptions autoencodeOptions(const Image& canvas, const Progress& progress,
                                            const Cancel& cancel) {
    models::AutoencodeOptions options{.progress = progress, .cancel = cancel};
    if (std::max(canvas.width(), canvas.height()) > kWholeSide) options.tile = kAutoencoderTile;
    return options;
}

void run(graph::RunContext& run) {
    const models::DiffusionModel& model = modelInput(run);
    const models::Autoencoder& autoencoder = autoencoderInput(run);
    models::Conditioning positive = conditioningInput(run, "positive"), negative = negativeInput(run);
    const Enlarged image = enlarged(run.inputAs<Image>("image"), run.number("scale"), run.cancel());
    const models::TileOptions tiles{static_cast<int>(run.integer("tile")),
                                    static_cast<int>(run.integer("overlap"))};
    if (run.hasInput("controlnet")) {
        const auto& net = run.inputAs<std::shared_ptr<const models::ControlNetModel>>("controlnet");
        const models::ControlUse use{.net = net, .hint = models::pixelsOf({image.canvas})};
        positive = models::withControl(positive, use);
        if (!negative.entries.empty()) negative = models::withControl(negative, use);
    }

    models::LatentBatch latent;
    latent.samples = autoencoder.encode(
        {image.canvas}, autoencodeOptions(image.canvas, run.progress().part(0, 0.1), run.cancel()));
    models::SampleHooks hooks = samplingHooks(run, model, "image");
    hooks.progress = run.progress().part(0.1, 0.9);
    models::SampleOptions options = samplingOptions(run);
    readSchedule(run, options);
    options.denoise = run.number("denoise");
    const models::SampleResult sampled =
        models::sampleTiled(model, positive, negative, latent, options, tiles, hooks);
    const std::vector<Image> painted = autoencoder.decode(
        sampled.latent.samples, autoencodeOptions(image.canvas, run.progress().part(0.9, 1), run.cancel()));
    Image result = finished(painted.front(), image.picture);
    result.setMetadata("parameters", parametersText(model, positive, negative, latent, options));
    run.setOutput("image", makeImageValue(std::move(result)));
}

} // namespace

graph::NodeDeclaration UpscaleTiled() {
    graph::Parameter tile =
        pixels("tile", "Tile", "Side of what the model sees at once: the size that it was trained on.", 512,
               {.min = 128, .max = 4096, .softMax = 1024});
    tile.step = 64;
    return graph::NodeDeclaration("generate.upscale_tiled", 1, "Upscale with diffusion", "Generate")
        .describe("Enlarges a picture and paints its details anew, tile by tile but without seams. A tile "
                  "ControlNet keeps "
                  "it true to the picture at a higher denoise.")
        .keywords("ultimate sd upscale tiled enlarge hires detail refine 4k multidiffusion")
        .input(socket("image", "Image", "The picture to enlarge.", types::kImage))
        .input(socket("model", "Model", "Paints the details.", types::kModel))
        .input(socket("positive", "Positive", "What the picture shows, or words of quality.",
                      types::kConditioning))
        .input(optional(socket("negative", "Negative", "What it is not to show.", types::kConditioning)))
        .input(
            socket("autoencoder", "Autoencoder", "Makes latents of pictures, and back.", types::kAutoencoder))
        .input(optional(
            socket("controlnet", "Tile ControlNet", "Is shown the enlarged picture.", types::kControlNet)))
        .output(socket("image", "Image", "Larger by the factor.", types::kImage))
        .parameter(number("scale", "Scale", "1 keeps the size, for pictures that were enlarged before.", 2.0,
                          {.min = 0.25, .max = 8, .softMax = 4}))
        .parameter(tile)
        .parameter(pixels("overlap", "Overlap",
                          "What each tile sees of its neighbours; at most a third of the tile.", 64,
                          {.max = 1024, .softMax = 256}))
        .parameter(seedParameter())
        .parameter(stepsParameter())
        .parameter(cfgParameter())
        .parameter(samplerParameter())
        .parameter(schedulerParameter())
        .parameter(share("denoise", "Denoise", "How much is painted anew; 0 changes nothing.", 0.35))
        .lane(graph::Lane::Model)
        .needsRuntime()
        .onRun(run);
}

} // namespace ochre::nodes::generate
