// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/text/PromptWeights.h"

#include <cmath>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Attention.h"

namespace ochre::models {
namespace {

constexpr double kMostRescaling = 100;

nn::Tensor filled(std::int64_t rows, at::ScalarType type) {
    return nn::range(0, rows * ClipTokenizer::kLength).to(type).view({rows, ClipTokenizer::kLength});
}

} // namespace

nn::Tensor weightTensor(const PromptTokens& tokens) {
    const nn::Tensor out = filled(static_cast<std::int64_t>(tokens.chunks.size()), at::kFloat);
    float* to = out.data_ptr<float>();
    for (const PromptChunk& chunk : tokens.chunks)
        to = std::copy(chunk.weights.begin(), chunk.weights.end(), to);
    return out;
}

nn::Tensor idTensor(const PromptTokens& tokens) {
    const nn::Tensor out = filled(static_cast<std::int64_t>(tokens.chunks.size()), at::kLong);
    auto* to = out.data_ptr<std::int64_t>();
    for (const PromptChunk& chunk : tokens.chunks) to = std::copy(chunk.ids.begin(), chunk.ids.end(), to);
    return out;
}

nn::Tensor endTensor(const PromptTokens& tokens) {
    const nn::Tensor out = nn::range(0, static_cast<std::int64_t>(tokens.chunks.size()));
    auto* to = out.data_ptr<std::int64_t>();
    for (const PromptChunk& chunk : tokens.chunks) *to++ = chunk.end;
    return out;
}

nn::Tensor applyWeightsComfy(const nn::Tensor& z, const nn::Tensor& zEmpty, const nn::Tensor& weights) {
    const nn::Tensor extra = weights.to(z.options()).sub(1).unsqueeze(-1); // [N, T, 1]
    return z.add(z.sub(zEmpty).mul(extra));
}

nn::Tensor applyWeightsA1111(const nn::Tensor& z, const nn::Tensor& weights) {
    nn::Tensor out = z.mul(weights.to(z.options()).unsqueeze(-1));
    for (std::int64_t n = 0; n < z.size(0); ++n) {
        const double before = z.select(0, n).mean(at::kFloat).item<double>();
        const double after = out.select(0, n).mean(at::kFloat).item<double>();
        const double factor = before / after;
        if (std::isfinite(factor) && std::abs(factor) <= kMostRescaling) out.select(0, n).mul_(factor);
    }
    return out;
}

nn::Tensor placeEmbeddings(const nn::Tensor& embedded, const PromptTokens& tokens,
                           std::span<const nn::Tensor> vectors) {
    if (vectors.size() != tokens.embeddings.size())
        throw Error(fmt::format("prompt: names {} textual inversions, {} were given",
                                tokens.embeddings.size(), vectors.size()));
    nn::Tensor out = embedded.clone();
    for (std::size_t chunk = 0; chunk < tokens.chunks.size(); ++chunk)
        for (const EmbeddingRow& row : tokens.chunks[chunk].rows) {
            const nn::Tensor& from = vectors[static_cast<std::size_t>(row.embedding)];
            if (from.dim() != 2 || from.size(1) != out.size(2) || row.row >= from.size(0))
                throw Error(fmt::format("textual inversion {}: is {}, rows of width {} are needed",
                                        tokens.embeddings[static_cast<std::size_t>(row.embedding)],
                                        tensor::describe(from.sizes().vec()), out.size(2)),
                            "use one that was trained for this model");
            out.select(0, static_cast<std::int64_t>(chunk))
                .select(0, row.position)
                .copy_(from.select(0, row.row));
        }
    return out;
}

} // namespace ochre::models
