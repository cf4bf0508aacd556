// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/AutoencoderNames.h"

#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ochre::models {
namespace {

using Layout = AutoencoderNames::Layout;
using Parts = std::vector<std::string>;

struct Pair {
    const char *ours, *theirs;
};
constexpr Pair kLayers[] = {{"nin_shortcut", "conv_shortcut"}, {"norm_out", "conv_norm_out"}};
constexpr Pair kAttention[] = {
    {"norm", "group_norm"}, {"q", "to_q"}, {"k", "to_k"}, {"v", "to_v"}, {"proj_out", "to_out.0"}};
constexpr Pair kOldAttention[] = {
    {"norm", "group_norm"}, {"q", "query"}, {"k", "key"}, {"v", "value"}, {"proj_out", "proj_attn"}};

template <std::size_t N>
void rename(std::string& part, const Pair (&pairs)[N]) {
    for (const Pair& pair : pairs)
        if (part == pair.ours) {
            part = pair.theirs;
            return;
        }
}

Parts split(const std::string& name) {
    Parts parts;
    std::istringstream stream(name);
    for (std::string part; std::getline(stream, part, '.');) parts.push_back(part);
    return parts;
}

/// {"decoder", "mid", "block_1", …} and {"decoder", "up", "3", "attn", "0", …} in the words of diffusers.
void renameBlocks(Parts& parts, int levels) {
    if (parts[1] == "mid") {
        const bool attention = parts[2] == "attn_1";
        parts[2] = attention ? "attentions.0" : parts[2] == "block_1" ? "resnets.0" : "resnets.1";
    } else if (parts[1] == "up" || parts[1] == "down") {
        if (parts[1] == "up") parts[2] = std::to_string(levels - 1 - std::stoi(parts[2]));
        if (parts[3] == "block") parts[3] = "resnets";
        if (parts[3] == "attn") parts[3] = "attentions";
        if (parts[3] == "upsample" || parts[3] == "downsample") parts[3] += "rs.0"; // "upsamplers.0"
    } else {
        return;
    }
    parts[1] += parts[1] == "mid" ? "_block" : "_blocks";
}

} // namespace

std::optional<AutoencoderNames> AutoencoderNames::find(const tensor::Weights& weights) {
    for (const char* prefix : {"", "first_stage_model.", "vae."})
        for (const Layout layout : {Layout::LatentDiffusion, Layout::OldDiffusers, Layout::Diffusers}) {
            const AutoencoderNames names{layout, prefix};
            const auto has = [&](const char* name) { return weights.has(names.stored(name, 1)); };
            for (const std::string half : {"encoder.", "decoder."}) {
                if (!has((half + "conv_in.weight").c_str()) || !has((half + "mid.block_1.conv1.weight").c_str())) continue;
                // Only the attention tells old from new; without any, both are right.
                if (layout == Layout::OldDiffusers && !has((half + "mid.attn_1.q.weight").c_str())) continue;
                return names;
            }
        }
    return std::nullopt;
}

std::string AutoencoderNames::stored(const std::string& name, int levels) const {
    Parts parts = split(name);
    if (layout == Layout::LatentDiffusion || parts.size() < 3) return prefix + name;
    const bool attention = name.find(".attn") != std::string::npos;
    std::string& layer = parts[parts.size() - 2];
    if (!attention) rename(layer, kLayers);
    if (attention && layout == Layout::Diffusers) rename(layer, kAttention);
    if (attention && layout == Layout::OldDiffusers) rename(layer, kOldAttention);
    renameBlocks(parts, levels);
    return prefix + fmt::format("{}", fmt::join(parts, "."));
}

} // namespace ochre::models
