// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Ncnn.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/NcnnNames.h"

namespace ochre::tensor {
namespace {

constexpr std::string_view kMagic = "7767517";
constexpr std::uint32_t kFlagHalf = 0x01306B47, kFlagFloat = 0x0002C056, kFlagInt8 = 0x000D4B38;
constexpr std::size_t kMostLayers = 100'000, kMostBlobsOfLayer = 1024, kMostArray = 4096;

std::vector<std::string_view> words(std::string_view line) {
    std::vector<std::string_view> result;
    std::size_t at = 0;
    while ((at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos) {
        const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
        result.push_back(line.substr(at, end - at));
        at = end;
    }
    return result;
}

template <typename T>
bool parseNumber(std::string_view text, T& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

/// "6=1728" or, for arrays, "-23310=1,2.0e-01" (id −23300 − k, count, values).
void parseParameter(NcnnLayer& layer, std::string_view word, const std::string& where) {
    const auto wrong = [&] {
        return broken(fmt::format("{}: parameter \"{}\" cannot be read", where, word.substr(0, 60)));
    };
    const std::size_t equals = word.find('=');
    int id = 0;
    if (equals == std::string_view::npos || !parseNumber(word.substr(0, equals), id)) throw wrong();
    std::string_view rest = word.substr(equals + 1);
    std::vector<double> values;
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        double value = 0;
        if (!parseNumber(rest.substr(0, comma), value) || !std::isfinite(value) || values.size() > kMostArray)
            throw wrong();
        values.push_back(value);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    if (values.empty()) throw wrong();
    if (id <= -23300) {
        id = -23300 - id;
        if (values[0] != static_cast<double>(values.size() - 1)) throw wrong();
        values.erase(values.begin());
    } else if (values.size() != 1) {
        throw wrong();
    }
    if (id < 0 || id > 63 || !layer.parameters.emplace(id, std::move(values)).second) throw wrong();
}

NcnnLayer parseLayer(std::string_view line, const std::string& where) {
    const std::vector<std::string_view> parts = words(line);
    std::size_t inputs = 0, outputs = 0;
    if (parts.size() < 4 || !parseNumber(parts[2], inputs) || !parseNumber(parts[3], outputs) ||
        inputs > kMostBlobsOfLayer || outputs > kMostBlobsOfLayer || parts.size() < 4 + inputs + outputs)
        throw broken(fmt::format("{}: \"{}\" is no layer", where, line.substr(0, 60)));
    NcnnLayer layer;
    layer.type = parts[0];
    layer.name = parts[1];
    for (std::size_t i = 0; i < inputs; ++i) layer.inputs.emplace_back(parts[4 + i]);
    for (std::size_t i = 0; i < outputs; ++i) layer.outputs.emplace_back(parts[4 + inputs + i]);
    for (std::size_t i = 4 + inputs + outputs; i < parts.size(); ++i) parseParameter(layer, parts[i], where);
    return layer;
}

/// Hands out the .bin from front to back.
class Weights {
public:
    Weights(std::span<const std::byte> bytes, Checkpoint& out) : m_bytes(bytes), m_out(out) {}

    std::int64_t size(const NcnnLayer& layer, int id) const {
        const double value = layer.parameter(id, 0);
        if (!(value >= 0) || value > 1e12 || value != std::floor(value))
            throw fail(layer, fmt::format("size {}", value));
        return static_cast<std::int64_t>(value);
    }

    /// A weight with a tag that says how it is stored.
    void tagged(const NcnnLayer& layer, const char* part, Shape shape) {
        std::uint32_t tag = 0;
        if (m_bytes.size() - m_at < sizeof tag) throw fail(layer, "the weights end here");
        std::memcpy(&tag, m_bytes.data() + m_at, sizeof tag);
        m_at += sizeof tag;
        if (tag == kFlagInt8)
            throw fail(layer, "8-bit weights", "convert the model from its 16- or 32-bit file");
        if (tag != 0 && tag != kFlagHalf && tag != kFlagFloat)
            throw fail(layer, fmt::format("weights of the kind 0x{:08x}", tag),
                       "only 16- and 32-bit floats are read");
        add(layer, part, std::move(shape), tag == kFlagHalf ? Dtype::F16 : Dtype::F32);
    }

    void plain(const NcnnLayer& layer, const char* part, Shape shape) {
        add(layer, part, std::move(shape), Dtype::F32);
    }

    void finish(const std::string& subject) const {
        if (m_at != m_bytes.size())
            throw broken(fmt::format("{}: {} bytes of weights are left over", subject, m_bytes.size() - m_at),
                         "the .param and .bin do not belong together, or a layer of it is not known");
    }

private:
    Error fail(const NcnnLayer& layer, const std::string& what,
               const std::string& hint = "the .param and .bin do not belong together") const {
        return broken(fmt::format("{}: layer {} ({}): {}", m_out.subject, layer.name.substr(0, 80),
                                  layer.type.substr(0, 40), what),
                      hint);
    }

    void add(const NcnnLayer& layer, const char* part, Shape shape, Dtype dtype) {
        const auto count = elementCount(shape);
        std::uint64_t size = 0;
        if (!count || __builtin_mul_overflow(*count, byteSize(dtype), &size) || size > m_bytes.size() - m_at)
            throw fail(layer,
                       fmt::format("{} of {} reaches past the end of the weights", part, describe(shape)));
        StoredTensor tensor;
        tensor.name = layer.name + "." + part;
        tensor.dtype = dtype;
        tensor.shape = std::move(shape);
        tensor.bytes = m_bytes.subspan(m_at, size);
        m_out.tensors.push_back(std::move(tensor));
        m_at += size;
        const std::size_t padding = (4 - size % 4) % 4; // each blob fills whole words
        if (padding > m_bytes.size() - m_at) throw fail(layer, "the weights end inside a word");
        m_at += padding;
    }

    std::span<const std::byte> m_bytes;
    std::size_t m_at = 0;
    Checkpoint& m_out;
};

Shape convolutionShape(const NcnnLayer& layer, const Weights& weights, const std::string& subject) {
    const std::int64_t out = weights.size(layer, 0), size = weights.size(layer, 6),
                       width = weights.size(layer, 1);
    const std::int64_t height = layer.parameters.contains(11) ? weights.size(layer, 11) : width;
    const auto kernel = elementCount({out, height, width});
    if (!kernel || *kernel == 0 || static_cast<std::uint64_t>(size) % *kernel != 0)
        throw broken(fmt::format("{}: layer {}: {} weights do not divide among {} outputs of {}x{}", subject,
                                 layer.name.substr(0, 80), size, out, width, height));
    return {out, size / static_cast<std::int64_t>(*kernel), height, width};
}

void readLayer(const NcnnLayer& layer, Weights& weights, const std::string& subject) {
    const std::string& type = layer.type;
    if (type == "Convolution" || type == "ConvolutionDepthWise" || type == "Deconvolution" ||
        type == "DeconvolutionDepthWise") {
        const Shape shape = convolutionShape(layer, weights, subject);
        weights.tagged(layer, "weight", shape);
        if (layer.parameter(5, 0) != 0) weights.plain(layer, "bias", {shape[0]});
    } else if (type == "InnerProduct") {
        const std::int64_t out = weights.size(layer, 0), size = weights.size(layer, 2);
        if (out == 0 || size % out != 0)
            throw broken(fmt::format("{}: layer {}: {} weights do not divide among {} outputs", subject,
                                     layer.name.substr(0, 80), size, out));
        weights.tagged(layer, "weight", {out, size / out});
        if (layer.parameter(1, 0) != 0) weights.plain(layer, "bias", {out});
    } else if (type == "PReLU") {
        weights.plain(layer, "weight", {weights.size(layer, 0)});
    } else if (type == "BatchNorm") {
        for (const char* part : {"weight", "running_mean", "running_var", "bias"})
            weights.plain(layer, part, {weights.size(layer, 0)});
    } else if (type == "Scale") {
        weights.plain(layer, "weight", {weights.size(layer, 0)});
        if (layer.parameter(1, 0) != 0) weights.plain(layer, "bias", {weights.size(layer, 0)});
    } else if (type == "Bias") {
        weights.plain(layer, "bias", {weights.size(layer, 0)});
    } else if (type == "GroupNorm" || type == "LayerNorm" || type == "InstanceNorm") {
        const int sizeId = type == "GroupNorm" ? 1 : 0, affineId = type == "GroupNorm" ? 3 : 2;
        if (layer.parameter(affineId, 1) == 0) return;
        for (const char* part : {"weight", "bias"}) weights.plain(layer, part, {weights.size(layer, sizeId)});
    } else if (type == "MemoryData") {
        Shape shape;
        for (const int id : {2, 11, 1, 0})
            if (const std::int64_t side = weights.size(layer, id); side != 0) shape.push_back(side);
        weights.plain(layer, "weight", shape);
    }
}

} // namespace

double NcnnLayer::parameter(int id, double fallback) const {
    const auto it = parameters.find(id);
    return it == parameters.end() || it->second.empty() ? fallback : it->second[0];
}

std::vector<NcnnLayer> parseNcnnParam(std::string_view text, const std::string& subject) {
    if (text.size() > kLongestNcnnParam)
        throw broken(fmt::format("{}: {} bytes, more than {}", subject, text.size(), kLongestNcnnParam));
    std::vector<NcnnLayer> layers;
    std::set<std::string> names;
    std::size_t declared = 0, blobs = 0;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::string where = fmt::format("{}: line {}", subject, number);
        const std::vector<std::string_view> parts = words(line);
        if (number == 1) {
            if (parts.size() != 1 || parts[0] != kMagic)
                throw broken(where + ": does not begin with 7767517");
        } else if (number == 2) {
            if (parts.size() != 2 || !parseNumber(parts[0], declared) || !parseNumber(parts[1], blobs) ||
                declared > kMostLayers)
                throw broken(where + ": must hold the numbers of layers and blobs");
        } else if (!parts.empty()) {
            layers.push_back(parseLayer(line, where));
            if (!names.insert(layers.back().name).second)
                throw broken(
                    fmt::format("{}: second layer named {}", where, layers.back().name.substr(0, 80)));
            if (layers.size() > declared)
                throw broken(fmt::format("{}: more than the {} layers declared", where, declared));
        }
    }
    if (layers.size() != declared || layers.empty())
        throw broken(fmt::format("{}: {} layers, {} are declared", subject, layers.size(), declared),
                     "the file is cut short: download it again");
    return layers;
}

Checkpoint readNcnn(std::string_view param, std::span<const std::byte> bytes, const std::string& subject) {
    const std::vector<NcnnLayer> graph = parseNcnnParam(param, subject);
    Checkpoint checkpoint;
    checkpoint.subject = subject;
    checkpoint.format = "ncnn";
    Weights weights(bytes, checkpoint);
    for (const NcnnLayer& layer : graph) readLayer(layer, weights, subject);
    weights.finish(subject);
    checkpoint.finish();
    givePublishedNames(graph, checkpoint);
    return checkpoint;
}

} // namespace ochre::tensor
