// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/AdapterNames.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

using Kind = UnetBlock::Kind;

constexpr std::array<std::array<const char*, 2>, 6> kResnetNames{{{"in_layers.0", "norm1"},
                                                                  {"in_layers.2", "conv1"},
                                                                  {"emb_layers.1", "time_emb_proj"},
                                                                  {"out_layers.0", "norm2"},
                                                                  {"out_layers.3", "conv2"},
                                                                  {"skip_connection", "conv_shortcut"}}};

constexpr std::array<std::array<const char*, 2>, 7> kSingles{{{"input_blocks.0.0", "conv_in"},
                                                              {"time_embed.0", "time_embedding.linear_1"},
                                                              {"time_embed.2", "time_embedding.linear_2"},
                                                              {"label_emb.0.0", "add_embedding.linear_1"},
                                                              {"label_emb.0.2", "add_embedding.linear_2"},
                                                              {"out.0", "conv_norm_out"},
                                                              {"out.2", "conv_out"}}};

/// OpenCLIP's names in a layer, and Hugging Face's.
constexpr std::array<std::array<const char*, 2>, 5> kTextLayer{{{"attn.out_proj", "self_attn.out_proj"},
                                                                {"ln_1", "layer_norm1"},
                                                                {"mlp.c_fc", "mlp.fc1"},
                                                                {"mlp.c_proj", "mlp.fc2"},
                                                                {"ln_2", "layer_norm2"}}};

constexpr const char* kWeight = ".weight";

std::string flat(std::string name) {
    std::replace(name.begin(), name.end(), '.', '_');
    return name;
}

/// What stands before `end` in the first name that ends with it, at a part's beginning; or nothing. CLIP's
/// other half, which looks at pictures, has the same names behind a prefix of its own.
std::optional<std::string> before(const std::vector<std::string>& names, const std::string& end) {
    for (const std::string& name : names) {
        if (!name.ends_with(end)) continue;
        std::string root = name.substr(0, name.size() - end.size());
        if (root.ends_with("visual.") || root.ends_with("vision_model.")) continue;
        if (root.empty() || root.ends_with('.')) return root;
    }
    return std::nullopt;
}

/// One resolution of a network: residual blocks, which of them have attention, and a sampler at the end.
struct Level {
    std::vector<bool> attention;
    bool sampler = false;
};

struct Levels {
    std::vector<Level> down, up;
    int middleResnets = 0;
    bool middleAttention = false;
};

class Walker {
public:
    Walker(const tensor::Weights& weights, const UnetLayout& layout) : m_root(layout.root) {
        for (const std::string& name : weights.names())
            if (name.starts_with(m_root)) m_names.insert(name.substr(m_root.size()));
    }

    Levels ldm() const {
        Levels levels;
        levels.down.emplace_back();
        for (int i = 1; any("input_blocks.{}.", i); ++i) {
            if (any("input_blocks.{}.0.op.", i)) {
                levels.down.back().sampler = true;
                levels.down.emplace_back();
            } else
                levels.down.back().attention.push_back(any("input_blocks.{}.1.", i));
        }
        levels.up.emplace_back();
        for (int i = 0; any("output_blocks.{}.", i); ++i) {
            levels.up.back().attention.push_back(any("output_blocks.{}.1.norm.", i));
            if (!any("output_blocks.{}.1.conv.", i) && !any("output_blocks.{}.2.conv.", i)) continue;
            levels.up.back().sampler = true;
            levels.up.emplace_back();
        }
        levels.middleAttention = any("middle_block.{}.norm.", 1);
        for (int i = 0; any("middle_block.{}.", i); ++i)
            levels.middleResnets += any("middle_block.{}.in_layers.", i);
        return levels;
    }

    Levels diffusers() const {
        Levels levels;
        levels.down = diffusersSide("down_blocks", "downsamplers");
        levels.up = diffusersSide("up_blocks", "upsamplers");
        levels.middleAttention = any("mid_block.attentions.{}.", 0);
        while (any("mid_block.resnets.{}.", levels.middleResnets)) ++levels.middleResnets;
        return levels;
    }

private:
    template <typename... Args>
    bool any(const char* pattern, Args... args) const {
        const std::string prefix = fmt::format(fmt::runtime(pattern), args...);
        const auto it = m_names.lower_bound(prefix);
        return it != m_names.end() && it->starts_with(prefix);
    }

