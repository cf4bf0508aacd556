// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/AdapterFile.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Json.h"

namespace ochre::models {
namespace {

namespace fs = std::filesystem;

struct Suffix {
    const char* end;
    const char* piece;
};

/// Ends of keys. LyCORIS' and kohya's, PEFT's, then those of diffusers before PEFT.
constexpr Suffix kSuffixes[] = {
    {".lora_up.weight", "up"},
    {".lora_down.weight", "down"},
    {".lora_mid.weight", "mid"},
    {".alpha", "alpha"},
    {".dora_scale", "dora_scale"},
    {".diff", "diff"},
    {".diff_b", "diff_b"},
    {".w_norm", "diff"},
    {".b_norm", "diff_b"},
    {".hada_w1_a", "hada_w1_a"},
    {".hada_w1_b", "hada_w1_b"},
    {".hada_w2_a", "hada_w2_a"},
    {".hada_w2_b", "hada_w2_b"},
    {".hada_t1", "hada_t1"},
    {".hada_t2", "hada_t2"},
    {".lokr_w1", "lokr_w1"},
    {".lokr_w1_a", "lokr_w1_a"},
    {".lokr_w1_b", "lokr_w1_b"},
    {".lokr_w2", "lokr_w2"},
    {".lokr_w2_a", "lokr_w2_a"},
    {".lokr_w2_b", "lokr_w2_b"},
    {".lokr_t2", "lokr_t2"},
    {".oft_blocks", "oft_blocks"},
    {".oft_diag", "oft_blocks"},
    {".rescale", "rescale"},
    {".lora_B.weight", "up"},
    {".lora_A.weight", "down"},
    {".lora_B.default.weight", "up"},
    {".lora_A.default.weight", "down"},
    {".lora_B.bias", "up_bias"},
    {".lora_magnitude_vector", "dora_scale"},
    {".lora_magnitude_vector.weight", "dora_scale"},
    {".lora_magnitude_vector.default.weight", "dora_scale"},
    {".lora.up.weight", "up"},
    {".lora.down.weight", "down"},
    {".lora.alpha", "alpha"},
    {"_lora.up.weight", "up"},
    {"_lora.down.weight", "down"},
    {"_lora.alpha", "alpha"},
    {".lora_linear_layer.up.weight", "up"},
    {".lora_linear_layer.down.weight", "down"},
    {".lora_linear_layer.alpha", "alpha"},
};

struct Prefix {
    const char* begin;
    AdapterPart part;
};

/// Beginnings of keys, longer ones before those that they begin with. The last ones are modules themselves
/// and stay.
constexpr Prefix kPrefixes[] = {
    {"lora_unet_", AdapterPart::Unet},
    {"oft_unet_", AdapterPart::Unet},
    {"lycoris_", AdapterPart::Unet},
    {"lora_te1_", AdapterPart::Text1},
    {"lora_te2_", AdapterPart::Text2},
    {"lora_te_", AdapterPart::Text1},
    {"unet.", AdapterPart::Unet},
    {"model.diffusion_model.", AdapterPart::Unet},
    {"diffusion_model.", AdapterPart::Unet},
    {"text_encoders.clip_l.transformer.", AdapterPart::Text1},
    {"text_encoders.clip_g.transformer.", AdapterPart::Text2},
    {"clip_l.transformer.", AdapterPart::Text1},
    {"clip_g.transformer.", AdapterPart::Text2},
    {"text_encoder_2.", AdapterPart::Text2},
    {"text_encoder.", AdapterPart::Text1},
};
constexpr Prefix kBare[] = {
    {"text_model.", AdapterPart::Text1},   {"down_blocks.", AdapterPart::Unet},
    {"up_blocks.", AdapterPart::Unet},     {"mid_block.", AdapterPart::Unet},
    {"input_blocks.", AdapterPart::Unet},  {"middle_block.", AdapterPart::Unet},
    {"output_blocks.", AdapterPart::Unet}, {"conv_in.", AdapterPart::Unet},
    {"conv_out.", AdapterPart::Unet},      {"time_embedding.", AdapterPart::Unet},
    {"add_embedding.", AdapterPart::Unet}, {"time_embed.", AdapterPart::Unet},
};
constexpr const char* kPeftRoot = "base_model.model.";

void eraseAll(std::string& text, const std::string& part) {
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part))
        text.erase(at, part.size());
}

/// Part and module of what stands before the suffix; false where no network of ours is meant.
bool splitModule(std::string name, AdapterLayer& layer) {
    if (name.starts_with(kPeftRoot)) name.erase(0, std::string(kPeftRoot).size());
    const auto begins = [&name](const Prefix& prefix) { return name.starts_with(prefix.begin); };
    if (const auto it = std::find_if(std::begin(kPrefixes), std::end(kPrefixes), begins);
        it != std::end(kPrefixes)) {
        layer.part = it->part;
        name.erase(0, std::string(it->begin).size());
    } else if (const auto bare = std::find_if(std::begin(kBare), std::end(kBare), begins);
               bare != std::end(kBare))
        layer.part = bare->part;
    else
        return false;
    if (name.starts_with(kPeftRoot)) name.erase(0, std::string(kPeftRoot).size());
    eraseAll(name, ".processor");
    std::replace(name.begin(), name.end(), '.', '_');
    layer.module = name;
    return true;
}

