// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/models/field/FieldFile.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/Finite.h"
#include "core/tensor/Safetensors.h"

namespace ochre::models {
namespace fs = std::filesystem;
namespace {

using tensor::Checkpoint;
using F = HashField;

constexpr const char *kFormat = "ochre.field", *kVersion = "1", *kDeviceVersion = "2";
constexpr int kMostSide = 512; // of the occupancy grid

/// A layer in the file and in the field; `stored` columns of `out` are kept.
struct LayerName {
    const char* name;
    F::Layer at;
    int in, out, stored;
};
constexpr LayerName kLayers[] = {{"density.0", F::Density1, F::kEncoded, F::kHidden, F::kHidden},
                                 {"density.1", F::Density2, F::kHidden, F::kGeometry, F::kGeometry},
                                 {"color.0", F::Color1, F::kDirections + F::kGeometry, F::kHidden, F::kHidden},
                                 {"color.1", F::Color2, F::kHidden, F::kHidden, F::kHidden},
                                 {"color.2", F::Color3, F::kHidden, F::kColors, 3}};

const std::string& text(const Checkpoint& file, const char* key) {
    const auto it = file.metadata.find(key);
    if (it == file.metadata.end()) throw broken(fmt::format("{}: metadata: {} is missing", file.subject, key));
    return it->second;
}

int wholeNumber(const Checkpoint& file, const char* key) {
    const std::string& value = text(file, key);
    int number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size())
        throw broken(fmt::format("{}: metadata: {}: \"{}\" is no whole number", file.subject, key, value));
    return number;
}

template <std::size_t N>
std::array<double, N> numbers(const Checkpoint& file, const char* key) {
    const std::string& value = text(file, key);
    std::array<double, N> v{};
    const char *from = value.data(), *end = from + value.size();
    for (std::size_t k = 0; k < N; ++k) {
        const auto [next, error] = std::from_chars(from, end, v[k]);
        const bool last = k == N - 1;
        if (error != std::errc() || !std::isfinite(v[k]) || (last ? next != end : next == end || *next != ','))
            throw broken(fmt::format("{}: metadata: {}: \"{}\" is not {}", file.subject, key, value, N == 3 ? "x,y,z" : "x,y"));
        from = next + 1;
    }
    return v;
}

std::string describePlace(const std::array<double, 3>& v) {
    return fmt::format("{},{},{}", v[0], v[1], v[2]);
}

const tensor::StoredTensor& find(const Checkpoint& file, const std::string& name, const tensor::Shape& shape) {
    const tensor::StoredTensor* stored = file.find(name);
    if (!stored) throw broken(fmt::format("{}: tensor \"{}\" is missing", file.subject, name));
    if (stored->shape != shape)
        throw broken(fmt::format("{}: tensor \"{}\" is {}, expected {}", file.subject, name, tensor::describe(stored->shape),
                                 tensor::describe(shape)));
    return *stored;
}

std::vector<float> floats(const Checkpoint& file, const std::string& name, const tensor::Shape& shape) {
    const tensor::StoredTensor& stored = find(file, name, shape);
    if (!tensor::isFloating(stored.dtype))
        throw broken(fmt::format("{}: tensor \"{}\" is of {}, expected floating-point numbers", file.subject, name, tensor::name(stored.dtype)));
    tensor::requireFinite(stored, file.subject);
    return tensor::toFloats(stored);
}

OccupancyGrid readOccupancy(const Checkpoint& file) {
    const int side = wholeNumber(file, "occupancy_side");
    if (side < OccupancyGrid::kCoarse || side > kMostSide || side % OccupancyGrid::kCoarse != 0)
        throw broken(fmt::format("{}: metadata: occupancy_side: {} is no multiple of 8 from 8 to {}", file.subject, side, kMostSide));
    const tensor::StoredTensor& stored = find(file, "occupancy", {std::int64_t{side} * side * side / 8});
    if (stored.dtype != tensor::Dtype::U8) throw broken(fmt::format("{}: tensor \"occupancy\" is not of U8", file.subject));
    std::vector<std::byte> buffer;
    const auto bytes = tensor::contiguousBytes(stored, buffer);
    std::vector<std::uint8_t> bits(bytes.size());
    std::memcpy(bits.data(), bytes.data(), bytes.size());
    return OccupancyGrid::fromBits(side, std::move(bits));
}

std::string levelName(std::size_t level) {
    return fmt::format("encoding.{}", level);
}

std::size_t tableBegin(const HashField& field, std::size_t level) {
    return std::size_t{field.levels[level].offset} * F::kFeatures;
}

tensor::TensorToWrite tensorOf(std::string name, tensor::Dtype dtype, tensor::Shape shape, std::span<const std::byte> bytes) {
    std::vector<std::byte> kept(bytes.begin(), bytes.end());
    return {std::move(name), dtype, std::move(shape), [kept = std::move(kept)](const auto& sink) { sink(kept); }};
}

HashField fieldOf(const Checkpoint& file) {
    if (text(file, "format") != kFormat) throw notMine(file.subject + ": is no field of Ochre");
    const bool device = text(file, "version") == kDeviceVersion;
    if (!device && text(file, "version") != kVersion)
        throw Error(fmt::format("{}: is a field of version {}", file.subject, text(file, "version")), "versions 1 and 2 are known; a newer Ochre may open it");
    HashField field({wholeNumber(file, "log2_entries"), wholeNumber(file, "coarsest"), wholeNumber(file, "finest"),
                     {numbers<3>(file, "box_min"), numbers<3>(file, "box_max")}, numbers<3>(file, "up"),
                     device ? numbers<2>(file, "device_scale") : std::array<double, 2>{}});
    const auto& up = field.config.up;
    if (!(up[0] * up[0] + up[1] * up[1] + up[2] * up[2] > 0)) throw broken(file.subject + ": metadata: up: 0,0,0 points nowhere");
    if (device && !field.config.forwardFacing()) throw broken(file.subject + ": metadata: device_scale: 0,0 is no scale");
    for (std::size_t l = 0; l < F::kLevels; ++l) {
        const std::vector<float> level = floats(file, levelName(l), {field.levels[l].entries, F::kFeatures});
        std::copy(level.begin(), level.end(), field.table.begin() + static_cast<std::ptrdiff_t>(tableBegin(field, l)));
    }
    for (const LayerName& layer : kLayers) {
        const std::vector<float> values = floats(file, layer.name, {layer.in, layer.stored});
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto stored = static_cast<std::size_t>(layer.stored), out = static_cast<std::size_t>(layer.out);
            field.layers[layer.at + i / stored * out + i % stored] = values[i];
        }
    }
    field.occupancy = readOccupancy(file);
    return field;
}

} // namespace

