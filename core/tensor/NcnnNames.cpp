// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/NcnnNames.h"

#include <fmt/format.h>

namespace ochre::tensor {
namespace {

using Layers = std::vector<const NcnnLayer*>;

bool isConvolution(const NcnnLayer& layer) {
    return layer.type == "Convolution" && layer.parameter(1, 0) == 3 && layer.parameter(5, 0) == 1;
}

int outputs(const NcnnLayer& layer) {
    return static_cast<int>(layer.parameter(0, 0));
}

int inputs(const NcnnLayer& layer) {
    return outputs(layer) == 0 ? 0 : static_cast<int>(layer.parameter(6, 0)) / (outputs(layer) * 9);
}

/// conv, prelu, conv, prelu, …, conv → body.0, body.1, …
std::vector<std::string> namesOfCompact(const Layers& weighted, const std::vector<NcnnLayer>& graph) {
    if (weighted.size() < 3 || weighted.size() % 2 == 0) return {};
    std::vector<std::string> names;
    for (std::size_t i = 0; i < weighted.size(); ++i) {
        if (i % 2 == 0 ? !isConvolution(*weighted[i]) : weighted[i]->type != "PReLU") return {};
        names.push_back(fmt::format("body.{}", i));
    }
    for (const NcnnLayer& layer : graph)
        if (layer.type == "PixelShuffle") return names;
    return {};
}

/// One convolution, blocks of three dense blocks of five, one, two of upsampling, two of reconstruction.
std::vector<std::string> namesOfRrdb(const Layers& weighted) {
    const std::size_t count = weighted.size();
    if (count < 21 || (count - 6) % 15 != 0) return {};
    for (const NcnnLayer* layer : weighted)
        if (!isConvolution(*layer)) return {};
    const int features = outputs(*weighted[0]), growth = outputs(*weighted[1]);
    std::vector<std::string> names{"conv_first"};
    for (std::size_t i = 0; i + 6 < count; ++i) {
        const int k = static_cast<int>(i % 5);
        const NcnnLayer& layer = *weighted[i + 1];
        if (inputs(layer) != features + k * growth || outputs(layer) != (k == 4 ? features : growth))
            return {};
        names.push_back(fmt::format("body.{}.rdb{}.conv{}", i / 15, i / 5 % 3 + 1, k + 1));
    }
    for (const char* last : {"conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last"})
        names.emplace_back(last);
    return names;
}

/// The last resize of the graph, if it comes after everything else: the x2 and x3 files are the x4 network
/// and this.
double outputScale(const std::vector<NcnnLayer>& graph) {
    const NcnnLayer& last = graph.back();
    const bool resizes =
        last.type == "Interp" && last.parameter(0, 0) == 3 && last.parameter(1, 1) == last.parameter(2, 1);
    return resizes ? last.parameter(1, 1) : 1.0;
}

} // namespace

void givePublishedNames(const std::vector<NcnnLayer>& graph, Checkpoint& checkpoint) {
    Layers weighted;
    std::map<std::string, std::size_t, std::less<>> position;
    for (const NcnnLayer& layer : graph)
        if (checkpoint.find(layer.name + ".weight")) {
            position.emplace(layer.name, weighted.size());
            weighted.push_back(&layer);
        }
    std::vector<std::string> names = namesOfCompact(weighted, graph);
    if (names.empty()) names = namesOfRrdb(weighted);
    if (names.empty()) return;
    for (StoredTensor& tensor : checkpoint.tensors) {
        const std::size_t dot = tensor.name.rfind('.');
        const auto it = position.find(tensor.name.substr(0, dot));
        if (it != position.end()) tensor.name = names[it->second] + tensor.name.substr(dot);
    }
    if (const double scale = outputScale(graph); scale != 1.0)
        checkpoint.metadata["output_scale"] = fmt::format("{}", scale);
}

} // namespace ochre::tensor