std::optional<int> wholeNumber(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

/// cloneofsimo: "unet:12:up", "text_encoder:3:down".
bool splitCounted(const std::string& key, AdapterLayer& layer, std::string& piece) {
    const auto first = key.find(':'), last = key.rfind(':');
    if (first == std::string::npos || first == last) return false;
    const std::string part = key.substr(0, first);
    piece = key.substr(last + 1);
    const auto index = wholeNumber(std::string_view(key).substr(first + 1, last - first - 1));
    if (!index || (piece != "up" && piece != "down") || (part != "unet" && part != "text_encoder"))
        return false;
    layer.part = part == "unet" ? AdapterPart::Unet : AdapterPart::Text1;
    layer.index = *index;
    layer.label = key.substr(0, last);
    return true;
}

double scalar(const tensor::Weights& weights, const std::string& key) {
    const tensor::StoredTensor& stored = *weights.checkpoint().find(weights.prefix() + key);
    const double value = stored.count() == 1 ? tensor::toFloats(stored)[0] : NAN;
    if (!std::isfinite(value))
        throw broken(fmt::format("{}: \"{}\" of shape {} is not one finite number", weights.subject(), key,
                                 tensor::describe(stored.shape)));
    return value;
}

/// Alphas that PEFT keeps outside the tensors: in diffusers' metadata, with the part in front, or in a file
/// beside.
class PeftConfig {
public:
    explicit PeftConfig(const tensor::Weights& weights) {
        const auto& metadata = weights.checkpoint().metadata;
        const fs::path path = weights.subject();
        if (const auto it = metadata.find("lora_adapter_metadata"); it != metadata.end())
            m_json = parseJson(it->second, weights.subject() + ": lora_adapter_metadata");
        else if (const fs::path beside = path.parent_path() / "adapter_config.json";
                 path.stem() == "adapter_model" && fs::exists(beside)) {
            m_json = parseJson(readTextFile(beside, 1 << 20), beside.string());
        }
    }

    void apply(AdapterLayer& layer) const {
        if (!m_json.is_object() || layer.alpha) return;
        const char* parts[] = {"unet.", "text_encoder.", "text_encoder_2."};
        const std::string prefix = parts[static_cast<int>(layer.part)];
        for (const std::string& p : {prefix, std::string()}) {
            if (!m_json.contains(p + "lora_alpha") || !m_json[p + "lora_alpha"].is_number()) continue;
            layer.alpha = m_json[p + "lora_alpha"].get<double>();
            if (m_json.contains(p + "use_rslora")) layer.rankStabilised = m_json[p + "use_rslora"] == true;
            if (!m_json.contains(p + "alpha_pattern") || !m_json[p + "alpha_pattern"].is_object()) return;
            for (const auto& [pattern, alpha] : m_json[p + "alpha_pattern"].items()) {
                std::string module = pattern;
                std::replace(module.begin(), module.end(), '.', '_');
                if (alpha.is_number() && (layer.module == module || layer.module.ends_with("_" + module)))
                    layer.alpha = alpha.get<double>();
            }
            return;
        }
    }

private:
    Json m_json;
};

void readClasses(AdapterFile& file) {
    for (const auto& [key, part] :
         {std::pair{"unet", AdapterPart::Unet}, {"text_encoder", AdapterPart::Text1}}) {
        const auto& metadata = file.weights.checkpoint().metadata;
        const auto it = metadata.find(key);
        if (it == metadata.end()) {
            // What cloneofsimo's training changes unless told otherwise.
            file.classes[part] = part == AdapterPart::Unet
                                     ? std::vector<std::string>{"CrossAttention", "Attention", "GEGLU"}
                                     : std::vector<std::string>{"CLIPAttention"};
            continue;
        }
        const Json json = parseJson(it->second, fmt::format("{}: metadata \"{}\"", file.subject(), key));
        for (const Json& entry : json)
            if (entry.is_string()) file.classes[part].push_back(entry.get<std::string>());
    }
}

/// Scales alone change nothing.
bool changesAnything(const AdapterLayer& layer) {
    return std::any_of(layer.pieces.begin(), layer.pieces.end(), [](const auto& piece) {
        return piece.first != "dora_scale" && piece.first != "rescale" && piece.first != "up_bias";
    });
}

/// Every kind has pieces without which it means nothing.
void checkComplete(const AdapterLayer& layer, const std::string& subject) {
    const auto need = [&](std::initializer_list<const char*> pieces, const char* because) {
        for (const char* piece : pieces)
            if (!layer.has(piece))
                throw broken(fmt::format("{}: layer \"{}\" has \"{}\" but no \"{}\"", subject, layer.label,
                                         because, piece),
                             "the file is not complete: download it again");
    };
    const int kinds = (layer.has("up") || layer.has("down")) + layer.has("hada_w1_a") +
                      layer.has("oft_blocks") + (layer.has("lokr_w1") || layer.has("lokr_w1_a")) +
                      layer.has("diff");
    if (kinds > 1)
        throw broken(fmt::format("{}: layer \"{}\" is of two kinds at once", subject, layer.label),
                     "the file was put together wrongly: choose another one");
    if (layer.has("up")) need({"down"}, "up");
    if (layer.has("down")) need({"up"}, "down");
    if (layer.has("mid")) need({"up", "down"}, "mid");
    for (const char* piece : {"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"})
        if (layer.has(piece)) need({"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"}, piece);
    if (layer.has("hada_t1") != layer.has("hada_t2")) need({"hada_t1", "hada_t2"}, "hada_t1 or hada_t2");
    for (const std::string w : {"lokr_w1", "lokr_w2"})
        if (layer.has(w + "_a") || layer.has(w + "_b"))
            need({(w + "_a").c_str(), (w + "_b").c_str()}, w.c_str());
    const bool one = layer.has("lokr_w1") || layer.has("lokr_w1_a");
    const bool two = layer.has("lokr_w2") || layer.has("lokr_w2_a");
    if (one && !two) need({"lokr_w2"}, "lokr_w1");
    if ((two || layer.has("lokr_t2")) && !one) need({"lokr_w1"}, "lokr_w2");
    if (layer.has("lokr_t2")) need({"lokr_w2_a"}, "lokr_t2");
    if (layer.has("rescale")) need({"oft_blocks"}, "rescale");
}

} // namespace

