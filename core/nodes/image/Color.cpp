// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/graph/NodeDeclaration.h"
#include "core/graph/RunContext.h"
#include "core/image/Color.h"
#include "core/nodes/Make.h"
#include "core/nodes/Types.h"

namespace ochre::nodes::image {

graph::NodeDeclaration Color() {
    return graph::NodeDeclaration("image.color", 1, "Colour", "Image/Colour")
        .describe("Exposure, contrast, gamma, saturation, hue and white balance.")
        .keywords("exposure contrast brightness gamma saturation hue temperature grade color")
        .input({.id = "image", .label = "Image", .help = "The picture to work on.", .type = types::kImage})
        .output({.id = "image", .label = "Image", .help = "The result.", .type = types::kImage})
        .parameter({.id = "exposure",
                    .label = "Exposure",
                    .help = "Brightness of the light, in stops.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.0,
                    .min = -20,
                    .max = 20,
                    .softMin = -4,
                    .softMax = 4,
                    .unit = "EV"})
        .parameter({.id = "contrast",
                    .label = "Contrast",
                    .help = "Steepness about middle grey.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.0,
                    .min = -1,
                    .max = 1})
        .parameter({.id = "brightness",
                    .label = "Brightness",
                    .help = "Added to all colours.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.0,
                    .min = -10,
                    .max = 10,
                    .softMin = -1,
                    .softMax = 1})
        .parameter({.id = "gamma",
                    .label = "Gamma",
                    .help = "Above 1 brightens the middle.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 1.0,
                    .min = 0.01,
                    .max = 100,
                    .softMin = 0.1,
                    .softMax = 4})
        .parameter({.id = "saturation",
                    .label = "Saturation",
                    .help = "0 is grey, 1 as it was.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 1.0,
                    .min = 0,
                    .max = 10,
                    .softMin = 0,
                    .softMax = 2})
        .parameter({.id = "hue",
                    .label = "Hue",
                    .help = "Turns the colours.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.0,
                    .min = -360,
                    .max = 360,
                    .softMin = -180,
                    .softMax = 180,
                    .unit = "°"})
        .parameter({.id = "temperature",
                    .label = "Temperature",
                    .help = "Negative is colder, positive warmer.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.0,
                    .min = -4,
                    .max = 4,
                    .softMin = -1,
                    .softMax = 1})
        .parameter({.id = "tint",
                    .label = "Tint",
                    .help = "Negative is greener, positive more magenta.",
                    .kind = graph::ParameterKind::Float,
                    .defaultValue = 0.0,
                    .min = -4,
                    .max = 4,
                    .softMin = -1,
                    .softMax = 1})
        .onRun([](graph::RunContext& run) {
            const Image& image = run.inputAs<Image>("image");
            ColorAdjustment a;
            a.exposure = static_cast<float>(run.number("exposure"));
            a.contrast = static_cast<float>(run.number("contrast"));
            a.brightness = static_cast<float>(run.number("brightness"));
            a.gamma = static_cast<float>(run.number("gamma"));
            a.saturation = static_cast<float>(run.number("saturation"));
            a.hue = static_cast<float>(run.number("hue"));
            a.temperature = static_cast<float>(run.number("temperature"));
            a.tint = static_cast<float>(run.number("tint"));
            run.setOutput("image", makeImageValue(adjustColor(image, a, run.cancel())));
        });
}

} // namespace ochre::nodes::image
