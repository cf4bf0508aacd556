// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/ConvertWeights.h"

#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/base/Hash.h"
#include "core/tensor/Safetensors.h"

namespace ochre::tensor {
namespace fs = std::filesystem;
namespace {

/// Round to nearest even; too large becomes infinite, NaN stays NaN.
std::uint16_t toHalf(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000u);
    const std::uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return static_cast<std::uint16_t>(sign | 0x7e00u);
    if (magnitude >= 0x477ff000u) return static_cast<std::uint16_t>(sign | 0x7c00u);
    if (magnitude <
        0x38800000u) { // below the smallest normal number: adding ½ lets the FPU round at the right bit
        const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
        return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000u));
    }
    const std::uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1u) - 0x38000000u;
    return static_cast<std::uint16_t>(sign | rounded >> 13);
}

std::uint16_t toBfloat16(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    if (std::isnan(value)) return static_cast<std::uint16_t>(bits >> 16 | 0x40u);
    return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

std::vector<std::byte> encode(const std::vector<float>& values, Dtype dtype, std::size_t& overflowed) {
    std::vector<std::byte> bytes;
    const auto put = [&bytes](auto value) {
        const auto* from = reinterpret_cast<const std::byte*>(&value);
        bytes.insert(bytes.end(), from, from + sizeof value);
    };
    bytes.reserve(values.size() * byteSize(dtype));
    for (const float value : values) {
        if (dtype == Dtype::F32) {
            put(value);
            continue;
        }
        const std::uint16_t half = dtype == Dtype::F16 ? toHalf(value) : toBfloat16(value);
        const bool isInfinite =
            dtype == Dtype::F16 ? (half & 0x7fffu) == 0x7c00u : (half & 0x7fffu) == 0x7f80u;
        if (isInfinite && std::isfinite(value)) ++overflowed;
        put(half);
    }
    return bytes;
}

/// The file that holds the weights themselves: the .bin of an ncnn pair.
fs::path hashedFile(const fs::path& path, const std::string& format) {
    fs::path bin = path;
    return format == "ncnn" ? bin.replace_extension(".bin") : path;
}

std::uint64_t countNonFinite(const StoredTensor& tensor) {
    if (!isFloating(tensor.dtype)) return 0;
    std::uint64_t count = 0;
    if (tensor.dtype == Dtype::F64) { // a large double is no infinite float
        std::vector<std::byte> buffer;
        const auto bytes = contiguousBytes(tensor, buffer);
        for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
            double value = 0;
            std::memcpy(&value, bytes.data() + i, sizeof value);
            count += !std::isfinite(value);
        }
        return count;
    }
    for (const float value : toFloats(tensor)) count += !std::isfinite(value);
    return count;
}

} // namespace

std::optional<Dtype> convertTypeFromName(std::string_view name) {
    if (name.empty() || name == "keep") return std::nullopt;
    if (name == "float32") return Dtype::F32;
    if (name == "float16") return Dtype::F16;
    if (name == "bfloat16") return Dtype::BF16;
    throw Error(fmt::format("type \"{}\" is not known", name), "use keep, float32, float16 or bfloat16");
}

ConvertReport convertWeights(const fs::path& from, const fs::path& to, const ConvertOptions& options,
                             const Progress& progress, const Cancel& cancel) {
    if (to.extension() != ".safetensors")
        throw Error(fmt::format("{}: weights are written as .safetensors only", to.string()),
                    "give the output a name that ends in .safetensors");
    const Checkpoint checkpoint = openCheckpoint(from);
    ConvertReport report;
    report.dropped = checkpoint.opaque;
    report.sourceSha256 = sha256File(hashedFile(from, checkpoint.format).string());
    std::map<std::string, std::string> metadata = checkpoint.metadata;
    metadata["source"] = from.filename().string();
    metadata["source_format"] = checkpoint.format;
    metadata["source_sha256"] = report.sourceSha256;

    std::vector<TensorToWrite> tensors;
    for (const StoredTensor& stored : checkpoint.tensors)
        if (stored.name.starts_with(options.prefix)) {
            TensorToWrite tensor{stored.name.substr(options.prefix.size()), stored.dtype, stored.shape, {}};
            if (options.floating && isFloating(stored.dtype)) tensor.dtype = *options.floating;
            tensors.push_back(std::move(tensor));
        }
    if (tensors.empty())
        throw Error(fmt::format("{}: has no tensor that begins with \"{}\"", from.string(), options.prefix),
                    "ochre inspect lists them");
    std::size_t done = 0;
    for (TensorToWrite& tensor : tensors) {
        const StoredTensor& stored = *checkpoint.find(options.prefix + tensor.name);
        tensor.produce = [&, dtype = tensor.dtype](const auto& sink) {
            cancel.check();
            progress.report(done++, tensors.size(), stored.name);
            checkpoint.checkUnchanged();
            checkpoint.verify(stored);
            std::vector<std::byte> buffer;
            if (dtype == stored.dtype)
                sink(contiguousBytes(stored, buffer));
            else
                sink(encode(toFloats(stored), dtype, report.overflowed));
        };
    }
    report.tensors = tensors.size();
    writeSafetensors(to, std::move(tensors), metadata);
    progress.report(1, 1, "done");
    report.bytes = fs::file_size(to);
    report.sha256 = sha256File(to.string());
    return report;
}

WeightsInfo inspectWeights(const fs::path& path, bool scan, const Progress& progress, const Cancel& cancel) {
    const Checkpoint checkpoint = openCheckpoint(path);
    WeightsInfo info;
    info.format = checkpoint.format;
    info.metadata = checkpoint.metadata;
    info.opaque = checkpoint.opaque;
    info.scanned = scan;
    for (const StoredTensor& stored : checkpoint.tensors) {
        cancel.check();
        progress.report(info.tensors.size(), checkpoint.tensors.size(), stored.name);
        TensorInfo tensor{stored.name, stored.dtype, stored.shape, 0};
        if (scan) {
            checkpoint.verify(stored);
            tensor.nonFinite = countNonFinite(stored);
        }
        info.parameters += stored.count();
        info.bytes += stored.count() * byteSize(stored.dtype);
        info.nonFinite += tensor.nonFinite;
        info.tensors.push_back(std::move(tensor));
    }
    progress.report(1, 1, "done");
    return info;
}

} // namespace ochre::tensor
