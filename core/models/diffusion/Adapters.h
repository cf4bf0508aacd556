// SPDX-License-Identifier: GPL-3.0-or-later
// Puts stacks of LoRA and LyCORIS files on top of a checkpoint: its weights come out patched, the files stay
// as they are.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/models/diffusion/AdapterFile.h"
#include "core/tensor/Weights.h"

namespace ochre::models {

/// The networks of a checkpoint that adapters change, under any prefix, in LDM or diffusers, Hugging Face or
/// OpenCLIP names; those that are absent are nothing. Text1: CLIP-L, or the one encoder of SD 2; text2: bigG.
struct AdaptedParts {
    std::optional<tensor::Weights> unet, text1, text2;

    std::optional<tensor::Weights>& of(AdapterPart part) {
        return part == AdapterPart::Unet ? unet : part == AdapterPart::Text1 ? text1 : text2;
    }
    const std::optional<tensor::Weights>& of(AdapterPart part) const {
        return const_cast<AdaptedParts*>(this)->of(part);
    }
};

struct AdapterStrength {
    double unet = 1, text = 1; ///< any finite number; 0 leaves that network as it is, bit for bit
};

/// What became of each key of one file.
struct AdapterReport {
    std::string subject;
    std::vector<std::string> kinds;   ///< "LoRA", "LoHa", "DoRA of LoCon", …, sorted
    std::vector<std::string> applied; ///< keys that the model takes, also where the strength is 0
    std::vector<std::string> absent;  ///< keys for a network that the parts lack
    std::vector<std::string> unknown; ///< keys that nothing here reads, or layers that the model lacks
    std::map<std::string, std::string> embeddings; ///< token → key of its vectors, for the text encoder
    std::size_t layers = 0;                        ///< applied
};

/// The parts with `file` on top: each weight is base + strength·ΔW in float32, then stored in the placement's
/// type; after adapters that the parts have already. Layers are applied in the order of their names, so that
/// the same files and strengths give the same bits. Nothing is read but names and shapes; weights are
/// computed when fetched. Throws Error naming both shapes where the file is for another model, and where no
/// layer of it fits.
AdaptedParts applyAdapter(const AdaptedParts& parts, const AdapterFile& file,
                          const AdapterStrength& strength = {}, AdapterReport* report = nullptr);

/// A stack, the first one first.
struct AdapterUse {
    std::filesystem::path path;
    AdapterStrength strength;
};
AdaptedParts applyAdapters(const AdaptedParts& parts, const std::vector<AdapterUse>& stack,
                           std::vector<AdapterReport>* reports = nullptr);

/// "Stable Diffusion 1", "SDXL" and so on, by the width of the text that a network looks at; else "a model of
/// text width N".
std::string modelOfContext(std::int64_t width);

} // namespace ochre::models
