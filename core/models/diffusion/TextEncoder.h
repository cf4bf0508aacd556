// SPDX-License-Identifier: GPL-3.0-or-later
// The socket value "text_encoder": one or two CLIP text encoders by their mapped weights, and prompts to
// conditioning with them. Cheap to copy; networks are built when first run (Networks.h). Sources:
// comfyanonymous/ComfyUI comfy/sd1_clip.py, sdxl_clip.py, text_encoders/sd2_clip.py;
// AUTOMATIC1111/stable-diffusion-webui modules/sd_hijack_clip.py.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/models/diffusion/Conditioning.h"
#include "core/models/diffusion/DiffusionModel.h"
#include "core/models/text/Prompt.h"

namespace ochre::models {

class ClipText;

inline constexpr int kMostChunks = 64; ///< of 75 tokens each, of one prompt

struct EncodeOptions {
    PromptStyle style = PromptStyle::Comfy;
    /// The file of the textual inversion of that name; an empty path: there is none. Unset: the models
    /// folder's "embeddings".
    std::function<std::filesystem::path(const std::string& name)> findEmbedding;
    int steps = 0; ///< A1111: of the sampling, for [a:b:10]; 0: such texts stand as they are
    std::vector<std::string>* missing = nullptr; ///< filled with names of embeddings that were not found
};

struct TextEncoder {
    /// CLIP-L or SD 2's; SDXL's bigG. Neither: of a checkpoint that has none; using it throws Error.
    std::optional<tensor::Weights> text1, text2;
    DiffusionFamily family = DiffusionFamily::Sd1;
    std::string identity; ///< as DiffusionModel::identity
    int clipSkip = 0;     ///< 1: the last layer, 2: the last but one, …; 0: as the family was trained

    AdaptedParts adapted() const { return {std::nullopt, text1, text2}; }
    TextEncoder adapted(const AdaptedParts& parts, const std::string& adapter) const;

    /// `text` as conditioning: one entry, or one for each text of a schedule of steps (A1111's [a:b:10]) and
    /// each part between ANDs (style A1111), see ConditioningEntry::parts. All 75-token chunks stand side by
    /// side. Asks Cancel. Throws Error: prompts over kLongestPrompt or kMostChunks, damaged weights or
    /// embeddings.
    Conditioning encode(const std::string& text, const EncodeOptions& options = {},
                        const Cancel& cancel = {}) const;

    /// SDXL with a text of its own for each encoder; the shorter is filled up with empty chunks.
    Conditioning encode(const std::string& textL, const std::string& textG, const EncodeOptions& options,
                        const Cancel& cancel) const;

    /// The encoders of an opened checkpoint.
    static TextEncoder of(const DiffusionCheckpoint& checkpoint, const std::string& identity);
    /// Files of text encoders alone (or a whole checkpoint's); `second` may be empty. Told apart by width:
    /// 768 CLIP-L, 1024 SD 2's, 1280 bigG, in either order. Throws Error saying what a file is instead.
    static TextEncoder open(const std::filesystem::path& first, const std::filesystem::path& second = {},
                            const OpenModelOptions& options = {});

    /// The built encoders, null where there is none.
    std::shared_ptr<const ClipText> network1() const;
    std::shared_ptr<const ClipText> network2() const;
};

} // namespace ochre::models
