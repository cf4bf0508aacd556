// SPDX-License-Identifier: GPL-3.0-or-later
// The socket value "model": a denoising network by its mapped weights, with what changes how it is used.
// Cheap to copy and to change; the network itself is built when it is first run (Networks.h).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/models/diffusion/Conditioning.h"
#include "core/models/diffusion/DiffusionCheckpoint.h"
#include "core/models/diffusion/LatentPreview.h"
#include "core/models/sampling/ModelSampling.h"
#include "core/tensor/Runtime.h"

namespace ochre::models {

class ControlNet;
class UNet;

/// How a file of weights is to be opened.
struct OpenModelOptions {
    tensor::Precision precision = tensor::Precision::Auto;
    std::optional<Prediction> prediction; ///< overrides what the file looks like
    tensor::Device device = tensor::Device::Cpu;

    tensor::Placement placement() const; ///< bfloat16 by Auto only where the hardware multiplies it
};

/// Steers away from an empty prompt, whose share that lies along the prompt is left out (arXiv 2304.04968).
struct PerpNeg {
    std::shared_ptr<const Conditioning> empty;
    double scale = 1;
};

struct DiffusionModel {
    std::shared_ptr<const DiffusionCheckpoint> checkpoint; ///< with adapters applied; never null
    std::shared_ptr<const LatentColors> colors; ///< that the file itself gives for previews; null: the family's
    /// What the built network depends on: file, its time, precision, adapters. Equal identities share a
    /// network.
    std::string identity;

    std::optional<sampling::Prediction> prediction; ///< nothing: the checkpoint's
    std::optional<bool> zeroSnr;                    ///< nothing: the checkpoint's
    double rescaleCfg = 0; ///< multiplier 0…1 (arXiv 2305.08891, section 3.4), 0: off
    std::optional<double>
        differential; ///< strength 0…1 (arXiv 2306.00950): the noise mask says when, not how much
    std::optional<PerpNeg> perpNeg;

    DiffusionFamily family() const { return checkpoint->family; }
    sampling::ModelSampling sampling() const;
    double latentScale() const { return checkpoint->latentScale; }
    const LatentColors& previewColors() const;

    /// The network, from the process-wide cache or built now. Throws Error where a weight is missing or not
    /// finite.
    std::shared_ptr<const UNet> network() const;

    /// This model with other weights of the denoising network; `adapter` names what was applied, and how
    /// strongly.
    DiffusionModel adapted(const AdaptedParts& parts, const std::string& adapter) const;

    /// Throws Error, see DiffusionCheckpoint::open.
    static DiffusionModel open(const std::filesystem::path& path, const OpenModelOptions& options = {});
    static DiffusionModel of(std::shared_ptr<const DiffusionCheckpoint> checkpoint, std::string identity);
};

/// The socket value "controlnet": shared, never changed.
class ControlNetModel {
public:
    /// Reads headers only. Throws Error saying what the file is where it is no ControlNet.
    static std::shared_ptr<const ControlNetModel> open(const std::filesystem::path& path,
                                                       const OpenModelOptions& options = {});

    const std::filesystem::path& path() const { return m_path; }
    const OpenModelOptions& options() const { return m_options; }
    DiffusionFamily family() const { return m_family; }
    int hintScale() const { return m_hintScale; }
    std::shared_ptr<const ControlNet> network() const;

private:
    std::filesystem::path m_path;
    OpenModelOptions m_options;
    std::optional<tensor::Weights> m_weights;
    std::string m_identity;
    DiffusionFamily m_family = DiffusionFamily::Sd1;
    int m_hintScale = 8;
};

/// File, its time and how it is opened: the first part of every identity.
std::string identityOf(const std::filesystem::path& path, const OpenModelOptions& options);

} // namespace ochre::models
