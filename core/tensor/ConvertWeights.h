// SPDX-License-Identifier: GPL-3.0-or-later
// Turns any checkpoint into .safetensors, and tells what is inside one. Needs no LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/Cancel.h"
#include "core/base/Progress.h"
#include "core/tensor/Checkpoint.h"

namespace ochre::tensor {

struct ConvertOptions {
    std::optional<Dtype>
        floating;       ///< F32, F16 or BF16 for all real floating-point tensors; nothing: each keeps its own
    std::string prefix; ///< only names that begin with it, cut off ("params_ema."); empty: all
};

struct ConvertReport {
    std::size_t tensors = 0;
    std::uint64_t bytes = 0;    ///< of the written file
    std::size_t overflowed = 0; ///< values that became infinite in the smaller type
    std::string sourceSha256,
        sha256; ///< of the file read (ncnn: the .bin; shards: the index) and of the one written
    std::vector<std::string> dropped; ///< objects of the source that are no tensors
};

/// Writes atomically. ncnn networks of Real-ESRGAN come out under their published names. The source's
/// metadata is kept and "source", "source_format" and "source_sha256" are added. Throws Error; nothing is
/// left behind then.
ConvertReport convertWeights(const std::filesystem::path& from, const std::filesystem::path& to,
                             const ConvertOptions& options = {}, const Progress& progress = {},
                             const Cancel& cancel = {});

/// "keep", "float32", "float16", "bfloat16"; throws Error.
std::optional<Dtype> convertTypeFromName(std::string_view name);

struct TensorInfo {
    std::string name;
    Dtype dtype;
    Shape shape;
    std::uint64_t nonFinite = 0; ///< NaN and infinite values, where scanned
};

struct WeightsInfo {
    std::string format;
    std::uint64_t parameters = 0, bytes = 0, nonFinite = 0;
    bool scanned = false;
    std::vector<TensorInfo> tensors;
    std::map<std::string, std::string> metadata;
    std::vector<std::string> opaque;
};

/// `scan` reads every value and checksum. Throws Error.
WeightsInfo inspectWeights(const std::filesystem::path& path, bool scan, const Progress& progress = {},
                           const Cancel& cancel = {});

} // namespace ochre::tensor
