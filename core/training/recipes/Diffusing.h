// SPDX-License-Identifier: GPL-3.0-or-later
// What recipes of denoising networks have in common: the loss at random noise levels, and sampling to look at.
#pragma once

#include <string>
#include <vector>

#include <ATen/core/Generator.h>

#include "core/image/Image.h"
#include "core/models/diffusion/UNet.h"
#include "core/models/sampling/ModelSampling.h"

namespace ochre::training {

/// What a network is shown beside noisy pictures.
struct Shown {
    nn::Tensor context; ///< [N, tokens, width]
    nn::Tensor vector;  ///< [N, vector]; undefined where the network takes none
};

/// The states of texts as a model of starterEncoder() takes them; `vector`: whether it takes what they say as a whole, too.
Shown shownToStarter(const nn::Tensor& states, bool vector);

struct SampleLook {
    std::string sampler = "dpmpp_2m";
    int steps = 20;
    double cfg = 1;
    bool clamp = false; ///< clean pictures lie in −1…1
};

class Diffusing {
public:
    /// `levels` of a discrete diffusion that predicts noise or v. `mostSnr`: up to which the weight of an error of
    /// the clean picture follows the signal-to-noise ratio (min-SNR, arXiv 2303.09556); 0: all errors of what is
    /// predicted weigh the same.
    Diffusing(const models::sampling::ModelSampling& levels, double mostSnr);

    /// Weighted mean squared error of what the network predicts for `clean` [N, C, H, W], each at a level of its own.
    nn::Tensor loss(const models::UNet& network, const nn::Tensor& clean, const Shown& shown,
                    at::Generator& generator) const;

    /// `noise` [N, C, H, W] of variance 1 → pictures of `with`. With cfg 1 `without` is not looked at, with 0 nothing
    /// else is.
    nn::Tensor sample(const models::UNet& network, const nn::Tensor& noise, const Shown& with, const Shown& without,
                      const SampleLook& look) const;

private:
    models::sampling::ModelSampling m_levels;
    double m_mostSnr;
    std::vector<double> m_alphas; ///< of the clean picture, by time step
};

/// `count` numbers in 0…1.
std::vector<double> uniforms(std::int64_t count, at::Generator& generator);

/// Pictures [N, 3, H, W] in 0…1 row by row on one sheet.
Image sheetOf(const std::vector<nn::Tensor>& rows, const std::vector<std::string>& rowLabels = {});

} // namespace ochre::training