    std::vector<Level> diffusersSide(const std::string& side, const std::string& sampler) const {
        std::vector<Level> levels;
        for (int b = 0; any((side + ".{}.").c_str(), b); ++b) {
            Level& level = levels.emplace_back();
            for (int r = 0; any((side + ".{}.resnets.{}.").c_str(), b, r); ++r)
                level.attention.push_back(any((side + ".{}.attentions.{}.").c_str(), b, r));
            level.sampler = any((side + ".{}." + sampler + ".0.").c_str(), b);
        }
        return levels;
    }

    std::string m_root;
    std::set<std::string> m_names;
};

/// Blocks of one level whose first block is number `index` in LDM's list; `index` moves on.
void addLevel(std::vector<UnetBlock>& blocks, const Level& level, int number, bool down, int& index) {
    const char* ldm = down ? "input_blocks" : "output_blocks";
    const std::string diffusers = fmt::format("{}.{}", down ? "down_blocks" : "up_blocks", number);
    const int first = index;
    const int count = static_cast<int>(level.attention.size());
    for (int r = 0; r < count; ++r)
        if (level.attention[static_cast<std::size_t>(r)])
            blocks.push_back({Kind::Attention, fmt::format("{}.{}.1", ldm, first + r),
                              fmt::format("{}.attentions.{}", diffusers, r)});
    for (int r = 0; r < count; ++r)
        blocks.push_back({Kind::Resnet, fmt::format("{}.{}.0", ldm, first + r),
                          fmt::format("{}.resnets.{}", diffusers, r)});
    index += count;
    if (!level.sampler) return;
    if (down)
        blocks.push_back({Kind::Sampler, fmt::format("{}.{}.0.op", ldm, index++),
                          fmt::format("{}.downsamplers.0.conv", diffusers)});
    else // it shares the block of the last residual block, behind its attention
        blocks.push_back({Kind::Sampler,
                          fmt::format("{}.{}.{}.conv", ldm, index - 1,
                                      !level.attention.empty() && level.attention.back() ? 2 : 1),
                          fmt::format("{}.upsamplers.0.conv", diffusers)});
}

} // namespace

UnetLayout unetLayout(const tensor::Weights& weights) {
    const auto names = weights.names();
    if (const auto root = before(names, "input_blocks.0.0.weight")) return {*root, false};
    if (const auto root = before(names, "down_blocks.0.resnets.0.conv1.weight")) return {*root, true};
    throw Error(
        fmt::format("{}: holds no denoising network in LDM or diffusers names ({} tensors, \"{}\", …)",
                    weights.subject(), names.size(), names.empty() ? "" : names.front()),
        "choose a Stable Diffusion checkpoint");
}

std::vector<UnetBlock> unetBlocks(const tensor::Weights& weights, const UnetLayout& layout) {
    const Walker walker(weights, layout);
    const Levels levels = layout.diffusers ? walker.diffusers() : walker.ldm();
    std::vector<UnetBlock> blocks;
    for (const auto& [ldm, diffusers] : kSingles) blocks.push_back({Kind::Single, ldm, diffusers});
    int index = 1, number = 0;
    for (const Level& level : levels.down) addLevel(blocks, level, number++, true, index);
    index = number = 0;
    for (const Level& level : levels.up) addLevel(blocks, level, number++, false, index);
    // diffusers makes the middle after both sides, so modules() has it last.
    if (levels.middleAttention)
        blocks.push_back({Kind::Attention, "middle_block.1", "mid_block.attentions.0"});
    for (int r = 0; r < levels.middleResnets; ++r)
        blocks.push_back({Kind::Resnet, fmt::format("middle_block.{}", levels.middleAttention ? 2 * r : r),
                          fmt::format("mid_block.resnets.{}", r)});
    return blocks;
}

std::string resnetName(const std::string& name, bool fromDiffusers) {
    for (const auto& [ldm, diffusers] : kResnetNames)
        if (name == (fromDiffusers ? diffusers : ldm)) return fromDiffusers ? ldm : diffusers;
    return name;
}

