// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/ArchitectureParts.h"

#include <fmt/format.h>

#include "core/models/diffusion/AutoencoderKl.h"
#include "core/models/diffusion/ControlNet.h"
#include "core/models/diffusion/UNet.h"

namespace ochre::models {
namespace {

/// Heads as the references name them: their number, their width, or diffusers' number under the name of a width.
void readHeads(const Json& parityCase, UNetTrunk::Config& config) {
    const Json options = parityCase.value("config", Json::object());
    const Json heads = options.value("num_attention_heads", options.value("attention_head_dim", Json()));
    if (heads.is_array()) {
        config.headWidth = config.channels / heads.at(0).get<int>();
    } else if (heads.is_number()) {
        config.heads = heads.get<int>();
        config.headWidth = 0;
    } else if (const int width = options.value("num_head_channels", -1); width > 0) {
        config.headWidth = width;
    } else if (options.contains("num_heads")) {
        config.heads = options["num_heads"].get<int>();
        config.headWidth = 0;
    }
}

Tensors runUNet(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs,
                const UNetMaps* control = nullptr) {
    auto config = configOf<UNet>(weights, "denoising UNet");
    readHeads(parityCase, config);
    const UNet model(weights, config);
    return {{"out", model.forward(input(inputs, "x"), input(inputs, "timesteps"), input(inputs, "context"),
                                  inputOrNone(inputs, "y"), control)}};
}

/// A case that says "UNet with control, strength 0.7" has both networks in one file.
Tensors runControlNet(const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
    auto config = configOf<ControlNet>(weights, "ControlNet");
    readHeads(parityCase, config);
    const ControlNet model(weights, config);
    const UNetMaps maps = model.forward(input(inputs, "x"), model.prepareHint(input(inputs, "hint")),
                                        input(inputs, "timesteps"), model.prepareContext(input(inputs, "context")),
                                        inputOrNone(inputs, "y"));
    const auto entry = parityCase.value("entry", std::string("forward"));
    if (entry.starts_with("UNet")) {
        const std::size_t strength = entry.find("strength ");
        UNetMaps scaled;
        addControl(scaled, maps, strength == std::string::npos ? 1.0 : std::stod(entry.substr(strength + 9)));
        return runUNet(weights.sub("model.diffusion_model."), parityCase, inputs, &scaled);
    }
    Tensors outputs;
    for (std::size_t i = 0; i < maps.skips.size(); ++i) outputs[fmt::format("control.{}", i)] = maps.skips[i];
    outputs[fmt::format("control.{}", maps.skips.size())] = maps.middle;
    return outputs;
}

Tensors runAutoencoder(const tensor::Weights& weights, const Json&, const Tensors& inputs) {
    const AutoencoderKl model(weights, configOf<AutoencoderKl>(weights, "AutoencoderKL"));
    Tensors outputs;
    if (const auto image = inputs.find("image"); image != inputs.end()) {
        outputs["moments"] = model.encode(image->second);
        if (model.config().decoder)
            outputs["reconstruction_of_mode"] = model.decode(AutoencoderKl::mean(outputs["moments"]));
    }
    if (const auto latent = inputs.find("latent"); latent != inputs.end())
        outputs["decoded"] = model.decode(latent->second);
    return outputs;
}

} // namespace

std::vector<Architecture> diffusionArchitectures() {
    return {
        {"controlnet", recogniseAs<ControlNet>, runControlNet, {}, {}},
        {"unet", recogniseAs<UNet>,
         [](const tensor::Weights& weights, const Json& parityCase, const Tensors& inputs) {
             return runUNet(weights, parityCase, inputs);
         },
         {},
         {}},
        {"autoencoder_kl", recogniseAs<AutoencoderKl>, runAutoencoder, {}, {}},
    };
}

} // namespace ochre::models
