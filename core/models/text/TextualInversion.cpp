// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/TextualInversion.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/Error.h"

namespace ochre::models {
namespace {

constexpr std::int64_t kMostRows = 1000, kWidest = 8192;

std::string encoderOf(std::int64_t width) {
    return width == 768 ? "clip_l" : width == 1024 ? "clip_h" : width == 1280 ? "clip_g" : "";
}

/// [width] or [rows, width] of floating-point numbers.
bool holdsRows(const tensor::Weights& weights, const std::string& name) {
    const tensor::Shape& shape = weights.shape(name);
    if (!tensor::isFloating(weights.checkpoint().find(weights.prefix() + name)->dtype)) return false;
    const bool list = shape.size() == 2 && shape[0] >= 1 && shape[0] <= kMostRows;
    return (list || shape.size() == 1) && shape.back() >= 2 && shape.back() <= kWidest;
}

/// The tensors that are the rows; others of the file (the optimiser's, the token's number) are left.
std::vector<std::string> rowNames(const tensor::Weights& weights) {
    std::vector<std::string> all = weights.names();
    std::erase_if(all, [&](const std::string& name) { return !holdsRows(weights, name); });
    const auto pick = [&all](auto&& isOne) {
        std::vector<std::string> picked;
        std::copy_if(all.begin(), all.end(), std::back_inserter(picked), isOne);
        return picked;
    };
    if (auto names = pick([](const std::string& n) { return n.starts_with("string_to_param."); });
        !names.empty())
        return names;
    if (auto names =
            pick([](const std::string& n) { return n == "clip_l" || n == "clip_h" || n == "clip_g"; });
        !names.empty())
        return names;
    if (auto names = pick([](const std::string& n) { return n == "emb_params"; }); !names.empty())
        return names;
    return all.size() == 1 ? all : std::vector<std::string>();
}

} // namespace

TextualInversion TextualInversion::open(const std::filesystem::path& path) {
    return from(tensor::Weights::open(path), path.stem().string());
}

TextualInversion TextualInversion::from(const tensor::Weights& weights, std::string name) {
    TextualInversion result;
    result.m_name = std::move(name);
    for (const std::string& key : rowNames(weights)) {
        const at::Tensor vectors = weights.tensor(key).to(at::kFloat);
        const std::int64_t width = vectors.size(-1);
        result.m_parts.push_back(
            {key.starts_with("clip_") ? key : encoderOf(width), vectors.reshape({-1, width})});
    }
    if (result.m_parts.empty())
        throw Error(weights.subject() + ": holds no rows of a textual inversion",
                    "choose an embedding (.safetensors, .pt)", ErrorKind::NotMine);
    return result;
}

int TextualInversion::rows() const {
    return static_cast<int>(m_parts.front().vectors.size(0));
}

bool TextualInversion::fits(std::int64_t width) const {
    return std::any_of(m_parts.begin(), m_parts.end(),
                       [width](const Part& p) { return p.vectors.size(1) == width; });
}

const at::Tensor& TextualInversion::vectors(std::int64_t width) const {
    std::string widths;
    for (const Part& part : m_parts) {
        if (part.vectors.size(1) == width) return part.vectors;
        widths += fmt::format("{}{}", widths.empty() ? "" : " and ", part.vectors.size(1));
    }
    throw Error(
        fmt::format("textual inversion {}: has rows of {}, this text encoder takes {}", m_name, widths,
                    width),
        "768 is for SD 1, 1024 for SD 2, 768 with 1280 for SDXL: use one that was trained for this model");
}

} // namespace ochre::models
