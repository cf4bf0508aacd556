// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/diffusion/UNetBlocks.h"

#include <fmt/format.h>

#include "core/tensor/Learning.h"
#include "core/tensor/Recompute.h"

namespace ochre::models {
namespace {

constexpr double kTransformerNorm = 1e-6; // epsilon of the norm in front of a transformer; others have 1e-5
constexpr int kFeedForward = 4;           // width of the feed-forward layer to that of the tokens

nn::Tensor part(const nn::Tensor& x, std::int64_t index, std::int64_t width) {
    return nn::narrow(x, -1, index * width, width);
}

} // namespace

UNetResBlock::UNetResBlock(const tensor::Weights& weights, const std::string& name)
    : m_inNorm(weights, name + ".in_layers.0"), m_inConv(weights, name + ".in_layers.2"),
      m_embedding(weights, name + ".emb_layers.1"), m_outNorm(weights, name + ".out_layers.0"),
      m_outConv(weights, name + ".out_layers.3"), m_hasSkip(weights.has(name + ".skip_connection.weight")) {
    if (m_hasSkip) m_skip = {weights, name + ".skip_connection"};
}

void UNetResBlock::addKeys(KeyShapes& keys, const std::string& name, std::int64_t in, std::int64_t out,
                           std::int64_t embedding) {
    addLayerKeys(keys, name + ".in_layers.0", {in});
    addLayerKeys(keys, name + ".in_layers.2", {out, in, 3, 3});
    addLayerKeys(keys, name + ".emb_layers.1", {out, embedding});
    addLayerKeys(keys, name + ".out_layers.0", {out});
    addLayerKeys(keys, name + ".out_layers.3", {out, out, 3, 3});
    if (in != out) addLayerKeys(keys, name + ".skip_connection", {out, in, 1, 1});
}

nn::Tensor UNetResBlock::operator()(const nn::Tensor& x, const nn::Tensor& embedding) const {
    if (!tensor::learning()) return run(x, embedding);
    return nn::block({x, embedding}, [self = *this](const auto& in) { return self.run(in[0], in[1]); });
}

nn::Tensor UNetResBlock::run(const nn::Tensor& x, const nn::Tensor& embedding) const {
    nn::Tensor h = m_inConv(m_inNorm(x, nn::Activation::silu()));        // [N, out, H, W]
    nn::addInPlace(h, m_embedding(embedding).unsqueeze(2).unsqueeze(3)); // [N, out, 1, 1]
    h = m_outConv(m_outNorm(h, nn::Activation::silu()));
    return nn::addInPlace(h, m_hasSkip ? pictureOf(m_skip(tokensOf(x)), x.size(2), x.size(3)) : x);
}

TransformerBlock::TransformerBlock(const tensor::Weights& weights, const std::string& name,
                                   std::int64_t heads)
    : m_heads(heads), m_norm1(weights, name + ".norm1"),
      m_selfQueryKeyValue(
          nn::Linear::joined(weights, {name + ".attn1.to_q", name + ".attn1.to_k", name + ".attn1.to_v"})),
      m_selfOut(weights, name + ".attn1.to_out.0"), m_norm2(weights, name + ".norm2"),
      m_promptQuery(weights, name + ".attn2.to_q"),
      m_promptKeyValue(nn::Linear::joined(weights, {name + ".attn2.to_k", name + ".attn2.to_v"})),
      m_promptOut(weights, name + ".attn2.to_out.0"), m_norm3(weights, name + ".norm3"),
      m_gate(weights, name + ".ff.net.0.proj"), m_feedOut(weights, name + ".ff.net.2") {}

void TransformerBlock::run(nn::Tensor& tokens, const nn::Tensor& promptKeyValue) const {
    if (!tensor::learning()) return runPlain(tokens, promptKeyValue);
    tokens = nn::block({tokens, promptKeyValue}, [self = *this](const auto& in) {
        nn::Tensor inside = in[0];
        self.runPlain(inside, in[1]);
        return inside;
    });
}

void TransformerBlock::runPlain(nn::Tensor& tokens, const nn::Tensor& promptKeyValue) const {
    const std::int64_t width = tokens.size(2);
    const nn::Tensor qkv = m_selfQueryKeyValue(m_norm1(tokens)); // [N, H·W, 3·C]
    m_selfOut.addTo(tokens, nn::attention(part(qkv, 0, width), part(qkv, 1, width), part(qkv, 2, width), m_heads));
    const nn::Tensor query = m_promptQuery(m_norm2(tokens)); // [N, H·W, C]
    m_promptOut.addTo(tokens, nn::attention(query, part(promptKeyValue, 0, width), part(promptKeyValue, 1, width),
                                            m_heads));
    m_feedOut.addTo(tokens, nn::gatedGelu(m_gate(m_norm3(tokens)))); // [N, H·W, 8·C], 4·C, C
}

SpatialTransformer::SpatialTransformer(const tensor::Weights& weights, const std::string& name, int depth,
                                       std::int64_t heads)
    : m_norm(weights, name + ".norm", 32, kTransformerNorm), m_in(weights, name + ".proj_in") {
    for (int i = 0; i < depth; ++i)
        m_blocks.emplace_back(weights, fmt::format("{}.transformer_blocks.{}", name, i), heads);
    m_out = {weights, name + ".proj_out"};
}

void SpatialTransformer::addKeys(KeyShapes& keys, const std::string& name, std::int64_t channels,
                                 std::int64_t context, int depth, bool linearProjection) {
    const tensor::Shape square{channels, channels};
    const tensor::Shape projection = linearProjection ? square : tensor::Shape{channels, channels, 1, 1};
    addLayerKeys(keys, name + ".norm", {channels});
    addLayerKeys(keys, name + ".proj_in", projection);
    for (int i = 0; i < depth; ++i) {
        const std::string block = fmt::format("{}.transformer_blocks.{}", name, i);
        for (const char* attention : {".attn1", ".attn2"}) {
            const std::int64_t seen = attention == std::string(".attn1") ? channels : context;
            addLayerKeys(keys, block + attention + ".to_q", square, false);
            addLayerKeys(keys, block + attention + ".to_k", {channels, seen}, false);
            addLayerKeys(keys, block + attention + ".to_v", {channels, seen}, false);
            addLayerKeys(keys, block + attention + ".to_out.0", square);
        }
        addLayerKeys(keys, block + ".ff.net.0.proj", {2 * kFeedForward * channels, channels});
        addLayerKeys(keys, block + ".ff.net.2", {channels, kFeedForward * channels});
        for (const char* norm : {".norm1", ".norm2", ".norm3"}) addLayerKeys(keys, block + norm, {channels});
    }
    addLayerKeys(keys, name + ".proj_out", projection);
}

void SpatialTransformer::prepare(const nn::Tensor& context, std::vector<nn::Tensor>& keyValues) const {
    for (const TransformerBlock& block : m_blocks) keyValues.push_back(block.prepare(context));
}

nn::Tensor SpatialTransformer::operator()(const nn::Tensor& x, std::span<const nn::Tensor> keyValues) const {
    nn::Tensor tokens = m_in(tokensOf(m_norm(x))); // [N, H·W, C]
    for (std::size_t i = 0; i < m_blocks.size(); ++i) m_blocks[i].run(tokens, keyValues[i]);
    nn::Tensor out = m_out(tokens);
    return pictureOf(nn::addInPlace(out, tokensOf(x)), x.size(2), x.size(3));
}

nn::Tensor UNetStep::operator()(const nn::Tensor& x, const nn::Tensor& embedding,
                                std::span<const nn::Tensor> keyValues) const {
    const nn::Tensor h = residual(x, embedding);
    return transformer.depth() == 0 ? h
                                    : transformer(h, keyValues.subspan(firstKeyValue, transformer.depth()));
}

} // namespace ochre::models