bool isNerf(const fs::path& path) {
    const Checkpoint file = tensor::openCheckpoint(path);
    const auto any = [&](const char* layer) {
        return std::ranges::any_of(std::initializer_list<const char*>{"", "model_coarse_state_dict.", "network_fn_state_dict."},
                                   [&](const char* network) { return file.find(std::string(network) + layer + ".weight") != nullptr; });
    };
    return (any("pts_linears.1") && (any("alpha_linear") || any("output_linear"))) || (any("layers_xyz.0") && (any("fc_alpha") || any("fc_out")));
}

bool isField(const fs::path& path) {
    if (path.extension() != ".safetensors" || !fs::exists(path)) return false;
    const Checkpoint file = tensor::openCheckpoint(path);
    const auto it = file.metadata.find("format");
    return it != file.metadata.end() && it->second == kFormat;
}

HashField readField(const fs::path& path) {
    return fieldOf(tensor::openCheckpoint(path));
}

HashField decodeField(std::span<const std::byte> bytes, const std::string& subject) {
    Checkpoint file = tensor::readSafetensors(bytes, subject);
    file.finish();
    return fieldOf(file);
}

void writeField(const HashField& field, const fs::path& path, const std::string& source) {
    const HashField::Config& c = field.config;
    std::vector<tensor::TensorToWrite> tensors;
    const auto floatsOf = [&tensors](std::string name, tensor::Shape shape, std::span<const float> values) {
        tensors.push_back(tensorOf(std::move(name), tensor::Dtype::F32, std::move(shape), std::as_bytes(values)));
    };
    for (std::size_t l = 0; l < F::kLevels; ++l)
        floatsOf(levelName(l), {field.levels[l].entries, F::kFeatures},
                 std::span(field.table).subspan(tableBegin(field, l), std::size_t{field.levels[l].entries} * F::kFeatures));
    for (const LayerName& layer : kLayers) {
        std::vector<float> values;
        for (int i = 0; i < layer.in; ++i)
            for (int o = 0; o < layer.stored; ++o) values.push_back(field.layers[layer.at + static_cast<std::size_t>(i * layer.out + o)]);
        floatsOf(layer.name, {layer.in, layer.stored}, values);
    }
    const auto& bits = field.occupancy.bits();
    tensors.push_back(tensorOf("occupancy", tensor::Dtype::U8, {static_cast<std::int64_t>(bits.size())}, std::as_bytes(std::span(bits))));
    std::map<std::string, std::string> metadata{{"format", kFormat},
                                                {"version", c.forwardFacing() ? kDeviceVersion : kVersion},
                                                {"log2_entries", std::to_string(c.log2Entries)},
                                                {"coarsest", std::to_string(c.coarsest)},
                                                {"finest", std::to_string(c.finest)},
                                                {"box_min", describePlace(c.box.min)},
                                                {"box_max", describePlace(c.box.max)},
                                                {"up", describePlace(c.up)},
                                                {"occupancy_side", std::to_string(field.occupancy.side())},
                                                {"source", source}};
    if (c.forwardFacing()) metadata["device_scale"] = fmt::format("{},{}", c.deviceScale[0], c.deviceScale[1]);
    tensor::writeSafetensors(path, std::move(tensors), metadata);
}

} // namespace ochre::models
