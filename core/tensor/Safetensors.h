// SPDX-License-Identifier: GPL-3.0-or-later
// The safetensors format: strict reader, index of shards, and writer. Format:
// github.com/huggingface/safetensors README.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/tensor/Checkpoint.h"

namespace ochre::tensor {

inline constexpr std::size_t kLongestSafetensorsHeader = 100'000'000;

/// By its look alone: a plausible header length and a brace.
bool isSafetensors(std::span<const std::byte> bytes);

/// Spans point into `bytes`. Throws Error (Broken) naming the first rule that is not kept: no hole, overlap,
/// trailing byte, unknown type, doubled key or wrapped size passes.
Checkpoint readSafetensors(std::span<const std::byte> bytes, const std::string& subject);

/// "*.safetensors.index.json": which shard holds which tensor. File names are bare, never paths.
struct ShardIndex {
    std::map<std::string, std::string> places; ///< tensor → file
    std::set<std::string> files;
    std::map<std::string, std::string> metadata;
};
ShardIndex readShardIndex(std::string_view text, const std::string& subject);

/// Writes atomically, tensors sorted by element size (largest first), then those of whole 64 bytes, then
/// name, data from a multiple of 64 bytes on. Each tensor's bytes are asked for when it is its turn, so that
/// conversions need not all lie in memory. Complex types are refused.
struct TensorToWrite {
    std::string name;
    Dtype dtype;
    Shape shape;
    std::function<void(const std::function<void(std::span<const std::byte>)>& sink)> produce;
};
void writeSafetensors(const std::filesystem::path& path, std::vector<TensorToWrite> tensors,
                      const std::map<std::string, std::string>& metadata);

} // namespace ochre::tensor
