// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/training/scoring/PromptPictures.h"

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/models/diffusion/Autoencoder.h"
#include "core/models/diffusion/Latent.h"
#include "core/models/diffusion/StarterText.h"
#include "core/models/sampling/Noise.h"
#include "core/tensor/Runtime.h"

namespace ochre::training {
namespace {

models::DiffusionModel openStarter(const std::filesystem::path& file) {
    models::DiffusionModel model = models::DiffusionModel::open(file);
    if (model.family() != models::DiffusionFamily::Starter)
        throw Error(fmt::format("{}: is a model of {}", file.string(), models::title(model.family())),
                    "choose the result of the recipe latent_diffusion: the prompts are of what that one learns");
    return model;
}

} // namespace

PromptPictures::PromptPictures(const std::filesystem::path& checkpoint)
    : m_model(openStarter(checkpoint)), m_diffusing(m_model.sampling(), 0) {}

nn::Tensor PromptPictures::sample(const std::vector<std::string>& prompts, const SampleLook& look, std::uint64_t seed, int number) const {
    const auto count = static_cast<std::int64_t>(prompts.size());
    std::vector<int> numbers;
    for (int i = 0; i < static_cast<int>(prompts.size()); ++i) numbers.push_back(number + i);
    const auto encoder = models::starterEncoder();
    const auto shown = [&](const std::vector<std::string>& texts) {
        return shownToStarter(models::starterStates(*encoder, texts), m_model.checkpoint->vectorWidth > 0);
    };
    std::vector<std::string> read;
    for (const std::string& prompt : prompts) read.push_back(models::starterReading(*encoder, prompt));
    const Shown with = shown(read), without = shown(std::vector<std::string>(prompts.size()));
    const std::int64_t side = kSide / models::kLatentSide;
    const nn::Tensor noise = models::sampling::startNoise({count, m_model.checkpoint->inChannels, side, side}, seed, numbers);
    const nn::Tensor latents = m_diffusing.sample(*m_model.network(), noise, with, without, look);
    const auto autoencoder = models::Autoencoder::of(*m_model.checkpoint, m_model.identity);
    return autoencoder.decodePixels(autoencoder.scale.fromModel(latents), {.cancel = tensor::currentCancel()}).mul(2).sub(1);
}

} // namespace ochre::training