void AdapterNames::add(const tensor::Weights& weights, const std::string& module,
                       const std::vector<std::string>& aliases) {
    AdapterTarget target{.weight = module + kWeight, .bias = {}, .shape = weights.shape(module + kWeight)};
    if (weights.has(module + ".bias")) target.bias = module + ".bias";
    for (const std::string& alias : aliases) {
        m_targets.emplace(flat(alias), target);
        // Early diffusers files name the attention's output without its place in a Sequential.
        if (alias.ends_with(".to_out.0")) m_targets.emplace(flat(alias.substr(0, alias.size() - 2)), target);
    }
}

AdapterNames AdapterNames::ofUnet(const tensor::Weights& weights) {
    const UnetLayout layout = unetLayout(weights);
    AdapterNames result;
    std::map<std::string, UnetBlock> byStem;
    for (const UnetBlock& block : unetBlocks(weights, layout)) {
        byStem.emplace(layout.diffusers ? block.diffusers : block.ldm, block);
        if (block.kind == Kind::Attention || block.kind == Kind::Resnet)
            result.m_stems.push_back(block.diffusers);
    }
    for (const std::string& name : weights.names()) {
        if (!name.starts_with(layout.root) || !name.ends_with(kWeight)) continue;
        const std::string module = name.substr(layout.root.size(), name.size() - layout.root.size() - 7);
        // The longest beginning, at a dot, that is a block.
        std::string stem = module;
        auto block = byStem.find(stem);
        while (block == byStem.end() && stem.find('.') != std::string::npos) {
            stem.resize(stem.rfind('.'));
            block = byStem.find(stem);
        }
        std::vector<std::string> aliases{module};
        if (block != byStem.end()) {
            const UnetBlock& b = block->second;
            std::string rest = module.size() > stem.size() ? module.substr(stem.size() + 1) : std::string();
            if (b.kind == Kind::Resnet) rest = resnetName(rest, layout.diffusers);
            aliases.push_back((layout.diffusers ? b.ldm : b.diffusers) + (rest.empty() ? "" : "." + rest));
        }
        result.add(weights, layout.root + module, aliases);
    }
    return result;
}

void AdapterNames::addOpenClip(const tensor::Weights& weights, const std::string& root) {
    const std::string text = "text_model.";
    for (int n = 0; weights.has(fmt::format("{}transformer.resblocks.{}.attn.in_proj_weight", root, n));
         ++n) {
        const std::string stored = fmt::format("transformer.resblocks.{}.", n);
        const std::string published = fmt::format("{}encoder.layers.{}.", text, n);
        m_stems.push_back(published.substr(0, published.size() - 1));
        for (const auto& [open, face] : kTextLayer)
            if (weights.has(root + stored + open + kWeight))
                add(weights, root + stored + open, {stored + open, published + face});
        const std::string packed = root + stored + "attn.in_proj_weight",
                          bias = root + stored + "attn.in_proj_bias";
        const tensor::Shape shape = weights.shape(packed);
        if (shape.size() != 2 || shape[0] % 3 != 0) continue;
        const std::int64_t third = shape[0] / 3;
        std::int64_t row = 0;
        for (const char* part : {"q", "k", "v"}) {
            const AdapterTarget target{.weight = packed,
                                       .bias = weights.has(bias) ? bias : std::string(),
                                       .row = row,
                                       .rows = third,
                                       .shape = {third, shape[1]}};
            m_targets.emplace(flat(fmt::format("{}self_attn.{}_proj", published, part)), target);
            m_targets.emplace(flat(fmt::format("{}self_attn.to_{}", published, part)), target);
            row += third;
        }
        m_targets.emplace(
            flat(stored + "attn.in_proj"),
            AdapterTarget{.weight = packed, .bias = weights.has(bias) ? bias : "", .shape = shape});
    }
    if (weights.has(root + "ln_final.weight"))
        add(weights, root + "ln_final", {"ln_final", text + "final_layer_norm"});
    if (weights.has(root + "token_embedding.weight"))
        add(weights, root + "token_embedding", {"token_embedding", text + "embeddings.token_embedding"});
    if (weights.has(root + "positional_embedding"))
        m_targets.emplace(flat(text + "embeddings.position_embedding"),
                          AdapterTarget{.weight = root + "positional_embedding",
                                        .bias = {},
                                        .shape = weights.shape(root + "positional_embedding")});
    if (weights.has(root + "text_projection")) {
        tensor::Shape shape = weights.shape(root + "text_projection");
        std::reverse(shape.begin(), shape.end());
        m_targets.emplace("text_projection", AdapterTarget{.weight = root + "text_projection",
                                                           .bias = {},
                                                           .transposed = true,
                                                           .shape = shape});
    }
}

