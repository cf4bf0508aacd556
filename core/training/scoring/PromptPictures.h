// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of many prompts at once by Ochre's own small model, for figures on how well it follows them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/models/diffusion/DiffusionModel.h"
#include "core/training/recipes/Diffusing.h"

namespace ochre::training {

class PromptPictures {
public:
    static constexpr int kSide = 128;

    /// Throws Error where the file is no checkpoint of that model.
    explicit PromptPictures(const std::filesystem::path& checkpoint);

    /// [prompts, 3, kSide, kSide] in −1…1. The noise of a prompt follows from `seed` and its number, the first of these
    /// being `number`. In run(); asks Cancel.
    nn::Tensor sample(const std::vector<std::string>& prompts, const SampleLook& look, std::uint64_t seed, int number) const;

private:
    models::DiffusionModel m_model;
    Diffusing m_diffusing;
};

} // namespace ochre::training
