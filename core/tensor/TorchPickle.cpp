// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/TorchPickle.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "core/base/Error.h"
#include "core/tensor/PickleMachine.h"
#include "core/tensor/TorchZip.h"

namespace ochre::tensor {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t kLargestPickle = std::size_t{64} << 20;
constexpr int kDeepest = 100;
constexpr std::uint64_t kMostVisits = 4'000'000;
constexpr std::size_t kMostNotes = 1000; ///< metadata and opaque entries kept
constexpr std::size_t kLongestNote = 1024;
constexpr unsigned char kLegacyMagic[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9,
                                          0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
constexpr std::size_t kLegacyMagicSize = 2 + sizeof kLegacyMagic;
constexpr std::int64_t kLegacyProtocol = 1001;

/// Where a storage's bytes lie.
struct Placed {
    Bytes bytes;
    int record = -1;
};
using Places = std::unordered_map<std::string, Placed>;

/// Walks from the top value and collects tensors by path. Shared parts are visited once for each path, within
/// a budget.
class Collector {
public:
    Collector(const PickleMachine& machine, const Places& places, Checkpoint& out)
        : m_machine(machine), m_places(places), m_out(out) {}

    void visit(PickleRef ref, const std::string& path, int depth) {
        if (depth > kDeepest)
            throw broken(fmt::format("{}: \"{}\" is nested deeper than {} or holds itself", m_out.subject,
                                     path.substr(0, 80), kDeepest));
        if (++m_visits > kMostVisits)
            throw broken(fmt::format("{}: expands to more than {} values", m_out.subject, kMostVisits));
        const PickleValue& value = m_machine.value(ref);
        switch (value.kind) {
        case PickleKind::Tensor:
            addTensor(m_machine.tensors()[static_cast<std::size_t>(value.integer)], path);
            break;
        case PickleKind::Dict:
            visitDictionary(value, path, depth);
            break;
        case PickleKind::List:
        case PickleKind::Tuple:
        case PickleKind::Set:
            for (std::size_t i = 0; i < value.items.size(); ++i)
                visit(value.items[i], join(path, std::to_string(i)), depth + 1);
            break;
        case PickleKind::Global:
        case PickleKind::Opaque:
            if (value.items.empty())
                addOpaque(value, path);
            else
                visit(value.items.front(), path, depth + 1);
            break;
        case PickleKind::Bool:
            note(path, value.integer ? "true" : "false");
            break;
        case PickleKind::Int:
            note(path, std::to_string(value.integer));
            break;
        case PickleKind::Double:
            note(path, fmt::format("{}", value.number));
            break;
        case PickleKind::Text:
            note(path, std::string(value.text));
            break;
        case PickleKind::None:
        case PickleKind::Bytes:
        case PickleKind::Storage:
            break;
        }
    }

private:
    static std::string join(const std::string& path, std::string_view part) {
        return path.empty() ? std::string(part) : fmt::format("{}.{}", path, part);
    }

    void visitDictionary(const PickleValue& dictionary, const std::string& path, int depth) {
        for (std::size_t i = 0; i + 1 < dictionary.items.size(); i += 2) {
            const PickleValue& key = m_machine.value(dictionary.items[i]);
            std::string part;
            if (key.kind == PickleKind::Text)
                part = key.text;
            else if (key.kind == PickleKind::Int || key.kind == PickleKind::Bool)
                part = std::to_string(key.integer);
            else if (key.kind == PickleKind::Double)
                part = fmt::format("{}", key.number);
            else
                part = fmt::format("({})", i / 2);
            // Paths that pass the longest name would be refused at the end; refuse them before they grow.
            if (path.size() + part.size() > 4096)
                throw broken(fmt::format("{}: path \"{}…\" is longer than 4096 bytes", m_out.subject,
                                         path.substr(0, 80)));
            visit(dictionary.items[i + 1], join(path, part), depth + 1);
        }
    }

    void note(const std::string& path, std::string text) {
        if (path.empty() || text.size() > kLongestNote || m_out.metadata.size() >= kMostNotes) return;
        m_out.metadata.emplace(path, std::move(text));
    }

    void addOpaque(const PickleValue& value, const std::string& path) {
        std::string type(value.text);
        std::replace(type.begin(), type.end(), ' ', '.');
        // Types and layouts of tensors are ordinary parts of a checkpoint.
        if (value.kind == PickleKind::Global && type.starts_with("torch.")) return note(path, type);
        if (m_out.opaque.size() < kMostNotes)
            m_out.opaque.push_back(path.empty() ? type : path + ": " + type);
    }

    void addTensor(const PickleTensor& tensor, const std::string& path) {
        const PickleStorage& storage = m_machine.storages()[tensor.storage];
        const Placed& placed = m_places.at(storage.key);
        const std::size_t item = byteSize(tensor.dtype);
        StoredTensor out;
        out.name = path.empty() ? "tensor" : path;
        out.dtype = tensor.dtype;
        out.shape = tensor.shape;
        out.record = placed.record;
        std::uint64_t packed = 1;
        bool contiguous = true;
        for (std::size_t i = tensor.shape.size(); i-- > 0;) {
            contiguous = contiguous &&
                         (tensor.shape[i] == 1 || static_cast<std::uint64_t>(tensor.strides[i]) == packed);
            packed *= static_cast<std::uint64_t>(tensor.shape[i]);
        }
        const std::uint64_t count = out.count();
        if (count == 0) contiguous = true;
        std::uint64_t reach = contiguous ? count : 1;
        if (!contiguous) {
            out.strides = tensor.strides;
            for (std::size_t i = 0; i < tensor.shape.size(); ++i)
                reach += static_cast<std::uint64_t>(tensor.shape[i] - 1) *
                         static_cast<std::uint64_t>(tensor.strides[i]);
        }
        out.bytes = count == 0 ? Bytes{} : placed.bytes.subspan(tensor.offset * item, reach * item);
        m_out.tensors.push_back(std::move(out));
    }

    const PickleMachine& m_machine;
    const Places& m_places;
    Checkpoint& m_out;
    std::uint64_t m_visits = 0;
};

/// Bytes that a storage needs, or an error where they are not what the file has.
void checkSize(const PickleStorage& storage, std::uint64_t has, const std::string& subject) {
    std::uint64_t needs = 0;
    if (__builtin_mul_overflow(storage.count, byteSize(storage.dtype), &needs) || needs != has)
        throw broken(fmt::format("{}: storage {} is declared as {} × {}, but has {} bytes", subject,
                                 storage.key, storage.count, name(storage.dtype), has),
                     "the file is damaged: download it again");
}

void checkByteOrder(const std::map<std::string, const ZipEntry*>& entries, const std::string& root,
                    const std::string& subject) {
    const auto it = entries.find(root + "byteorder");
    if (it == entries.end()) return;
    const std::vector<std::byte> text = unpack(*it->second, 16, subject);
    const std::string_view order(reinterpret_cast<const char*>(text.data()), text.size());
    if (order != "little")
        throw broken(fmt::format("{}: byte order is \"{}\", only \"little\" is read", subject, order),
                     "save it again on a PC");
}

/// Path of the one data.pkl, without its name.
std::string findRoot(const std::vector<ZipEntry>& entries, const std::string& subject) {
    std::optional<std::string> root;
    for (const ZipEntry& entry : entries) {
        const std::size_t slash = entry.name.find('/');
        if (slash == std::string::npos) continue;
        std::string rest = entry.name.substr(slash + 1);
        std::transform(rest.begin(), rest.end(), rest.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
        if (rest == "constants.pkl" || rest.starts_with("code/"))
            throw broken(subject + ": is a TorchScript program, not just weights",
                         "save its state_dict() with torch.save");
        if (rest != "data.pkl") continue;
        if (root) throw broken(subject + ": zip archive with two data.pkl");
        if (entry.name != entry.name.substr(0, slash + 1) + "data.pkl")
            throw broken(fmt::format("{}: zip entry \"{}\" only looks like data.pkl", subject, entry.name));
        root = entry.name.substr(0, slash + 1);
    }
    if (!root) throw broken(subject + ": zip archive without data.pkl, so it is no checkpoint of torch.save");
    return *root;
}

std::int64_t runLegacyInteger(Bytes bytes, std::size_t& at, const std::string& subject) {
    PickleMachine machine(bytes.subspan(at), subject);
    std::size_t consumed = 0;
    const PickleValue& value = machine.value(machine.run(consumed));
    at += consumed;
    return value.kind == PickleKind::Int ? value.integer : -1;
}

void checkLegacySystem(Bytes bytes, std::size_t& at, const std::string& subject) {
    PickleMachine machine(bytes.subspan(at), subject);
    std::size_t consumed = 0;
    const PickleValue& info = machine.value(machine.run(consumed));
    at += consumed;
    if (info.kind != PickleKind::Dict) throw broken(subject + ": its system information is no dictionary");
    for (std::size_t i = 0; i + 1 < info.items.size(); i += 2) {
        const PickleValue &key = machine.value(info.items[i]), &value = machine.value(info.items[i + 1]);
        if (key.text == "little_endian" && (value.kind != PickleKind::Bool || value.integer != 1))
            throw broken(subject + ": was saved on a big-endian machine", "save it again on a PC");
    }
}

std::vector<std::string> readLegacyKeys(Bytes bytes, std::size_t& at, const std::string& subject) {
    PickleMachine machine(bytes.subspan(at), subject);
    std::size_t consumed = 0;
    const PickleValue& list = machine.value(machine.run(consumed));
    at += consumed;
    if (list.kind != PickleKind::List) throw broken(subject + ": its list of storages is no list");
    std::vector<std::string> keys;
    for (const PickleRef ref : list.items) {
        const PickleValue& key = machine.value(ref);
        if (key.kind != PickleKind::Text)
            throw broken(subject + ": its list of storages holds something that is no text");
        keys.emplace_back(key.text);
    }
    return keys;
}

} // namespace

bool isTorchZip(Bytes bytes) {
    return bytes.size() >= 4 && std::memcmp(bytes.data(), "PK\3\4", 4) == 0;
}

bool isTorchLegacy(Bytes bytes) {
    return bytes.size() >= kLegacyMagicSize && static_cast<unsigned char>(bytes[0]) == 0x80 &&
           std::memcmp(bytes.data() + 2, kLegacyMagic, sizeof kLegacyMagic) == 0;
}

Checkpoint readTorchZip(Bytes bytes, const std::string& subject) {
    const std::vector<ZipEntry> entries = readZip(bytes, subject);
    const std::string root = findRoot(entries, subject);
    std::map<std::string, const ZipEntry*> byName;
    for (const ZipEntry& entry : entries) byName.emplace(entry.name, &entry);
    checkByteOrder(byName, root, subject);
    const std::vector<std::byte> pickle = unpack(*byName.at(root + "data.pkl"), kLargestPickle, subject);
    PickleMachine machine(pickle, subject);
    std::size_t consumed = 0;
    const PickleRef top = machine.run(consumed);
    if (consumed != pickle.size())
        throw broken(
            fmt::format("{}: {} bytes after the end of its pickle", subject, pickle.size() - consumed));

    Checkpoint checkpoint;
    checkpoint.subject = subject;
    checkpoint.format = "PyTorch zip";
    Places places;
    for (const PickleStorage& storage : machine.storages()) {
        const auto it = byName.find(root + "data/" + storage.key);
        if (it == byName.end())
            throw broken(fmt::format("{}: storage {} is missing", subject, storage.key),
                         "the file is damaged: download it again");
        const ZipEntry& entry = *it->second;
        if (entry.deflated)
            throw broken(fmt::format("{}: zip entry \"{}\" is packed, tensors must be stored plainly",
                                     subject, entry.name),
                         "save it again with torch.save");
        if (storage.isView) continue;
        checkSize(storage, entry.size, subject);
        places[storage.key] = {entry.data, static_cast<int>(checkpoint.records.size())};
        checkpoint.records.push_back({entry.data, entry.crc32, entry.name});
    }
    Collector(machine, places, checkpoint).visit(top, "", 0);
    return checkpoint;
}

Checkpoint readTorchLegacy(Bytes bytes, const std::string& subject) {
    std::size_t at = kLegacyMagicSize;
    if (const std::int64_t protocol = runLegacyInteger(bytes, at, subject); protocol != kLegacyProtocol)
        throw broken(
            fmt::format("{}: protocol {} of torch.save, {} is read", subject, protocol, kLegacyProtocol));
    checkLegacySystem(bytes, at, subject);
    PickleMachine machine(bytes.subspan(at, std::min(bytes.size() - at, kLargestPickle)), subject);
    std::size_t consumed = 0;
    const PickleRef top = machine.run(consumed);
    at += consumed;
    const std::vector<std::string> keys = readLegacyKeys(bytes, at, subject);

    std::unordered_map<std::string, const PickleStorage*> declared;
    for (const PickleStorage& storage : machine.storages())
        if (!storage.isView) declared.emplace(storage.key, &storage);
    Places places;
    for (const std::string& key : keys) {
        const auto it = declared.find(key);
        if (it == declared.end())
            throw broken(
                fmt::format("{}: lists the storage {}, which no tensor uses", subject, key.substr(0, 40)));
        std::uint64_t count = 0;
        if (bytes.size() - at < sizeof count)
            throw broken(fmt::format("{}: ends before storage {}", subject, key),
                         "the file is cut short: download it again");
        std::memcpy(&count, bytes.data() + at, sizeof count);
        at += sizeof count;
        const PickleStorage& storage = *it->second;
        std::uint64_t size = 0;
        if (count != storage.count || __builtin_mul_overflow(count, byteSize(storage.dtype), &size))
            throw broken(fmt::format("{}: storage {} is declared with {} elements and stored with {}",
                                     subject, key, storage.count, count));
        if (size > bytes.size() - at)
            throw broken(fmt::format("{}: ends inside storage {}", subject, key),
                         "the file is cut short: download it again");
        if (!places.emplace(key, Placed{bytes.subspan(at, size), -1}).second)
            throw broken(fmt::format("{}: lists the storage {} twice", subject, key));
        at += size;
    }
    if (at != bytes.size())
        throw broken(fmt::format("{}: {} bytes after the last storage", subject, bytes.size() - at));
    for (const auto& [key, storage] : declared)
        if (!places.contains(key))
            throw broken(fmt::format("{}: storage {} is missing", subject, key),
                         "the file is damaged: download it again");
    Checkpoint checkpoint;
    checkpoint.subject = subject;
    checkpoint.format = "PyTorch legacy";
    Collector(machine, places, checkpoint).visit(top, "", 0);
    return checkpoint;
}

} // namespace ochre::tensor
