// SPDX-License-Identifier: GPL-3.0-or-later
// The program's own text-to-picture model and its text encoder, small and of seeded random numbers.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "core/models/diffusion/AutoencoderKl.h"
#include "core/models/diffusion/MakeCheckpoint.h"
#include "core/models/diffusion/UNet.h"
#include "core/models/text/Bert.h"
#include "tests/support/Support.h"

namespace ochre::test {

/// A models folder of its own, with a seeded MiniLM of one layer.
class ModelsWithMiniLm {
public:
    ModelsWithMiniLm() {
        if (const char* before = std::getenv(kVariable)) m_before = before;
        ::setenv(kVariable, m_folder.path().c_str(), 1);
        std::filesystem::create_directories(m_folder / "text_encoders");
        models::Bert::Config config;
        config.layers = 1;
        models::makeCheckpoint(m_folder / "text_encoders" / "all-minilm-l6-v2.safetensors",
                               {{"", config.expected()}}, {.seed = 5});
    }
    ~ModelsWithMiniLm() {
        if (m_before)
            ::setenv(kVariable, m_before->c_str(), 1);
        else
            ::unsetenv(kVariable);
    }

private:
    static constexpr const char* kVariable = "OCHRE_MODELS_DIR";
    TemporaryFolder m_folder;
    std::optional<std::string> m_before;
};

/// A checkpoint built as the program's own small model is, with random numbers.
inline std::filesystem::path makeStarter(const TemporaryFolder& folder) {
    models::UNet::Config unet;
    unet.channels = 64;
    unet.embedding = 128;
    unet.context = 384;
    unet.linearProjection = true;
    unet.headWidth = 64;
    unet.inputs = {{.in = 64, .out = 64, .depth = 1}, {.in = 64, .out = 64, .resample = true},
                   {.in = 64, .out = 128, .depth = 1}};
    unet.outputs = {{.in = 256, .out = 128, .depth = 1}, {.in = 192, .out = 128, .depth = 1, .resample = true},
                    {.in = 192, .out = 64, .depth = 1}, {.in = 128, .out = 64, .depth = 1}};
    models::AutoencoderKl::Config autoencoder;
    autoencoder.inChannels = autoencoder.outChannels = 48;
    autoencoder.widths = {32, 32};
    autoencoder.stem = 32;
    autoencoder.resBlocks = 1;
    autoencoder.midAttention = false;
    const std::filesystem::path file = folder / "starter.safetensors";
    models::makeCheckpoint(file, {{"model.diffusion_model.", unet.expected()},
                                  {"first_stage_model.", autoencoder.expected()}, {"", {{"ztsnr", {1}}}}},
                           {.seed = 3, .metadata = {{"modelspec.prediction_type", "v"}}});
    return file;
}

} // namespace ochre::test
