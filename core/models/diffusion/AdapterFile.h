// SPDX-License-Identifier: GPL-3.0-or-later
// What lies in a file of low-rank changes (LoRA, LoCon, LoHa, LoKr, DoRA, OFT, BOFT, full differences), read
// by its names into layers, without the model that it is for. Names: kohya-ss/sd-scripts networks/lora.py and
// oft.py, KohakuBlueleaf/LyCORIS, huggingface/peft and diffusers, cloneofsimo/lora.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor/Weights.h"

namespace ochre::models {

/// The networks of a checkpoint that a file may change. Text1: CLIP-L, or the one encoder of SD 2; Text2:
/// bigG.
enum class AdapterPart { Unet, Text1, Text2 };
const char* name(AdapterPart part); ///< "denoising network", "text encoder", "second text encoder"

struct AdapterLayer {
    AdapterPart part = AdapterPart::Unet;
    std::string module;            ///< as AdapterNames::find takes it; empty where `index` counts
    int index = -1;                ///< cloneofsimo: number among the layers of `AdapterFile::classes`
    std::string label;             ///< what the keys begin with, for messages
    std::vector<std::string> keys; ///< all of the file's that belong to it

    /// Keys of the file by what they are: up, down, mid, up_bias, hada_w1_a … hada_t2, lokr_w1 … lokr_t2,
    /// oft_blocks, rescale, diff, diff_b, dora_scale.
    std::map<std::string, std::string> pieces;
    std::optional<double> alpha; ///< nothing: the rank, so that the scale is 1
    bool rankStabilised = false; ///< scale is alpha/√rank

    bool has(const std::string& piece) const { return pieces.contains(piece); }
    /// "LoRA", "LoHa", "LoKr", "OFT", "BOFT", "norm" and so on, of the pieces that are there.
    std::string kind(const tensor::Weights& file) const;
};

struct AdapterFile {
    tensor::Weights weights;
    std::vector<AdapterLayer> layers;                        ///< in order of part and module
    std::map<AdapterPart, std::vector<std::string>> classes; ///< cloneofsimo's target classes
    std::map<std::string, std::string> embeddings;           ///< token ("<s1>") → key of its vectors
    std::vector<std::string> unknown;                        ///< keys that nothing here reads

    std::string subject() const { return weights.subject(); }

    /// Throws Error: Broken where a layer lacks a piece, NotMine where the file holds no layer at all.
    static AdapterFile open(const std::filesystem::path& path);
    static AdapterFile from(const tensor::Weights& weights);
};

/// By the names alone, cheaply.
bool isAdapter(const tensor::Weights& weights);

} // namespace ochre::models
