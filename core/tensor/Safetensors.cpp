// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Safetensors.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <tuple>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/base/Math.h"

namespace ochre::tensor {
namespace {

constexpr std::size_t kHighestRank = 16;
constexpr std::size_t kMostTensors = 1'000'000;
constexpr std::size_t kLongestName = 4096;
constexpr std::size_t kDataAlignment = 64; // so that what is mapped can be computed with as it lies

struct Placed {
    StoredTensor tensor;
    std::uint64_t begin = 0, end = 0;
};

std::string shorten(const std::string& text) {
    return text.size() <= 80 ? text : text.substr(0, 77) + "...";
}

std::map<std::string, std::string> readMetadata(const Json& json, const std::string& subject) {
    if (!json.is_object()) throw broken(subject + ": __metadata__ is not an object");
    std::map<std::string, std::string> metadata;
    for (const auto& [key, value] : json.items()) {
        if (!value.is_string())
            throw broken(fmt::format("{}: __metadata__ \"{}\" is {}, not text", subject, shorten(key),
                                     value.type_name()));
        metadata.emplace(key, value.get<std::string>());
    }
    return metadata;
}

Shape readShape(const Json& json, const std::string& where) {
    if (!json.is_array()) throw broken(fmt::format("{}: shape is {}, not an array", where, json.type_name()));
    if (json.size() > kHighestRank)
        throw broken(fmt::format("{}: {} dimensions, more than {}", where, json.size(), kHighestRank));
    Shape shape;
    for (const Json& side : json) {
        if (!side.is_number_unsigned() || side.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
            throw broken(fmt::format("{}: shape holds {}, not a whole number of 0 or more", where,
                                     shorten(dumpJson(side))));
        shape.push_back(side.get<std::int64_t>());
    }
    return shape;
}

Placed readEntry(const std::string& name, const Json& json, const std::string& subject) {
    const std::string where = fmt::format("{}: tensor \"{}\"", subject, shorten(name));
    if (name.size() > kLongestName)
        throw broken(fmt::format("{}: name of {} bytes, more than {}", where, name.size(), kLongestName));
    if (!json.is_object()) throw broken(fmt::format("{}: is {}, not an object", where, json.type_name()));
    if (json.size() != 3 || !json.contains("dtype") || !json.contains("shape") ||
        !json.contains("data_offsets"))
        throw broken(where + ": must have exactly dtype, shape and data_offsets");
    Placed placed;
    placed.tensor.name = name;
    const Json& dtype = json["dtype"];
    const auto known = dtype.is_string() ? dtypeFromName(dtype.get<std::string>()) : std::nullopt;
    if (!known || *known == Dtype::C128)
        throw broken(fmt::format("{}: unknown dtype {}", where, shorten(dumpJson(dtype))),
                     "a newer Ochre may read it, or convert the file to F32, F16 or BF16");
    placed.tensor.dtype = *known;
    placed.tensor.shape = readShape(json["shape"], where);
    const Json& offsets = json["data_offsets"];
    if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
        !offsets[1].is_number_unsigned())
        throw broken(
            fmt::format("{}: data_offsets is {}, not two whole numbers", where, shorten(dumpJson(offsets))));
    placed.begin = offsets[0].get<std::uint64_t>();
    placed.end = offsets[1].get<std::uint64_t>();
    if (placed.end < placed.begin)
        throw broken(
            fmt::format("{}: data ends at {} before it begins at {}", where, placed.end, placed.begin));
    // Every side counts here, zero sides too: a product that wraps is hostile even where another side is 0.
    std::uint64_t bytes = byteSize(*known);
    for (const std::int64_t side : placed.tensor.shape) {
        const auto next = checkedMultiply(bytes, static_cast<std::uint64_t>(side));
        if (!next)
            throw broken(
                fmt::format("{}: shape {} does not fit in memory", where, describe(placed.tensor.shape)));
        bytes = *next;
    }
    if (bytes != placed.end - placed.begin)
        throw broken(fmt::format("{}: {} of {} needs {} bytes, data_offsets give {}", where,
                                 json["dtype"].get<std::string>(), describe(placed.tensor.shape), bytes,
                                 placed.end - placed.begin));
    return placed;
}

/// The data must be covered from end to end, each byte once.
void checkPlaces(const std::vector<Placed>& tensors, std::uint64_t dataSize, const std::string& subject) {
    std::vector<const Placed*> order;
    for (const Placed& placed : tensors) order.push_back(&placed);
    std::sort(order.begin(), order.end(), [](const Placed* a, const Placed* b) {
        return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
    });
    std::uint64_t position = 0;
    for (const Placed* placed : order) {
        const std::string name = shorten(placed->tensor.name);
        if (placed->begin < position)
            throw broken(
                fmt::format("{}: tensor \"{}\" begins at {}, inside the one before, which ends at {}",
                            subject, name, placed->begin, position));
        if (placed->begin > position)
            throw broken(fmt::format("{}: hole of {} bytes before tensor \"{}\"", subject,
                                     placed->begin - position, name));
        position = placed->end;
    }
    if (position > dataSize)
        throw broken(
            fmt::format("{}: tensors need {} bytes of data, the file has {}", subject, position, dataSize),
            "the file is cut short: download it again");
    if (position < dataSize)
        throw broken(fmt::format("{}: {} bytes after the last tensor", subject, dataSize - position),
                     "a well-formed file ends with its last tensor");
}

} // namespace

bool isSafetensors(std::span<const std::byte> bytes) {
    if (bytes.size() < 10 || static_cast<char>(bytes[8]) != '{') return false;
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    return length <= kLongestSafetensorsHeader;
}

Checkpoint readSafetensors(std::span<const std::byte> bytes, const std::string& subject) {
    if (bytes.size() < 8)
        throw broken(fmt::format("{}: {} bytes, too short for a safetensors file", subject, bytes.size()));
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), sizeof length);
    if (length > kLongestSafetensorsHeader)
        throw broken(
            fmt::format("{}: header of {} bytes, more than {}", subject, length, kLongestSafetensorsHeader));
    if (length > bytes.size() - 8)
        throw broken(
            fmt::format("{}: header of {} bytes, but the file has {}", subject, length, bytes.size()),
            "the file is cut short: download it again");
    std::string_view header(reinterpret_cast<const char*>(bytes.data()) + 8, length);
    if (header.empty() || header.front() != '{') throw broken(subject + ": header does not begin with {");
    header.remove_suffix(header.size() - header.find_last_not_of(' ') - 1);
    if (header.back() != '}') throw broken(subject + ": header does not end with } and spaces");
    const Json json =
        parseJson(header, subject + ": header", {.bytes = kLongestSafetensorsHeader, .depth = 4});
    if (json.size() > kMostTensors + 1)
        throw broken(fmt::format("{}: {} tensors, more than {}", subject, json.size(), kMostTensors));

    Checkpoint checkpoint;
    checkpoint.subject = subject;
    checkpoint.format = "safetensors";
    std::vector<Placed> tensors;
    for (const auto& [key, value] : json.items()) {
        if (key == "__metadata__")
            checkpoint.metadata = readMetadata(value, subject);
        else
            tensors.push_back(readEntry(key, value, subject));
    }
    const auto data = bytes.subspan(8 + length);
    checkPlaces(tensors, data.size(), subject);
    for (Placed& placed : tensors) {
        placed.tensor.bytes = data.subspan(placed.begin, placed.end - placed.begin);
        checkpoint.tensors.push_back(std::move(placed.tensor));
    }
    return checkpoint;
}