const char* name(AdapterPart part) {
    switch (part) {
    case AdapterPart::Unet:
        return "denoising network";
    case AdapterPart::Text1:
        return "text encoder";
    case AdapterPart::Text2:
        return "second text encoder";
    }
    return "";
}

std::string AdapterLayer::kind(const tensor::Weights& file) const {
    std::string kind =
        has("up")          ? (has("mid") || file.shape(pieces.at("down")).size() == 4 ? "LoCon" : "LoRA")
        : has("hada_w1_a") ? "LoHa"
        : has("lokr_w1") || has("lokr_w1_a") ? "LoKr"
        : has("oft_blocks") ? (file.shape(pieces.at("oft_blocks")).size() == 4 ? "BOFT" : "OFT")
                            : "difference";
    return has("dora_scale") ? "DoRA of " + kind : kind;
}

AdapterFile AdapterFile::open(const fs::path& path) {
    return from(tensor::Weights::open(path));
}

AdapterFile AdapterFile::from(const tensor::Weights& weights) {
    AdapterFile file{.weights = weights, .layers = {}, .classes = {}, .embeddings = {}, .unknown = {}};
    std::map<std::tuple<AdapterPart, int, std::string>, AdapterLayer> layers;
    for (const std::string& key : weights.names()) {
        AdapterLayer layer;
        std::string piece;
        bool known = splitCounted(key, layer, piece);
        for (const Suffix& suffix : kSuffixes) {
            if (known) break;
            if (!key.ends_with(suffix.end)) continue;
            layer.label = key.substr(0, key.size() - std::string(suffix.end).size());
            piece = suffix.piece;
            if (!(known = splitModule(layer.label, layer))) break;
        }
        if (!known) {
            if (key.starts_with('<') && key.ends_with('>'))
                file.embeddings.emplace(key, key);
            else
                file.unknown.push_back(key);
            continue;
        }
        AdapterLayer& whole =
            layers.try_emplace({layer.part, layer.index, layer.module}, layer).first->second;
        whole.keys.push_back(key);
        if (piece == "alpha")
            whole.alpha = scalar(weights, key);
        else if (!whole.pieces.emplace(piece, key).second)
            throw broken(fmt::format("{}: \"{}\" and \"{}\" are the same part of one layer",
                                     weights.subject(), key, whole.pieces.at(piece)));
    }
    const PeftConfig peft(weights);
    for (auto& [place, layer] : layers) {
        if (!changesAnything(layer)) {
            file.unknown.insert(file.unknown.end(), layer.keys.begin(), layer.keys.end());
            continue;
        }
        checkComplete(layer, weights.subject());
        peft.apply(layer);
        file.layers.push_back(std::move(layer));
    }
    if (file.layers.empty())
        throw Error(
            fmt::format("{}: holds no LoRA or LyCORIS layer of Stable Diffusion ({} tensors, \"{}\", …)",
                        weights.subject(), weights.names().size(),
                        weights.names().empty() ? "" : weights.names().front()),
            "choose a LoRA for Stable Diffusion 1, 2 or XL", ErrorKind::NotMine);
    readClasses(file);
    return file;
}

bool isAdapter(const tensor::Weights& weights) {
    for (const std::string& key : weights.names()) {
        AdapterLayer layer;
        std::string piece;
        if (splitCounted(key, layer, piece)) return true;
        for (const Suffix& suffix : kSuffixes) {
            if (!key.ends_with(suffix.end)) continue;
            layer.pieces.emplace(suffix.piece, key);
            // Other networks have layers named alpha too.
            if (suffix.piece != std::string_view("alpha") && changesAnything(layer)) return true;
        }
    }
    return false;
}

} // namespace ochre::models
