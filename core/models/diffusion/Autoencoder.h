// SPDX-License-Identifier: GPL-3.0-or-later
// The socket value "autoencoder": pictures to latents and back, by AutoencoderKL or the tiny TAESD. Cheap to
// copy; the network is built when first run (Networks.h). Latents here are those of ComfyUI's LATENT: not
// multiplied by the latent scale. Source of crops, tiles and their blending: comfyanonymous/ComfyUI
// comfy/sd.py, comfy/utils.py.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Progress.h"
#include "core/image/Image.h"
#include "core/models/diffusion/AutoencoderKl.h"
#include "core/models/diffusion/DiffusionModel.h"
#include "core/models/diffusion/Taesd.h"

namespace ochre::models {

struct AutoencodeOptions {
    int tile = 0;     ///< side of a tile in pixels, a multiple of 8; 0: the whole picture in one pass
    int overlap = 64; ///< of neighbouring tiles, in pixels
    Progress progress;
    Cancel cancel;
};

struct Autoencoder {
    std::optional<tensor::Weights> weights; ///< nothing: of a checkpoint that has none; using it throws Error
    std::string identity, subject;
    std::optional<DiffusionFamily> family; ///< whose latents; nothing where the file does not show it
    LatentScale scale = kSdLatents;
    bool tiny = false;                       ///< TAESD
    int unshuffle = 1; ///< so many pixels each way are the channels of one for the network
    bool canEncode = true, canDecode = true; ///< TAESD comes in halves

    /// Pictures of one size, 1…4 channels (grey is spread, alpha is left out), sRGB → [N, 4, H/8, W/8]
    /// float32: the mean of the distribution. Sides are cropped about the middle to multiples of 8, as
    /// ComfyUI does. Throws Error for pictures under 8 pixels or of unequal sizes.
    nn::Tensor encode(const std::vector<Image>& images, const AutoencodeOptions& options = {}) const;
    /// pixels [N, 3, H, W] in 0…1, sides multiples of 8 → the same.
    nn::Tensor encode(const nn::Tensor& pixels, const AutoencodeOptions& options = {}) const;

    /// [N, 4, h, w] → [N, 3, 8h, 8w] in 0…1.
    nn::Tensor decodePixels(const nn::Tensor& latent, const AutoencodeOptions& options = {}) const;
    /// The same as sRGB pictures of 3 channels.
    std::vector<Image> decode(const nn::Tensor& latent, const AutoencodeOptions& options = {}) const;

    /// The autoencoder of an opened checkpoint.
    static Autoencoder of(const DiffusionCheckpoint& checkpoint, const std::string& identity);
    /// A VAE's file, TAESD's, or a whole checkpoint's. Neither of the first two shows its family: TAESD is
    /// taken to be SDXL's where its name has "xl". Throws Error saying what the file is instead.
    static Autoencoder open(const std::filesystem::path& path, const OpenModelOptions& options = {});

    std::shared_ptr<const AutoencoderKl> networkKl() const; ///< throws Error where it is TAESD
    std::shared_ptr<const Taesd> networkTiny() const;

private:
    void requireWeights() const;
};

/// Pictures of one size → [N, 3, H, W] in 0…1; grey is spread, alpha left out. Sides as they are.
nn::Tensor pixelsOf(const std::vector<Image>& images);
/// Cut about the middle to multiples of 8.
nn::Tensor croppedToLatents(const nn::Tensor& pixels);

} // namespace ochre::models
