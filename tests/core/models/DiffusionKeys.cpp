// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/models/DiffusionKeys.h"

#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>

#include <fmt/format.h>
#include <sys/mman.h>

namespace ochre::test {
namespace {

using tensor::Shape;

class KeyMaker {
public:
    Keys keys;

    void layer(const std::string& name, Shape shape, bool bias = true) {
        if (bias) keys[name + ".bias"] = {shape[0]};
        keys[name + ".weight"] = std::move(shape);
    }
    void norm(const std::string& name, std::int64_t channels) { layer(name, {channels}); }
    void conv(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t kernel = 3) {
        layer(name, {out, in, kernel, kernel});
    }

    void resnet(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t time) {
        norm(name + ".in_layers.0", in);
        conv(name + ".in_layers.2", in, out);
        layer(name + ".emb_layers.1", {out, time});
        norm(name + ".out_layers.0", out);
        conv(name + ".out_layers.3", out, out);
        if (in != out) conv(name + ".skip_connection", in, out, 1);
    }

    void attention(const std::string& name, std::int64_t width, std::int64_t context, std::int64_t depth,
                   bool linear) {
        norm(name + ".norm", width);
        const Shape side = linear ? Shape{width, width} : Shape{width, width, 1, 1};
        layer(name + ".proj_in", side);
        layer(name + ".proj_out", side);
        for (std::int64_t k = 0; k < depth; ++k) {
            const std::string block = fmt::format("{}.transformer_blocks.{}", name, k);
            for (const auto& [part, from] : {std::pair{".attn1", width}, {".attn2", context}}) {
                layer(block + part + ".to_q", {width, width}, false);
                layer(block + part + ".to_k", {width, from}, false);
                layer(block + part + ".to_v", {width, from}, false);
                layer(block + part + ".to_out.0", {width, width});
            }
            layer(block + ".ff.net.0.proj", {8 * width, width});
            layer(block + ".ff.net.2", {width, 4 * width});
            for (const char* n : {".norm1", ".norm2", ".norm3"}) norm(block + n, width);
        }
    }
};

std::shared_ptr<const std::byte> zeros(std::size_t bytes) {
    void* map = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return {static_cast<const std::byte*>(map),
            [bytes](const std::byte* p) { ::munmap(const_cast<std::byte*>(p), bytes); }};
}

} // namespace

Keys unetKeys(const UnetSize& size) {
    KeyMaker make;
    const std::int64_t time = 4 * size.channels;
    make.layer("time_embed.0", {time, size.channels});
    make.layer("time_embed.2", {time, time});
    if (size.vector > 0) {
        make.layer("label_emb.0.0", {time, size.vector});
        make.layer("label_emb.0.2", {time, time});
    }
    make.conv("input_blocks.0.0", size.in, size.channels);
    std::vector<std::int64_t> skips{size.channels};
    std::int64_t width = size.channels;
    int index = 1;
    const std::size_t levels = size.multipliers.size();
    for (std::size_t level = 0; level < levels; ++level) {
        for (int r = 0; r < size.resnets; ++r, ++index) {
            const std::int64_t out = size.channels * size.multipliers[level];
            make.resnet(fmt::format("input_blocks.{}.0", index), width, out, time);
            width = out;
            if (size.depth[level] > 0)
                make.attention(fmt::format("input_blocks.{}.1", index), width, size.context,
                               size.depth[level], size.linear);
            skips.push_back(width);
        }
        if (level + 1 == levels) break;
        make.conv(fmt::format("input_blocks.{}.0.op", index++), width, width);
        skips.push_back(width);
    }
    make.resnet("middle_block.0", width, width, time);
    make.attention("middle_block.1", width, size.context, size.middleDepth, size.linear);
    make.resnet("middle_block.2", width, width, time);
    index = 0;
    for (std::size_t level = levels; level-- > 0;)
        for (int r = 0; r <= size.resnets; ++r, ++index) {
            const std::int64_t out = size.channels * size.multipliers[level];
            make.resnet(fmt::format("output_blocks.{}.0", index), width + skips.back(), out, time);
            skips.pop_back();
            width = out;
            int place = 1;
            if (size.depth[level] > 0)
                make.attention(fmt::format("output_blocks.{}.{}", index, place++), width, size.context,
                               size.depth[level], size.linear);
            if (r == size.resnets && level > 0)
                make.conv(fmt::format("output_blocks.{}.{}.conv", index, place), width, width);
        }
    make.norm("out.0", width);
    make.conv("out.2", width, 4);
    return make.keys;
}

UnetSize sd1(std::int64_t channels, std::int64_t context) {
    return {.channels = channels, .context = context};
}

UnetSize sd2(std::int64_t channels, std::int64_t context) {
    return {.channels = channels, .context = context, .linear = true};
}

UnetSize sdxl(std::int64_t channels, std::int64_t context, std::int64_t vector) {
    return {.channels = channels,
            .context = context,
            .vector = vector,
            .multipliers = {1, 2, 4},
            .depth = {0, 2, 10},
            .middleDepth = 10,
            .linear = true};
}

UnetSize refiner(std::int64_t channels, std::int64_t context, std::int64_t vector) {
    return {.channels = channels,
            .context = context,
            .vector = vector,
            .multipliers = {1, 2, 4, 4},
            .depth = {0, 4, 4, 0},
            .middleDepth = 4,
            .linear = true};
}

Keys textKeys(std::int64_t width, int layers, std::int64_t tokens) {
    KeyMaker make;
    make.layer("text_model.embeddings.token_embedding", {tokens, width}, false);
    make.layer("text_model.embeddings.position_embedding", {77, width}, false);
    for (int n = 0; n < layers; ++n) {
        const std::string layer = fmt::format("text_model.encoder.layers.{}.", n);
        for (const char* part : {"q_proj", "k_proj", "v_proj", "out_proj"})
            make.layer(layer + "self_attn." + part, {width, width});
        make.norm(layer + "layer_norm1", width);
        make.norm(layer + "layer_norm2", width);
        make.layer(layer + "mlp.fc1", {4 * width, width});
        make.layer(layer + "mlp.fc2", {width, 4 * width});
    }
    make.norm("text_model.final_layer_norm", width);
    return make.keys;
}

Keys openClipKeys(std::int64_t width, int layers, std::int64_t tokens) {
    KeyMaker make;
    make.keys["positional_embedding"] = {77, width};
    make.keys["text_projection"] = {width, width};
    make.keys["logit_scale"] = {};
    make.layer("token_embedding", {tokens, width}, false);
    for (int n = 0; n < layers; ++n) {
        const std::string layer = fmt::format("transformer.resblocks.{}.", n);
        make.keys[layer + "attn.in_proj_weight"] = {3 * width, width};
        make.keys[layer + "attn.in_proj_bias"] = {3 * width};
        make.layer(layer + "attn.out_proj", {width, width});
        make.norm(layer + "ln_1", width);
        make.norm(layer + "ln_2", width);
        make.layer(layer + "mlp.c_fc", {4 * width, width});
        make.layer(layer + "mlp.c_proj", {width, 4 * width});
    }
    make.norm("ln_final", width);
    return make.keys;
}

Keys smallVaeKeys() {
    KeyMaker make;
    make.conv("encoder.conv_in", 3, 32);
    make.conv("decoder.conv_in", 4, 32);
    make.conv("quant_conv", 8, 8, 1);
    make.conv("post_quant_conv", 4, 4, 1);
    return make.keys;
}

Keys readTable(const std::filesystem::path& tsv) {
    Keys keys;
    std::ifstream file(tsv);
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        std::string key, sides;
        std::getline(fields, key, '\t');
        std::getline(fields, sides, '\t');
        Shape shape;
        std::istringstream numbers(sides);
        for (std::string side; std::getline(numbers, side, ',');) shape.push_back(std::stoll(side));
        keys[key] = shape;
    }
    return keys;
}

