// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/Checkpoint.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/base/Error.h"
#include "core/base/File.h"
#include "core/base/Math.h"
#include "core/tensor/Ncnn.h"
#include "core/tensor/Safetensors.h"
#include "core/tensor/TorchPickle.h"

namespace ochre::tensor {
namespace fs = std::filesystem;
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are mapped as they lie in the file");

struct DtypeInfo {
    const char* name;
    std::size_t bytes;
};

constexpr std::array<DtypeInfo, 17> kDtypes{{{"BOOL", 1},
                                             {"U8", 1},
                                             {"I8", 1},
                                             {"F8_E5M2", 1},
                                             {"F8_E4M3", 1},
                                             {"I16", 2},
                                             {"U16", 2},
                                             {"F16", 2},
                                             {"BF16", 2},
                                             {"I32", 4},
                                             {"U32", 4},
                                             {"F32", 4},
                                             {"I64", 8},
                                             {"U64", 8},
                                             {"F64", 8},
                                             {"C64", 8},
                                             {"C128", 16}}};

constexpr std::size_t kMostTensors = 1'000'000;
constexpr std::size_t kLongestName = 4096;

template <typename T>
T load(const std::byte* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

/// OCP 8-bit floats: E5M2 is a cut binary16, E4M3 has no infinity.
float float8ToFloat(std::uint8_t bits, Dtype dtype) {
    if (dtype == Dtype::F8E5M2) return halfToFloat(static_cast<std::uint16_t>(bits << 8));
    const float sign = bits & 0x80 ? -1.0f : 1.0f;
    const int exponent = (bits >> 3) & 15, mantissa = bits & 7;
    if (exponent == 15 && mantissa == 7) return std::numeric_limits<float>::quiet_NaN();
    if (exponent == 0) return sign * static_cast<float>(mantissa) * 0x1p-9f;
    return sign * std::bit_cast<float>(static_cast<std::uint32_t>(exponent + 120) << 23) *
           (1.0f + static_cast<float>(mantissa) / 8.0f);
}

float elementToFloat(const std::byte* at, Dtype dtype) {
    switch (dtype) {
    case Dtype::Bool:
    case Dtype::U8:
        return static_cast<float>(load<std::uint8_t>(at));
    case Dtype::I8:
        return static_cast<float>(load<std::int8_t>(at));
    case Dtype::F8E5M2:
    case Dtype::F8E4M3:
        return float8ToFloat(load<std::uint8_t>(at), dtype);
    case Dtype::I16:
        return static_cast<float>(load<std::int16_t>(at));
    case Dtype::U16:
        return static_cast<float>(load<std::uint16_t>(at));
    case Dtype::F16:
        return halfToFloat(load<std::uint16_t>(at));
    case Dtype::BF16:
        return bfloat16ToFloat(load<std::uint16_t>(at));
    case Dtype::I32:
        return static_cast<float>(load<std::int32_t>(at));
    case Dtype::U32:
        return static_cast<float>(load<std::uint32_t>(at));
    case Dtype::F32:
        return load<float>(at);
    case Dtype::I64:
        return static_cast<float>(load<std::int64_t>(at));
    case Dtype::U64:
        return static_cast<float>(load<std::uint64_t>(at));
    case Dtype::F64:
        return static_cast<float>(load<double>(at));
    case Dtype::C64:
    case Dtype::C128:
        break;
    }
    return 0;
}

/// Keeps a file open so that its length can be asked again while it is mapped.
std::shared_ptr<const Checkpoint::File> guardFile(const fs::path& path, std::uint64_t size) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return {new Checkpoint::File{path, descriptor, size}, [](const Checkpoint::File* file) {
                if (file->descriptor >= 0) ::close(file->descriptor);
                delete file;
            }};
}

struct Mapped {
    std::shared_ptr<MappedFile> map;
    std::shared_ptr<const Checkpoint::File> file;
    std::span<const std::byte> bytes() const { return map->bytes(); }
};

Mapped mapFile(const fs::path& path) {
    auto map = std::make_shared<MappedFile>(path);
    auto file = guardFile(path, map->size());
    return {std::move(map), std::move(file)};
}

void keep(Checkpoint& checkpoint, Mapped mapped) {
    checkpoint.maps.push_back(mapped.bytes());
    checkpoint.owners.push_back(std::move(mapped.map));
    checkpoint.files.push_back(std::move(mapped.file));
}

bool startsWith(std::span<const std::byte> bytes, std::string_view text) {
    return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

/// The other half of an ncnn pair: "x.param" for "x.bin" and the reverse.
fs::path ncnnSibling(const fs::path& path, const char* extension) {
    fs::path sibling = path;
    return sibling.replace_extension(extension);
}

Checkpoint openNcnn(const fs::path& param) {
    const fs::path bin = ncnnSibling(param, ".bin");
    if (!fs::exists(bin))
        throw Error(fmt::format("{}: its weights {} are missing", param.string(), bin.filename().string()),
                    "put the .bin file beside the .param file");
    const std::string text = readTextFile(param, kLongestNcnnParam);
    Mapped weights = mapFile(bin);
    Checkpoint checkpoint = readNcnn(text, weights.bytes(), param.string());
    keep(checkpoint, std::move(weights));
    return checkpoint;
}

/// All shards that the index names, as one checkpoint.
Checkpoint openShards(const fs::path& path) {
    const ShardIndex index = readShardIndex(readTextFile(path, kLongestSafetensorsHeader), path.string());
    Checkpoint whole;
    whole.metadata = index.metadata;
    for (const std::string& shard : index.files) {
        const fs::path file = path.parent_path() / shard;
        if (!fs::exists(file))
            throw broken(fmt::format("{}: names the shard {}, which is missing", path.string(), shard),
                         "put all files of this model into one folder");
        Mapped mapped = mapFile(file);
        Checkpoint part = readSafetensors(mapped.bytes(), file.string());
        for (StoredTensor& tensor : part.tensors) {
            const auto place = index.places.find(tensor.name);
            if (place == index.places.end() || place->second != shard)
                throw broken(fmt::format(
                    "{}: holds the tensor \"{}\", which the index {}", file.string(), tensor.name,
                    place == index.places.end() ? "does not name" : "places in " + place->second));
            whole.tensors.push_back(std::move(tensor));
        }
        keep(whole, std::move(mapped));
    }
    if (whole.tensors.size() != index.places.size())
        throw broken(fmt::format("{}: names {} tensors, the shards hold {}", path.string(),
                                 index.places.size(), whole.tensors.size()),
                     "download the model again");
    return whole;
}

Checkpoint openMapped(const fs::path& path, const std::string& subject) {
    Mapped mapped = mapFile(path);
    const auto bytes = mapped.bytes();
    const std::string extension = path.extension().string();
    if (bytes.empty()) throw broken(subject + ": is empty", "download the file again");
    // Order: formats with a magic number first, then safetensors, which has none and is known by its brace or
    // its name.
    Checkpoint checkpoint;
    if (startsWith(bytes, "7767517")) return openNcnn(path);
    if (isTorchZip(bytes))
        checkpoint = readTorchZip(bytes, subject);
    else if (isTorchLegacy(bytes))
        checkpoint = readTorchLegacy(bytes, subject);
    else if (extension == ".safetensors" || isSafetensors(bytes))
        checkpoint = readSafetensors(bytes, subject);
    else if (extension == ".bin" && fs::exists(ncnnSibling(path, ".param")))
        return openNcnn(ncnnSibling(path, ".param"));
    else if (startsWith(bytes, "{"))
        return openShards(path);
    else if (startsWith(bytes, "\x80") || (bytes.size() > 262 && startsWith(bytes.subspan(257), "ustar")))
        throw broken(subject + ": is a plain pickle or a tar of before PyTorch 0.4, not a checkpoint",
                     "save it again with torch.save or as .safetensors");
    else
        throw notMine(
            subject +
            ": is no checkpoint that Ochre reads (safetensors, PyTorch .pth/.ckpt, ncnn .param + .bin)");
    keep(checkpoint, std::move(mapped));
    return checkpoint;
}

} // namespace

std::size_t byteSize(Dtype dtype) {
    return kDtypes[static_cast<std::size_t>(dtype)].bytes;
}

const char* name(Dtype dtype) {
    return kDtypes[static_cast<std::size_t>(dtype)].name;
}

std::optional<Dtype> dtypeFromName(std::string_view name) {
    for (std::size_t i = 0; i < kDtypes.size(); ++i)
        if (name == kDtypes[i].name) return static_cast<Dtype>(i);
    return std::nullopt;
}

bool isFloating(Dtype dtype) {
    return dtype == Dtype::F8E5M2 || dtype == Dtype::F8E4M3 || dtype == Dtype::F16 || dtype == Dtype::BF16 ||
           dtype == Dtype::F32 || dtype == Dtype::F64;
}

std::optional<std::uint64_t> elementCount(const Shape& shape) {
    std::uint64_t product = 1;
    // A zero side makes the tensor empty whatever the others are, so it must not hide behind an overflow.
    if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
    for (const std::int64_t side : shape) {
        if (side < 0) return std::nullopt;
        const auto next = checkedMultiply(product, static_cast<std::uint64_t>(side));
        if (!next || *next > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
        product = *next;
    }
    return product;
}

std::string describe(const Shape& shape) {
    return fmt::format("[{}]", fmt::join(shape, ", "));
}

const StoredTensor* Checkpoint::find(std::string_view name) const {
    if (!index) return nullptr;
    const auto it = index->find(name);
    return it == index->end() ? nullptr : &tensors[it->second];
}

void Checkpoint::verify(const StoredTensor& tensor) const {
    if (tensor.record < 0) return;
    const auto i = static_cast<std::size_t>(tensor.record);
    const Record& record = records[i];
    if (record.crc32 == 0 || (*verified)[i].load(std::memory_order_acquire)) return;
    checkUnchanged();
    const auto* data = reinterpret_cast<const Bytef*>(record.bytes.data());
    const auto seen = static_cast<std::uint32_t>(crc32_z(0, data, record.bytes.size()));
    if (seen != record.crc32)
        throw broken(fmt::format("{}: {}: checksum is {:08x}, should be {:08x}", subject, record.name, seen,
                                 record.crc32),
                     "the file is damaged: download it again");
    (*verified)[i].store(true, std::memory_order_release);
}

void Checkpoint::checkUnchanged() const {
    for (const auto& file : files) {
        struct stat info {};
        if (file->descriptor >= 0 && ::fstat(file->descriptor, &info) == 0 &&
            static_cast<std::uint64_t>(info.st_size) < file->size)
            throw broken(fmt::format("{}: became shorter while it was open ({} bytes, was {})",
                                     file->path.string(), info.st_size, file->size),
                         "open the model again once the file is complete");
    }
}

void Checkpoint::giveBack(const StoredTensor& tensor) const {
    const auto inside = [&](std::span<const std::byte> map) {
        return map.data() <= tensor.bytes.data() && tensor.bytes.data() + tensor.bytes.size() <= map.data() + map.size();
    };
    if (std::any_of(maps.begin(), maps.end(), inside)) giveBackPages(tensor.bytes);
}

void Checkpoint::finish() {
    if (tensors.size() > kMostTensors)
        throw broken(fmt::format("{}: {} tensors, more than {}", subject, tensors.size(), kMostTensors));
    index = std::make_shared<std::map<std::string, std::size_t, std::less<>>>();
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const std::string& name = tensors[i].name;
        if (name.size() > kLongestName)
            throw broken(
                fmt::format("{}: tensor name of {} bytes, more than {}", subject, name.size(), kLongestName));
        if (!index->emplace(name, i).second)
            throw broken(fmt::format("{}: two tensors are named \"{}\"", subject, name));
    }
    verified = std::make_shared<std::vector<std::atomic<bool>>>(records.size());
}

std::span<const std::byte> contiguousBytes(const StoredTensor& tensor, std::vector<std::byte>& buffer) {
    if (tensor.strides.empty()) return tensor.bytes;
    const std::size_t item = byteSize(tensor.dtype);
    const std::uint64_t count = tensor.count();
    buffer.resize(count * item);
    std::vector<std::int64_t> position(tensor.shape.size(), 0);
    std::int64_t offset = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::memcpy(buffer.data() + i * item, tensor.bytes.data() + static_cast<std::size_t>(offset) * item,
                    item);
        for (std::size_t d = position.size(); d-- > 0;) {
            offset += tensor.strides[d];
            if (++position[d] < tensor.shape[d]) break;
            offset -= tensor.strides[d] * tensor.shape[d];
            position[d] = 0;
        }
    }
    return buffer;
}

std::vector<float> toFloats(const StoredTensor& tensor) {
    if (tensor.dtype == Dtype::C64 || tensor.dtype == Dtype::C128)
        throw Error(fmt::format("{}: is complex, real numbers are needed", tensor.name));
    std::vector<std::byte> buffer;
    const auto bytes = contiguousBytes(tensor, buffer);
    std::vector<float> values(tensor.count());
    if (tensor.dtype == Dtype::F32) {
        if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
        return values;
    }
    const std::size_t item = byteSize(tensor.dtype);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = elementToFloat(bytes.data() + i * item, tensor.dtype);
    return values;
}

Checkpoint openCheckpoint(const fs::path& path) {
    Checkpoint checkpoint = openMapped(path, path.string());
    checkpoint.subject = path.string();
    checkpoint.finish();
    if (checkpoint.tensors.empty())
        throw broken(path.string() + ": holds no tensors" +
                         (checkpoint.opaque.empty()
                              ? ""
                              : fmt::format(" (only {})", fmt::join(checkpoint.opaque, "; "))),
                     "choose a file of trained weights");
    checkpoint.checkUnchanged();
    return checkpoint;
}

} // namespace ochre::tensor