ShardIndex readShardIndex(std::string_view text, const std::string& subject) {
    const Json json = parseJson(text, subject, {.bytes = kLongestSafetensorsHeader, .depth = 16});
    if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
        throw notMine(subject + ": has no weight_map, so it is no index of a checkpoint");
    ShardIndex index;
    for (const auto& [tensor, file] : json["weight_map"].items()) {
        const std::string name = file.is_string() ? file.get<std::string>() : std::string();
        if (name.empty() || name == "." || name == ".." ||
            name.find_first_of(std::string("/\\:\0", 4)) != std::string::npos)
            throw broken(fmt::format("{}: tensor \"{}\" lies in {}, which is not a bare file name", subject,
                                     shorten(tensor), shorten(dumpJson(file))));
        index.places.emplace(tensor, name);
        index.files.insert(name);
    }
    if (json.contains("metadata") && json["metadata"].is_object())
        for (const auto& [key, value] : json["metadata"].items())
            index.metadata.emplace(key, value.is_string() ? value.get<std::string>() : dumpJson(value));
    return index;
}

void writeSafetensors(const std::filesystem::path& path, std::vector<TensorToWrite> tensors,
                      const std::map<std::string, std::string>& metadata) {
    // Tensors of whole lines first, so that the small ones do not push the others off their alignment.
    const auto place = [](const TensorToWrite& tensor) {
        const std::size_t item = byteSize(tensor.dtype);
        const bool lines = elementCount(tensor.shape).value_or(0) * item % kDataAlignment == 0;
        return std::tuple<std::size_t, bool, const std::string&>(16 - item, !lines, tensor.name);
    };
    std::sort(tensors.begin(), tensors.end(),
              [&](const TensorToWrite& a, const TensorToWrite& b) { return place(a) < place(b); });
    Json header = Json::object();
    if (!metadata.empty()) header["__metadata__"] = metadata;
    std::uint64_t position = 0;
    for (const TensorToWrite& tensor : tensors) {
        if (tensor.dtype == Dtype::C64 || tensor.dtype == Dtype::C128)
            throw Error(fmt::format("{}: tensor \"{}\" is complex, which safetensors readers do not know",
                                    path.string(), tensor.name));
        const std::uint64_t end = position + elementCount(tensor.shape).value() * byteSize(tensor.dtype);
        header[tensor.name] = {
            {"dtype", name(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {position, end}}};
        position = end;
    }
    std::string text = dumpJson(header);
    text.append((kDataAlignment - (8 + text.size()) % kDataAlignment) % kDataAlignment, ' ');
    const std::uint64_t length = text.size();

    AtomicFile target(path);
    std::ofstream file(target.temporary(), std::ios::binary | std::ios::trunc);
    const auto write = [&](std::span<const std::byte> bytes) {
        file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        if (!file)
            throw Error(path.string() + ": cannot be written", "check the folder and the free disk space");
    };
    write(std::as_bytes(std::span(&length, 1)));
    write(std::as_bytes(std::span(text)));
    for (const TensorToWrite& tensor : tensors) {
        std::uint64_t written = 0;
        tensor.produce([&](std::span<const std::byte> bytes) {
            written += bytes.size();
            write(bytes);
        });
        if (written != elementCount(tensor.shape).value() * byteSize(tensor.dtype))
            throw Error(fmt::format("{}: tensor \"{}\" gave {} bytes", path.string(), tensor.name, written));
    }
    file.close();
    if (!file) throw Error(path.string() + ": cannot be written", "check the folder and the free disk space");
    target.commit();
}

} // namespace ochre::tensor