tensor::Weights zeroWeights(const Keys& keys, const std::string& subject, tensor::Dtype dtype) {
    std::size_t most = 1;
    for (const auto& [key, shape] : keys) most = std::max<std::size_t>(most, *tensor::elementCount(shape));
    const auto bytes = zeros(most * tensor::byteSize(dtype));
    tensor::Checkpoint checkpoint;
    checkpoint.subject = subject;
    checkpoint.owners.push_back(bytes);
    for (const auto& [key, shape] : keys)
        checkpoint.tensors.push_back(
            {.name = key,
             .dtype = dtype,
             .shape = shape,
             .bytes = {bytes.get(), *tensor::elementCount(shape) * tensor::byteSize(dtype)}});
    return tensor::Weights::from(std::move(checkpoint));
}

Values randomValues(const Shape& shape, unsigned seed) {
    std::mt19937 engine(seed); // its numbers are laid down by the standard; distributions are not
    Values result{shape, std::vector<float>(*tensor::elementCount(shape))};
    for (float& v : result.values) v = static_cast<float>(static_cast<int>(engine() % 4001) - 2000) / 1000.0f;
    return result;
}

tensor::Weights weightsOf(const std::map<std::string, Values>& tensors,
                          const std::map<std::string, std::string>& metadata, const std::string& subject) {
    tensor::Checkpoint checkpoint;
    checkpoint.subject = subject;
    checkpoint.metadata = metadata;
    for (const auto& [name, tensor] : tensors) {
        const auto owned = std::make_shared<const std::vector<float>>(tensor.values);
        checkpoint.owners.push_back(owned);
        checkpoint.tensors.push_back(
            {.name = name, .shape = tensor.shape, .bytes = std::as_bytes(std::span(*owned))});
    }
    return tensor::Weights::from(std::move(checkpoint));
}

tensor::Weights randomWeights(const Keys& keys, unsigned seed, const std::string& subject) {
    std::map<std::string, Values> tensors;
    for (const auto& [key, shape] : keys) tensors[key] = randomValues(shape, seed++);
    return weightsOf(tensors, {}, subject);
}

std::vector<float> floats(const at::Tensor& tensor) {
    const at::Tensor plain = tensor.to(at::kFloat).contiguous();
    const auto* data = plain.const_data_ptr<float>();
    return {data, data + plain.numel()};
}

Keys withPrefix(const std::string& prefix, const Keys& keys) {
    Keys result;
    for (const auto& [key, shape] : keys) result[prefix + key] = shape;
    return result;
}

Keys operator+(const Keys& a, const Keys& b) {
    Keys all = a;
    all.insert(b.begin(), b.end());
    return all;
}

} // namespace ochre::test
