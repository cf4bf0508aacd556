// SPDX-License-Identifier: GPL-3.0-or-later
// Small seeded checkpoints of true build, written once a process, and what tests make with them.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/models/diffusion/Autoencoder.h"
#include "core/models/diffusion/DiffusionModel.h"
#include "core/models/diffusion/Latent.h"
#include "core/models/diffusion/TextEncoder.h"

namespace ochre::test {

/// "sd15-small" and the other small kinds of models::checkpointKinds().
const std::filesystem::path& smallCheckpoint(std::string_view kind = "sd15-small");
const std::filesystem::path& smallControlNet(std::string_view kind = "sd15-small");

/// All in float32, so that figures are the same on every processor.
inline constexpr models::OpenModelOptions kFloat32{tensor::Precision::Float32, std::nullopt,
                                                   tensor::Device::Cpu};

models::DiffusionModel smallModel(std::string_view kind = "sd15-small");
models::TextEncoder smallTextEncoder(std::string_view kind = "sd15-small");
models::Autoencoder smallAutoencoder(std::string_view kind = "sd15-small");
models::Conditioning prompt(const std::string& text, std::string_view kind = "sd15-small");

/// Seeded normal numbers.
nn::Tensor noise(at::IntArrayRef shape, std::uint64_t seed = 1);

} // namespace ochre::test