AdapterNames AdapterNames::ofText(const tensor::Weights& weights) {
    AdapterNames result;
    const auto names = weights.names();
    if (const auto root = before(names, "transformer.resblocks.0.attn.in_proj_weight")) {
        result.addOpenClip(weights, *root);
        return result;
    }
    const auto inner = before(names, "encoder.layers.0.self_attn.q_proj.weight");
    if (!inner)
        throw Error(
            fmt::format("{}: holds no CLIP text encoder in Hugging Face or OpenCLIP names (\"{}\", …)",
                        weights.subject(), names.empty() ? "" : names.front()),
            "choose a Stable Diffusion checkpoint");
    const std::string text = "text_model.";
    const std::string outer = inner->ends_with(text) ? inner->substr(0, inner->size() - text.size()) : *inner;
    for (const std::string& name : names) {
        if (!name.ends_with(kWeight) || !name.starts_with(outer)) continue;
        const std::string module = name.substr(0, name.size() - 7);
        const std::string published =
            module.starts_with(*inner) ? text + module.substr(inner->size()) : module.substr(outer.size());
        std::vector<std::string> aliases{published};
        for (const char* part : {"q", "k", "v", "out"}) { // early diffusers
            const std::string end = fmt::format(".{}_proj", part);
            if (published.ends_with(end))
                aliases.push_back(
                    fmt::format("{}.to_{}", published.substr(0, published.size() - end.size()), part));
        }
        result.add(weights, module, aliases);
    }
    for (int n = 0; result.find(fmt::format("text_model_encoder_layers_{}_self_attn_q_proj", n)); ++n)
        result.m_stems.push_back(fmt::format("text_model.encoder.layers.{}", n));
    return result;
}

const AdapterTarget* AdapterNames::find(const std::string& module) const {
    const auto it = m_targets.find(module);
    return it == m_targets.end() ? nullptr : &it->second;
}

std::vector<std::string> AdapterNames::inOrder(const std::vector<std::string>& classes,
                                               bool feedForwardFirst) const {
    std::set<std::string> asked(classes.begin(), classes.end());
    const auto take = [&asked](const char* name) { return asked.erase(name) > 0; };
    const bool attention = take("CrossAttention") | take("Attention");
    const bool feedForward = take("FeedForward"), geglu = take("GEGLU") || feedForward;
    const bool resnets = take("ResnetBlock2D"), text = take("CLIPAttention"), textMlp = take("CLIPMLP");
    if (!asked.empty())
        throw Error(
            fmt::format("adapter: changes the layers in modules of class \"{}\", which Ochre does not know",
                        *asked.begin()),
            "convert the adapter to kohya's or PEFT's names");
    std::vector<std::string> result;
    const auto push = [&](const std::string& stem, std::initializer_list<const char*> names) {
        for (const char* name : names)
            if (find(flat(stem + "." + name))) result.push_back(flat(stem + "." + name));
    };
    const auto pushAttention = [&](const std::string& block, const char* which) {
        if (attention) push(block + which, {"to_q", "to_k", "to_v", "to_out.0"});
    };
    const auto pushFeedForward = [&](const std::string& block) {
        if (geglu) push(block + ".ff.net", {"0.proj"});
        if (feedForward) push(block + ".ff.net", {"2"});
    };
    for (const std::string& stem : m_stems) {
        if (stem.starts_with("text_model.")) {
            if (text) push(stem + ".self_attn", {"k_proj", "v_proj", "q_proj", "out_proj"});
            if (textMlp) push(stem + ".mlp", {"fc1", "fc2"});
        } else if (stem.find(".resnets.") != std::string::npos) {
            if (resnets) push(stem, {"conv1", "time_emb_proj", "conv2", "conv_shortcut"});
        } else
            for (int k = 0; find(flat(fmt::format("{}.transformer_blocks.{}.attn1.to_q", stem, k))); ++k) {
                const std::string block = fmt::format("{}.transformer_blocks.{}", stem, k);
                pushAttention(block, ".attn1");
                if (feedForwardFirst) pushFeedForward(block);
                pushAttention(block, ".attn2");
                if (!feedForwardFirst) pushFeedForward(block);
            }
    }
    return result;
}

} // namespace ochre::models
