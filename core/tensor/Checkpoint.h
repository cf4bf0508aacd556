// SPDX-License-Identifier: GPL-3.0-or-later
// What lies in a file of weights: names, types, shapes and bytes, from any format, without LibTorch and
// without a copy.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ochre::tensor {

/// Element types that files hold. Names are those of safetensors ("F32"); complex ones come from .pth alone.
enum class Dtype : std::uint8_t {
    Bool,
    U8,
    I8,
    F8E5M2,
    F8E4M3,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    I64,
    U64,
    F64,
    C64,
    C128
};

std::size_t byteSize(Dtype dtype);
const char* name(Dtype dtype);
std::optional<Dtype> dtypeFromName(std::string_view name);
bool isFloating(Dtype dtype); ///< real floating point: F8…F64

using Shape = std::vector<std::int64_t>;

/// Product of the sides, or nothing where it does not fit.
std::optional<std::uint64_t> elementCount(const Shape& shape);
std::string describe(const Shape& shape); ///< "[64, 3, 3, 3]"

struct StoredTensor {
    std::string name;
    Dtype dtype = Dtype::F32;
    Shape shape;
    Shape strides;                    ///< in elements; empty: contiguous, row-major
    std::span<const std::byte> bytes; ///< from the first element on; little-endian, any alignment
    int record = -1;                  ///< index into Checkpoint::records, or -1

    std::uint64_t count() const { return elementCount(shape).value_or(0); }
};

/// A stretch of the file whose checksum is known and not yet compared.
struct Record {
    std::span<const std::byte> bytes;
    std::uint32_t crc32 = 0; ///< 0: not known
    std::string name;
};

/// The tensors of one checkpoint (all shards of it), in file order. The bytes live as long as this or a copy
/// of it.
struct Checkpoint {
    std::string subject; ///< the file as messages name it
    std::string format;  ///< "safetensors", "PyTorch zip", "PyTorch legacy", "ncnn"
    std::vector<StoredTensor> tensors;
    std::map<std::string, std::string> metadata; ///< text that the file carries; numbers of a .pth as text
    std::vector<std::string> opaque;             ///< objects that were not read: "args: argparse.Namespace"
    std::vector<Record> records;
    std::vector<std::shared_ptr<const void>> owners; ///< maps and buffers that the spans point into
    std::vector<std::span<const std::byte>> maps;    ///< those of the owners that are files

    const StoredTensor* find(std::string_view name) const;

    /// Compares the checksum of the tensor's record, once. Throws Error (Broken). Thread-safe.
    void verify(const StoredTensor& tensor) const;

    /// Throws Error if a file has become shorter since it was mapped; ask before touching many bytes.
    void checkUnchanged() const;

    /// Says that the tensor's bytes are not needed soon: where they lie in a mapped file, they stop counting as memory of
    /// this process. They can be read as before.
    void giveBack(const StoredTensor& tensor) const;

    /// Sorts out names after the tensors are in: at most a million, each once, none over 4 KiB. Throws Error
    /// (Broken).
    void finish();

    std::shared_ptr<std::map<std::string, std::size_t, std::less<>>> index;
    std::shared_ptr<std::vector<std::atomic<bool>>> verified;
    struct File {
        std::filesystem::path path;
        int descriptor;
        std::uint64_t size;
    };
    std::vector<std::shared_ptr<const File>> files;
};

/// The elements in row-major order: the file's own bytes where they are so already, else gathered into
/// `buffer`.
std::span<const std::byte> contiguousBytes(const StoredTensor& tensor, std::vector<std::byte>& buffer);

/// Elements as float. Throws Error for complex types.
std::vector<float> toFloats(const StoredTensor& tensor);

/// Opens a checkpoint by content: safetensors (also *.index.json of shards), PyTorch .pth/.pt/.ckpt (zip and
/// legacy), ncnn
/// (.param with its .bin, either may be named). Nothing in the file is ever executed. Throws Error: Broken
/// where the file is damaged or hostile, NotMine where it is none of these.
Checkpoint openCheckpoint(const std::filesystem::path& path);

} // namespace ochre::tensor
